/**
 * Loop nests written by hand, for operators that are neither expressions nor heavy: an operator states its loops, its sums
 * and its stores, and loops/lower.ts makes lanes and threads of them.
 */
import { assert, known } from "../../../base/assert.ts";
import { product } from "../../../base/integers.ts";
import { type Affine, type Loop, loopAffine, zero } from "../loops/affine.ts";
import { type Expr, numberTypeOf } from "../loops/expr.ts";
import { type ReduceOperator, reductionResult, type Statement } from "../loops/nest.ts";
import { converted } from "../operators/values.ts";
import type { KernelBuffers } from "./assembly.ts";
import { addNest, type Context, newReader } from "./context.ts";
import type { ValueReader } from "./read-value.ts";
import { axesInMemory, elementAt, type View } from "./views.ts";

export type Indices = readonly Affine[];

/** One kernel in the making. */
export class Nest {
  readonly reader: ValueReader;
  private readonly context: Context;
  private readonly buffers: KernelBuffers;
  private readonly bodies: Statement[][] = [[]];
  private iterations = 1;
  private work = 0;

  constructor(context: Context) {
    const { reader, buffers } = newReader(context);
    this.context = context;
    this.reader = reader;
    this.buffers = buffers;
  }

  /** An element of a value. */
  read(name: string, at: Indices): Expr {
    return this.reader.read(name, at);
  }

  /** An element of memory that this kernel or another one has written. */
  load(view: View, at: Indices): Expr {
    return this.reader.load(view, at);
  }

  store(view: View, at: Indices, value: Expr): void {
    const type = numberTypeOf[view.storage.elementType];
    this.emit({
      kind: "store",
      buffer: this.buffers.of(view),
      index: elementAt({ ...view, offset: 0 }, at),
      value: converted(type, value),
    });
    this.work += this.iterations;
  }

  /** What the loops' elements are joined to, for expressions that follow. */
  reduce(operator: ReduceOperator, loops: readonly Loop[], start: number, value: Expr): Expr {
    const result = reductionResult(value.type, "total");
    const long = loops.filter(({ extent }) => extent !== 1);
    this.emit({ kind: "reduce", loops: long, operator, start, value, result });
    this.work += this.iterations * product(long.map(({ extent }) => extent));
    return result;
  }

  /** Runs over all elements of a view, in the order of its memory. */
  overElements(view: View, body: (at: Indices) => void, inLanes = true): void {
    const at: Affine[] = view.shape.map(() => zero);
    const loops = axesInMemory(view).map((axis): Loop => {
      const loop = { name: `i${axis}`, extent: known(view.shape[axis], "size") };
      at[axis] = loopAffine(loop);
      return loop;
    });
    this.inLoops(loops, () => body(at), inLanes);
  }

  /** The last loop may run four iterations at once, if none reads what another writes. */
  inLoops(loops: readonly Loop[], body: () => void, inLanes = true): void {
    const [loop, ...inner] = loops.filter(({ extent }) => extent !== 1);
    if (loop === undefined) {
      body();
      return;
    }
    this.bodies.push([]);
    this.iterations *= loop.extent;
    this.inLoops(inner, body, inLanes);
    this.iterations /= loop.extent;
    const statements = known(this.bodies.pop(), "statements");
    const kind = inner.length === 0 && inLanes ? "vector-loop" : "loop";
    this.emit({ kind, loop, body: statements });
  }

  /** Makes the kernel and its step. With `alone`, one thread runs all of it, in order. */
  finish(label: string, { alone = false } = {}): void {
    const [body = [], ...open] = this.bodies;
    assert(open.length === 0, "a loop is open");
    if (this.work === 0) return;
    const once: Statement = { kind: "loop", loop: { name: "once", extent: 1 }, body };
    addNest(this.context, {
      name: "nest",
      body: alone ? [once] : body,
      buffers: this.buffers,
      work: this.work,
      label,
    });
  }

  private emit(statement: Statement): void {
    known(this.bodies.at(-1), "statements").push(statement);
  }
}

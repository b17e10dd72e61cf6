/**
 * Kernels over rows (all elements along the reduced axes): softmax, normalisations, reductions and what is elementwise
 * around them. Sums are kept in registers, and what follows from them is stored while the row is in the cache. Where
 * neighbours in memory belong to different rows (channels last), four rows go side by side.
 */
import { assert, known } from "../../../base/assert.ts";
import { product } from "../../../base/integers.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { float } from "../../../graph/ops/call.ts";
import {
  type Affine,
  dependsOnLoop,
  type Loop,
  loopAffine,
  sameAffine,
  unflatten,
  zero,
} from "../loops/affine.ts";
import { binary, constant, type Expr, unary } from "../loops/expr.ts";
import { hasMathFunctions } from "../loops/expr-cost.ts";
import { type ReduceOperator, reductionResult, type Statement } from "../loops/nest.ts";
import type { Reduction } from "../operators/reductions.ts";
import type { KernelBuffers } from "./assembly.ts";
import { type BlockState, sameIndices } from "./block.ts";
import { addNest, type Context, newReader } from "./context.ts";
import { broadcastIndices } from "./index-maps.ts";
import { notCompiled } from "./not-compiled.ts";
import type { ValueReader } from "./read-value.ts";
import { checkNumbers, reducedAxesOf, reductionAt } from "./row-operators.ts";
import { shapeOf } from "./shapes.ts";
import { staticCall } from "./static-call.ts";
import { nested, storeValues } from "./stores.ts";
import { allocateView, elementAt, type View } from "./views.ts";

type Indices = readonly Affine[];

/** Lowers the operator and all others of the block that work on the same rows and can run with it. */
export function lowerRows(state: BlockState, start: OpNode, label: string): void {
  new RowKernel(state, start, label).lower();
}

class RowKernel {
  private readonly state: BlockState;
  private readonly context: Context;
  private readonly start: OpNode;
  private readonly label: string;
  private readonly axes: readonly number[];
  private readonly shape: readonly number[];
  private readonly reader: ValueReader;
  private readonly buffers: KernelBuffers;
  private readonly rowLoops: readonly Loop[];
  /** Whether neighbours in memory belong to one row. */
  private readonly isAlong: boolean;
  private readonly columnLoops: readonly Loop[];
  /** The element that the loops are at. */
  private readonly at: Indices;
  private readonly body: Statement[] = [];
  private readonly held = new Set<string>();
  private readonly reached = new Map<string, Indices>();
  /** Values of a whole row, and where they are known. */
  private readonly sums = new Map<string, Indices>();
  /** Values that are held at the element that the loops are at. */
  private readonly inRow = new Map<string, Indices>();
  /** Values whose memory holds intermediate results until they are stored, the first last. */
  private readonly borrowed: string[] = [];
  private passes = 0;

  constructor(state: BlockState, start: OpNode, label: string) {
    const { context } = state;
    const { reader, buffers } = newReader(context);
    const [operand = ""] = start.inputs;
    this.state = state;
    this.context = context;
    this.start = start;
    this.label = label;
    this.reader = reader;
    this.buffers = buffers;
    this.axes = reducedAxesOf(context, start) ?? [];
    this.shape = shapeOf(context.typed, operand);
    const order = context.memory.longAxes(operand, this.shape);
    const kept = order.filter((axis) => !this.axes.includes(axis));
    const columns = order.filter((axis) => this.axes.includes(axis));
    this.isAlong = columns.length > 0 && order.at(-1) === columns.at(-1);
    const at: Affine[] = this.shape.map(() => zero);
    const loopOver = (name: string, axes: readonly number[]): Loop => {
      const sizes = axes.map((axis) => this.shape[axis] ?? 1);
      const loop = { name, extent: product(sizes) };
      unflatten(loopAffine(loop), sizes).forEach((index, where) => {
        at[known(axes[where], "axis")] = index;
      });
      return loop;
    };
    const inLanes = this.isAlong ? [] : kept.slice(-1);
    const outer = kept.slice(0, kept.length - inLanes.length);
    this.rowLoops = [
      ...(outer.length > 0 ? [loopOver("row", outer)] : []),
      ...inLanes.map((axis) => loopOver("lane", [axis])),
    ];
    this.columnLoops = columns.map((axis, where) => loopOver(`column${where}`, [axis]));
    this.at = at;
  }

  lower(): void {
    const { state, context, start } = this;
    this.storeOperand(start);
    const { nodes } = state;
    for (const node of nodes.slice(nodes.indexOf(start))) if (this.isMember(node)) this.addMember(node);
    this.storeResults();
    const inside = this.body;
    const inLanes = this.isAlong ? undefined : this.rowLoops.at(-1);
    const outer = inLanes === undefined ? this.rowLoops : this.rowLoops.slice(0, -1);
    const lanes: readonly Statement[] =
      inLanes === undefined ? inside : [{ kind: "vector-loop", loop: inLanes, body: inside }];
    const body = outer.reduceRight<readonly Statement[]>(
      (statements, loop) => [{ kind: "loop", loop, body: statements }],
      lanes,
    );
    addNest(context, {
      name: "rows",
      body,
      buffers: this.buffers,
      work: 2 * product(this.shape) * Math.max(1, this.passes),
      label: this.label,
    });
  }

  private isMember(node: OpNode): boolean {
    const { context, state } = this;
    const axes = reducedAxesOf(context, node);
    if (axes === undefined) return false;
    if (node === this.start) return true;
    const [operand = "", ...others] = node.inputs;
    const shape = shapeOf(context.typed, operand);
    const isSame =
      shape.length === this.shape.length &&
      shape.every((size, axis) => size === this.shape[axis]) &&
      axes.length === this.axes.length &&
      axes.every((axis) => this.axes.includes(axis));
    const isReady = [operand, ...others].every((name) => state.isAvailable(name, this.held));
    const isDone = node.outputs.every((name) => name === "" || context.memory.has(name));
    if (!isSame || !isReady || isDone || !state.dependsOn(operand, this.held)) return false;
    this.noteAgain();
    return sameIndices(this.reached.get(operand) ?? [], this.at);
  }

  /** Values that became reachable when later members were added. */
  private noteAgain(): void {
    for (const [name, at] of [...this.reached]) this.noteReached(name, at);
  }

  /** What others need of the operand is stored first and read from there; costly operands are not computed twice. */
  private storeOperand(node: OpNode): void {
    const { state, context } = this;
    const [operand = ""] = node.inputs;
    if (context.memory.has(operand)) return;
    if (!state.isAvailable(operand)) throw notCompiled(node, `the operand of ${node.operator} is not ready`);
    if (state.needed.has(operand)) {
      const view = context.placement.viewFor(operand);
      this.addColumns([this.storeOf(view, this.at, this.reader.read(operand, this.at))]);
      this.place(operand, view);
      return;
    }
    if (!hasMathFunctions(this.reader.read(operand, this.at))) return;
    storeValues(context, [{ name: operand, view: context.placement.viewFor(operand) }], this.label);
    this.reader.forgetExpressions();
  }

  private place(name: string, view: View): void {
    this.context.memory.place(name, view);
    this.reader.forgetExpressions();
  }

  private storeOf(view: View, at: Indices, value: Expr): Extract<Statement, { kind: "store" }> {
    return {
      kind: "store",
      buffer: this.buffers.of(view),
      index: elementAt({ ...view, offset: 0 }, at),
      value,
    };
  }

  /** Statements for every element of the row. */
  private addColumns(statements: readonly Statement[]): void {
    this.passes++;
    const { columnLoops } = this;
    if (columnLoops.length === 0) this.body.push(...statements);
    else if (this.isAlong) this.body.push(...nested(columnLoops, statements));
    else {
      this.body.push(
        ...columnLoops.reduceRight<readonly Statement[]>(
          (body, loop) => [{ kind: "loop", loop, body }],
          statements,
        ),
      );
    }
  }

  private reduce(operator: ReduceOperator, start: number, value: Expr, name: string): Expr {
    this.passes++;
    const result = reductionResult(value.type, name);
    this.body.push({ kind: "reduce", loops: this.columnLoops, operator, start, value, result });
    return result;
  }

  private addMember(node: OpNode): void {
    const [operand = ""] = node.inputs;
    const [output = ""] = node.outputs;
    const x = this.reader.read(operand, this.at);
    const count = product(this.axes.map((axis) => this.shape[axis] ?? 1));
    checkNumbers(node, x.type);
    this.noteReached(operand, this.at);
    for (const source of this.state.sourcesOf(operand))
      if (!this.reached.has(source)) this.noteReached(source, this.at);
    this.state.done.add(node);
    switch (node.operator) {
      case "Softmax":
        this.softmax(output, x);
        return;
      case "LogSoftmax": {
        const most = this.reduce("maximum", Number.NEGATIVE_INFINITY, x, "most");
        const moved = binary("subtract", x, most);
        const total = this.reduce("add", 0, unary("exp", moved), "total");
        this.holdRow(output, binary("subtract", moved, unary("log", total)));
        return;
      }
      case "InstanceNormalization":
      case "LayerNormalization":
        this.layerNormalization(node, x, count);
        return;
      default:
        this.holdSum(output, this.reduced(reductionAt(this.context, node), x, count));
    }
  }

  private reduced(reduction: Reduction, x: Expr, count: number): Expr {
    const { before, operator, start, prepare, finish } = reduction;
    const first = before === undefined ? undefined : this.reduced(before, x, count);
    return finish(this.reduce(operator, start, prepare(x, first), "total"), count, first);
  }

  /** A value of the whole row. */
  private holdSum(output: string, value: Expr): void {
    this.held.add(output);
    this.reader.hold(output, () => value);
    const all = this.at.map((index, axis) => (this.axes.includes(axis) ? zero : index));
    const { typed } = this.context;
    const keepsAxes = shapeOf(typed, output).length === this.shape.length;
    const kept = keepsAxes ? all : all.filter((_, axis) => !this.axes.includes(axis));
    this.sums.set(output, kept);
    this.noteReached(output, kept);
  }

  /** A value for each element of the row. */
  private holdRow(output: string, value: Expr): void {
    this.held.add(output);
    this.inRow.set(output, this.at);
    this.reader.hold(output, (indices) => {
      assert(
        indices.every((index, axis) => sameAffine(index, this.at[axis] ?? zero)),
        `${output} is read at another place of its row`,
      );
      return value;
    });
    this.noteReached(output, this.at);
  }

  private noteReached(name: string, indices: Indices): void {
    for (const [value, at] of this.state.reach(name, indices, this.sums, this.inRow)) {
      if (!this.reached.has(value)) this.reached.set(value, at);
    }
  }

  /** e^(x - max) is kept where a result goes that nobody holds yet, so that it is computed once. */
  private softmax(output: string, x: Expr): void {
    const { context, state } = this;
    const most = this.reduce("maximum", Number.NEGATIVE_INFINITY, x, "most");
    const power = unary("exp", binary("subtract", x, most));
    const reached = state.reach(output, this.at, this.sums, this.inRow);
    const own = state.mustStore(reached).filter((name) => !this.inRow.has(name));
    const target = own.find((name) => context.memory.storedType(name) === "float32");
    const view =
      target === undefined
        ? allocateView(`${output}.powers`, "float32", this.shape, context.memory.orderFor(output, this.shape))
        : context.placement.viewFor(target);
    const at = target === undefined ? this.at : known(reached.get(target), "index");
    if (target !== undefined) this.borrowed.unshift(target);
    this.addColumns([this.storeOf(view, at, power)]);
    const kept = this.reader.load(view, at);
    const total = this.reduce("add", 0, kept, "total");
    this.holdRow(output, binary("multiply", kept, binary("divide", constant("f32", 1), total)));
  }

  private layerNormalization(node: OpNode, x: Expr, count: number): void {
    const [, scale = "", bias = ""] = node.inputs;
    const [output = "", meanOutput = "", inverseOutput = ""] = node.outputs;
    const { typed } = this.context;
    const part = constant("f32", 1 / count);
    const mean = binary("multiply", this.reduce("add", 0, x, "sum"), part);
    const moved = binary("subtract", x, mean);
    const squares = this.reduce("add", 0, binary("multiply", moved, moved), "squares");
    const variance = binary("multiply", squares, part);
    const epsilon = float(staticCall(typed, node), "epsilon", 1e-5);
    const root = unary("squareRoot", binary("add", variance, constant("f32", epsilon)));
    const inverse = binary("divide", constant("f32", 1), root);
    const isPerChannel = node.operator === "InstanceNormalization";
    const parameter = (name: string): Expr => {
      const at = isPerChannel ? this.at.slice(1, 2) : broadcastIndices(this.at, shapeOf(typed, name));
      return this.reader.read(name, at);
    };
    const scaled = binary("multiply", binary("multiply", moved, inverse), parameter(scale));
    this.holdRow(output, bias === "" ? scaled : binary("add", scaled, parameter(bias)));
    if (meanOutput !== "") this.holdSum(meanOutput, mean);
    if (inverseOutput !== "") this.holdSum(inverseOutput, inverse);
  }

  private storeResults(): void {
    const { state, context, reader } = this;
    this.noteAgain();
    const names = state
      .mustStore(this.reached)
      .filter((name) => state.needed.has(name) || state.dependsOn(name, this.held))
      .filter((name) => state.isAvailable(name, this.held));
    const rows: Statement[] = [];
    const columns: Statement[] = [];
    const placed: [string, View][] = [];
    // Others may read what is kept there.
    for (const name of names.toSorted((a, b) => this.borrowed.indexOf(a) - this.borrowed.indexOf(b))) {
      const at = known(this.reached.get(name), "index");
      const view = context.placement.viewFor(name);
      const isWholeRow = this.columnLoops.every((loop) => !at.some((index) => dependsOnLoop(index, loop)));
      const store = this.storeOf(view, at, reader.read(name, at));
      (isWholeRow && this.columnLoops.length > 0 ? rows : columns).push(store);
      placed.push([name, view]);
    }
    this.body.push(...rows);
    if (columns.length > 0) this.addColumns(columns);
    for (const [name, view] of placed) context.memory.place(name, view);
  }
}

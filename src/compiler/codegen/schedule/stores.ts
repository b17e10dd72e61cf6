/**
 * Loops that store values element by element. Axes that lie behind one another in memory, for everything that the loop
 * reads and writes, become one loop: the fewer and longer the loops, the better.
 */
import { known } from "../../../base/assert.ts";
import { product } from "../../../base/integers.ts";
import { transpose } from "../kernels/transpose.ts";
import { type Affine, type Loop, loopAffine, unflatten, zero } from "../loops/affine.ts";
import type { Expr } from "../loops/expr.ts";
import type { Statement } from "../loops/nest.ts";
import type { KernelBuffers } from "./assembly.ts";
import { addNest, type Context, newReader } from "./context.ts";
import { countOperations } from "./operation-count.ts";
import type { ValueReader } from "./read-value.ts";
import { transpositionOf } from "./transpositions.ts";
import { axesInMemory, elementAt, type PlacedBuffer, type View } from "./views.ts";

/** A value to be stored, or a reading of it under another name. */
export interface Target {
  readonly name: string;
  readonly view: View;
}

/** Stores values of one shape and one order of axes in one pass, and puts them into memory. */
export function storeValues(context: Context, targets: readonly Target[], label: string): void {
  const [first] = targets;
  if (first === undefined) return;
  const { memory } = context;
  if (product(first.view.shape) > 0) {
    const nest = bestNest(context, first.view, (reader, indices) =>
      targets.map(({ name, view }) => ({ view, indices, value: reader.read(name, indices) })),
    );
    const work = product(first.view.shape) * Math.max(1, Math.min(nest.operations, 64));
    const moved = transpositionOf(nest.body);
    if (moved === undefined) addNest(context, { name: "map", ...nest, work, label });
    else {
      const kernel = transpose({ name: "transpose", ...moved });
      const moving = movedBuffers(nest);
      const writes = moving.slice(0, 1).map(({ buffer }) => buffer);
      context.assembly.addStep({ ...kernel, work, label, buffers: moving, writes });
    }
  }
  for (const { name, view } of targets) memory.place(name, view);
}

/** The target, then the source: there may be others, of indices that turned out to be 0, and both may be in one storage. */
function movedBuffers({ body, buffers }: Nest): readonly PlacedBuffer[] {
  const store = storesIn(body)[0];
  const source = store?.value.kind === "load" ? store.value.buffer : undefined;
  return [store?.buffer, source].map((buffer) =>
    known(
      buffers.placed.find((one) => one.buffer === buffer),
      "moved buffer",
    ),
  );
}

function storesIn(body: readonly Statement[]): readonly Extract<Statement, { kind: "store" }>[] {
  return body.flatMap((statement) => {
    if (statement.kind === "store") return [statement];
    return statement.kind === "reduce" ? [] : storesIn(statement.body);
  });
}

/** Stores values, those of one shape and order of axes together. */
export function storeGroups(
  context: Context,
  targets: readonly Target[],
  labelOf: (names: readonly string[]) => string,
): void {
  const groups = new Map<string, Target[]>();
  for (const target of targets) {
    const key = `${target.view.shape.join()}|${axesInMemory(target.view).join()}`;
    groups.set(key, [...(groups.get(key) ?? []), target]);
  }
  for (const group of groups.values()) storeValues(context, group, labelOf(group.map(({ name }) => name)));
}

export interface Nest {
  readonly body: readonly Statement[];
  readonly buffers: KernelBuffers;
  readonly operations: number;
}

export interface PlannedStore {
  readonly view: View;
  readonly indices: readonly Affine[];
  readonly value: Expr;
}

export type MakeStores = (reader: ValueReader, indices: readonly Affine[]) => readonly PlannedStore[];

/** A nest over the elements of a view, with as many axes joined as can be without dividing indices. */
function bestNest(context: Context, view: View, make: MakeStores): Nest {
  const axes = axesInMemory(view);
  const joined = nestOf(context, view, [axes], make);
  if (joined.divisions === 0) return joined.nest;
  let groups: readonly (readonly number[])[] = axes.map((axis) => [axis]);
  let best = nestOf(context, view, groups, make);
  for (let at = groups.length - 2; at >= 0; at--) {
    const trial = [
      ...groups.slice(0, at),
      [...(groups[at] ?? []), ...(groups[at + 1] ?? [])],
      ...groups.slice(at + 2),
    ];
    const nest = nestOf(context, view, trial, make);
    if (nest.divisions > best.divisions) continue;
    [groups, best] = [trial, nest];
  }
  return best.nest;
}

function nestOf(
  context: Context,
  { shape }: View,
  groups: readonly (readonly number[])[],
  make: MakeStores,
): { readonly nest: Nest; readonly divisions: number } {
  const { reader, buffers } = newReader(context);
  const loops: Loop[] = [];
  const indices: Affine[] = shape.map(() => zero);
  groups.forEach((axes, at) => {
    const sizes = axes.map((axis) => shape[axis] ?? 1);
    const loop = { name: `i${at}`, extent: product(sizes) };
    loops.push(loop);
    unflatten(loopAffine(loop), sizes).forEach((index, where) => {
      const axis = axes[where];
      if (axis !== undefined) indices[axis] = index;
    });
  });
  const stores = make(reader, indices);
  const statements = stores.map(
    ({ view, indices: at, value }): Extract<Statement, { kind: "store" }> => ({
      kind: "store",
      buffer: buffers.of(view),
      index: elementAt({ ...view, offset: 0 }, at),
      value,
    }),
  );
  const { divisions, operations } = countOperations(statements);
  return { nest: { body: nested(loops, statements), buffers, operations }, divisions };
}

/** The loops around some statements; the last runs over consecutive elements. */
export function nested(loops: readonly Loop[], inner: readonly Statement[]): readonly Statement[] {
  const around = loops.length === 0 ? [{ name: "once", extent: 1 }] : loops;
  return around.reduceRight<readonly Statement[]>(
    (body, loop, at) => [{ kind: at === around.length - 1 ? "vector-loop" : "loop", loop, body }],
    inner,
  );
}

/**
 * Operands of matrix products as views: rows whose elements lie side by side, batches as two axes, and right sides that
 * exist only at run time, which a kernel of their own packs into panels.
 */
import { known } from "../../../base/assert.ts";
import { product } from "../../../base/integers.ts";
import { type ConvolutionSizes, depthOf, packedFloats } from "../kernels/convolution-spec.ts";
import { packPanels } from "../kernels/pack-panels.ts";
import { flatten, loopAffine, rowMajorStrides, unflatten, zero } from "../loops/affine.ts";
import type { BlockState } from "./block.ts";
import { addNest, type Context, newReader } from "./context.ts";
import { broadcastIndices } from "./index-maps.ts";
import { copyOf, operandBuffer } from "./operands.ts";
import { shapeOf } from "./shapes.ts";
import { nested } from "./stores.ts";
import { allocateView, derivedView, elementAt, loopsOver, type PlacedBuffer, type View } from "./views.ts";

export interface PackedMatrices {
  readonly name: string;
  /** The product that reads the panels; `filterStrides` says which of the matrices are packed. */
  readonly sizes: ConvolutionSizes;
  /** [batch, z, k, n]; distances of 0 where matrices are shared. */
  readonly view: View;
  readonly label: string;
}

/** Adds a step that packs matrices, and gives where they are then. */
export function addPacking(
  { assembly, kernels }: Context,
  { name, sizes, view, label }: PackedMatrices,
): PlacedBuffer {
  const [batch = 0, z = 0, k = 0, n = 0] = view.strides;
  const apart = sizes.filterStrides ?? { batch: 0, z: 0 };
  const count = (apart.batch === 0 ? 1 : sizes.batch) * (apart.z === 0 ? 1 : sizes.extents[0]);
  const packed = operandBuffer(allocateView(`${name}.panels`, "float32", [count * packedFloats(sizes)]));
  const spec = { name: "pack", sizes, strides: { batch, z, k, n }, offset: 0 };
  const kernel = kernels.once("pack", [spec], () => packPanels(spec));
  assembly.addStep({
    ...kernel,
    work: count * depthOf(sizes) * sizes.filtersPerGroup,
    label: `${label} (packing)`,
    buffers: [operandBuffer(view), packed],
    writes: [packed.buffer],
  });
  return packed;
}

/** A value as floats in memory, seen with another shape. */
export function viewIn(state: BlockState, name: string, shape: readonly number[]): View {
  const { memory } = state.context;
  const view = known(memory.viewOf(name), `${name} in memory`);
  const own =
    view.storage.elementType === "float32"
      ? view
      : copyOf(
          state,
          name,
          shape.map((_, axis) => axis),
        );
  return known(
    derivedView(own, shape, (indices) => unflatten(flatten(indices, shape), own.shape)),
    `view of ${name}`,
  );
}

/** The left side with the elements of a row side by side; a copy where they are not. */
export function contiguousRows(state: BlockState, name: string, shape: readonly number[]): View {
  const view = viewIn(state, name, shape);
  if (view.strides.at(-1) === 1 || shape.at(-1) === 1) return view;
  const { memory } = state.context;
  const own = shapeOf(memory.typed, name);
  const copy = copyOf(
    state,
    name,
    own.map((_, axis) => axis),
  );
  return { ...copy, shape, strides: rowMajorStrides(shape) };
}

export function transposedCopy(state: BlockState, name: string): View {
  const copy = copyOf(state, name, [1, 0]);
  const [depth = 1, rows = 1] = copy.shape;
  return { ...copy, shape: [1, 1, rows, depth], strides: [0, 0, copy.strides[1] ?? 1, 1] };
}

/** All rows of all batches as one matrix, where they lie at equal distances. */
export function joinedRows(view: View, shape: readonly number[]): View | undefined {
  const depth = shape.at(-1) ?? 1;
  const rows = product(shape.slice(0, -1));
  return derivedView(view, [1, 1, rows, depth], ([, , row, column]) => [
    ...unflatten(known(row, "row"), shape.slice(0, -1)),
    known(column, "column"),
  ]);
}

/** An operand of a product: its batches, then rows and columns. */
export interface Matrices {
  readonly name: string;
  readonly view: View;
  readonly shape: readonly number[];
}

/** A view with its batches as two axes, which repeats where it broadcasts; undefined where memory has it otherwise. */
function batchedView(
  { view, shape }: Pick<Matrices, "view" | "shape">,
  batches: readonly number[],
  two: readonly [number, number],
): View | undefined {
  const to = [...two, ...shape.slice(-2)];
  return derivedView(view, to, ([batch, plane, row, column]) => {
    const flat = flatten([known(batch, "batch"), known(plane, "plane")], two);
    const at = broadcastIndices(unflatten(flat, batches), shape.slice(0, -2));
    return [...at, known(row, "row"), known(column, "column")];
  });
}

/** Two axes that batches can be walked by, if at most two of theirs are longer than 1: the last one, and the one before. */
export function twoBatches(batches: readonly number[]): readonly [number, number] | undefined {
  const long = batches.filter((size) => size > 1);
  if (long.length > 2) return undefined;
  return [long.length > 1 ? (long[0] ?? 1) : 1, long.at(-1) ?? 1];
}

/** Operands with the same two axes of batches. More axes are joined; copies repeat what broadcasts among those. */
export function batchedOperands(
  context: Context,
  batches: readonly number[],
  operands: readonly Matrices[],
): { readonly two: readonly [number, number]; readonly views: readonly View[] } {
  const cuts = batches.map((_, at) => [product(batches.slice(0, at)), product(batches.slice(at))] as const);
  const whole = [1, product(batches)] as const;
  for (const two of [twoBatches(batches) ?? whole, ...cuts.toReversed()]) {
    const views = operands.flatMap((operand) => batchedView(operand, batches, two) ?? []);
    if (views.length === operands.length) return { two, views };
  }
  return { two: whole, views: operands.map((operand) => batchedOrCopied(context, operand, batches, whole)) };
}

/** A view with these two axes of batches; of a copy where memory has them otherwise. */
export function batchedOrCopied(
  context: Context,
  operand: Matrices,
  batches: readonly number[],
  two: readonly [number, number],
): View {
  const view = batchedView(operand, batches, two);
  if (view !== undefined) return view;
  const copy = repeatedCopy(context, operand, batches);
  return known(batchedView({ view: copy, shape: copy.shape }, batches, two), "batches of a copy");
}

/** Row-major, with all batches. */
function repeatedCopy(context: Context, { name, view, shape }: Matrices, batches: readonly number[]): View {
  const { reader, buffers } = newReader(context);
  const copy = allocateView(`${name}.repeated`, "float32", [...batches, ...shape.slice(-2)]);
  const loops = loopsOver(copy.shape).filter(({ extent }) => extent > 1);
  let next = 0;
  const indices = copy.shape.map((size) => (size > 1 ? loopAffine(known(loops[next++], "loop")) : zero));
  const store = {
    kind: "store",
    buffer: buffers.of(copy),
    index: elementAt({ ...copy, offset: 0 }, indices),
    value: reader.load(view, broadcastIndices(indices, shape)),
  } as const;
  const work = product(copy.shape);
  addNest(context, { name: "repeat", body: nested(loops, [store]), buffers, work, label: `copy of ${name}` });
  return copy;
}

export function broadcastShape(a: readonly number[], b: readonly number[]): readonly number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) =>
    Math.max(a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1),
  );
}

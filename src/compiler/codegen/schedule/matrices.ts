/**
 * Operands of matrix products as views: rows whose elements lie side by side, batches as two axes, and right sides that
 * exist only at run time, which a kernel of their own packs into panels.
 */
import { known } from "../../../base/assert.ts";
import { product } from "../../../base/integers.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { type ConvolutionSizes, depthOf, packedFloats } from "../kernels/convolution-spec.ts";
import { packPanels } from "../kernels/pack-panels.ts";
import { flatten, rowMajorStrides, unflatten } from "../loops/affine.ts";
import type { BlockState } from "./block.ts";
import type { Context } from "./context.ts";
import { broadcastIndices } from "./index-maps.ts";
import { notCompiled } from "./not-compiled.ts";
import { copyOf, operandBuffer } from "./operands.ts";
import { shapeOf } from "./shapes.ts";
import { allocateView, derivedView, type PlacedBuffer, type View } from "./views.ts";

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
  { assembly }: Context,
  { name, sizes, view, label }: PackedMatrices,
): PlacedBuffer {
  const [batch = 0, z = 0, k = 0, n = 0] = view.strides;
  const apart = sizes.filterStrides ?? { batch: 0, z: 0 };
  const count = (apart.batch === 0 ? 1 : sizes.batch) * (apart.z === 0 ? 1 : sizes.extents[0]);
  const packed = operandBuffer(allocateView(`${name}.panels`, "float32", [count * packedFloats(sizes)]));
  const kernel = packPanels({ name: "pack", sizes, strides: { batch, z, k, n }, offset: 0 });
  assembly.addStep({
    ...kernel,
    work: count * depthOf(sizes) * sizes.filtersPerGroup,
    label: `${label} (packing)`,
    buffers: [operandBuffer(view), packed],
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

/** A view with its batches as two axes; operands that broadcast repeat. */
export function batchedView(
  view: View,
  shape: readonly number[],
  whole: readonly number[],
  to: readonly [number, number, number, number],
): View {
  const batches = whole.slice(0, -2);
  return known(
    derivedView(view, to, ([batch, plane, row, column]) => {
      const flat = flatten([known(batch, "batch"), known(plane, "plane")], to.slice(0, 2));
      const at = broadcastIndices(unflatten(flat, batches), shape.slice(0, -2));
      return [...at, known(row, "row"), known(column, "column")];
    }),
    "batches at equal distances",
  );
}

/** Two axes that all batches can be walked by: the last one, and what is before it. */
export function twoBatches(
  node: OpNode,
  batches: readonly number[],
  rows: number,
): readonly [number, number, number] {
  const long = batches.filter((size) => size > 1);
  if (long.length > 2)
    throw notCompiled(node, "a product of matrices with more than two axes of batches is not compiled");
  return [long.length > 1 ? (long[0] ?? 1) : 1, long.at(-1) ?? 1, rows];
}

export function broadcastShape(a: readonly number[], b: readonly number[]): readonly number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) =>
    Math.max(a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1),
  );
}

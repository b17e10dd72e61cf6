/** Images put together from patches or seen through a grid. */
import type { Dimension } from "../ir/tensor.ts";
import { describeInput, input } from "./call.ts";
import { tensorFact } from "./fact.ts";
import { samplingKernels } from "./kernels/image-sampling.ts";
import { withKernels } from "./kernels/kernel.ts";
import type { OperatorRow } from "./row.ts";
import { row } from "./row.ts";
import { sameDimension } from "./shapes.ts";

/** Col2Im: [N, C x block, L] -> [N, C, image...]. */
const col2Im = row({
  operator: "Col2Im",
  versions: [18],
  arity: [3, 3],
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    const image = call.elements(input(call, 1));
    const block = call.elements(input(call, 2));
    if (shape === undefined || image === undefined) return [tensorFact(elementType, undefined)];
    const size = block?.reduce<Dimension>((a, b) => call.symbols.multiply(a, b ?? call.symbols.fresh()), 1);
    const channels =
      size === undefined || size === 0 ? call.symbols.fresh() : call.symbols.floorDivide(shape[1] ?? 0, size);
    const sizes = image.map((element) => element ?? call.symbols.fresh());
    return [tensorFact(elementType, [shape[0] ?? call.symbols.fresh(), channels, ...sizes])];
  },
});

/** [N, C, H, W] seen through a grid [N, H', W', 2]; with one more spatial axis in 3-D. */
const gridSample = row({
  operator: "GridSample",
  versions: [16, 20, 22],
  arity: [2, 2],
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    const grid = input(call, 1).shape;
    if (shape === undefined || grid === undefined) return [tensorFact(elementType, undefined)];
    if (grid.length !== shape.length || shape.length < 3) {
      throw call.error(`the grid ${describeInput(call, 1)} does not fit ${describeInput(call, 0)}`);
    }
    const batch = sameDimension(call, shape[0] ?? 0, grid[0] ?? 0, "the batches of input and grid");
    return [tensorFact(elementType, [batch, shape[1] ?? 0, ...grid.slice(1, -1)])];
  },
});

/** [N, C, sizes...] of the size input, as a grid of coordinates [N, sizes..., axes]. */
const affineGrid = row({
  operator: "AffineGrid",
  versions: [20],
  arity: [2, 2],
  infer: (call) => {
    const size = call.elements(input(call, 1));
    const { elementType } = input(call, 0);
    if (size === undefined || size.length < 3) return [tensorFact(elementType, undefined)];
    const known = size.map((element) => element ?? call.symbols.fresh());
    return [tensorFact(elementType, [known[0] ?? 0, ...known.slice(2), known.length - 2])];
  },
});

export const samplingRows: readonly OperatorRow[] = withKernels(
  [affineGrid, col2Im, gridSample],
  samplingKernels,
);

/**
 * Which axes of an image a convolution's kernel walks as z, y and x. Neighbours along x share a tile, and tiles end at the
 * end of a line; so a pointwise convolution takes the whole image as one line, and an image of one column takes its column.
 * Lines are walked by y, then z: where the taps lie along z only, z becomes the inner one, so that an input line is near when
 * the next output needs it again.
 */
import { product } from "../../../base/integers.ts";
import type { ConvolutionSizes } from "../kernels/convolution-spec.ts";
import type { FilterStrides } from "../kernels/pack-filters.ts";
import type { Strides, Triple } from "../kernels/place.ts";
import { type Affine, loopAffine, unflatten } from "../loops/affine.ts";
import { type TileLoops, tileLoops } from "./tiles.ts";

/** A convolution as its kernel sees it, and where in N C [D] [H] W a result of the kernel belongs. */
export interface KernelAxes {
  readonly sizes: ConvolutionSizes;
  readonly loops: TileLoops;
  readonly indices: readonly Affine[];
  /** ONNX's order of weights, by the kernel's axes. */
  readonly filterStrides: FilterStrides;
}

/** The index in N C [D] [H] W at the loops of a kernel that walks the image's own axes. */
export function imageIndices({ batch, z, y, x, filter }: TileLoops, rank: number): readonly Affine[] {
  return [batch, filter, ...[z, y, x].slice(5 - rank)].map(loopAffine);
}

/** The axes in the order in which lines are near each other. */
export function orderedAxes(sizes: ConvolutionSizes, rank: number): KernelAxes {
  const order = axisOrder(sizes);
  const turn = (values: Triple): Triple => [values[order[0]], values[order[1]], values[order[2]]];
  const { batch, z, y, x } = sizes.inputStrides;
  const [stepZ, stepY, stepX] = turn([z, y, x]);
  const turned: ConvolutionSizes = {
    ...sizes,
    extents: turn(sizes.extents),
    taps: turn(sizes.taps),
    strides: turn(sizes.strides),
    dilations: turn(sizes.dilations),
    inputStrides: { batch, z: stepZ, y: stepY, x: stepX },
  };
  const loops = tileLoops(sizes.batch, turned.extents, sizes.groups * sizes.filtersPerGroup);
  const kernelLoops = [loops.z, loops.y, loops.x];
  const spatial = ([0, 1, 2] as const).map((axis) => kernelLoops[order.indexOf(axis)] ?? loops.x);
  return {
    sizes: turned,
    loops,
    indices: [loops.batch, loops.filter, ...spatial.slice(5 - rank)].map(loopAffine),
    filterStrides: filterStridesOf(sizes, turn),
  };
}

/** The image's axis of the kernel's z, y and x. */
function axisOrder({ extents, taps }: ConvolutionSizes): readonly [0 | 1 | 2, 0 | 1 | 2, 0 | 1 | 2] {
  const [depth, height, width] = extents;
  if (width === 1 && height > 1) return [0, 2, 1];
  if (width === 1 && depth > 1) return [2, 1, 0];
  return taps[0] > 1 && taps[1] === 1 ? [1, 0, 2] : [0, 1, 2];
}

function filterStridesOf(
  { taps, channelsPerGroup, filtersPerGroup }: ConvolutionSizes,
  turn: (values: Triple) => Triple,
): FilterStrides {
  const channel = product(taps);
  const filter = channel * channelsPerGroup;
  const [z, y, x] = turn([taps[1] * taps[2], taps[2], 1]);
  return { group: filter * filtersPerGroup, filter, channel, z, y, x };
}

/** All pixels of all images as one line; undefined where taps or gaps in memory forbid it, or where they are one line already. */
export function flatAxes(sizes: ConvolutionSizes, rank: number): KernelAxes | undefined {
  const { batch, extents, taps, strides, inputStrides } = sizes;
  const lines = batch * extents[0] * extents[1];
  if (lines === 1 || product([...taps, ...strides]) !== 1) return undefined;
  const pixels = lines * extents[2];
  const step = pixelStep(batch, extents, inputStrides);
  if (step === undefined) return undefined;
  const loops = tileLoops(1, [1, 1, pixels], sizes.groups * sizes.filtersPerGroup);
  const [image, ...spatial] = unflatten(loopAffine(loops.x), [batch, ...extents]);
  if (image === undefined) return undefined;
  return {
    sizes: {
      ...sizes,
      batch: 1,
      extents: [1, 1, pixels],
      inputStrides: { batch: 0, z: 0, y: 0, x: step },
    },
    loops,
    indices: [image, loopAffine(loops.filter), ...spatial.slice(5 - rank)],
    filterStrides: filterStridesOf(sizes, (values) => values),
  };
}

/** The distance of neighbours, if it is the same from each pixel to the next over all lines and images. */
function pixelStep(batch: number, extents: Triple, { batch: image, z, y, x }: Strides): number | undefined {
  const axes = [
    { size: extents[2], stride: x },
    { size: extents[1], stride: y },
    { size: extents[0], stride: z },
    { size: batch, stride: image },
  ].filter(({ size }) => size > 1);
  const [first] = axes;
  if (first === undefined) return undefined;
  let expected = first.stride;
  for (const { size, stride } of axes) {
    if (stride !== expected) return undefined;
    expected *= size;
  }
  return first.stride;
}

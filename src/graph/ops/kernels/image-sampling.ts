/** Kernels of images put together from patches or seen through a grid. */
import { countOf, numbersOf, tensorFromDoubles } from "../../ir/runtime-value.ts";
import { roundHalfEven } from "../../ir/small-floats.ts";
import { int, ints, string } from "../call.ts";
import { gatherColumns } from "./convolution.ts";
import {
  inputNumbers,
  integerList,
  type Kernel,
  type Kernels,
  numericKernel,
  outputType,
  tensor,
} from "./kernel.ts";
import { transposed } from "./layout.ts";
import { windowTable } from "./sliding-window.ts";
import { reshaped, stridesOf } from "./strided.ts";

/** Col2Im: [N, C x block, L] -> [N, C, image...]; where blocks overlap they add up. */
const col2Im: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const value = tensor(call, 0);
  const [image, block] = [integerList(call, 1) ?? [], integerList(call, 2) ?? []];
  const ones = block.map(() => 1);
  const [strides, dilations] = [ints(call, "strides") ?? ones, ints(call, "dilations") ?? ones];
  const pads = ints(call, "pads") ?? [...ones, ...ones].map(() => 0);
  const [begins, ends] = [pads.slice(0, block.length), pads.slice(block.length)];
  const positions = image.map((size, axis) => {
    const reach = ((block[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
    const room = size + (begins[axis] ?? 0) + (ends[axis] ?? 0) - reach;
    return Math.floor(room / (strides[axis] ?? 1)) + 1;
  });
  const table = windowTable({ kernel: block, strides, dilations, begins, ends }, image, positions);
  const [batch = 0, filters = 0] = shape;
  const [places, size] = [countOf(block), countOf(image)];
  const columns = transposed(reshaped(value, [batch, filters * places, countOf(positions)]), [0, 2, 1]);
  const numbers = numbersOf(columns);
  const sums = new Float64Array(countOf(shape));
  const each = countOf(columns.shape.slice(1));
  for (let n = 0; n < batch; n++) {
    const part = numbers.subarray(n * each, (n + 1) * each);
    gatherColumns(part, sums, { origin: n * filters * size, size, filters, places, table });
  }
  return [tensorFromDoubles(elementType, shape, sums)];
};

/** A coordinate thrown back at the limits until it lies between them. */
function reflected(at: number, low: number, high: number): number {
  const range = high - low;
  if (range === 0) return low;
  const within = (((at - low) % (2 * range)) + 2 * range) % (2 * range);
  return low + (within <= range ? within : 2 * range - within);
}

interface Sampling {
  readonly mode: string;
  readonly padding: string;
  readonly alignsCorners: boolean;
}

/** The places along one axis that a coordinate from -1 to 1 is made of, with their weights; place -1 is outside. */
function tapsAt(
  coordinate: number,
  size: number,
  { mode, padding, alignsCorners }: Sampling,
): readonly (readonly [number, number])[] {
  const [low, high] = alignsCorners ? [0, size - 1] : [-0.5, size - 0.5];
  const exact = alignsCorners ? ((coordinate + 1) / 2) * (size - 1) : ((coordinate + 1) * size - 1) / 2;
  const near = mode === "nearest" ? roundHalfEven(exact) : exact;
  const isOutside = near < low || near > high;
  const at =
    isOutside && padding === "border"
      ? Math.min(Math.max(near, 0), size - 1)
      : isOutside && padding === "reflection"
        ? reflected(near, low, high)
        : near;
  const place = (index: number): number => {
    if (index >= 0 && index < size) return index;
    if (padding === "zeros") return -1;
    if (padding === "border") return Math.min(Math.max(index, 0), size - 1);
    return Math.min(Math.max(Math.trunc(reflected(index, low, high)), 0), size - 1);
  };
  if (mode === "nearest") return [[place(roundHalfEven(at)), 1]];
  const floor = Math.floor(at);
  const rest = at - floor;
  if (mode === "bilinear" || mode === "linear")
    return [
      [place(floor), 1 - rest],
      [place(floor + 1), rest],
    ];
  return [-1, 0, 1, 2].map((shift) => [place(floor + shift), cubicWeight(shift - rest)] as const);
}

/** Keys' cubic with a = -0.75. */
function cubicWeight(distance: number): number {
  const [x, a] = [Math.abs(distance), -0.75];
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((x - 5) * x + 8) * x * a - 4 * a : 0;
}

/** [N, C, sizes...] seen through a grid [N, places..., coordinates], the last spatial axis first. */
const gridSample: Kernel = numericKernel((call, out, shape) => {
  const value = tensor(call, 0);
  const [numbers, grid] = [numbersOf(value), inputNumbers(call, 1)];
  const sizes = value.shape.slice(2);
  const strides = stridesOf(sizes);
  const [batch = 0, channels = 0] = shape;
  const positions = countOf(shape.slice(2));
  const sampling = {
    mode: string(call, "mode", "bilinear"),
    padding: string(call, "padding_mode", "zeros"),
    alignsCorners: int(call, "align_corners", 0) !== 0,
  };
  const imageSize = countOf(sizes);
  for (let point = 0; point < batch * positions; point++) {
    const image = Math.floor(point / positions);
    // All combinations of the axes' taps: offsets with weights.
    let taps: readonly (readonly [number, number])[] = [[0, 1]];
    sizes.forEach((size, axis) => {
      const coordinate = grid[point * sizes.length + sizes.length - 1 - axis] ?? 0;
      const own = tapsAt(coordinate, size, sampling);
      taps = taps.flatMap(([offset, weight]) =>
        own.flatMap(([place, factor]) =>
          place < 0 ? [] : [[offset + place * (strides[axis] ?? 1), weight * factor] as const],
        ),
      );
    });
    for (let channel = 0; channel < channels; channel++) {
      const origin = (image * channels + channel) * imageSize;
      let sum = 0;
      for (const [offset, weight] of taps) sum += (numbers[origin + offset] as number) * weight;
      out[(image * channels + channel) * positions + (point % positions)] = sum;
    }
  }
});

/** The places of an image of the given size, from -1 to 1, each sent through the affine map theta. */
const affineGrid: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const theta = inputNumbers(call, 0);
  const sizes = shape.slice(1, -1);
  const rank = sizes.length;
  const alignsCorners = int(call, "align_corners", 0) !== 0;
  const out = new Float64Array(countOf(shape));
  const strides = stridesOf(sizes);
  const positions = countOf(sizes);
  for (let at = 0; at < out.length; at++) {
    const [row, point] = [at % rank, Math.floor(at / rank)];
    const origin = (Math.floor(point / positions) * rank + row) * (rank + 1);
    let sum = theta[origin + rank] ?? 0;
    sizes.forEach((size, axis) => {
      const place = Math.floor((point % positions) / (strides[axis] ?? 1)) % size;
      const coordinate = alignsCorners
        ? size === 1
          ? 0
          : (2 * place) / (size - 1) - 1
        : (2 * place + 1) / size - 1;
      sum += (theta[origin + rank - 1 - axis] ?? 0) * coordinate;
    });
    out[at] = sum;
  }
  return [tensorFromDoubles(elementType, shape, out)];
};

export const samplingKernels: Kernels = { AffineGrid: affineGrid, Col2Im: col2Im, GridSample: gridSample };

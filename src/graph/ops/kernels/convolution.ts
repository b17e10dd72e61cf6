/**
 * Kernels of convolutions. The elements under each window position are laid out as a row, so that a convolution is rows
 * of patches with rows of filters.
 */
import { known } from "../../../base/assert.ts";
import { countOf, type NumberArray, numbersOf, tensorFromDoubles } from "../../ir/runtime-value.ts";
import { int, ints } from "../call.ts";
import type { Call } from "../row.ts";
import { readWindow } from "../window.ts";
import { dotProducts, transposedMatrix } from "./dot-products.ts";
import {
  fromBuffer,
  type Kernel,
  type KernelCall,
  type Kernels,
  numberBuffer,
  optionalTensor,
  outputType,
  tensor,
} from "./kernel.ts";
import { centred, requantized } from "./quantized.ts";
import { type PlacedWindow, placeWindow, splitPadding, windowTable } from "./sliding-window.ts";

/** Numbers with their shape. */
interface Image {
  readonly elements: NumberArray;
  readonly shape: readonly number[];
}

/** Patches are made for so many elements at a time that they stay in the cache. */
const patchElements = 65_536;

/** out = data * filter, without bias. */
function convolve(
  call: KernelCall,
  data: Image,
  filter: Image,
  shape: readonly number[],
  out: NumberArray,
): void {
  const sizes = data.shape.slice(2);
  const positions = shape.slice(2);
  const window = placeWindow(readWindow(call, filter.shape.slice(2)), sizes, positions);
  const table = windowTable(window, sizes, positions);
  const groups = int(call, "group", 1);
  const [batch = 0, channels = 0] = data.shape;
  const groupChannels = filter.shape[1] ?? 1;
  const filters = (filter.shape[0] ?? 0) / groups;
  const [imageSize, count, places] = [countOf(sizes), countOf(positions), countOf(window.kernel)];
  const length = groupChannels * places;
  if (length === 0) return;
  const rows = Math.min(Math.max(4 * Math.floor(patchElements / length / 4), 4), count);
  const patches =
    data.elements instanceof Float32Array ? new Float32Array(rows * length) : new Float64Array(rows * length);
  for (let image = 0; image < batch * groups; image++) {
    const [n, group] = [Math.floor(image / groups), image % groups];
    const origin = (n * channels + group * groupChannels) * imageSize;
    for (let first = 0; first < count; first += rows) {
      const some = Math.min(rows, count - first);
      fillPatches(patches, data.elements, {
        origin,
        imageSize,
        channels: groupChannels,
        table,
        places,
        first,
        some,
      });
      dotProducts(
        { elements: patches, origin: 0, count: some },
        { elements: filter.elements, origin: group * filters * length, count: filters },
        length,
        { elements: out, origin: image * filters * count + first, rowStride: 1, columnStride: count },
      );
    }
  }
}

interface PatchRange {
  readonly origin: number;
  readonly imageSize: number;
  readonly channels: number;
  readonly table: Int32Array;
  readonly places: number;
  readonly first: number;
  readonly some: number;
}

function fillPatches(patches: NumberArray, from: NumberArray, range: PatchRange): void {
  const { origin, imageSize, channels, table, places, first, some } = range;
  let at = 0;
  for (let position = first; position < first + some; position++) {
    for (let channel = 0; channel < channels; channel++) {
      const base = origin + channel * imageSize;
      for (let place = 0; place < places; place++) {
        const offset = table[position * places + place] as number;
        patches[at++] = offset < 0 ? 0 : (from[base + offset] as number);
      }
    }
  }
}

/** Adds the bias of each channel, where the input is given. */
export function addBias(call: KernelCall, index: number, shape: readonly number[], out: NumberArray): void {
  const bias = optionalTensor(call, index);
  if (bias === undefined) return;
  const added = numbersOf(bias);
  const channels = shape[1] ?? 1;
  const count = countOf(shape.slice(2));
  for (let at = 0; at < out.length; at++) {
    out[at] = (out[at] as number) + (added[Math.floor(at / count) % channels] as number);
  }
}

const conv: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const [data, filter] = [tensor(call, 0), tensor(call, 1)];
  const out = numberBuffer(elementType, countOf(shape));
  const images = [data, filter].map((value) => ({ elements: numbersOf(value), shape: value.shape }));
  convolve(call, known(images[0], "the data"), known(images[1], "the filter"), shape, out);
  addBias(call, 2, shape, out);
  return [fromBuffer(elementType, shape, out)];
};

const convInteger: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const out = new Float64Array(countOf(shape));
  const data = centred(tensor(call, 0), optionalTensor(call, 2), 1);
  const filter = centred(tensor(call, 1), optionalTensor(call, 3), 0);
  convolve(call, data, filter, shape, out);
  return [tensorFromDoubles(elementType, shape, out)];
};

/** The bias is in units of both scales' product; a filter may have a scale for each output channel. */
const qLinearConv: Kernel = (call) => {
  const { shape } = outputType(call);
  const out = new Float64Array(countOf(shape));
  convolve(
    call,
    centred(tensor(call, 0), tensor(call, 2), 1),
    centred(tensor(call, 3), tensor(call, 5), 0),
    shape,
    out,
  );
  addBias(call, 8, shape, out);
  const scale = numbersOf(tensor(call, 1))[0] ?? 1;
  const filterScales = numbersOf(tensor(call, 4));
  const [channels, count] = [shape[1] ?? 1, countOf(shape.slice(2))];
  for (let at = 0; at < out.length; at++) {
    const channel = Math.floor(at / count) % channels;
    const filterScale = filterScales[filterScales.length > 1 ? channel : 0] ?? 1;
    out[at] = (out[at] as number) * Math.fround(scale * filterScale);
  }
  return [requantized(out, shape, tensor(call, 6), tensor(call, 7))];
};

/** The window that a transposed convolution spreads its input through: padding follows from the output's size. */
export function transposedWindow(
  call: Call,
  kernel: readonly number[],
  sizes: readonly number[],
  outputs: readonly number[],
): PlacedWindow {
  const window = readWindow(call, kernel);
  const extra = ints(call, "output_padding") ?? [];
  const stated = (ints(call, "output_shape")?.length ?? 0) > 0;
  const placed = placeWindow(window, outputs, sizes);
  if (!stated && (window.autoPad === "NOTSET" || window.autoPad === "VALID")) return placed;
  const pads = sizes.map((size, axis) => {
    const reach = ((kernel[axis] ?? 1) - 1) * (window.dilations[axis] ?? 1) + 1;
    const full = (size - 1) * (window.strides[axis] ?? 1) + reach + (extra[axis] ?? 0);
    // Unlike elsewhere, the odd element is at the beginning unless SAME_UPPER says otherwise.
    const total = Math.max(full - (outputs[axis] ?? 0), 0);
    return splitPadding(total, window.autoPad === "SAME_UPPER" ? "SAME_UPPER" : "SAME_LOWER");
  });
  return { ...placed, begins: pads.map(([begin]) => begin), ends: pads.map(([, end]) => end) };
}

const convTranspose: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const [data, filter] = [tensor(call, 0), tensor(call, 1)];
  const [numbers, weights] = [numbersOf(data), numbersOf(filter)];
  const sizes = data.shape.slice(2);
  const outputs = shape.slice(2);
  const window = transposedWindow(call, filter.shape.slice(2), sizes, outputs);
  const table = windowTable(window, outputs, sizes);
  const groups = int(call, "group", 1);
  const [batch = 0, channels = 0] = data.shape;
  const groupChannels = channels / groups;
  const filters = filter.shape[1] ?? 1;
  const [count, places, outputSize] = [countOf(sizes), countOf(window.kernel), countOf(outputs)];
  const spread = filters * places;
  const columns = new Float64Array(count * spread);
  const sums = new Float64Array(countOf(shape));
  for (let image = 0; image < batch * groups; image++) {
    const group = image % groups;
    const patch = transposedMatrix(weights, group * groupChannels * spread, groupChannels, spread);
    const pixels = transposedMatrix(numbers, image * groupChannels * count, groupChannels, count);
    dotProducts(
      { elements: pixels, origin: 0, count },
      { elements: patch, origin: 0, count: spread },
      groupChannels,
      { elements: columns, origin: 0, rowStride: spread, columnStride: 1 },
    );
    gatherColumns(columns, sums, {
      origin: image * filters * outputSize,
      size: outputSize,
      filters,
      places,
      table,
    });
  }
  const out = numberBuffer(elementType, sums.length);
  addBias(call, 2, shape, sums);
  out.set(sums);
  return [fromBuffer(elementType, shape, out)];
};

interface Spread {
  readonly origin: number;
  /** Elements of one output channel. */
  readonly size: number;
  readonly filters: number;
  readonly places: number;
  readonly table: Int32Array;
}

/** Adds every column to the places under its window: columns are [position, channel, place of the kernel]. */
export function gatherColumns(
  columns: NumberArray,
  sums: Float64Array,
  { origin, size, filters, places, table }: Spread,
): void {
  const positions = table.length / places;
  let at = 0;
  for (let position = 0; position < positions; position++) {
    for (let filter = 0; filter < filters; filter++) {
      for (let place = 0; place < places; place++, at++) {
        const offset = table[position * places + place] as number;
        if (offset < 0) continue;
        const to = origin + filter * size + offset;
        sums[to] = (sums[to] as number) + (columns[at] as number);
      }
    }
  }
}

export const convolutionKernels: Kernels = {
  Conv: conv,
  ConvInteger: convInteger,
  ConvTranspose: convTranspose,
  QLinearConv: qLinearConv,
};

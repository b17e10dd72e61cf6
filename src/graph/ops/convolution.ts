/**
 * Convolutions: Conv, ConvTranspose, ConvInteger, QLinearConv, DeformConv, and the window arithmetic that pooling
 * shares. Formulas as in the ONNX operator documentation.
 */
import type { Dimension, Shape } from "../ir/tensor.ts";
import { elementCount } from "../ir/tensor.ts";
import { describeInput, input, int, ints, string } from "./call.ts";
import type { Fact } from "./fact.ts";
import { formatShape, tensorFact } from "./fact.ts";
import type { Call, OperatorRow, TypedCall } from "./row.ts";
import { row } from "./row.ts";
import { sameDimension } from "./shapes.ts";

/** A sliding window over spatial axes. */
export interface Window {
  readonly kernel: readonly Dimension[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** All begins, then all ends. */
  readonly pads: readonly number[];
  readonly autoPad: "NOTSET" | "VALID" | "SAME_UPPER" | "SAME_LOWER";
  readonly ceil: boolean;
}

/** Reads the window's attributes; the lists must have one entry per spatial axis (pads two). */
export function readWindow(call: Call, kernel: readonly Dimension[]): Window {
  const rank = kernel.length;
  const strides = perAxis(call, "strides", rank, 1, 1);
  const dilations = perAxis(call, "dilations", rank, 1, 1);
  const pads = perAxis(call, "pads", 2 * rank, 0, Number.NEGATIVE_INFINITY);
  for (const size of kernel) {
    if (typeof size === "number" && size < 1)
      throw call.error(`the kernel [${kernel.join(",")}] has a size below 1`);
  }
  const autoPad = string(call, "auto_pad", "NOTSET");
  const ceil = int(call, "ceil_mode", 0) !== 0;
  switch (autoPad) {
    case "NOTSET":
    case "VALID":
    case "SAME_UPPER":
    case "SAME_LOWER":
      return { kernel, strides, dilations, pads, autoPad, ceil };
    case "":
      return { kernel, strides, dilations, pads, autoPad: "NOTSET", ceil };
    default:
      throw call.error(`auto_pad "${autoPad}" does not exist`, "use NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  }
}

function perAxis(
  call: Call,
  name: string,
  length: number,
  otherwise: number,
  least: number,
): readonly number[] {
  const values = ints(call, name);
  if (values === undefined || values.length === 0) return new Array<number>(length).fill(otherwise);
  if (values.length !== length) {
    throw call.error(`attribute "${name}" [${values.join(",")}] should have ${length} entries`);
  }
  if (values.some((value) => value < least)) {
    throw call.error(`attribute "${name}" [${values.join(",")}] has an entry below ${least}`);
  }
  return values;
}

/** The spatial sizes that a window gives over these sizes. */
export function windowSizes(call: Call, sizes: Shape, window: Window): Dimension[] {
  return sizes.map((size, axis) => windowSize(call, size, window, axis));
}

function windowSize(call: Call, size: Dimension, window: Window, axis: number): Dimension {
  const { symbols } = call;
  const stride = window.strides[axis] ?? 1;
  if (window.autoPad === "SAME_UPPER" || window.autoPad === "SAME_LOWER")
    return symbols.ceilDivide(size, stride);
  const reach = reachOf(call, window, axis);
  const begin = window.autoPad === "VALID" ? 0 : (window.pads[axis] ?? 0);
  const end = window.autoPad === "VALID" ? 0 : (window.pads[axis + window.kernel.length] ?? 0);
  const room = symbols.subtract(symbols.add(size, begin + end), reach);
  if (typeof room === "number" && room < 0) {
    throw call.error(
      `a window of ${reach} does not fit into ${size} + ${begin + end} of padding (axis ${axis + 2} of ${describeInput(call, 0)})`,
      "use a larger input, more padding or a smaller kernel",
    );
  }
  if (!window.ceil) return symbols.add(symbols.floorDivide(room, stride), 1);
  const count = symbols.add(symbols.ceilDivide(room, stride), 1);
  // A window that would start in the padding at the end is left out.
  const startsInPadding =
    typeof count === "number" && typeof size === "number" && (count - 1) * stride >= size + begin;
  return startsInPadding ? count - 1 : count;
}

/** Elements from the first to the last that the window touches. */
function reachOf(call: Call, window: Window, axis: number): Dimension {
  const { symbols } = call;
  const kernel = window.kernel[axis] ?? 1;
  return symbols.add(symbols.multiply(symbols.subtract(kernel, 1), window.dilations[axis] ?? 1), 1);
}

/** The kernel's spatial sizes: from the filter, where its shape is known, and the attribute must say the same. */
function kernelOf(call: Call, filter: Shape | undefined, rank: number): readonly Dimension[] {
  const stated = ints(call, "kernel_shape");
  if (filter === undefined) return stated ?? Array.from({ length: rank }, () => call.symbols.fresh());
  const kernel = filter.slice(2);
  if (stated === undefined) return kernel;
  const fits =
    stated.length === kernel.length &&
    stated.every((size, axis) => kernel[axis] === size || typeof kernel[axis] === "string");
  if (!fits) {
    throw call.error(
      `kernel_shape [${stated.join(",")}] is not that of the filter ${formatShape(filter)}`,
      "leave kernel_shape out or correct it",
    );
  }
  return stated;
}

/** Which inputs hold the data and the filter, and what comes out. */
interface Operands {
  readonly data: number;
  readonly filter: number;
  readonly elementType: (call: Call) => Fact["elementType"];
}

function groupsOf(call: Call): number {
  const groups = int(call, "group", 1);
  if (groups < 1) throw call.error(`group is ${groups}`, "it must be at least 1");
  return groups;
}

function checkRanks(call: Call, data: Shape, filter: Shape | undefined, at: Operands): void {
  if (data.length < 3) {
    throw call.error(
      `${describeInput(call, at.data)} has ${data.length} axes`,
      "a convolution needs [batch, channels, sizes...]",
    );
  }
  if (filter !== undefined && filter.length !== data.length) {
    throw call.error(
      `the filter ${describeInput(call, at.filter)} and the input ${describeInput(call, at.data)} have different ranks`,
    );
  }
}

function convolutionShape(call: Call, at: Operands): Shape | undefined {
  const data = input(call, at.data).shape;
  const filter = input(call, at.filter).shape;
  if (data === undefined) return undefined;
  checkRanks(call, data, filter, at);
  const groups = groupsOf(call);
  const channels = data[1] ?? 0;
  if (filter !== undefined) {
    checkChannels(call, channels, call.symbols.multiply(filter[1] ?? 0, groups), at);
    checkDivides(call, filter[0] ?? 0, groups);
  }
  const window = readWindow(call, kernelOf(call, filter, data.length - 2));
  if (window.kernel.length !== data.length - 2) {
    throw call.error(
      `kernel_shape [${window.kernel.join(",")}] does not fit ${describeInput(call, at.data)}`,
    );
  }
  return [data[0] ?? 0, filter?.[0] ?? call.symbols.fresh(), ...windowSizes(call, data.slice(2), window)];
}

function checkChannels(call: Call, channels: Dimension, wanted: Dimension, at: Operands): void {
  if (typeof channels !== "number" || typeof wanted !== "number" || channels === wanted) return;
  throw call.error(
    `the input ${describeInput(call, at.data)} has ${channels} channels, the filter ${describeInput(call, at.filter)} wants ${wanted} (group ${groupsOf(call)})`,
    "correct the filter's shape or the attribute group",
  );
}

function checkDivides(call: Call, outputs: Dimension, groups: number): void {
  if (typeof outputs === "number" && outputs % groups !== 0) {
    throw call.error(`${outputs} output channels do not divide into ${groups} groups`);
  }
}

function convolution(
  operator: string,
  versions: readonly number[],
  arity: readonly [number, number],
  at: Operands,
): OperatorRow {
  return row({
    operator,
    versions,
    arity,
    heavy: true,
    infer: (call) => {
      const shape = convolutionShape(call, at);
      checkBias(call, shape, at);
      return [tensorFact(at.elementType(call), shape)];
    },
    macs: (call) => filterMacs(call.outputs[0]?.shape, call.inputs[at.filter]?.shape),
  });
}

/** The bias, where there is one behind the filter, has one entry per output channel. */
function checkBias(call: Call, shape: Shape | undefined, at: Operands): void {
  const index =
    at.filter === 1 && (call.node.operator === "Conv" || call.node.operator === "ConvTranspose")
      ? 2
      : undefined;
  if (index === undefined || shape === undefined) return;
  const bias = call.inputs[index]?.shape;
  if (bias === undefined) return;
  if (bias.length !== 1) throw call.error(`the bias ${describeInput(call, index)} should have rank 1`);
  const size = bias[0] ?? 0;
  if (typeof size === "number" && typeof shape[1] === "number" && size !== shape[1]) {
    throw call.error(
      `the bias ${describeInput(call, index)} should have ${shape[1]} entries, one per output channel`,
    );
  }
}

/** Every output element takes one product per element of its filter. */
function filterMacs(positions: Shape | undefined, filter: Shape | undefined): number | undefined {
  const count = positions === undefined ? undefined : elementCount(positions);
  const each = filter === undefined ? undefined : elementCount(filter.slice(1));
  return count === undefined || each === undefined ? undefined : count * each;
}

const plain: Operands = { data: 0, filter: 1, elementType: (call) => input(call, 0).elementType };

function transposedShape(call: Call): Shape | undefined {
  const data = input(call, 0).shape;
  const filter = input(call, 1).shape;
  if (data === undefined) return undefined;
  checkRanks(call, data, filter, plain);
  const groups = groupsOf(call);
  const channels = filter === undefined ? undefined : call.symbols.multiply(filter[1] ?? 0, groups);
  if (filter !== undefined) checkChannels(call, data[1] ?? 0, filter[0] ?? 0, plain);
  const kernel = kernelOf(call, filter, data.length - 2);
  const sizes = transposedSizes(call, data.slice(2), readWindow(call, kernel));
  return [data[0] ?? 0, channels ?? call.symbols.fresh(), ...sizes];
}

function transposedSizes(call: Call, sizes: Shape, window: Window): readonly Dimension[] {
  const { symbols } = call;
  const stated = ints(call, "output_shape");
  if (stated !== undefined && stated.length > 0) {
    const spatial = stated.slice(-sizes.length);
    if (spatial.length !== sizes.length || spatial.some((size) => size < 1)) {
      throw call.error(`output_shape [${stated.join(",")}] does not fit ${describeInput(call, 0)}`);
    }
    return spatial;
  }
  const extra = perAxis(call, "output_padding", sizes.length, 0, 0);
  return sizes.map((size, axis) => {
    const stride = window.strides[axis] ?? 1;
    if (window.autoPad === "SAME_UPPER" || window.autoPad === "SAME_LOWER")
      return symbols.multiply(size, stride);
    const padding =
      window.autoPad === "VALID" ? 0 : (window.pads[axis] ?? 0) + (window.pads[axis + sizes.length] ?? 0);
    const steps = symbols.multiply(symbols.subtract(size, 1), stride);
    const reach = symbols.add(steps, reachOf(call, window, axis));
    const result = symbols.add(reach, (extra[axis] ?? 0) - padding);
    if (typeof result === "number" && result < 1) {
      throw call.error(
        `axis ${axis + 2} of the output would have size ${result} (input ${describeInput(call, 0)})`,
      );
    }
    return result;
  });
}

const convTranspose = row({
  operator: "ConvTranspose",
  versions: [1, 11, 22],
  arity: [2, 3],
  heavy: true,
  infer: (call) => {
    const shape = transposedShape(call);
    checkBias(call, shape, plain);
    return [tensorFact(input(call, 0).elementType, shape)];
  },
  // Every input element is multiplied with the whole filter of its group.
  macs: (call: TypedCall) => filterMacs(call.inputs[0]?.shape, call.inputs[1]?.shape),
});

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

export const convolutionRows: readonly OperatorRow[] = [
  affineGrid,
  col2Im,
  convTranspose,
  convolution("Conv", [1, 11, 22], [2, 3], plain),
  convolution("ConvInteger", [10], [2, 4], { ...plain, elementType: () => "int32" }),
  convolution("DeformConv", [19, 22], [3, 5], plain),
  convolution("QLinearConv", [10], [8, 9], {
    data: 0,
    filter: 3,
    elementType: (call) => input(call, 7).elementType,
  }),
  gridSample,
];

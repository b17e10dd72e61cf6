/** Kernels of normalisations. Formulas as in the ONNX operator documentation; sums are kept in doubles. */
import {
  countOf,
  isFloatType,
  type NumberArray,
  numbersOf,
  type TensorValue,
  tensorFromDoubles,
} from "../../ir/runtime-value.ts";
import { elementTypeAttribute, float, int, ints, normalAxis } from "../call.ts";
import {
  fromBuffer,
  inputNumbers,
  type Kernel,
  type KernelCall,
  type Kernels,
  numberBuffer,
  numericKernel,
  optionalTensor,
  outputType,
  tensor,
} from "./kernel.ts";
import { accumulate } from "./reduction.ts";
import { broadcastStrides, stridesOf, walkRows } from "./strided.ts";

interface Statistics {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** Mean and variance of the elements that fall on each place of the result. */
function statistics(
  numbers: NumberArray,
  shape: readonly number[],
  strides: readonly number[],
  places: number,
): Statistics {
  const count = numbers.length / places;
  const mean = new Float64Array(places);
  accumulate<number>(numbers, shape, strides, (total, x) => total + x, mean);
  for (let place = 0; place < places; place++) mean[place] = (mean[place] as number) / count;
  const variance = new Float64Array(places);
  accumulate<number>(
    numbers,
    shape,
    strides,
    (total, x, place) => total + (x - (mean[place] as number)) ** 2,
    variance,
  );
  for (let place = 0; place < places; place++) variance[place] = (variance[place] as number) / count;
  return { mean, variance };
}

/** Strides that go to the channel of an image [N, C, sizes...]. */
const channelStrides = (shape: readonly number[]): number[] => shape.map((_, axis) => (axis === 1 ? 1 : 0));

/** out = x * scale[place] + shift[place], where the strides lead from an element to its place. */
function affine(
  numbers: NumberArray,
  shape: readonly number[],
  strides: readonly number[],
  parameters: { readonly scale: ArrayLike<number>; readonly shift: ArrayLike<number> },
  out: NumberArray,
): void {
  const { scale, shift } = parameters;
  walkRows(shape, [stridesOf(shape), strides], ([start = 0, place = 0], count, [step = 0, jump = 0]) => {
    for (let index = 0; index < count; index++) {
      const at = start + index * step;
      const from = place + index * jump;
      out[at] = (numbers[at] as number) * (scale[from] as number) + (shift[from] as number);
    }
  });
}

/** Inputs: X, scale, B, mean, variance. Trains where opset 14's attribute says so; before, never here. */
const batchNormalization: Kernel = (call) => {
  const value = tensor(call, 0);
  const { elementType, shape } = value;
  const numbers = numbersOf(value);
  // A vector is one channel's; opset 7's "spatial: 0" has parameters for each element of an image.
  const perElement = call.node.opset < 9 && int(call, "spatial", 1) === 0;
  const strides = perElement ? [0, ...stridesOf(shape.slice(1))] : channelStrides(shape);
  const trains = call.node.opset >= 14 && int(call, "training_mode", 0) !== 0;
  const given = { mean: inputNumbers(call, 3), variance: inputNumbers(call, 4) };
  const used = trains ? statistics(numbers, shape, strides, given.mean.length) : given;
  const out = numberBuffer(elementType, numbers.length);
  const parameters = scaleAndShift(
    used,
    inputNumbers(call, 1),
    inputNumbers(call, 2),
    float(call, "epsilon", 1e-5),
  );
  affine(numbers, shape, strides, parameters, out);
  const result = fromBuffer(elementType, shape, out);
  if (!trains) return [result];
  const momentum = float(call, "momentum", 0.9);
  const running = (old: NumberArray, now: ArrayLike<number>, like: TensorValue): TensorValue =>
    tensorFromDoubles(
      like.elementType,
      like.shape,
      Array.from(old, (before, index) => before * momentum + (now[index] ?? 0) * (1 - momentum)),
    );
  return [
    result,
    running(given.mean, used.mean, tensor(call, 3)),
    running(given.variance, used.variance, tensor(call, 4)),
  ];
};

function scaleAndShift(
  { mean, variance }: { readonly mean: ArrayLike<number>; readonly variance: ArrayLike<number> },
  scale: ArrayLike<number>,
  shift: ArrayLike<number>,
  epsilon: number,
): { readonly scale: Float64Array; readonly shift: Float64Array } {
  const factors = Float64Array.from(
    scale,
    (factor, index) => factor / Math.sqrt((variance[index] ?? 0) + epsilon),
  );
  const shifts = Float64Array.from(
    shift,
    (offset, index) => offset - (mean[index] ?? 0) * (factors[index] ?? 0),
  );
  return { scale: factors, shift: shifts };
}

/** Each group of channels of each image on its own; scale and bias per channel, or per group (opset 18). */
function normalizeGroups(call: KernelCall, groups: number): TensorValue {
  const value = tensor(call, 0);
  const { elementType, shape } = value;
  const numbers = numbersOf(value);
  const [batch = 0, channels = 0] = shape;
  const [scale, bias] = [inputNumbers(call, 1), inputNumbers(call, 2)];
  const perGroup = scale.length === groups && groups !== channels;
  const size = countOf(shape.slice(2));
  const groupSize = (channels / groups) * size;
  const { mean, variance } = statistics(numbers, [batch * groups, groupSize], [1, 0], batch * groups);
  const epsilon = float(call, "epsilon", 1e-5);
  const out = numberBuffer(elementType, numbers.length);
  for (let at = 0; at < numbers.length; at++) {
    const group = Math.floor(at / groupSize);
    const parameter = perGroup ? group % groups : Math.floor(at / size) % channels;
    const normal =
      ((numbers[at] as number) - (mean[group] as number)) / Math.sqrt((variance[group] as number) + epsilon);
    out[at] = normal * (scale[parameter] as number) + (bias[parameter] as number);
  }
  return fromBuffer(elementType, shape, out);
}

/** Also returns the mean and the inverse of the deviation. */
const layerNormalization: Kernel = (call) => {
  const value = tensor(call, 0);
  const { elementType, shape } = value;
  const axis = normalAxis(call, int(call, "axis", -1), shape.length);
  const numbers = numbersOf(value);
  const rows = countOf(shape.slice(0, axis));
  const size = countOf(shape.slice(axis));
  const { mean, variance } = statistics(numbers, [rows, size], [1, 0], rows);
  const epsilon = float(call, "epsilon", 1e-5);
  const inverse = variance.map((each) => 1 / Math.sqrt(each + epsilon));
  const bias = optionalTensor(call, 2);
  const out = numberBuffer(elementType, numbers.length);
  const scales = parameterReader(tensor(call, 1), shape);
  const shifts = bias === undefined ? undefined : parameterReader(bias, shape);
  for (let at = 0; at < numbers.length; at++) {
    const row = Math.floor(at / size);
    const normal = ((numbers[at] as number) - (mean[row] as number)) * (inverse[row] as number);
    out[at] = normal * scales(at) + (shifts?.(at) ?? 0);
  }
  const stash = elementTypeAttribute(call, "stash_type") ?? "float32";
  const statisticsShape = shape.map((each, index) => (index < axis ? each : 1));
  return [
    fromBuffer(elementType, shape, out),
    tensorFromDoubles(isFloatType(stash) ? stash : "float32", statisticsShape, mean),
    tensorFromDoubles(isFloatType(stash) ? stash : "float32", statisticsShape, inverse),
  ];
};

/** The parameter of each element, by the element's number: parameters stretch to the input. */
function parameterReader(parameter: TensorValue, shape: readonly number[]): (at: number) => number {
  const numbers = numbersOf(parameter);
  const isTail = parameter.shape.every(
    (size, axis) => size === shape[axis + shape.length - parameter.shape.length],
  );
  if (isTail) return (at) => numbers[at % numbers.length] as number;
  const places = new Float64Array(countOf(shape));
  walkRows(
    shape,
    [broadcastStrides(parameter.shape, shape), stridesOf(shape)],
    ([from = 0, at = 0], count, [step = 0]) => {
      for (let index = 0; index < count; index++) places[at + index] = numbers[from + index * step] as number;
    },
  );
  return (at) => places[at] as number;
}

const meanVarianceNormalization: Kernel = numericKernel((call, out, shape) => {
  const numbers = inputNumbers(call, 0);
  const axes = new Set((ints(call, "axes") ?? [0, 2, 3]).map((axis) => normalAxis(call, axis, shape.length)));
  const kept = shape.map((size, axis) => (axes.has(axis) ? 1 : size));
  const strides = broadcastStrides(kept, shape);
  const { mean, variance } = statistics(numbers, shape, strides, countOf(kept));
  const scale = variance.map((each) => 1 / (Math.sqrt(each) + 1e-9));
  affine(
    numbers,
    shape,
    strides,
    { scale, shift: mean.map((each, place) => -each * (scale[place] ?? 0)) },
    out,
  );
});

/** Local response: each element over a sum of squares of its neighbours across channels. */
const lrn: Kernel = numericKernel((call, out, shape) => {
  const numbers = inputNumbers(call, 0);
  const window = int(call, "size", 1);
  const [alpha, beta, bias] = [
    float(call, "alpha", 0.0001),
    float(call, "beta", 0.75),
    float(call, "bias", 1),
  ];
  const channels = shape[1] ?? 1;
  const size = countOf(shape.slice(2));
  for (let at = 0; at < numbers.length; at++) {
    const channel = Math.floor(at / size) % channels;
    const first = Math.max(channel - Math.floor((window - 1) / 2), 0);
    const last = Math.min(channel + Math.ceil((window - 1) / 2), channels - 1);
    let sum = 0;
    for (let other = first; other <= last; other++)
      sum += (numbers[at + (other - channel) * size] as number) ** 2;
    out[at] = (numbers[at] as number) / (bias + (alpha / window) * sum) ** beta;
  }
});

export const normalizationKernels: Kernels = {
  BatchNormalization: batchNormalization,
  GroupNormalization: (call) => [normalizeGroups(call, int(call, "num_groups", 1))],
  InstanceNormalization: (call) => [normalizeGroups(call, outputType(call).shape[1] ?? 1)],
  LRN: lrn,
  LayerNormalization: layerNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
};

/** Kernels between real and quantized numbers, and what quantized products share. */
import { known } from "../../../base/assert.ts";
import {
  isFloatType,
  type NumberArray,
  numbersOf,
  scalarValue,
  type TensorValue,
  tensorFromDoubles,
} from "../../ir/runtime-value.ts";
import { roundHalfEven } from "../../ir/small-floats.ts";
import type { ElementType } from "../../ir/tensor.ts";
import { int, normalAxis } from "../call.ts";
import { type Kernel, type KernelCall, type Kernels, optionalTensor, outputType, tensor } from "./kernel.ts";
import { stridesOf } from "./strided.ts";

/** The whole numbers that a quantized type holds. */
const ranges: Readonly<Partial<Record<ElementType, readonly [number, number]>>> = {
  uint4: [0, 15],
  int4: [-8, 7],
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  int32: [-(2 ** 31), 2 ** 31 - 1],
};

/** The number in the type: rounded half to even, saturated. */
function quantized(elementType: ElementType, value: number): number {
  const range = ranges[elementType];
  if (range === undefined) return value;
  return Math.min(Math.max(roundHalfEven(value), range[0]), range[1]);
}

/** The elements less their zero point, which is one number or one for each place along the axis (counted from the end). */
export function centred(
  value: TensorValue,
  zeroPoint: TensorValue | undefined,
  axis: number,
): { readonly elements: NumberArray; readonly shape: readonly number[] } {
  const numbers = numbersOf(value);
  const zeros = zeroPoint === undefined ? [0] : numbersOf(zeroPoint);
  const at = axis < 0 ? axis + value.shape.length : axis;
  const size = value.shape[at] ?? 1;
  const stride = stridesOf(value.shape)[at] ?? 1;
  const elements = new Float64Array(numbers.length);
  for (let index = 0; index < numbers.length; index++) {
    const zero = zeros.length > 1 ? zeros[Math.floor(index / stride) % size] : zeros[0];
    elements[index] = (numbers[index] as number) - (zero ?? 0);
  }
  return { elements, shape: value.shape };
}

/** Real numbers in the quantized type of the zero point. */
export function requantized(
  sums: Float64Array,
  shape: readonly number[],
  scale: TensorValue,
  zeroPoint: TensorValue,
): TensorValue {
  const [by, zero] = [numbersOf(scale)[0] ?? 1, numbersOf(zeroPoint)[0] ?? 0];
  const type = zeroPoint.elementType;
  const out = sums.map((sum) => quantized(type, roundHalfEven(sum / by) + zero));
  return tensorFromDoubles(type, shape, out);
}

/** Which scale and zero point belong to each element: one for all, one per place along an axis, or one per block of it. */
function scaleIndex(call: KernelCall, value: TensorValue, scale: TensorValue): (index: number) => number {
  if (scale.elements.length === 1) return () => 0;
  const axis = normalAxis(call, int(call, "axis", 1), value.shape.length);
  const size = known(value.shape[axis], "the axis of the scales");
  const stride = stridesOf(value.shape)[axis] ?? 1;
  const block = int(call, "block_size", 0);
  if (block === 0) return (index) => Math.floor(index / stride) % size;
  const blocks = scale.shape[axis] ?? 1;
  return (index) => {
    const outer = Math.floor(index / (stride * size));
    const place = Math.floor((Math.floor(index / stride) % size) / block);
    return (outer * blocks + place) * stride + (index % stride);
  };
}

const quantizeLinear: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const [value, scale, zeroPoint] = [tensor(call, 0), tensor(call, 1), optionalTensor(call, 2)];
  const [numbers, scales] = [numbersOf(value), numbersOf(scale)];
  const zeros = zeroPoint === undefined ? undefined : numbersOf(zeroPoint);
  const at = scaleIndex(call, value, scale);
  const out = new Float64Array(numbers.length);
  for (let index = 0; index < numbers.length; index++) {
    const place = at(index);
    // The quotient is a float32, so that ties fall as they do where this runs in earnest.
    const real = Math.fround((numbers[index] as number) / (scales[place] as number));
    out[index] = isFloatType(elementType)
      ? real + (zeros?.[place] ?? 0)
      : quantized(elementType, roundHalfEven(real) + (zeros?.[place] ?? 0));
  }
  return [tensorFromDoubles(elementType, shape, out)];
};

const dequantizeLinear: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const [value, scale, zeroPoint] = [tensor(call, 0), tensor(call, 1), optionalTensor(call, 2)];
  const [numbers, scales] = [numbersOf(value), numbersOf(scale)];
  const zeros = zeroPoint === undefined ? undefined : numbersOf(zeroPoint);
  const at = scaleIndex(call, value, scale);
  const out = new Float64Array(numbers.length);
  for (let index = 0; index < numbers.length; index++) {
    const place = at(index);
    out[index] = ((numbers[index] as number) - (zeros?.[place] ?? 0)) * (scales[place] as number);
  }
  return [tensorFromDoubles(elementType, shape, out)];
};

/** The range of the data, stretched to hold 0, onto 0 to 255. */
const dynamicQuantizeLinear: Kernel = (call) => {
  const value = tensor(call, 0);
  const numbers = numbersOf(value);
  let [low, high] = [0, 0];
  for (const number of numbers) {
    low = Math.min(low, number);
    high = Math.max(high, number);
  }
  const scale = Math.fround((high - low) / 255) || 1;
  const zero = quantized("uint8", roundHalfEven(Math.fround(-low / scale)));
  const out = Float64Array.from(numbers, (number) =>
    quantized("uint8", roundHalfEven(Math.fround(number / scale)) + zero),
  );
  return [
    tensorFromDoubles("uint8", value.shape, out),
    scalarValue("float32", scale),
    scalarValue("uint8", zero),
  ];
};

export const quantizationKernels: Kernels = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
};

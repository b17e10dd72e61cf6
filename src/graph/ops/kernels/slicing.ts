/** Kernels that cut and join along axes. */
import { allocate, countOf, type TensorValue } from "../../ir/runtime-value.ts";
import { int, normalAxis, optionalInt } from "../call.ts";
import { cuts } from "../slice-cuts.ts";
import { gatherByAxes, samePlaces } from "./axis-maps.ts";
import { inputNumbers, type Kernel, type Kernels, outputType, tensor } from "./kernel.ts";
import { gatherStrided, pasteInto, reshaped, stridesOf } from "./strided.ts";

/** Tensors side by side along an axis. */
export function concatenated(
  parts: readonly TensorValue[],
  axis: number,
  shape: readonly number[],
): TensorValue {
  const elementType = parts[0]?.elementType ?? "float32";
  const whole: TensorValue = {
    kind: "tensor",
    elementType,
    shape,
    elements: allocate(elementType, countOf(shape)),
  };
  let start = 0;
  for (const part of parts) {
    const at = shape.map((_, index) => (index === axis ? start : 0));
    pasteInto(part, whole, at);
    start += part.shape[axis] ?? 0;
  }
  return whole;
}

const concat: Kernel = (call) => {
  const { shape } = outputType(call);
  const parts = call.values.map((_, index) => tensor(call, index));
  return [concatenated(parts, normalAxis(call, int(call, "axis", 1), shape.length), shape)];
};

/** The part of `size` places from `start` on along an axis. */
export function sliceOf(value: TensorValue, axis: number, start: number, size: number): TensorValue {
  const strides = stridesOf(value.shape);
  const shape = value.shape.map((old, index) => (index === axis ? size : old));
  return gatherStrided(value, shape, strides, start * (strides[axis] ?? 1));
}

const split: Kernel = (call) => {
  const value = tensor(call, 0);
  const axis = normalAxis(call, int(call, "axis", 0), value.shape.length);
  let start = 0;
  return call.node.outputs.map((_, index) => {
    const size = outputType(call, index).shape[axis] ?? 0;
    start += size;
    return sliceOf(value, axis, start - size, size);
  });
};

const slice: Kernel = (call) => {
  const value = tensor(call, 0);
  const { shape } = outputType(call);
  const strides = stridesOf(value.shape);
  let origin = 0;
  const steps = [...strides];
  for (const { axis, begin, step } of cuts(call, value.shape) ?? []) {
    origin += Number(begin) * (strides[axis] ?? 1);
    steps[axis] = (strides[axis] ?? 1) * step;
  }
  return [gatherStrided(value, shape, steps, origin)];
};

/** Keeps the places whose condition holds, along an axis or of all elements. */
const compress: Kernel = (call) => {
  const stated = optionalInt(call, "axis");
  const given = tensor(call, 0);
  const value = stated === undefined ? reshaped(given, [given.elements.length]) : given;
  const axis = stated === undefined ? 0 : normalAxis(call, stated, value.shape.length);
  const kept = Array.from(inputNumbers(call, 1)).flatMap((condition, place) =>
    condition !== 0 && place < (value.shape[axis] ?? 0) ? [place] : [],
  );
  return [
    gatherByAxes(
      value,
      value.shape.map((size, index) => (index === axis ? kept : samePlaces(size))),
    ),
  ];
};

export const slicingKernels: Kernels = { Compress: compress, Concat: concat, Slice: slice, Split: split };

/** Kernels that move elements or leave them where they are, and those that tell the shape. */
import {
  allocate,
  countOf,
  numbersOf,
  scalarValue,
  type TensorValue,
  tensorFromDoubles,
} from "../../ir/runtime-value.ts";
import { int, ints, optionalInt, string } from "../call.ts";
import {
  inputNumbers,
  type Kernel,
  type KernelCall,
  type Kernels,
  numericKernel,
  optionalScalar,
  outputType,
  tensor,
} from "./kernel.ts";
import { gatherStrided, type Movable, reshaped, stridesOf } from "./strided.ts";

/** The value with its axes in another order. */
export function transposed(value: TensorValue, order: readonly number[]): TensorValue {
  const strides = stridesOf(value.shape);
  return gatherStrided(
    value,
    order.map((axis) => value.shape[axis] ?? 1),
    order.map((axis) => strides[axis] ?? 1),
  );
}

const transpose: Kernel = (call) => {
  const value = tensor(call, 0);
  const rank = outputType(call).shape.length;
  const order = ints(call, "perm") ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  return [
    transposed(
      value,
      order.map((axis) => (axis < 0 ? axis + rank : axis)),
    ),
  ];
};

/** Reshape and its like: the elements stay in their order. */
const keepElements: Kernel = (call) => [reshaped(tensor(call, 0), outputType(call).shape)];

const shapeOf: Kernel = (call) => {
  const { shape } = tensor(call, 0);
  const part = shape.slice(optionalInt(call, "start") ?? 0, optionalInt(call, "end") ?? shape.length);
  return [tensorFromDoubles("int64", [part.length], part)];
};

const depthToSpace: Kernel = (call) => {
  const value = tensor(call, 0);
  const { shape } = outputType(call);
  const [batch = 1, depth = 1, height = 1, width = 1] = value.shape;
  const block = int(call, "blocksize", 1);
  const channels = depth / block ** 2;
  const isDepthFirst = string(call, "mode", "DCR") === "DCR";
  const split = isDepthFirst
    ? [batch, block, block, channels, height, width]
    : [batch, channels, block, block, height, width];
  const order = isDepthFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
  return [reshaped(transposed(reshaped(value, split), order), shape)];
};

const spaceToDepth: Kernel = (call) => {
  const value = tensor(call, 0);
  const { shape } = outputType(call);
  const [batch = 1, channels = 1, height = 1, width = 1] = value.shape;
  const block = int(call, "blocksize", 1);
  const split = [batch, channels, height / block, block, width / block, block];
  return [reshaped(transposed(reshaped(value, split), [0, 3, 5, 1, 2, 4]), shape)];
};

/** Keeps the upper or lower triangle of the last two axes. */
const trilu: Kernel = (call) => {
  const { elementType, shape, elements: from } = tensor(call, 0);
  const keepsUpper = int(call, "upper", 1) !== 0;
  const diagonal = optionalScalar(call, 1) ?? 0;
  const [rows = 1, columns = 1] = shape.slice(-2);
  const elements = allocate(elementType, from.length);
  const [out, source]: [Movable, Movable] = [elements, from];
  for (let at = 0; at < from.length; at++) {
    const [row, column] = [Math.floor(at / columns) % rows, at % columns];
    const above = column - row - diagonal;
    if (keepsUpper ? above >= 0 : above <= 0) out[at] = source[at];
  }
  return [{ kind: "tensor", elementType, shape, elements }];
};

/** Turns round the first elements of each sequence, as many as it is long. */
const reverseSequence: Kernel = (call) => {
  const { elementType, shape, elements: from } = tensor(call, 0);
  const lengths = inputNumbers(call, 1);
  const [timeAxis, batchAxis] = [int(call, "time_axis", 0), int(call, "batch_axis", 1)];
  const strides = stridesOf(shape);
  const [timeStride, batchStride] = [strides[timeAxis] ?? 1, strides[batchAxis] ?? 1];
  const elements = allocate(elementType, from.length);
  const [out, source]: [Movable, Movable] = [elements, from];
  for (let at = 0; at < from.length; at++) {
    const time = Math.floor(at / timeStride) % (shape[timeAxis] ?? 1);
    const length = lengths[Math.floor(at / batchStride) % (shape[batchAxis] ?? 1)] ?? 0;
    out[at] = source[time < length ? at + (length - 1 - 2 * time) * timeStride : at];
  }
  return [{ kind: "tensor", elementType, shape, elements }];
};

/** By elimination, with the largest element of each column as its pivot. */
function determinant(rows: readonly Float64Array[]): number {
  const left = [...rows];
  let result = 1;
  for (let column = 0; column < left.length; column++) {
    let pivot = column;
    for (let row = column + 1; row < left.length; row++) {
      if (Math.abs(left[row]?.[column] ?? 0) > Math.abs(left[pivot]?.[column] ?? 0)) pivot = row;
    }
    const [top, chosen] = [left[column], left[pivot]];
    if (top === undefined || chosen === undefined || chosen[column] === 0) return 0;
    [left[column], left[pivot]] = [chosen, top];
    result *= (chosen[column] ?? 0) * (pivot === column ? 1 : -1);
    for (const row of left.slice(column + 1)) {
      const factor = (row[column] ?? 0) / (chosen[column] ?? 1);
      for (let at = column; at < row.length; at++) row[at] = (row[at] ?? 0) - factor * (chosen[at] ?? 0);
    }
  }
  return result;
}

const det: Kernel = numericKernel((call, out) => {
  const value = tensor(call, 0);
  const numbers = numbersOf(value);
  const size = value.shape.at(-1) ?? 1;
  for (let matrix = 0; matrix < out.length; matrix++) {
    const start = matrix * size * size;
    const rows = Array.from({ length: size }, (_, row) =>
      Float64Array.from(numbers.subarray(start + row * size, start + (row + 1) * size)),
    );
    out[matrix] = determinant(rows);
  }
});

/** The value itself, whatever it is. */
const identity = (call: KernelCall): ReturnType<Kernel> => [call.values[0] ?? tensor(call, 0)];

export const layoutKernels: Kernels = {
  DepthToSpace: depthToSpace,
  Det: det,
  Identity: identity,
  ReverseSequence: reverseSequence,
  Shape: shapeOf,
  Size: (call) => [scalarValue("int64", countOf(tensor(call, 0).shape))],
  SpaceToDepth: spaceToDepth,
  Transpose: transpose,
  Trilu: trilu,
};

export const reshapingKernels: Kernels = {
  Flatten: keepElements,
  Reshape: keepElements,
  Squeeze: keepElements,
  Unsqueeze: keepElements,
};

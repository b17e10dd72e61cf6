/** Kernels of matrix products: Gemm, MatMul, their integer forms. 64-bit integers are multiplied as doubles. */
import { countOf, type NumberArray, numbersOf, type TensorValue } from "../../ir/runtime-value.ts";
import { float, int } from "../call.ts";
import { alignedShape } from "./broadcast.ts";
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
import { broadcastStrides, stridesOf, walkRows } from "./strided.ts";

/** Elements with their shape. */
interface Matrix {
  readonly elements: NumberArray;
  readonly shape: readonly number[];
}

const matrixOf = (value: TensorValue): Matrix => ({ elements: numbersOf(value), shape: value.shape });

/** numpy.matmul: a vector is a row on the left and a column on the right; what is in front of the matrices broadcasts. */
export function matrixProduct(a: Matrix, b: Matrix, shape: readonly number[], out: NumberArray): void {
  const left = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
  const right = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
  const [rows = 1, inner = 1] = left.slice(-2);
  const columns = right.at(-1) ?? 1;
  const batch = shape.slice(0, shape.length - (a.shape.length > 1 ? 1 : 0) - (b.shape.length > 1 ? 1 : 0));
  const strides = [
    broadcastStrides(left.slice(0, -2), batch).map((stride) => stride * rows * inner),
    broadcastStrides(right.slice(0, -2), batch).map((stride) => stride * inner * columns),
    stridesOf(batch).map((stride) => stride * rows * columns),
  ];
  let transposed: { readonly origin: number; readonly elements: NumberArray } | undefined;
  walkRows(batch, strides, ([startA = 0, startB = 0, start = 0], count, [stepA = 0, stepB = 0, step = 0]) => {
    for (let index = 0; index < count; index++) {
      const originB = startB + index * stepB;
      // One matrix on the right often serves a whole batch.
      if (transposed?.origin !== originB) {
        transposed = { origin: originB, elements: transposedMatrix(b.elements, originB, inner, columns) };
      }
      dotProducts(
        { elements: a.elements, origin: startA + index * stepA, count: rows },
        { elements: transposed.elements, origin: 0, count: columns },
        inner,
        { elements: out, origin: start + index * step, rowStride: columns, columnStride: 1 },
      );
    }
  });
}

const matMul: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const out = numberBuffer(elementType, countOf(shape));
  matrixProduct(matrixOf(tensor(call, 0)), matrixOf(tensor(call, 1)), shape, out);
  return [fromBuffer(elementType, shape, out)];
};

/** Y = alpha A' B' + beta C. */
const gemm: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const [rows = 0, columns = 0] = shape;
  const [a, b] = [matrixOf(tensor(call, 0)), matrixOf(tensor(call, 1))];
  const inner = a.shape[int(call, "transA", 0) !== 0 ? 0 : 1] ?? 0;
  const left = int(call, "transA", 0) !== 0 ? transposedMatrix(a.elements, 0, inner, rows) : a.elements;
  const right = int(call, "transB", 0) !== 0 ? b.elements : transposedMatrix(b.elements, 0, inner, columns);
  const sums = new Float64Array(rows * columns);
  dotProducts(
    { elements: left, origin: 0, count: rows },
    { elements: right, origin: 0, count: columns },
    inner,
    { elements: sums, origin: 0, rowStride: columns, columnStride: 1 },
  );
  const out = numberBuffer(elementType, rows * columns);
  addScaled(call, sums, shape, out);
  return [fromBuffer(elementType, shape, out)];
};

function addScaled(call: KernelCall, sums: Float64Array, shape: readonly number[], out: NumberArray): void {
  const [alpha, beta] = [float(call, "alpha", 1), float(call, "beta", 1)];
  const addend = optionalTensor(call, 2);
  if (addend === undefined || beta === 0) {
    for (let index = 0; index < sums.length; index++) out[index] = alpha * (sums[index] as number);
    return;
  }
  const added = numbersOf(addend);
  const strides = [broadcastStrides(alignedShape(call, addend.shape, shape.length), shape), stridesOf(shape)];
  walkRows(shape, strides, ([from = 0, at = 0], count, [step = 0]) => {
    for (let index = 0; index < count; index++) {
      out[at + index] = alpha * (sums[at + index] as number) + beta * (added[from + index * step] as number);
    }
  });
}

const matMulInteger: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const out = numberBuffer(elementType, countOf(shape));
  const a = centred(tensor(call, 0), optionalTensor(call, 2), -2);
  const b = centred(tensor(call, 1), optionalTensor(call, 3), -1);
  matrixProduct(a, b, shape, out);
  return [fromBuffer(elementType, shape, out)];
};

const qLinearMatMul: Kernel = (call) => {
  const { shape } = outputType(call);
  const sums = new Float64Array(countOf(shape));
  const a = centred(tensor(call, 0), tensor(call, 2), -2);
  const b = centred(tensor(call, 3), tensor(call, 5), -1);
  matrixProduct(a, b, shape, sums);
  const [scaleA, scaleB] = [numbersOf(tensor(call, 1)), numbersOf(tensor(call, 4))];
  const scales = { rows: scaleA, columns: scaleB };
  const columns = shape.at(-1) ?? 1;
  const rows = shape.at(-2) ?? 1;
  for (let index = 0; index < sums.length; index++) {
    const row = Math.floor(index / columns) % rows;
    const scale =
      (scales.rows[scales.rows.length > 1 ? row : 0] ?? 1) *
      (scales.columns[scales.columns.length > 1 ? index % columns : 0] ?? 1);
    sums[index] = (sums[index] as number) * scale;
  }
  return [requantized(sums, shape, tensor(call, 6), tensor(call, 7))];
};

export const matrixKernels: Kernels = {
  Gemm: gemm,
  MatMul: matMul,
  MatMulInteger: matMulInteger,
  QLinearMatMul: qLinearMatMul,
};

/**
 * Gradients of matrix products: for Y = A B they are G B' and A' G. Where all batches share one matrix B, its gradient is
 * one product over the rows of all of them, and no sum over a batch of products.
 */
import { product } from "../../../base/integers.ts";
import { floatAttribute, intAttribute } from "../../ir/node-attributes.ts";
import { float, int } from "../../ops/call.ts";
import {
  type GradientCall,
  type GradientRow,
  type GradientRows,
  inputOf,
  onlyGradient,
} from "../gradient-row.ts";
import type { GraphWriter } from "../graph-writer.ts";

/** Operands and the result's gradient as matrices: a vector on the left is a row, one on the right a column. */
interface Matrices {
  readonly a: string;
  readonly b: string;
  readonly g: string;
}

function matricesOf(call: GradientCall): Matrices {
  const { write } = call;
  const [a, b] = [inputOf(call, 0), inputOf(call, 1)];
  const [shapeA, shapeB] = [write.shape(a), write.shape(b)];
  const g = onlyGradient(call);
  const shapeG = write.shape(g);
  const batch = shapeG.slice(0, shapeG.length - (shapeA.length > 1 ? 1 : 0) - (shapeB.length > 1 ? 1 : 0));
  const rows = shapeA.length > 1 ? (shapeA.at(-2) ?? 1) : 1;
  const columns = shapeB.length > 1 ? (shapeB.at(-1) ?? 1) : 1;
  return {
    a: shapeA.length > 1 ? a : write.reshape(a, [1, ...shapeA]),
    b: shapeB.length > 1 ? b : write.reshape(b, [...shapeB, 1]),
    g: write.reshape(g, [...batch, rows, columns]),
  };
}

const matMul: GradientRow = (call) => {
  const { write } = call;
  return [
    () => {
      const { a, b, g } = matricesOf(call);
      const gradient = write.fit(write.op("MatMul", [g, write.swap(b)]), write.shape(a));
      return write.reshape(gradient, write.shape(inputOf(call, 0)));
    },
    () => {
      const matrices = matricesOf(call);
      const shape = write.shape(matrices.b);
      const { a, g } = shape.length === 2 ? joinedRows(write, matrices) : matrices;
      const gradient = write.fit(write.op("MatMul", [write.swap(a), g]), shape);
      return write.reshape(gradient, write.shape(inputOf(call, 1)));
    },
  ];
};

/** The rows of all batches as rows of one matrix. */
function joinedRows(write: GraphWriter, { a, b, g }: Matrices): Matrices {
  const joined = (value: string): string => {
    const shape = write.shape(value);
    return write.reshape(value, [product(shape.slice(0, -1)), shape.at(-1) ?? 1]);
  };
  return { a: joined(a), b, g: joined(g) };
}

/** Y = alpha A* B* + beta C, where * transposes or does not. */
const gemm: GradientRow = (call) => {
  const { write } = call;
  const [a, b] = [inputOf(call, 0), inputOf(call, 1)];
  const g = onlyGradient(call);
  const [alpha, beta] = [float(call.call, "alpha", 1), float(call.call, "beta", 1)];
  const [transA, transB] = [int(call.call, "transA", 0) !== 0, int(call.call, "transB", 0) !== 0];
  const times = (left: string, transLeft: boolean, right: string, transRight: boolean): string =>
    write.op("Gemm", [left, right], {
      transA: intAttribute(transLeft ? 1 : 0),
      transB: intAttribute(transRight ? 1 : 0),
      alpha: floatAttribute(alpha),
    });
  return [
    () => (transA ? times(b, transB, g, true) : times(g, false, b, !transB)),
    () => (transB ? times(g, true, a, transA) : times(a, !transA, g, false)),
    () => (beta === 1 ? g : write.mul(g, beta)),
  ];
};

export const productGradients: GradientRows = { Gemm: gemm, MatMul: matMul };

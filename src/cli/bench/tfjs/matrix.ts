/** Matrix products in tfjs: a constant matrix becomes one tf.fused.matMul over all rows, with bias and activation. */
import { product } from "../../../base/integers.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { floatOf, intOf } from "../../../graph/ir/node-attributes.ts";
import { type Activation, takeActivation, takeBias } from "./epilogue.ts";
import type { Lowering, LoweringTable } from "./lowering.ts";
import type { ProgramBuilder } from "./program-builder.ts";
import { type TfTensor, UnsupportedByTfjs } from "./tf.ts";

interface RowsTimesMatrix {
  readonly output: string;
  readonly rows: number;
  readonly matrix: number;
  /** Slot of the bias. */
  readonly bias: readonly number[];
  readonly activation: Activation;
  readonly alpha: number;
}

const matMul: Lowering = (builder, node) => {
  const [a = "", b = ""] = node.inputs;
  const [output = ""] = node.outputs;
  const [shapeA, shapeB] = [builder.shapeOf(a), builder.shapeOf(b)];
  if (shapeB.length === 2 && shapeA.length >= 2 && builder.isConstant(b)) {
    const { output: sum, bias } = takeBias(builder, output, shapeB[1] ?? 1);
    const biasSlots =
      bias === undefined ? [] : [builder.weights(bias, (value) => builder.tf.reshape(value, [-1]))];
    emitRows(builder, a, {
      ...takeActivation(builder, sum),
      rows: product(shapeA.slice(0, -1)),
      matrix: builder.slot(b),
      bias: biasSlots,
    });
    return;
  }
  const { tf } = builder;
  const matrixA = shapeA.length === 1 ? [1, ...shapeA] : shapeA;
  const matrixB = shapeB.length === 1 ? [...shapeB, 1] : shapeB;
  const outputShape = builder.shapeOf(output);
  const isPlain = shapeA.length > 1 && shapeB.length > 1;
  builder.emit(output, "plain", [builder.slot(a), builder.slot(b)], (x, y) =>
    isPlain
      ? tf.matMul(tensor(x), tensor(y))
      : tf.tidy(() =>
          tf.reshape(tf.matMul(tf.reshape(tensor(x), [...matrixA]), tf.reshape(tensor(y), [...matrixB])), [
            ...outputShape,
          ]),
        ),
  );
};

const gemm: Lowering = (builder, node) => {
  const [a = "", b = "", c = ""] = node.inputs;
  const [output = ""] = node.outputs;
  const { tf } = builder;
  const [transA, transB] = [intOf(node, "transA", 0) === 1, intOf(node, "transB", 0) === 1];
  const [alpha, beta] = [floatOf(node, "alpha", 1), floatOf(node, "beta", 1)];
  const [rows = 1, columns = 1] = builder.shapeOf(output);
  const biasShape = c === "" ? [] : builder.shapeOf(c);
  const isRow =
    c !== "" &&
    builder.isConstant(c) &&
    product(biasShape) === columns &&
    (biasShape.at(-1) ?? 0) === columns;
  if (builder.isConstant(b) && !transA && alpha === 1 && (c === "" || (isRow && beta === 1))) {
    const shapeB = builder.shapeOf(b);
    const matrix = transB
      ? builder.weights(b, (value) => builder.transpose(value, [1, 0], shapeB))
      : builder.slot(b);
    const bias = c === "" ? [] : [builder.weights(c, (value) => tf.reshape(value, [-1]))];
    emitRows(builder, a, { ...takeActivation(builder, output), rows, matrix, bias });
    return;
  }
  const reads = [builder.slot(a), builder.slot(b), ...(c === "" ? [] : [builder.slot(c)])];
  builder.emit(output, "plain", reads, (x, y, addend) =>
    tf.tidy(() => {
      const sums = tf.matMul(tensor(x), tensor(y), transA, transB);
      const scaled = alpha === 1 ? sums : tf.mul(sums, alpha);
      if (addend === undefined) return scaled;
      return tf.add(scaled, beta === 1 ? addend : tf.mul(addend, beta));
    }),
  );
};

/** [.., K] times [K, N]: all leading axes are rows of one product. */
function emitRows(
  builder: ProgramBuilder,
  a: string,
  { output, rows, matrix, bias, activation, alpha }: RowsTimesMatrix,
): void {
  const { tf } = builder;
  const outputShape = builder.shapeOf(output);
  const rank = builder.shapeOf(a).length;
  const depth = builder.shapeOf(a).at(-1) ?? 1;
  builder.emit(output, "plain", [builder.slot(a), matrix, ...bias], (x, y, addend) => {
    const call = (left: TfTensor): TfTensor =>
      tf.fused.matMul({
        a: left,
        b: tensor(y),
        activation,
        leakyreluAlpha: alpha,
        ...(addend === undefined ? {} : { bias: addend }),
      });
    if (rank === 2) return call(tensor(x));
    return tf.tidy(() => tf.reshape(call(tf.reshape(tensor(x), [rows, depth])), [...outputShape]));
  });
}

function tensor(x: TfTensor | undefined): TfTensor {
  if (x === undefined) throw new UnsupportedByTfjs("a product without operands");
  return x;
}

/** The last axis is what tfjs's softmax knows. */
function softmaxOver(node: OpNode, builder: ProgramBuilder, apply: (x: TfTensor) => TfTensor): void {
  const { tf } = builder;
  const [x = ""] = node.inputs;
  const [output = ""] = node.outputs;
  const shape = builder.shapeOf(x);
  const rank = shape.length;
  const stated = intOf(node, "axis", node.opset >= 13 ? -1 : 1);
  const axis = stated < 0 ? stated + rank : stated;
  if (rank === 4 && axis === 1 && builder.layoutOf(x) === "last" && node.opset >= 13) {
    builder.emit(output, "last", [builder.slot(x, "last")], (value) => apply(tensor(value)));
  } else if (axis === rank - 1) {
    builder.emit(output, "plain", [builder.slot(x)], (value) => apply(tensor(value)));
  } else if (node.opset < 13) {
    // Older opsets flatten what follows the axis.
    const rows = product(shape.slice(0, axis));
    builder.emit(output, "plain", [builder.slot(x)], (value) =>
      tf.tidy(() => tf.reshape(apply(tf.reshape(tensor(value), [rows, -1])), [...shape])),
    );
  } else {
    const swapped = shape.map((_, index) => (index === axis ? rank - 1 : index === rank - 1 ? axis : index));
    builder.emit(output, "plain", [builder.slot(x)], (value) =>
      tf.tidy(() => tf.transpose(apply(tf.transpose(tensor(value), swapped)), swapped)),
    );
  }
}

const layerNorm: Lowering = (builder, node) => {
  const { tf } = builder;
  const [x = "", scale = "", bias = ""] = node.inputs;
  const rank = builder.shapeOf(x).length;
  const stated = intOf(node, "axis", -1);
  const from = stated < 0 ? stated + rank : stated;
  const axes = Array.from({ length: rank - from }, (_, index) => from + index);
  const epsilon = floatOf(node, "epsilon", 1e-5);
  const reads = [builder.slot(x), builder.slot(scale), ...(bias === "" ? [] : [builder.slot(bias)])];
  if (node.outputs.slice(1).some(Boolean))
    throw new UnsupportedByTfjs("LayerNormalization with its statistics");
  builder.emit(node.outputs[0] ?? "", "plain", reads, (value, gain, shift) =>
    tf.tidy(() => {
      const { mean, variance } = tf.moments(tensor(value), axes, true);
      const normed = tf.mul(tf.sub(tensor(value), mean), tf.rsqrt(tf.add(variance, epsilon)));
      const scaled = tf.mul(normed, tensor(gain));
      return shift === undefined ? scaled : tf.add(scaled, shift);
    }),
  );
};

export const matrixLowerings: LoweringTable = {
  MatMul: matMul,
  Gemm: gemm,
  Softmax: (builder, node) => softmaxOver(node, builder, (x) => builder.tf.softmax(x)),
  LogSoftmax: (builder, node) => softmaxOver(node, builder, (x) => builder.tf.logSoftmax(x)),
  LayerNormalization: layerNorm,
};

/** Elementwise operators in tfjs. They keep the layout of their images; constants beside them are permuted once. */
import { product } from "../../../base/integers.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { floatOf, stringOf } from "../../../graph/ir/node-attributes.ts";
import { elementTypeNumber } from "./element-type-number.ts";
import { type Layout, toLast } from "./layout.ts";
import type { Lowering, LoweringTable } from "./lowering.ts";
import { type ProgramBuilder, tfDataType } from "./program-builder.ts";
import { type Tf, type TfTensor, UnsupportedByTfjs } from "./tf.ts";

type Function = (tf: Tf, inputs: readonly TfTensor[], node: OpNode, builder: ProgramBuilder) => TfTensor;

/** A lowering that applies a function of elements. */
function each(apply: Function): Lowering {
  return (builder, node) => emitElementwise(builder, node, node.inputs.filter(Boolean), apply);
}

const unary = (apply: (tf: Tf, x: TfTensor) => TfTensor): Lowering => each((tf, [x]) => apply(tf, first(x)));

const binary =
  (apply: (tf: Tf, a: TfTensor, b: TfTensor) => TfTensor): Lowering =>
  (builder, node) => {
    // Before opset 7 an attribute said along which axis the second operand goes.
    if (node.attributes.has("broadcast"))
      throw new UnsupportedByTfjs(`${node.operator} with a broadcast axis`);
    emitElementwise(builder, node, node.inputs, (tf, [a, ...rest]) => {
      if (rest.length === 0) return tf.clone(first(a));
      return rest.reduce((total, next) => apply(tf, total, next), first(a));
    });
  };

function first(x: TfTensor | undefined): TfTensor {
  if (x === undefined) throw new UnsupportedByTfjs("a node without inputs");
  return x;
}

/** Emits a step on the given inputs, all brought into one layout. */
export function emitElementwise(
  builder: ProgramBuilder,
  node: OpNode,
  inputs: readonly string[],
  apply: Function,
): void {
  const [output = ""] = node.outputs;
  const rank = builder.shapeOf(output).length;
  const images = inputs.filter((name) => !builder.isConstant(name) && builder.shapeOf(name).length === 4);
  const layout: Layout =
    rank === 4 && images.some((name) => builder.layoutOf(name) === "last") ? "last" : "plain";
  const reads = inputs.map((name) => broadcastSlot(builder, name, layout));
  // Some functions are several calls of tfjs, whose middle values tidy lets go.
  builder.emit(output, layout, reads, (...tensors) =>
    builder.tf.tidy(() => apply(builder.tf, tensors, node, builder)),
  );
}

/** A value of lower rank stands at the last axes, which are others once the channels are last. */
function broadcastSlot(builder: ProgramBuilder, name: string, layout: Layout): number {
  const shape = builder.shapeOf(name);
  if (layout === "plain" || product(shape) === 1) {
    return builder.slot(name, shape.length === 4 ? layout : "plain");
  }
  if (shape.length === 4) return builder.slot(name, "last");
  const full = [...new Array<number>(4 - shape.length).fill(1), ...shape];
  return builder.derive([builder.slot(name)], (x) =>
    builder.tf.tidy(() => builder.transpose(builder.tf.reshape(x, full), toLast, full)),
  );
}

/** x limited to 0 .. 6 has a kernel of its own. */
const clip: Lowering = (builder, node) => {
  const [x = "", low, high] = node.inputs;
  const least = builder.numbers(low)?.[0] ?? floatOf(node, "min", Number.NEGATIVE_INFINITY);
  const most = builder.numbers(high)?.[0] ?? floatOf(node, "max", Number.POSITIVE_INFINITY);
  if ([low, high].some((name) => name && builder.numbers(name) === undefined)) {
    throw new UnsupportedByTfjs("Clip with computed limits");
  }
  emitElementwise(builder, node, [x], (tf, [value]) => {
    if (least === 0 && most === 6) return tf.relu6(first(value));
    if (least === 0 && most === Number.POSITIVE_INFINITY) return tf.relu(first(value));
    const largest = 3.4028234663852886e38;
    return tf.clipByValue(first(value), Math.max(least, -largest), Math.min(most, largest));
  });
};

const pow: Lowering = (builder, node) => {
  const [x = "", exponent = ""] = node.inputs;
  const numbers = builder.numbers(exponent);
  const power = numbers?.length === 1 ? numbers[0] : undefined;
  if (power === 2) emitElementwise(builder, node, [x], (tf, [value]) => tf.square(first(value)));
  else if (power === 0.5) emitElementwise(builder, node, [x], (tf, [value]) => tf.sqrt(first(value)));
  else emitElementwise(builder, node, [x, exponent], (tf, [a, b]) => tf.pow(first(a), first(b)));
};

const cast: Lowering = (builder, node) => {
  const to = tfDataType(elementTypeNumber(node, "to"));
  emitElementwise(builder, node, [node.inputs[0] ?? ""], (tf, [x]) =>
    to === "bool" && first(x).dtype !== "bool"
      ? tf.notEqual(first(x), tf.scalar(0, "int32"))
      : tf.cast(first(x), to),
  );
};

const gelu: Lowering = each((tf, [x], node) => {
  const value = first(x);
  const inner =
    stringOf(node, "approximate", "none") === "tanh"
      ? tf.tanh(tf.mul(Math.sqrt(2 / Math.PI), tf.add(value, tf.mul(0.044715, tf.pow(value, 3)))))
      : tf.erf(tf.mul(value, Math.SQRT1_2));
  return tf.mul(tf.mul(0.5, value), tf.add(1, inner));
});

const dropout: Lowering = (builder, node) => {
  const trains = (node.inputs[2] ?? "") !== "" && builder.numbers(node.inputs[2])?.[0] !== 0;
  if (trains || (node.outputs[1] ?? "") !== "") throw new UnsupportedByTfjs("Dropout in training");
  emitElementwise(builder, node, [node.inputs[0] ?? ""], (tf, [x]) => tf.clone(first(x)));
};

const elu: Lowering = (builder, node) => {
  if (floatOf(node, "alpha", 1) !== 1) throw new UnsupportedByTfjs("Elu with another alpha than 1");
  emitElementwise(builder, node, node.inputs, (tf, [x]) => tf.elu(first(x)));
};

export const elementwiseLowerings: LoweringTable = {
  Relu: unary((tf, x) => tf.relu(x)),
  Sigmoid: unary((tf, x) => tf.sigmoid(x)),
  Tanh: unary((tf, x) => tf.tanh(x)),
  Erf: unary((tf, x) => tf.erf(x)),
  Exp: unary((tf, x) => tf.exp(x)),
  Log: unary((tf, x) => tf.log(x)),
  Sqrt: unary((tf, x) => tf.sqrt(x)),
  Reciprocal: unary((tf, x) => tf.reciprocal(x)),
  Neg: unary((tf, x) => tf.neg(x)),
  Abs: unary((tf, x) => tf.abs(x)),
  Sin: unary((tf, x) => tf.sin(x)),
  Cos: unary((tf, x) => tf.cos(x)),
  Floor: unary((tf, x) => tf.floor(x)),
  Ceil: unary((tf, x) => tf.ceil(x)),
  Softplus: unary((tf, x) => tf.softplus(x)),
  Identity: unary((tf, x) => tf.clone(x)),
  Dropout: dropout,
  Not: unary((tf, x) => tf.logicalNot(x)),
  Elu: elu,
  HardSwish: unary((tf, x) => tf.mul(x, tf.clipByValue(tf.add(tf.mul(x, 1 / 6), 0.5), 0, 1))),
  Gelu: gelu,
  LeakyRelu: each((tf, [x], node) => tf.leakyRelu(first(x), floatOf(node, "alpha", 0.01))),
  HardSigmoid: each((tf, [x], node) =>
    tf.clipByValue(tf.add(tf.mul(first(x), floatOf(node, "alpha", 0.2)), floatOf(node, "beta", 0.5)), 0, 1),
  ),
  Add: binary((tf, a, b) => tf.add(a, b)),
  Sum: binary((tf, a, b) => tf.add(a, b)),
  Sub: binary((tf, a, b) => tf.sub(a, b)),
  Mul: binary((tf, a, b) => tf.mul(a, b)),
  Div: binary((tf, a, b) => tf.div(a, b)),
  Min: binary((tf, a, b) => tf.minimum(a, b)),
  Max: binary((tf, a, b) => tf.maximum(a, b)),
  Equal: binary((tf, a, b) => tf.equal(a, b)),
  Less: binary((tf, a, b) => tf.less(a, b)),
  LessOrEqual: binary((tf, a, b) => tf.lessEqual(a, b)),
  Greater: binary((tf, a, b) => tf.greater(a, b)),
  GreaterOrEqual: binary((tf, a, b) => tf.greaterEqual(a, b)),
  And: binary((tf, a, b) => tf.logicalAnd(a, b)),
  Or: binary((tf, a, b) => tf.logicalOr(a, b)),
  PRelu: binary((tf, x, slope) => tf.prelu(x, slope)),
  Where: each((tf, [condition, a, b]) => tf.where(first(condition), first(a), first(b))),
  Clip: clip,
  Pow: pow,
  Cast: cast,
};

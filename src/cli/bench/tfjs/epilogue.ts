/**
 * What tfjs computes together with a convolution or a matrix product: a bias and an activation, through tf.fused. Batch
 * normalisation goes into the weights, as the converter of tfjs does it.
 */
import type { OpNode } from "../../../graph/ir/graph.ts";
import { floatOf } from "../../../graph/ir/node-attributes.ts";
import type { ProgramBuilder } from "./program-builder.ts";

/** By name, as tf.fused knows them in the wasm backend. */
export type Activation = "linear" | "relu" | "relu6" | "leakyrelu" | "sigmoid" | "elu";

export interface Epilogue {
  /** The value that the fused call makes. */
  readonly output: string;
  readonly activation: Activation;
  /** Slope of leakyrelu. */
  readonly alpha: number;
}

/** Takes in the activation that is alone in reading `value`. */
export function takeActivation(builder: ProgramBuilder, value: string): Epilogue {
  const user = builder.onlyUser(value);
  const activation = user === undefined ? undefined : activationOf(builder, user);
  if (user === undefined || activation === undefined)
    return { output: value, activation: "linear", alpha: 0 };
  builder.absorbed.add(user);
  return { output: user.outputs[0] ?? "", activation, alpha: floatOf(user, "alpha", 0.01) };
}

function activationOf(builder: ProgramBuilder, node: OpNode): Activation | undefined {
  switch (node.operator) {
    case "Relu":
      return "relu";
    case "Sigmoid":
      return "sigmoid";
    case "LeakyRelu":
      return "leakyrelu";
    case "Elu":
      return floatOf(node, "alpha", 1) === 1 ? "elu" : undefined;
    case "Clip": {
      const low = builder.numbers(node.inputs[1])?.[0] ?? floatOf(node, "min", Number.NEGATIVE_INFINITY);
      const high = builder.numbers(node.inputs[2])?.[0] ?? floatOf(node, "max", Number.POSITIVE_INFINITY);
      return low === 0 && high === 6 ? "relu6" : undefined;
    }
    default:
      return undefined;
  }
}

/** y = scale x + shift, channel by channel. */
export interface ChannelAffine {
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/** Batch normalisation with constant parameters. */
export function batchNormAffine(builder: ProgramBuilder, node: OpNode): ChannelAffine | undefined {
  if (node.operator !== "BatchNormalization" || (node.outputs[1] ?? "") !== "") return undefined;
  const [gamma, beta, mean, variance] = node.inputs.slice(1, 5).map((name) => builder.numbers(name));
  if (!gamma || !beta || !mean || !variance) return undefined;
  const epsilon = floatOf(node, "epsilon", 1e-5);
  const scale = gamma.map((value, channel) => value / Math.sqrt((variance[channel] ?? 1) + epsilon));
  const shift = beta.map((value, channel) => value - (mean[channel] ?? 0) * (scale[channel] ?? 1));
  return { scale, shift };
}

/** Takes in the batch normalisation that is alone in reading `value`. */
export function takeBatchNorm(
  builder: ProgramBuilder,
  value: string,
): { readonly output: string; readonly affine: ChannelAffine | undefined } {
  const user = builder.onlyUser(value);
  const affine = user?.inputs[0] === value ? batchNormAffine(builder, user) : undefined;
  if (user === undefined || affine === undefined) return { output: value, affine: undefined };
  builder.absorbed.add(user);
  return { output: user.outputs[0] ?? "", affine };
}

/** Takes in the addition of a constant that has one number for each of `channels` at the last axis. */
export function takeBias(
  builder: ProgramBuilder,
  value: string,
  channels: number,
): { readonly output: string; readonly bias: string | undefined } {
  const user = builder.onlyUser(value);
  const other = user?.operator === "Add" ? user.inputs.find((name) => name !== value) : undefined;
  if (user === undefined || other === undefined || !builder.isConstant(other)) {
    return { output: value, bias: undefined };
  }
  const shape = builder.shapeOf(other);
  const fits = shape.at(-1) === channels && shape.slice(0, -1).every((size) => size === 1);
  if (!fits || builder.constantValue(other) === undefined) return { output: value, bias: undefined };
  builder.absorbed.add(user);
  return { output: user.outputs[0] ?? "", bias: other };
}

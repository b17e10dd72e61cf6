/**
 * What multiplies and shifts each channel after a Conv, ConvTranspose, Gemm or MatMul by constants goes into its weights
 * and bias: W' = s W, b' = s b + t. BatchNormalization outside of training is s = scale / sqrt(variance + epsilon),
 * t = bias - s mean; Mul, Div, Add and Sub by a constant per channel are it too. Only where nothing else reads the
 * result, and only in 32 and 64 bits: below, the rounded product of two weights would lose more than it saves.
 * O(weights folded).
 */
import { known } from "../../../base/assert.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { floatAttribute, floatOf, intOf, isStandard } from "../../../graph/ir/node-attributes.ts";
import { tensorOfValue } from "../../../graph/ir/runtime-tensor.ts";
import { tensorFromDoubles } from "../../../graph/ir/runtime-value.ts";
import type { ChannelFactors } from "../../../graph/ir/tensor.ts";
import { type GraphEditor, hasNumbers } from "./graph-editor.ts";

/** y = scale x + shift, one number for all channels or one each; undefined is 1 and 0. */
export interface Affine {
  /** The value x. */
  readonly from: string;
  readonly scale: Float64Array | undefined;
  readonly shift: Float64Array | undefined;
}

/** Reads a node as an affine function of channels along an axis. */
type Reading = (editor: GraphEditor, node: OpNode, axis: number) => Affine | undefined;

export function foldBatchNormalization(editor: GraphEditor): void {
  foldAffine(editor, (_, node, axis) => (axis === 1 ? readBatchNormalization(editor, node) : undefined));
}

export function foldScaleAndShift(editor: GraphEditor): void {
  foldAffine(editor, readArithmetic);
}

function foldAffine(editor: GraphEditor, read: Reading): void {
  for (const node of editor.nodes()) {
    for (const value of new Set(node.inputs)) {
      const heavy = editor.producer(value);
      const current = editor.nodeNamed(node.name);
      if (heavy === undefined || current === undefined || !isStandard(heavy)) continue;
      const channels = channelsOf(editor, heavy);
      const affine = channels === undefined ? undefined : read(editor, current, channels.axis);
      if (channels === undefined || affine?.from !== value || !editor.isOnlyFor(value, current)) continue;
      if (editor.shape(value)?.join() !== editor.shape(current.outputs[0])?.join()) continue;
      absorb(editor, { heavy, node: current, affine, size: channels.size });
    }
  }
}

/** The axis of the channels in the result of a node with weights, and their number. */
function channelsOf(
  editor: GraphEditor,
  heavy: OpNode,
): { readonly axis: number; readonly size: number } | undefined {
  const shape = editor.shape(heavy.outputs[0]);
  const type = editor.type(heavy.outputs[0])?.elementType;
  if (shape === undefined || (type !== "float32" && type !== "float64")) return undefined;
  const axis = { Conv: 1, ConvTranspose: 1, Gemm: 1, MatMul: shape.length - 1 }[heavy.operator];
  const size = axis === undefined ? undefined : shape[axis];
  return axis === undefined || size === undefined ? undefined : { axis, size };
}

export function readBatchNormalization(editor: GraphEditor, node: OpNode): Affine | undefined {
  if (node.operator !== "BatchNormalization" || !isStandard(node)) return undefined;
  if (intOf(node, "training_mode", 0) !== 0 || intOf(node, "spatial", 1) === 0) return undefined;
  if (node.outputs.slice(1).some((name) => name !== "")) return undefined;
  const [from = "", ...names] = node.inputs;
  const [scale, bias, mean, variance] = names.map((name) => editor.numbers(name));
  if (scale === undefined || bias === undefined || mean === undefined || variance === undefined)
    return undefined;
  const epsilon = floatOf(node, "epsilon", 1e-5);
  const factors = Float64Array.from(scale, (factor, at) => factor / Math.sqrt((variance[at] ?? 0) + epsilon));
  const shifts = Float64Array.from(bias, (shift, at) => shift - (mean[at] ?? 0) * (factors[at] ?? 0));
  return { from, scale: factors, shift: shifts };
}

/** Add, Sub, Mul and Div of a value and a constant per channel. */
function readArithmetic(editor: GraphEditor, node: OpNode, axis: number): Affine | undefined {
  if (!isStandard(node) || node.opset < 7 || node.inputs.length !== 2) return undefined;
  const [left = "", right = ""] = node.inputs;
  const rank = editor.shape(node.outputs[0])?.length ?? 0;
  const other = perChannel(editor, right, rank - axis);
  const constant = other ?? perChannel(editor, left, rank - axis);
  if (constant === undefined) return undefined;
  const isRight = other !== undefined;
  const from = isRight ? left : right;
  switch (node.operator) {
    case "Add":
      return { from, scale: undefined, shift: constant };
    case "Sub":
      return isRight
        ? { from, scale: undefined, shift: constant.map((value) => -value) }
        : { from, scale: Float64Array.of(-1), shift: constant };
    case "Mul":
      return { from, scale: constant, shift: undefined };
    case "Div":
      return isRight ? { from, scale: constant.map((value) => 1 / value), shift: undefined } : undefined;
    default:
      return undefined;
  }
}

/** A constant whose only axis of more than one element is the channels', counted from the end. */
function perChannel(editor: GraphEditor, value: string, fromEnd: number): Float64Array | undefined {
  const shape = editor.constant(value)?.shape;
  if (shape === undefined || shape.some((size, axis) => size !== 1 && shape.length - axis !== fromEnd))
    return undefined;
  const numbers = editor.numbers(value);
  return numbers === undefined ? undefined : Float64Array.from(numbers);
}

interface Absorption {
  readonly heavy: OpNode;
  readonly node: OpNode;
  readonly affine: Affine;
  readonly size: number;
}

function absorb(editor: GraphEditor, { heavy, node, affine, size }: Absorption): void {
  const { scale, shift } = affine;
  const isUsable = [scale, shift].every((numbers) => numbers?.every(Number.isFinite) ?? true);
  const inputs = isUsable ? parameters(editor, heavy, affine, size) : undefined;
  if (inputs === undefined) return;
  const attributes = new Map(heavy.attributes);
  if (heavy.operator === "Gemm") attributes.set("beta", floatAttribute(1));
  const merged = editor.replace(node, { operator: heavy.operator, opset: heavy.opset, inputs, attributes });
  editor.rename(merged, heavy.name);
}

/** The inputs of the node that does both. */
function parameters(
  editor: GraphEditor,
  heavy: OpNode,
  { scale, shift }: Affine,
  size: number,
): readonly string[] | undefined {
  const [data = "", weights = "", bias = ""] = heavy.inputs;
  if (heavy.operator === "MatMul" && shift !== undefined) return undefined;
  const scaled = scale === undefined ? weights : scaleWeights(editor, heavy, scale);
  if (scaled === undefined) return undefined;
  if (heavy.operator === "MatMul") return [data, scaled];
  const factor = heavy.operator === "Gemm" ? floatOf(heavy, "beta", 1) : 1;
  const old = bias === "" ? undefined : biasNumbers(editor, bias, size);
  if (bias !== "" && old === undefined) return undefined;
  if (old === undefined && shift === undefined) return [data, scaled];
  const sums = Array.from({ length: size }, (_, channel) => {
    const before = (old === undefined ? 0 : at(old, channel)) * factor;
    return before * at(scale, channel, 1) + at(shift, channel, 0);
  });
  const type = known(editor.type(heavy.outputs[0]), "the type").elementType;
  const tensor = tensorOfValue(tensorFromDoubles(type, [size], sums));
  return [data, scaled, editor.addConstant(tensor, bias === "" ? `${heavy.name}.bias` : bias)];
}

/** One number for all channels, or one each. */
function at(numbers: ArrayLike<number> | undefined, channel: number, otherwise = 0): number {
  if (numbers === undefined) return otherwise;
  return numbers[numbers.length === 1 ? 0 : channel] ?? otherwise;
}

/** A bias that has one number for each channel; Gemm's may have one for each row too. */
function biasNumbers(editor: GraphEditor, bias: string, size: number): ArrayLike<number> | undefined {
  const shape = editor.constant(bias)?.shape;
  const numbers = shape?.slice(0, -1).every((each) => each === 1) ? editor.numbers(bias) : undefined;
  return numbers?.length === size || numbers?.length === 1 ? numbers : undefined;
}

/** The weights with each output channel scaled; undefined where they are not constant. */
function scaleWeights(editor: GraphEditor, heavy: OpNode, scale: Float64Array): string | undefined {
  const [, name = ""] = heavy.inputs;
  const tensor = editor.constant(name);
  const place = tensor === undefined ? undefined : channelPlace(heavy, tensor.shape);
  if (tensor === undefined || place === undefined || !hasNumbers(tensor)) return undefined;
  // Multiplied when they are packed: a second copy of all weights would double a network in memory.
  const data = { kind: "scaled", of: tensor, channels: { ...place, factors: scale } } as const;
  return editor.addConstant({ ...tensor, data }, name);
}

/** The output channel of a weight: its coordinate along one axis, after those of the groups before its own. */
type ChannelPlace = Omit<ChannelFactors, "factors">;

function channelPlace({ operator, attributes }: OpNode, shape: readonly number[]): ChannelPlace | undefined {
  const behind = (axis: number): number => shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const plain = (axis: number): ChannelPlace => ({
    stride: behind(axis),
    count: shape[axis] ?? 1,
    perGroup: 0,
    groupStride: Number.POSITIVE_INFINITY,
  });
  switch (operator) {
    case "Conv":
      return plain(0);
    case "ConvTranspose": {
      // [channels in, channels out of a group, ...]: the groups divide the channels in.
      const group = attributes.get("group");
      const groups = group?.kind === "int" ? Number(group.value) : 1;
      const perGroup = shape[1] ?? 1;
      return { ...plain(1), perGroup, groupStride: ((shape[0] ?? 1) / groups) * behind(0) };
    }
    case "Gemm": {
      const transposed = attributes.get("transB");
      return plain(transposed?.kind === "int" && transposed.value !== 0n ? 0 : 1);
    }
    case "MatMul":
      return shape.length === 2 ? plain(1) : undefined;
    default:
      return undefined;
  }
}

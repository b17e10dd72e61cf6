/**
 * Constant folding: what does not depend on the network's inputs is computed once, by the interpreter's kernels; what
 * shape inference already knows becomes a constant too. Not folded: what draws random numbers, holds a subgraph, reads
 * elements that are not there, or would make a far larger tensor out of a small one (an Expand of a mask to a whole
 * batch is cheaper made at run time than kept). O(elements folded).
 */
import { LaminateError } from "../../../base/errors.ts";
import { runGraph } from "../../../graph/interpreter/run-graph.ts";
import { subgraphs } from "../../../graph/ir/captures.ts";
import type { Graph, OpNode } from "../../../graph/ir/graph.ts";
import { tensorByteLength } from "../../../graph/ir/materialize.ts";
import { intOf } from "../../../graph/ir/node-attributes.ts";
import { tensorOfValue } from "../../../graph/ir/runtime-tensor.ts";
import type { RuntimeValue } from "../../../graph/ir/runtime-value.ts";
import { elementBits, elementCount, type Tensor, type TensorType } from "../../../graph/ir/tensor.ts";
import { findRow } from "../../../graph/ops/registry.ts";
import { type GraphEditor, hasNumbers } from "./graph-editor.ts";

/** A folded value of this many bytes is never too large. */
const alwaysAllowedBytes = 1 << 20;
/** Otherwise it may have this many times the bytes that the node reads. */
const mostGrowth = 2;
/** A product of this many elements is computed at once; a larger one stays a product until it is packed. */
const mostComputed = 4096;
/** A tensor of one value is mostly weights that a file left out; compiled code does not make it, so that only memory is a limit. */
const mostFilledBytes = 2 ** 30;
/** They keep the number of elements, so that nothing explodes: small types become the ones to compute in. */
const conversions: ReadonlySet<string> = new Set(["Cast", "CastLike", "DequantizeLinear"]);

const randomOperators: ReadonlySet<string> = new Set([
  "Bernoulli",
  "Multinomial",
  "RandomNormal",
  "RandomNormalLike",
  "RandomUniform",
  "RandomUniformLike",
]);

/** Whether two runs of a node may differ. */
export function isRandom(node: OpNode): boolean {
  if (node.operator === "Dropout") return node.inputs.length > 2 || intOf(node, "is_test", 1) === 0;
  return randomOperators.has(node.operator);
}

/** The values that are known without running the network are constants from here on. */
export function foldKnownValues(editor: GraphEditor, values: ReadonlyMap<string, Tensor>): void {
  for (const [name, tensor] of values) {
    if (editor.producer(name) !== undefined && tensor.data.kind !== "missing")
      editor.makeConstant(name, tensor);
  }
}

/** Folds in the order of the nodes, so that one folded value leads to the next. */
export function foldConstants(editor: GraphEditor): void {
  for (const node of editor.nodes()) foldNode(editor, node);
}

/** Folds one node; whether it could be. */
export function foldNode(editor: GraphEditor, node: OpNode): boolean {
  const folded = isFoldable(editor, node)
    ? (scaledWeights(editor, node) ?? compute(editor, node))
    : undefined;
  if (folded === undefined) return false;
  for (const [name, tensor] of folded) editor.makeConstant(name, tensor);
  return true;
}

function isFoldable(editor: GraphEditor, node: OpNode): boolean {
  if (isRandom(node) || subgraphs(node).length > 0) return false;
  const lookup = findRow(node);
  if (lookup.kind !== "row" || lookup.row.kernel === undefined) return false;
  let readBytes = 0;
  for (const name of node.inputs) {
    if (name === "") continue;
    const tensor = editor.constant(name);
    if (tensor === undefined || tensor.data.kind === "missing") return false;
    readBytes += tensorByteLength(tensor) ?? 0;
  }
  const madeBytes = node.outputs.reduce((total, name) => total + bytesOf(editor.type(name)), 0);
  if (conversions.has(node.operator)) return true;
  if (node.operator === "ConstantOfShape") return madeBytes <= mostFilledBytes;
  // A size that only a run can tell (the places of a mask's ones) counts as small where the input is.
  if (Number.isNaN(madeBytes)) return readBytes <= alwaysAllowedBytes;
  return madeBytes <= Math.max(alwaysAllowedBytes, mostGrowth * readBytes);
}

function bytesOf(type: TensorType | undefined): number {
  const elements = type?.shape === undefined ? undefined : elementCount(type.shape);
  if (type === undefined) return 0;
  return elements === undefined ? Number.NaN : (elements * elementBits[type.elementType]) / 8;
}

/** Weights times one number, which is done when they are packed: a large network's would take a second and its memory twice. */
function scaledWeights(editor: GraphEditor, node: OpNode): ReadonlyMap<string, Tensor> | undefined {
  const { operator, opset, inputs, outputs } = node;
  const [left, right] = inputs.map((name) => editor.constant(name));
  if (operator !== "Mul" || opset < 7 || left === undefined || right === undefined) return undefined;
  const [weights, factor] = elementCount(right.shape) === 1 ? [left, right] : [right, left];
  const isFloat = weights.elementType === "float32" || weights.elementType === "float64";
  const size = elementCount(weights.shape) ?? 0;
  if (!isFloat || size <= mostComputed || factor.shape.length > weights.shape.length) return undefined;
  const [value] = editor.numbers(factor === right ? inputs[1] : inputs[0], 1) ?? [];
  if (value === undefined || !Number.isFinite(value) || !hasNumbers(weights)) return undefined;
  const channels = { factors: Float64Array.of(value), stride: size, count: 1, perGroup: 0 };
  const data = {
    kind: "scaled",
    of: weights,
    channels: { ...channels, groupStride: Number.POSITIVE_INFINITY },
  } as const;
  return new Map([[outputs[0] ?? "", { ...weights, data }]]);
}

/** The node's outputs as constants; undefined where one of them cannot be one. */
function compute(editor: GraphEditor, node: OpNode): ReadonlyMap<string, Tensor> | undefined {
  const constants = new Map<string, Tensor>();
  for (const name of node.inputs) {
    const tensor = editor.constant(name);
    if (tensor !== undefined) constants.set(name, tensor);
  }
  const outputs = node.outputs.filter((name) => name !== "");
  const type: TensorType = { elementType: "undefined", shape: undefined };
  const graph: Graph = {
    name: "constant",
    inputs: [],
    outputs: outputs.map((name) => ({ name, type })),
    nodes: [node],
    constants,
    statedTypes: new Map(),
  };
  return tensorsOf(attempt(graph));
}

/** What cannot be computed is left as it is: the run says what is wrong, with the node's name. */
function attempt(graph: Graph): ReadonlyMap<string, RuntimeValue> | undefined {
  try {
    return runGraph({ graph }, new Map());
  } catch (error) {
    if (error instanceof LaminateError) return undefined;
    throw error;
  }
}

function tensorsOf(
  values: ReadonlyMap<string, RuntimeValue> | undefined,
): ReadonlyMap<string, Tensor> | undefined {
  if (values === undefined) return undefined;
  const tensors = new Map<string, Tensor>();
  for (const [name, value] of values) {
    // The 8- and 4-bit floats have no encoder; sequences and optionals are no constants.
    if (value.kind !== "tensor" || /^float[48]e/.test(value.elementType)) return undefined;
    tensors.set(name, tensorOfValue(value));
  }
  return tensors;
}

/**
 * Loop dimensions of heavy operators: one rule per family, so that macs = N K (C / groups) Y X R S for all of them.
 * Spatial axes fold into two: the last is X (and S), all before it Y (and R); a 1-D convolution has Y = R = 1.
 * Of a matrix product the constant operand is the weights: K columns of it, C rows, Y rows of the other operand. With
 * two activations the second takes that place; every matrix of its own is a group ("attention": heads).
 */
import { assert, known } from "../../base/assert.ts";
import { product } from "../../base/integers.ts";
import type { OpNode } from "../../graph/ir/graph.ts";
import type { LayerKind, LoopDimensions } from "./workload.ts";

export interface LoopNest {
  readonly kind: LayerKind;
  readonly dimensions: LoopDimensions;
}

/** A heavy operator with its shapes as the file has them. */
export interface HeavyCall {
  readonly node: OpNode;
  /** Images that the shapes hold (sizes.ts). */
  readonly images: number;
  input(index: number): readonly number[];
  output(index: number): readonly number[];
  isConstant(index: number): boolean;
}

type LoopRule = (call: HeavyCall) => LoopNest;

const rules: ReadonlyMap<string, LoopRule> = new Map<string, LoopRule>([
  ["Conv", (call) => convolution(call, 1)],
  ["ConvInteger", (call) => convolution(call, 1)],
  ["DeformConv", (call) => convolution(call, 1)],
  ["QLinearConv", (call) => convolution(call, 3)],
  ["ConvTranspose", transposedConvolution],
  ["MatMul", (call) => matMul(call, 1)],
  ["MatMulInteger", (call) => matMul(call, 1)],
  ["QLinearMatMul", (call) => matMul(call, 3)],
  ["Gemm", gemm],
  ["Einsum", einsum],
  ["LSTM", recurrent],
  ["GRU", recurrent],
  ["RNN", recurrent],
]);

/** kernel_shape may be left out where the weights say it. */
const convolutions: ReadonlySet<string> = new Set([
  "Conv",
  "ConvInteger",
  "DeformConv",
  "QLinearConv",
  "ConvTranspose",
]);

/** The loop nest of a heavy operator; undefined for an operator that has no rule. */
export function loopNest(call: HeavyCall): LoopNest | undefined {
  return rules.get(call.node.operator)?.(call);
}

/** Whether the node slides a window over data that ONNX lays out as [batch, channels, space...]: Conv, pooling. */
export function slidesWindow(node: OpNode): boolean {
  return node.attributes.has("kernel_shape") || convolutions.has(node.operator);
}

export function macsOf(dimensions: LoopDimensions): number {
  const { N, K, C, Y, X, R, S, groups } = dimensions;
  return N * K * (C / groups) * Y * X * R * S;
}

/** No loops: the dimensions of layers without a heavy operator, and what others start from. */
export const noLoops: LoopDimensions = {
  N: 1,
  K: 1,
  C: 1,
  Y: 1,
  X: 1,
  R: 1,
  S: 1,
  groups: 1,
  strideY: 1,
  strideX: 1,
  dilationY: 1,
  dilationX: 1,
};

/** An attribute that is a list of integers. */
export function intsAttribute(node: OpNode, name: string): readonly number[] | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.kind === "ints" ? attribute.value.map(Number) : undefined;
}

function intAttribute(node: OpNode, name: string, otherwise: number): number {
  const attribute = node.attributes.get(name);
  return attribute?.kind === "int" ? Number(attribute.value) : otherwise;
}

/** The share of one image, where the count divides. */
function perImage(count: number, images: number): number {
  return count % images === 0 ? count / images : count;
}

function fold(axes: readonly number[]): readonly [y: number, x: number] {
  return [product(axes.slice(0, -1)), axes.at(-1) ?? 1];
}

/** Stride or dilation of the two innermost axes; 1 where the attribute or the axis is absent. */
function innermost(node: OpNode, name: string): readonly [y: number, x: number] {
  const values = intsAttribute(node, name) ?? [];
  return [values.at(-2) ?? 1, values.at(-1) ?? 1];
}

function window(call: HeavyCall, filter: readonly number[]): Partial<LoopDimensions> {
  const [R, S] = fold(filter);
  const [strideY, strideX] = innermost(call.node, "strides");
  const [dilationY, dilationX] = innermost(call.node, "dilations");
  return { R, S, strideY, strideX, dilationY, dilationX };
}

function convolution(call: HeavyCall, weights: number): LoopNest {
  const [batch = 1, C = 1] = call.input(0);
  const [K = 1, , ...filter] = call.input(weights);
  const [Y, X] = fold(call.output(0).slice(2));
  const groups = intAttribute(call.node, "group", 1);
  return {
    kind: groups === C && groups > 1 ? "depthwise" : "convolution",
    dimensions: { ...noLoops, N: perImage(batch, call.images), K, C, Y, X, groups, ...window(call, filter) },
  };
}

/** Every input element is multiplied with a whole filter, so Y and X are the input's. */
function transposedConvolution(call: HeavyCall): LoopNest {
  const [batch = 1, C = 1, ...positions] = call.input(0);
  const [, outputsPerGroup = 1, ...filter] = call.input(1);
  const [Y, X] = fold(positions);
  const groups = intAttribute(call.node, "group", 1);
  const K = outputsPerGroup * groups;
  return {
    kind: "transposed-convolution",
    dimensions: { ...noLoops, N: perImage(batch, call.images), K, C, Y, X, groups, ...window(call, filter) },
  };
}

/** A stack of matrices [..., rows, columns]. */
interface Stack {
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
}

function matMul(call: HeavyCall, second: number): LoopNest {
  const a = call.input(0);
  const b = call.input(second);
  const left = stack(a.length === 1 ? [1, ...a] : a);
  const right = stack(b.length === 1 ? [...b, 1] : b);
  // The output has the batch axes of both, broadcast; its other elements are rows x columns.
  const count = product(call.output(0)) / Math.max(1, left.rows * right.columns);
  return matrixProduct(call, left, right, count, [0, second]);
}

function gemm(call: HeavyCall): LoopNest {
  const left = stack(call.input(0));
  const right = stack(call.input(1));
  const a = intAttribute(call.node, "transA", 0) === 1 ? transposed(left) : left;
  const b = intAttribute(call.node, "transB", 0) === 1 ? transposed(right) : right;
  return matrixProduct(call, a, b, 1, [0, 1]);
}

function matrixProduct(
  call: HeavyCall,
  left: Stack,
  right: Stack,
  count: number,
  [first, second]: readonly [number, number],
): LoopNest {
  const weightsFirst = call.isConstant(first) && !call.isConstant(second);
  // W x = (x^T W^T)^T: the operand with the weights is the one whose columns are outputs.
  const [moving, held] = weightsFirst ? [transposed(right), transposed(left)] : [left, right];
  const attention = !call.isConstant(first) && !call.isConstant(second);
  const rows = (moving.rows * count) / Math.max(1, held.count);
  // Activations held hold the batch in their matrices; weights are the same for all images.
  const groups = attention && held.count > 1 ? perImage(held.count, call.images) : held.count;
  return {
    kind: attention ? "attention" : "matmul",
    dimensions: {
      ...noLoops,
      K: groups * held.columns,
      C: groups * held.rows,
      Y: groups === held.count ? perImage(rows, call.images) : rows,
      groups: Math.max(1, groups),
    },
  };
}

function stack(shape: readonly number[]): Stack {
  return { count: product(shape.slice(0, -2)), rows: shape.at(-2) ?? 1, columns: shape.at(-1) ?? 1 };
}

function transposed(matrices: Stack): Stack {
  return { count: matrices.count, rows: matrices.columns, columns: matrices.rows };
}

/** A step multiplies the input and the state with the gates' weights: K gate outputs over C = input + hidden, Y steps. */
function recurrent(call: HeavyCall): LoopNest {
  const [first = 1, second = 1, inputSize = 1] = call.input(0);
  const [directions = 1, gates = 1, hidden = 1] = call.input(2);
  const batchFirst = intAttribute(call.node, "layout", 0) === 1;
  const [batch, steps] = batchFirst ? [first, second] : [second, first];
  return {
    kind: "matmul",
    dimensions: {
      ...noLoops,
      N: perImage(batch, call.images),
      K: directions * gates,
      C: inputSize + hidden,
      Y: steps,
    },
  };
}

/**
 * Two operands become a matrix product: labels of both and the result are groups, of both alone C, of the second K, the
 * rest Y. Of more operands every point takes one product fewer than there are operands.
 */
function einsum(call: HeavyCall): LoopNest {
  const equation = call.node.attributes.get("equation");
  assert(equation?.kind === "string", "Einsum has an equation");
  const [operands = "", stated] = equation.value.replaceAll(" ", "").split("->");
  const terms = operands.split(",").map((term, index) => labels(term, call.input(index).length));
  const extents = new Map<string, number>();
  terms.forEach((term, index) => {
    term.forEach((label, axis) => {
      extents.set(label, Math.max(extents.get(label) ?? 1, call.input(index)[axis] ?? 1));
    });
  });
  const result = new Set(stated === undefined ? once(terms) : labels(stated, call.output(0).length));
  const [a, b] = terms;
  if (a === undefined || b === undefined || terms.length !== 2) {
    return { kind: "matmul", dimensions: { ...noLoops, C: terms.length - 1, Y: product(extents.values()) } };
  }
  const weightsFirst = call.isConstant(0) && !call.isConstant(1);
  const [moving, held] = weightsFirst ? [new Set(b), new Set(a)] : [new Set(a), new Set(b)];
  const size = (keep: (label: string) => boolean): number =>
    product([...extents].filter(([label]) => keep(label)).map(([, extent]) => extent));
  const groups = size((label) => moving.has(label) && held.has(label) && result.has(label));
  return {
    kind: call.isConstant(0) || call.isConstant(1) ? "matmul" : "attention",
    dimensions: {
      ...noLoops,
      K: groups * size((label) => !moving.has(label) && held.has(label)),
      C: groups * size((label) => moving.has(label) && held.has(label) && !result.has(label)),
      Y: size((label) => moving.has(label) && !held.has(label)),
      groups,
    },
  };
}

/** The labels of a term, an ellipsis as as many labels as the rank asks for, counted from the right. */
function labels(term: string, rank: number): readonly string[] {
  const [before = "", after] = term.split("...");
  if (after === undefined) return [...before];
  const hidden = Math.max(0, rank - before.length - after.length);
  return [...before, ...Array.from({ length: hidden }, (_, index) => `...${hidden - index}`), ...after];
}

/** Without "->" the result has the labels that occur once. */
function once(terms: readonly (readonly string[])[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const label of terms.flat()) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts.keys()].filter(
    (label) => label.startsWith("...") || known(counts.get(label), "count") === 1,
  );
}

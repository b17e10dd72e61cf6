/**
 * What an operator costs, for choosing between rules. FLOPs are elements of the result, for reductions those of the
 * operand (as DNNFusion counts ReduceSum), twice the multiply-accumulates for MatMul, none for what only moves elements
 * and for what is constant. Where FLOPs are equal, expensive operators count, then elements read, then nodes.
 */
import type { OpNode } from "../../../graph/ir/graph.ts";
import type { TensorType } from "../../../graph/ir/tensor.ts";
import { rowOf } from "../../../graph/ops/registry.ts";
import { isReduction } from "./carried.ts";

/** In the order in which they count. */
export type Cost = readonly [flops: number, expensive: number, elementsRead: number, nodes: number];

export const nothing: Cost = [0, 0, 0, 0];

export function plus(a: Cost, b: Cost): Cost {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]];
}

export function minus(a: Cost, b: Cost): Cost {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]];
}

/** Below 0 where a is the smaller one. */
export function compare(a: Cost, b: Cost): number {
  for (const [index, each] of a.entries()) {
    const difference = each - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A size that is not known counts as this: good for comparing. */
const assumedSize = 64;

export function elementsOf(type: TensorType | undefined): number {
  return (type?.shape ?? []).reduce<number>(
    (all, size) => all * (typeof size === "number" ? size : assumedSize),
    1,
  );
}

const moving: ReadonlySet<string> = new Set([
  "Concat",
  "Expand",
  "Gather",
  "Identity",
  "Reshape",
  "Slice",
  "Tile",
  "Transpose",
]);

/** Ten or more cycles an element, where a sum or a product takes one. */
const expensive: ReadonlySet<string> = new Set([
  "Acos",
  "Acosh",
  "Asin",
  "Asinh",
  "Atan",
  "Atanh",
  "Cos",
  "Cosh",
  "Div",
  "Erf",
  "Exp",
  "Log",
  "Pow",
  "Reciprocal",
  "Sigmoid",
  "Sin",
  "Sinh",
  "Softplus",
  "Sqrt",
  "Tan",
  "Tanh",
]);

const pools: ReadonlySet<string> = new Set(["AveragePool", "MaxPool"]);
const globalPools: ReadonlySet<string> = new Set(["GlobalAveragePool", "GlobalMaxPool"]);

/** A node with the types around it. */
export interface Costed {
  readonly node: Pick<OpNode, "operator" | "inputs" | "attributes">;
  readonly inputs: readonly (TensorType | undefined)[];
  readonly output: TensorType;
  /** Whether all that it reads is constant: it runs at compile time. */
  readonly isConstant: boolean;
}

/** FLOPs, expensive FLOPs and the node itself; what is read depends on what stands around it. */
export function costOf({ node, inputs, output, isConstant }: Costed): Cost {
  if (isConstant) return nothing;
  const flops = flopsOf(node, inputs, output);
  return [flops, expensive.has(node.operator) ? flops : 0, 0, 1];
}

function flopsOf(node: Costed["node"], inputs: Costed["inputs"], output: TensorType): number {
  const { operator } = node;
  if (moving.has(operator)) return 0;
  if (isReduction(operator) || globalPools.has(operator) || operator.startsWith("Arg"))
    return elementsOf(inputs[0]);
  if (pools.has(operator)) {
    const window = node.attributes.get("kernel_shape");
    const size = window?.kind === "ints" ? window.value.reduce((a, b) => a * Number(b), 1) : 1;
    return size * elementsOf(output);
  }
  if (operator === "MatMul") return 2 * elementsOf(output) * elementsOf(lastAxis(inputs[0]));
  const operands =
    rowOf({ operator, domain: "" })?.arity[1] === Number.POSITIVE_INFINITY ? node.inputs.length - 1 : 1;
  return operands * elementsOf(output);
}

function lastAxis(type: TensorType | undefined): TensorType | undefined {
  return type?.shape === undefined ? type : { ...type, shape: type.shape.slice(-1) };
}

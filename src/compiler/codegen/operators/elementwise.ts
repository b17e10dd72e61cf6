/**
 * ONNX's elementwise operators as expressions: one output element from one element of each input. The caller sees to
 * broadcasting: an operand is the element that belongs to the output's element, in the register type of its stored type
 * (numberTypeOf). Semantics are those of the reference kernels, NaN and infinities too; docstrings of the rows say where
 * float32 costs digits.
 */

import type { OpNode } from "../../../graph/ir/graph.ts";
import { isStandard } from "../../../graph/ir/node-attributes.ts";
import type { Expr } from "../loops/expr.ts";
import { activationRows } from "./activations.ts";
import { arithmeticRows } from "./arithmetic.ts";
import { comparisonRows } from "./comparisons.ts";
import { type ElementwiseRows, makeElementwiseCall, type NodeTypes } from "./row.ts";
import { scalingRows } from "./scaling.ts";

/** By operator. */
export const elementwiseRows: ElementwiseRows = {
  ...activationRows,
  ...arithmeticRows,
  ...comparisonRows,
  ...scalingRows,
};

/**
 * Whether the operator has a row here. Its first output then is elementwise, but for the parameters of
 * BatchNormalization, QuantizeLinear and DequantizeLinear, which lie along an axis.
 */
export function isElementwise(node: OpNode): boolean {
  return isStandard(node) && Object.hasOwn(elementwiseRows, node.operator);
}

/**
 * The element of the first output, given those of the inputs: one operand per input of the node, undefined where an
 * optional one is left out. Undefined where the node is not compiled with these types or attributes, as functions such
 * as exp in float64.
 */
export function elementwiseExpr(
  node: OpNode,
  operands: readonly (Expr | undefined)[],
  types: NodeTypes,
): Expr | undefined {
  if (!isElementwise(node)) return undefined;
  const call = makeElementwiseCall(node, operands, types);
  return call === undefined ? undefined : elementwiseRows[node.operator]?.(call);
}

/** The type of a node's first result from its operands, by the operator's own shape rule. */
import { LaminateError } from "../../../base/errors.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import type { TensorType } from "../../../graph/ir/tensor.ts";
import { type KnownOperand, knownCall } from "../../../graph/ops/known-call.ts";
import { findRow } from "../../../graph/ops/registry.ts";
import type { NewNode } from "./graph-editor.ts";

/** Undefined where the rule refuses the operands, or does not tell every size. */
export function inferType(
  { operator, opset, inputs, attributes }: NewNode,
  operandOf: (value: string) => KnownOperand | undefined,
): TensorType | undefined {
  const node: OpNode = {
    name: "new",
    operator,
    domain: "",
    opset,
    inputs,
    outputs: ["result"],
    attributes: attributes ?? new Map(),
  };
  const lookup = findRow(node);
  if (lookup.kind === "unsupported") return undefined;
  const call = knownCall(node, "rewriting", operandOf);
  const fact = attempt(() => lookup.row.infer(call)[0]);
  if (fact?.shape === undefined || fact.container !== "tensor" || fact.shape.some(call.symbols.isFresh))
    return undefined;
  return { elementType: fact.elementType, shape: fact.shape };
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof LaminateError) return undefined;
    throw error;
  }
}

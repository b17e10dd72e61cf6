/** The type of a node's first result from its operands, by the operator's own shape rule. */
import { badInput, LaminateError } from "../../../base/errors.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import type { Tensor, TensorType } from "../../../graph/ir/tensor.ts";
import { tensorToNumbers } from "../../../graph/ir/tensor-values.ts";
import {
  constantFact,
  type Elements,
  type Fact,
  foldableCount,
  tensorFact,
} from "../../../graph/ops/fact.ts";
import { findRow } from "../../../graph/ops/registry.ts";
import type { Call } from "../../../graph/ops/row.ts";
import { symbolTable } from "../../../graph/ops/symbols.ts";
import type { NewNode } from "./graph-editor.ts";

/** What is known of an operand. */
export interface Operand {
  readonly type: TensorType;
  readonly constant: Tensor | undefined;
}

/** Undefined where the rule refuses the operands, or does not tell every size. */
export function inferType(
  { operator, opset, inputs, attributes }: NewNode,
  operandOf: (value: string) => Operand | undefined,
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
  const symbols = symbolTable();
  const call: Call = {
    node,
    inputs: inputs.map((value) => factOf(value === "" ? undefined : operandOf(value))),
    symbols,
    elements: elementsOf,
    error: (message, fix = "") => badInput(message, { where: "rewriting", fix }),
    subgraph: () => [],
    trySubgraph: () => [],
  };
  const fact = attempt(() => lookup.row.infer(call)[0]);
  if (fact?.shape === undefined || fact.container !== "tensor" || fact.shape.some(symbols.isFresh))
    return undefined;
  return { elementType: fact.elementType, shape: fact.shape };
}

function factOf(operand: Operand | undefined): Fact | undefined {
  if (operand === undefined) return undefined;
  const { type, constant } = operand;
  return constant === undefined ? tensorFact(type.elementType, type.shape) : constantFact(constant);
}

function elementsOf(fact: Fact | undefined): Elements | undefined {
  const constant = fact?.constant;
  if (constant === undefined || foldableCount(constant.shape) === undefined) return undefined;
  return tensorToNumbers(constant);
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof LaminateError) return undefined;
    throw error;
  }
}

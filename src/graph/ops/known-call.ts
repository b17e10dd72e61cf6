/**
 * The call of an operator outside shape inference: its inputs as facts, elements only of constants, no subgraphs. What the
 * helpers of call.ts, and rows without subgraphs, can be asked with.
 */
import { assert } from "../../base/assert.ts";
import { badInput } from "../../base/errors.ts";
import type { OpNode } from "../ir/graph.ts";
import type { Tensor, TensorType } from "../ir/tensor.ts";
import { tensorToNumbers } from "../ir/tensor-values.ts";
import { constantFact, type Elements, type Fact, foldableCount, tensorFact } from "./fact.ts";
import type { Call } from "./row.ts";
import { symbolTable } from "./symbols.ts";

/** What is known of an operand. */
export interface KnownOperand {
  readonly type: TensorType;
  readonly constant: Tensor | undefined;
}

/** `where` names the place in errors; `operandOf` is asked for each input that is not left out. */
export function knownCall(
  node: OpNode,
  where: string,
  operandOf: (name: string) => KnownOperand | undefined,
): Call {
  return {
    node,
    inputs: node.inputs.map((name) => factOf(name === "" ? undefined : operandOf(name))),
    symbols: symbolTable(),
    elements: elementsOf,
    error: (message, fix = "export the network again") => badInput(message, { where, fix }),
    subgraph: noSubgraph,
    trySubgraph: noSubgraph,
  };
}

function factOf(operand: KnownOperand | undefined): Fact | undefined {
  if (operand === undefined) return undefined;
  const { type, constant } = operand;
  return constant === undefined ? tensorFact(type.elementType, type.shape) : constantFact(constant);
}

function elementsOf(fact: Fact | undefined): Elements | undefined {
  const constant = fact?.constant;
  if (constant === undefined || foldableCount(constant.shape) === undefined) return undefined;
  return tensorToNumbers(constant);
}

function noSubgraph(): never {
  assert(false, "a subgraph is asked for outside shape inference");
  throw new Error();
}

/** A node with what is known of its inputs before the network runs: what the operator rows' helpers are given. */
import { assert } from "../../../base/assert.ts";
import { badInput } from "../../../base/errors.ts";
import type { OpNode, TypedGraph } from "../../../graph/ir/graph.ts";
import type { Tensor } from "../../../graph/ir/tensor.ts";
import { tensorToNumbers } from "../../../graph/ir/tensor-values.ts";
import {
  constantFact,
  type Elements,
  type Fact,
  foldableCount,
  tensorFact,
} from "../../../graph/ops/fact.ts";
import type { Call } from "../../../graph/ops/row.ts";
import { symbolTable } from "../../../graph/ops/symbols.ts";

/** A constant, or a value that is known without running the network. */
export function constantOf(typed: TypedGraph, name: string): Tensor | undefined {
  return typed.graph.constants.get(name) ?? typed.values.get(name);
}

export function staticCall(typed: TypedGraph, node: OpNode): Call {
  return {
    node,
    inputs: node.inputs.map((name) => (name === "" ? undefined : factOf(typed, name))),
    symbols: symbolTable(),
    elements: elementsOf,
    error: (message, fix = "export the network again") => badInput(message, { where: placeOf(node), fix }),
    subgraph: noSubgraph,
    trySubgraph: noSubgraph,
  };
}

function factOf(typed: TypedGraph, name: string): Fact {
  const constant = constantOf(typed, name);
  if (constant !== undefined) return constantFact(constant);
  const type = typed.types.get(name);
  return tensorFact(type?.elementType ?? "undefined", type?.shape);
}

function elementsOf(fact: Fact | undefined): Elements | undefined {
  if (fact?.constant === undefined) return fact?.elements;
  return foldableCount(fact.constant.shape) === undefined ? undefined : tensorToNumbers(fact.constant);
}

function noSubgraph(): never {
  assert(false, "a subgraph is compiled");
  throw new Error();
}

/** A node, for messages. */
export function placeOf({ name, operator, domain, opset }: OpNode): string {
  return `node "${name}" (${operator}, ${domain === "" ? "" : `${domain} `}opset ${opset})`;
}

/** A node with what is known of its inputs before the network runs: what the operator rows' helpers are given. */
import type { OpNode, TypedGraph } from "../../../graph/ir/graph.ts";
import type { Tensor, TensorType } from "../../../graph/ir/tensor.ts";
import { knownCall } from "../../../graph/ops/known-call.ts";
import type { Call } from "../../../graph/ops/row.ts";

/** A constant, or a value that is known without running the network. */
export function constantOf(typed: TypedGraph, name: string): Tensor | undefined {
  return typed.graph.constants.get(name) ?? typed.values.get(name);
}

const unknownType: TensorType = { elementType: "undefined", shape: undefined };

export function staticCall(typed: TypedGraph, node: OpNode): Call {
  return knownCall(node, placeOf(node), (name) => ({
    type: typed.types.get(name) ?? unknownType,
    constant: constantOf(typed, name),
  }));
}

/** A node, for messages. */
export function placeOf({ name, operator, domain, opset }: OpNode): string {
  return `node "${name}" (${operator}, ${domain === "" ? "" : `${domain} `}opset ${opset})`;
}

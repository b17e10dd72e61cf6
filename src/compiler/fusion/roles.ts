/** What each node of a graph is to a fusion plan. */
import { known } from "../../base/assert.ts";
import { subgraphs } from "../../graph/ir/captures.ts";
import type { OpNode, TypedGraph } from "../../graph/ir/graph.ts";
import { rowOf } from "../../graph/ops/registry.ts";
import type { DataFlow } from "./data-flow.ts";
import { dataFlow } from "./data-flow.ts";

/**
 * heavy: computes with weights or contracts two activations. light: everything else that is understood. barrier: not
 * understood, or holds a subgraph; a block of its own. constant: costs nothing when the network runs.
 */
export type Role = "heavy" | "light" | "barrier" | "constant";

export interface Roles {
  readonly flow: DataFlow;
  /** One per node of the graph. */
  readonly roles: readonly Role[];
}

export function rolesOf(typed: TypedGraph): Roles {
  const unsupported = new Set(typed.unsupported.map(({ node }) => node));
  const isBarrier = (node: OpNode): boolean => unsupported.has(node.name) || subgraphs(node).length > 0;
  const barriers = new Set<number>();
  typed.graph.nodes.forEach((node, index) => {
    if (isBarrier(node)) barriers.add(index);
  });
  const flow = dataFlow(typed, barriers);
  const roles = typed.graph.nodes.map((node, index): Role => {
    if (known(flow.isConstantNode[index], "constancy")) return "constant";
    if (barriers.has(index)) return "barrier";
    return isHeavy(node) ? "heavy" : "light";
  });
  return { flow, roles };
}

/** An Einsum of one operand only moves and sums. */
function isHeavy(node: OpNode): boolean {
  return rowOf(node)?.heavy === true && node.inputs.length > 1;
}

/** Multiply-accumulates of nodes and graphs, by the rows' rules. */
import { sum } from "../../base/integers.ts";
import type { OpNode, TypedGraph } from "../ir/graph.ts";
import { findRow } from "./registry.ts";

/**
 * Multiply-accumulates of one node: 0 for operators that have none or are not supported, undefined where they depend
 * on a symbol.
 */
export function nodeMacs(typed: TypedGraph, node: OpNode): number | undefined {
  const lookup = findRow(node);
  if (lookup.kind === "unsupported" || lookup.row.macs === undefined) return 0;
  return lookup.row.macs({
    node,
    inputs: node.inputs.map((name) => typed.types.get(name)),
    outputs: node.outputs.map((name) => typed.types.get(name)),
  });
}

/** Multiply-accumulates of the whole graph; nodes whose count depends on a symbol count as 0. */
export function graphMacs(typed: TypedGraph): number {
  return sum(typed.graph.nodes.map((node) => nodeMacs(typed, node) ?? 0));
}

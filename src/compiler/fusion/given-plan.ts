/** A plan whose blocks are given and not found: to compile one candidate block alone, or blocks chosen by hand. */
import { known } from "../../base/assert.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import { extendGraph } from "./ecg.ts";
import { completePlan, type FusionPlan } from "./fusion-plan.ts";
import { moreComplex } from "./fusion-table.ts";

/** Blocks in a topological order, each its operators ascending; constant nodes are placed here and need not be given. */
export function planOfBlocks(typed: TypedGraph, blocks: readonly (readonly number[])[]): FusionPlan {
  const ecg = extendGraph(typed);
  const planned = blocks.map((nodes) => ({
    nodes,
    mappingType: nodes
      .map((node) => known(ecg.operators[node], "operator").mappingType)
      .reduce(moreComplex, "one-to-one"),
    exceptions: [],
  }));
  return completePlan({ kind: "table", ecg, blocks: planned, verdicts: [] });
}

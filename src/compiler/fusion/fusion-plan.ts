/** A fusion plan: blocks, and the reason for every edge that was looked at. */
import { known } from "../../base/assert.ts";
import type { MappingType } from "../../graph/ops/row.ts";
import { type Ecg, removableResults } from "./ecg.ts";
import type { Block, FusedGraph } from "./fused-graph.ts";
import type { Verdict } from "./verdict.ts";

export interface PlannedBlock extends Block {
  /** What the block as a whole is, by the table. */
  readonly mappingType: MappingType;
  /** Its heavy operators (Conv, Gemm, MatMul, ...); the first one decides the layout. */
  readonly heavy: readonly number[];
  /** The named exceptions without which it would be several blocks. */
  readonly exceptions: readonly string[];
}

/** By which rules a plan was made. */
export type PlanKind = "table" | "fixed" | "none";

export interface FusionPlan extends FusedGraph {
  readonly kind: PlanKind;
  readonly ecg: Ecg;
  readonly blocks: readonly PlannedBlock[];
  /** By node, its block. */
  readonly blockOf: readonly number[];
  /** One for every edge between two operators, by consumer. */
  readonly verdicts: readonly Verdict[];
  /** Intermediate results that stay inside their block (DNNFusion's irRemovable). */
  readonly removable: ReadonlySet<string>;
}

/** What a planner has found before constants are placed. */
export interface PlanParts {
  readonly kind: PlanKind;
  readonly ecg: Ecg;
  /** Sets of operators in a topological order. */
  readonly blocks: readonly Omit<PlannedBlock, "heavy">[];
  readonly verdicts: readonly Verdict[];
}

/** Completes a plan: constant nodes join the first block that uses them. */
export function completePlan({ kind, ecg, blocks, verdicts }: PlanParts): FusionPlan {
  const blockOf = placeNodes(ecg, blocks);
  const nodesOf = blocks.map((): number[] => []);
  blockOf.forEach((block, node) => {
    nodesOf[block]?.push(node);
  });
  const planned = blocks.map((block, at): PlannedBlock => {
    const nodes = known(nodesOf[at], "nodes");
    return { ...block, nodes, heavy: nodes.filter((node) => ecg.operators[node]?.heavy) };
  });
  // A network that computes nothing still has all its nodes in a block.
  const constant: PlannedBlock = {
    nodes: [...blockOf.keys()],
    mappingType: "one-to-one",
    heavy: [],
    exceptions: [],
  };
  return {
    kind,
    typed: ecg.typed,
    ecg,
    blocks: planned.length === 0 && blockOf.length > 0 ? [constant] : planned,
    blockOf,
    verdicts: [...verdicts].sort((a, b) => a.consumer - b.consumer || a.producer - b.producer),
    removable: removableResults(ecg, blockOf),
  };
}

/** Constant nodes go where they are first used, through other constants too; unused ones to the last block. */
export function placeNodes(ecg: Ecg, blocks: readonly Block[]): readonly number[] {
  const { nodes } = ecg.typed.graph;
  const blockOf = nodes.map(() => -1);
  blocks.forEach((block, at) => {
    for (const node of block.nodes) blockOf[node] = at;
  });
  const last = Math.max(blocks.length - 1, 0);
  for (let node = nodes.length - 1; node >= 0; node--) {
    if (ecg.operators[node] !== undefined) continue;
    const users = known(nodes[node], "node").outputs.flatMap((name) => ecg.flow.consumersOf.get(name) ?? []);
    blockOf[node] = users.reduce((first, user) => Math.min(first, known(blockOf[user], "block")), last);
  }
  return blockOf;
}

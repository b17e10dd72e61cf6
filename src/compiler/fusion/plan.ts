/**
 * The fusion plan of DNNFusion (Niu et al., PLDI 2021, section 4.3) with what its listing leaves open decided:
 * 1. grow blocks from One-to-One seeds, by the table of mapping types entered with the block's own type (grow.ts);
 * 2. join the blocks that the table still lets join, the largest results first, light blocks to their producers first;
 * 3. apply the named exceptions (exceptions.ts), and join once more.
 * Before every merge the quotient graph is shown to stay acyclic (quotient.ts). Deterministic; about
 * O(edges x operators of a block), 2,000 operators in about 0.1 s.
 */
import { known } from "../../base/assert.ts";
import { badInput } from "../../base/errors.ts";
import { suggestName } from "../../base/nearest.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import {
  bySize,
  type Costs,
  type Draft,
  type Edge,
  type LatencyOf,
  newDraft,
  record,
  tryFuse,
  typeOf,
} from "./draft.ts";
import { extendGraph } from "./ecg.ts";
import { applyExceptions, fusionExceptions } from "./exceptions.ts";
import { completePlan, type FusionPlan } from "./fusion-plan.ts";
import { growBlocks } from "./grow.ts";
import { type BlockLimits, defaultLimits } from "./limits.ts";

export interface PlanOptions {
  /** Names of the exceptions beyond the paper's table that may be used; none by default. */
  readonly exceptions?: readonly string[];
  /** Decides the yellow cells where it knows all three latencies; elsewhere, and without it, a static estimate does. */
  readonly latencyOf?: LatencyOf;
  /** Told each yellow cell that was looked at: the operators of the two blocks, ascending, and what decided. */
  readonly onYellow?: Costs["onYellow"];
  readonly limits?: BlockLimits;
}

/** The names of all exceptions, in the order in which they are applied. */
export const exceptionNames: readonly string[] = fusionExceptions.map(({ name }) => name);

/** Plans by the table. Bad input: the name of an exception that does not exist. */
export function planFusion(typed: TypedGraph, options: PlanOptions = {}): FusionPlan {
  const names = checkedNames(options.exceptions ?? []);
  const ecg = extendGraph(typed);
  const draft = newDraft(ecg, options.limits ?? defaultLimits, options);
  growBlocks(draft);
  joinBlocks(draft);
  if (names.size > 0) {
    applyExceptions(draft, names);
    joinBlocks(draft);
  }
  settleInside(draft);
  const { quotient, exceptions } = draft;
  const blocks = quotient.inOrder().map((block) => ({
    nodes: quotient.nodesOf(block),
    mappingType: typeOf(draft, block),
    exceptions: [...(exceptions.get(block) ?? [])],
  }));
  return completePlan({
    kind: "table",
    ecg,
    blocks,
    verdicts: draft.verdicts.map((verdict) => known(verdict, "verdict")),
  });
}

function checkedNames(names: readonly string[]): ReadonlySet<string> {
  for (const name of names) {
    if (exceptionNames.includes(name)) continue;
    throw badInput(`there is no exception "${name}"`, {
      where: "exceptions",
      fix: suggestName(name, exceptionNames, "exceptions"),
    });
  }
  return new Set(names);
}

/** Fuses blocks along edges while any may. Every edge between two blocks ends with a verdict. */
function joinBlocks(draft: Draft): void {
  const edges = bySize(draft.edges);
  const isLight = ({ consumer }: Edge): boolean =>
    typeOf(draft, draft.quotient.blockOf(consumer)) !== "many-to-many";
  const isBetween = ({ producer, consumer }: Edge): boolean =>
    draft.quotient.blockOf(producer) !== draft.quotient.blockOf(consumer);
  for (let joined = true; joined; ) {
    joined = false;
    for (const edge of edges) if (isBetween(edge) && isLight(edge) && tryFuse(draft, edge)) joined = true;
    for (const edge of edges) if (isBetween(edge) && tryFuse(draft, edge)) joined = true;
  }
}

/** Edges inside a block that no merge went along. */
function settleInside(draft: Draft): void {
  const { edges, quotient, verdicts } = draft;
  for (const edge of edges) {
    const block = quotient.blockOf(edge.consumer);
    if (quotient.blockOf(edge.producer) !== block || verdicts[edge.id]?.fused) continue;
    const type = typeOf(draft, block);
    record(draft, edge, { fused: true, types: [type, type], reason: { kind: "together" } });
  }
}

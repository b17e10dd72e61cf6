/** What the report shows, worked out once: groups with their costs before (layer by layer) and after. */
import { ceilDiv, sum } from "../../base/integers.ts";
import type { Evaluation, GroupCost } from "../../mapping/cost/evaluation.ts";
import type { Problem } from "../../mapping/cost/problem.ts";
import type { FoundMapping } from "../../mapping/mappers/find-mapping.ts";
import type { MapDocument } from "../map-schema.ts";

/** How the result came about, as the command line knows it. */
export interface RunRecord {
  /** The exact command line. */
  readonly command: string;
  /** What took part: laminate, node, ... */
  readonly versions: Readonly<Record<string, string>>;
  /** A date, if the report is to carry one. */
  readonly date?: string;
}

export interface ReportInput {
  readonly problem: Problem;
  /** The mapping that is shown. */
  readonly document: MapDocument;
  readonly found: Pick<FoundMapping, "mapping" | "evaluation" | "baseline">;
  /** Every mapper's answer to the same problem, for the comparison; the shown one among them. */
  readonly compared?: readonly MapDocument[];
  readonly run: RunRecord;
}

/** Off-chip bytes by what they are. */
export interface Traffic {
  readonly weightBytes: number;
  readonly activationBytes: number;
}

/** A group as it is drawn. */
export interface GroupView {
  /** 1 for that of the first layers. */
  readonly number: number;
  readonly cost: GroupCost;
  /** Lanes of its section; 1 where nothing runs beside it. */
  readonly lanes: number;
  /** Which colour; undefined for a layer on its own. */
  readonly colour: number | undefined;
  readonly traffic: Traffic;
  /** The same layers, layer by layer; undefined where that does not fit. */
  readonly before: GroupBefore | undefined;
}

export interface GroupBefore {
  readonly latencySeconds: number;
  readonly offChipBytes: number;
  readonly traffic: Traffic;
}

/** Hues that people of every colour vision tell apart (after Okabe and Ito); neighbours differ. */
export const groupColours = 6;

/** The groups in the order of their layers; none when the mapping does not fit. */
export function groupViews(
  problem: Problem,
  evaluation: Evaluation,
  baseline: Evaluation,
): readonly GroupView[] {
  if (!evaluation.feasible) return [];
  const before = costByLayer(baseline);
  const lanesOf = new Map(
    evaluation.sections.flatMap((section) => section.flat().map((group) => [group, section.length] as const)),
  );
  let fused = 0;
  return evaluation.groups.map((cost, at) => ({
    number: at + 1,
    cost,
    lanes: lanesOf.get(at) ?? 1,
    colour: cost.layers.length > 1 ? fused++ % groupColours : undefined,
    traffic: trafficOf(problem, cost.layers, cost.passes, cost.offChipBytes),
    before: before && beforeOf(problem, cost.layers, before),
  }));
}

/** The group that each layer is in, by the layer's index. */
export function groupByLayer(groups: readonly GroupView[]): ReadonlyMap<number, GroupView> {
  return new Map(groups.flatMap((group) => group.cost.layers.map((layer) => [layer, group] as const)));
}

function costByLayer(baseline: Evaluation): ReadonlyMap<number, GroupCost> | undefined {
  if (!baseline.feasible) return undefined;
  return new Map(baseline.groups.flatMap((group) => group.layers.map((layer) => [layer, group] as const)));
}

function beforeOf(
  problem: Problem,
  layers: readonly number[],
  baseline: ReadonlyMap<number, GroupCost>,
): GroupBefore {
  const costs = layers.flatMap((layer) => baseline.get(layer) ?? []);
  const offChipBytes = sum(costs.map((cost) => cost.offChipBytes));
  const passes = costs.flatMap((cost) => cost.passes);
  return {
    latencySeconds: sum(costs.map((cost) => cost.latencySeconds)),
    offChipBytes,
    traffic: trafficOf(problem, layers, passes, offChipBytes),
  };
}

/** Streamed weights cross once per pass; whatever else crosses is activations. */
function trafficOf(
  problem: Problem,
  layers: readonly number[],
  passes: readonly number[],
  offChipBytes: number,
): Traffic {
  const weights = layers.map((layer, at) => {
    const bytes = problem.workload.layers[layer]?.weightBytes ?? 0;
    return bytes * ceilDiv(problem.batch, passes[at] ?? problem.batch);
  });
  const weightBytes = Math.min(sum(weights), offChipBytes);
  return { weightBytes, activationBytes: offChipBytes - weightBytes };
}

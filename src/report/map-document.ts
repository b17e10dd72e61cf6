/** From a found mapping to its document (map-schema.ts) and from JSON back to a document. Pure. */
import { z } from "zod";
import { badInput } from "../base/errors.ts";
import {
  costOf,
  type Evaluation,
  type FeasibleEvaluation,
  type GroupCost,
} from "../mapping/cost/evaluation.ts";
import {
  type CompleteProblem,
  completeProblem,
  type Objective,
  type Problem,
} from "../mapping/cost/problem.ts";
import type { FoundMapping } from "../mapping/mappers/find-mapping.ts";
import type { Proof } from "../mapping/mappers/mapper.ts";
import type { Mapping } from "../mapping/space/mapping.ts";
import { layerName } from "./layer-names.ts";
import { type MapDocument, mapSchema, mapSchemaName } from "./map-schema.ts";
import { ratio } from "./ratio.ts";

/** What a document is made of. */
export interface MapDocumentInput {
  readonly modelName: string;
  readonly problem: Problem;
  /** As the user named it: a preset or a file. */
  readonly accelerator: string;
  readonly mapperName: string;
  readonly seed: number;
  readonly found: FoundMapping;
  /** The paper's encoding, where the mapping has one. */
  readonly vector: readonly number[] | undefined;
}

/** The document of `laminate.map/1` for a search's answer, feasible or not. */
export function mapDocument(input: MapDocumentInput): MapDocument {
  const { found } = input;
  const problem = completeProblem(input.problem);
  const { evaluation, baseline } = found;
  const feasible = found.mapping !== undefined && evaluation.feasible ? evaluation : undefined;
  const base = baseline.feasible ? baseline : undefined;
  return {
    schema: mapSchemaName,
    model: input.modelName,
    batch: problem.batch,
    accelerator: input.accelerator,
    memoryBytes: problem.memoryBytes,
    mapper: input.mapperName,
    objective: problem.objective,
    paperMode: problem.mode === "paper",
    elementType: problem.workload.elementType,
    seed: input.seed,
    feasible: feasible !== undefined,
    infeasible: infeasibility(problem, evaluation),
    physical: feasible?.physical ?? false,
    speedup: ratio(base?.latencySeconds, feasible?.latencySeconds),
    latencySeconds: feasible?.latencySeconds ?? null,
    offChipBytes: feasible?.offChipBytes ?? null,
    onChipTrafficBytes: feasible?.onChipTrafficBytes ?? null,
    peakFootprintBytes: feasible?.peakFootprintBytes ?? null,
    energyJoules: feasible?.energyJoules ?? null,
    baseline: {
      latencySeconds: base?.latencySeconds ?? null,
      offChipBytes: base?.offChipBytes ?? null,
    },
    groups: (feasible?.groups ?? []).map((group) => groupEntry(problem, group)),
    mapping: (found.mapping ?? []).map((entry, layer) => ({
      layer: layerName(problem.workload, layer),
      ...entry,
    })),
    vector: input.vector === undefined ? null : [...input.vector],
    proof: proofEntry(found.proof, feasible, problem.objective),
    evaluations: found.evaluations,
    elapsedSeconds: found.elapsedSeconds,
    gain: ratio(base && costOf(base, problem.objective), feasible && costOf(feasible, problem.objective)),
    physicalPeakFootprintBytes: feasible?.physicalPeakFootprintBytes ?? null,
    stopped: found.stopped,
  };
}

/**
 * A document read back.
 *
 * @param json the text of a document, or the value already parsed
 * @param where names the file in errors
 * @throws bad input that names the field
 */
export function parseMapDocument(json: unknown, where: string): MapDocument {
  const parsed = mapSchema.safeParse(typeof json === "string" ? parseText(json, where) : json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue === undefined || issue.path.length === 0 ? "" : `${z.core.toDotPath(issue.path)}: `;
  throw badInput(`not a ${mapSchemaName} document: ${path}${issue?.message ?? "unreadable"}`, {
    where,
    fix: "give the JSON that `laminate map ... --json` prints",
  });
}

/** The rows of `mapping` as a mapping again, in the order of the document. */
export function mappingOf(document: MapDocument): Mapping {
  return document.mapping.map(({ layer: _, ...entry }) => ({ ...entry, weights: "streamed" }));
}

function parseText(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw badInput(`not JSON: ${reason}`, {
      where,
      fix: "give the JSON that `laminate map ... --json` prints",
    });
  }
}

function infeasibility(problem: CompleteProblem, evaluation: Evaluation): MapDocument["infeasible"] {
  if (evaluation.feasible) return null;
  const { group, requiredBytes, availableBytes } = evaluation;
  return { group: group.map((layer) => layerName(problem.workload, layer)), requiredBytes, availableBytes };
}

function groupEntry(problem: CompleteProblem, group: GroupCost): MapDocument["groups"][number] {
  return {
    layers: group.layers.map((layer) => layerName(problem.workload, layer)),
    passes: group.passes,
    footprintBytes: group.footprintBytes,
    offChipBytes: group.offChipBytes,
    latencySeconds: group.latencySeconds,
    bound: group.bound,
    onChipTrafficBytes: group.onChipTrafficBytes,
    energyJoules: group.energyJoules,
    macs: group.macs,
    ...(group.lane === undefined ? {} : { lane: group.lane }),
    startSeconds: group.startSeconds,
  };
}

function proofEntry(
  proof: Proof,
  found: FeasibleEvaluation | undefined,
  objective: Objective,
): MapDocument["proof"] {
  const lowerBound = proof.lowerBound ?? null;
  return {
    optimal: proof.optimal,
    space: proof.space,
    lowerBoundSeconds: objective === "latency" ? lowerBound : null,
    gap: proof.optimal ? 0 : gapOf(lowerBound, found && costOf(found, objective)),
    lowerBound,
  };
}

/** How far the cost may be above the optimum; rounding may put a cost a hair below its bound, which is no gap. */
function gapOf(lowerBound: number | null, cost: number | undefined): number | null {
  const excess = ratio(cost, lowerBound ?? undefined);
  return excess === null ? null : Math.max(0, excess - 1);
}

/**
 * The search of a mapper that draws whole mappings, one after the other, and keeps the best: what the black boxes and the learners
 * share. Who draws is told the cost, Infinity for what does not fit, and not by how much it misses. O(layers) a sample
 * besides the drawing, and an evaluation more while nothing fits.
 */
import type { CostModel } from "../cost/cost-model.ts";
import { evaluateWith } from "../cost/evaluate.ts";
import type { Mapping } from "../space/mapping.ts";
import type { SearchOptions, SearchState } from "./mapper.ts";

/** A mapping that was drawn. */
export interface Sample {
  /** In the cost model's unit; Infinity where it does not fit. */
  readonly cost: number;
  /** To be asked before the next one is drawn. */
  readonly mapping: () => Mapping;
}

const defaultSamples = 2_000;

/** How many samples a search takes. */
export function sampleLimit({ maxEvaluations }: SearchOptions): number {
  return maxEvaluations ?? defaultSamples;
}

export interface SampledSearch {
  readonly model: CostModel;
  /** Samples that are drawn. */
  readonly limit: number;
  /** Samples between two looks at the search. */
  readonly samplesPerTurn: number;
}

/** Draws that many. */
export function* searchSamples(
  { model, limit, samplesPerTurn }: SampledSearch,
  draw: () => Sample,
): Generator<SearchState, SearchState> {
  let best: Mapping | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  let leastRequiredBytes = Number.POSITIVE_INFINITY;
  let evaluations = 0;
  const state = (): SearchState => ({
    best,
    bestCost: best === undefined ? undefined : bestCost * model.costUnit,
    ...(best === undefined && Number.isFinite(leastRequiredBytes) ? { leastRequiredBytes } : {}),
    evaluations,
    progress: Number.isFinite(limit) ? evaluations / limit : undefined,
    proof: { optimal: false, space: "", lowerBound: undefined },
  });
  while (evaluations < limit) {
    const { cost, mapping } = draw();
    evaluations++;
    if (cost < bestCost) {
      bestCost = cost;
      best = mapping();
    }
    // For whoever asks by how much a search in vain missed; who draws is not told.
    if (best === undefined) {
      const evaluation = evaluateWith(model, mapping());
      if (!evaluation.feasible) leastRequiredBytes = Math.min(leastRequiredBytes, evaluation.requiredBytes);
    }
    if (evaluations % samplesPerTurn === 0 && evaluations < limit) yield state();
  }
  return state();
}

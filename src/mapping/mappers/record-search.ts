/**
 * How a search converges: runs a mapper by findMapping and keeps each improvement with the evaluations spent until then.
 * What a mapper claims on the way is only used to see that something changed; costs are worked out afresh, after the
 * search, so that recording takes none of its time. O(improvements x evaluation of a mapping).
 */
import { createCostModel } from "../cost/cost-model.ts";
import { evaluateWith } from "../cost/evaluate.ts";
import { costOf } from "../cost/evaluation.ts";
import type { Problem } from "../cost/problem.ts";
import type { Mapping } from "../space/mapping.ts";
import { type FindOptions, type FoundMapping, findMapping } from "./find-mapping.ts";
import type { Mapper, SearchState } from "./mapper.ts";

/** A mapping that costs less than all before it. */
export interface Improvement {
  /** Spent when the mapper showed it: mappers that yield once a generation are seen no finer. */
  readonly evaluations: number;
  /** In the objective's unit. */
  readonly cost: number;
}

/** A search's answer and the way to it. */
export interface RecordedSearch {
  readonly found: FoundMapping;
  /** Ascending in evaluations, falling in cost; empty when nothing was found. The last is the answer. */
  readonly improvements: readonly Improvement[];
}

/** Two forms of the cost model differ by rounding; less than this share is no improvement. */
const roundingShare = 1e-9;

/** Searches as findMapping does, and records. */
export async function recordSearch(
  mapper: Mapper,
  problem: Problem,
  options: FindOptions = {},
): Promise<RecordedSearch> {
  const seen: { readonly evaluations: number; readonly mapping: Mapping }[] = [];
  let claimed = Number.POSITIVE_INFINITY;
  const onProgress = (state: SearchState): void => {
    options.onProgress?.(state);
    if (state.best === undefined || state.bestCost === undefined) return;
    if (state.bestCost >= claimed * (1 - roundingShare)) return;
    claimed = state.bestCost;
    seen.push({ evaluations: state.evaluations, mapping: state.best });
  };
  const found = await findMapping(mapper, problem, { ...options, onProgress });
  // A search's last word is returned and not yielded, so it was not seen yet.
  if (found.mapping !== undefined) seen.push({ evaluations: found.evaluations, mapping: found.mapping });

  const model = createCostModel(problem);
  const improvements: Improvement[] = [];
  for (const { evaluations, mapping } of seen) {
    const evaluation = evaluateWith(model, mapping);
    if (!evaluation.feasible) continue;
    const cost = costOf(evaluation, model.problem.objective);
    if (cost < lastCost(improvements) * (1 - roundingShare)) improvements.push({ evaluations, cost });
  }
  return { found, improvements };
}

/** Evaluations until the cost was reached; undefined if it never was. */
export function evaluationsToReach(improvements: readonly Improvement[], cost: number): number | undefined {
  return improvements.find((improvement) => improvement.cost <= cost * (1 + roundingShare))?.evaluations;
}

function lastCost(improvements: readonly Improvement[]): number {
  return improvements.at(-1)?.cost ?? Number.POSITIVE_INFINITY;
}

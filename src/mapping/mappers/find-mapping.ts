/** Runs a mapper under a budget: the one way in which the command line, the studio and tests search. */
import type { Clock } from "../../base/host.ts";
import { evaluate, evaluateLayerByLayer } from "../cost/evaluate.ts";
import type { Evaluation } from "../cost/evaluation.ts";
import type { Problem } from "../cost/problem.ts";
import type { Mapping } from "../space/mapping.ts";
import type { Mapper, Proof, SearchState } from "./mapper.ts";

/** When to stop; the first limit that is reached ends the search with the best so far. */
export interface Budget {
  readonly seconds?: number;
  readonly evaluations?: number;
}

export interface FindOptions {
  readonly seed?: number;
  readonly budget?: Budget;
  readonly signal?: AbortSignal;
  readonly onProgress?: (state: SearchState) => void;
  readonly clock?: Clock;
}

/** What was found, evaluated afresh by the cost model: a mapper's own claims are never passed on unchecked. */
export interface FoundMapping {
  /** Undefined when the mapper found none that fits. */
  readonly mapping: Mapping | undefined;
  /**
   * The mapping's cost; where there is none, that of the least demanding mapping, layer by layer: why nothing fits, or what the
   * mapper has missed.
   */
  readonly evaluation: Evaluation;
  /** When the mapper found none, and says it: on-chip bytes that the least demanding mapping it tried needs. */
  readonly leastRequiredBytes?: number;
  /** Layer by layer on the same problem. */
  readonly baseline: Evaluation;
  /** What the mapper claims of the answer. */
  readonly proof: Proof;
  /** Mappings (or partial mappings, for exact) whose cost was worked out. */
  readonly evaluations: number;
  readonly elapsedSeconds: number;
  readonly stopped: "finished" | "budget" | "interrupted";
}

/** The clock of searches that are given none. */
export const monotonicClock: Clock = () => performance.now() / 1_000;

/** How long a search may hold the thread before timers and signals get their turn. */
const turnSeconds = 0.03;

/**
 * Searches a mapping for the problem.
 *
 * @returns the best mapping found with its evaluation, even when interrupted or out of budget
 */
export async function findMapping(
  mapper: Mapper,
  problem: Problem,
  options: FindOptions = {},
): Promise<FoundMapping> {
  await mapper.prepare?.(problem);
  const clock = options.clock ?? monotonicClock;
  const start = clock();
  const deadline = start + (options.budget?.seconds ?? Number.POSITIVE_INFINITY);
  const stopAfter = options.budget?.evaluations ?? Number.POSITIVE_INFINITY;
  const search = mapper.search(problem, {
    seed: options.seed ?? 1,
    ...(options.budget === undefined ? {} : { maxEvaluations: stopAfter }),
  });

  let stopped: FoundMapping["stopped"] = "finished";
  let turnEnd = start + turnSeconds;
  let step = search.next();
  while (!step.done) {
    options.onProgress?.(step.value);
    const now = clock();
    if (options.signal?.aborted) stopped = "interrupted";
    else if (now >= deadline || step.value.evaluations >= stopAfter) stopped = "budget";
    if (stopped !== "finished") break;
    if (now >= turnEnd) {
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      turnEnd = clock() + turnSeconds;
    }
    step = search.next();
  }
  const state = step.value;
  if (!step.done) search.return(state);
  const elapsedSeconds = clock() - start;
  const baseline = evaluateLayerByLayer(problem);
  const evaluation = state.best === undefined ? baseline : evaluate(problem, state.best);
  const { leastRequiredBytes } = state;
  return {
    mapping: state.best,
    evaluation,
    ...(state.best !== undefined || leastRequiredBytes === undefined ? {} : { leastRequiredBytes }),
    baseline,
    proof: state.proof,
    evaluations: state.evaluations,
    elapsedSeconds,
    stopped,
  };
}

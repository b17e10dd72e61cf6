/**
 * Several mappers on one problem, each with several seeds, against what a reference mapper proves. One search after the
 * other, so that times are those of a processor of their own. O(mappers x seeds) searches.
 */
import type { Clock } from "../../base/host.ts";
import { costOf } from "../cost/evaluation.ts";
import { completeProblem, type Problem } from "../cost/problem.ts";
import type { Budget } from "./find-mapping.ts";
import type { Mapper, SearchState } from "./mapper.ts";
import { type RecordedSearch, recordSearch } from "./record-search.ts";

export interface CompareOptions {
  /** One search for each; mappers that ignore seeds run once, with the first. */
  readonly seeds: readonly number[];
  /** Whose proof the others are held against. */
  readonly reference: Mapper;
  /**
   * Of each search. The reference is given the seconds and not the evaluations: what it counts are partial mappings, and
   * a limit made for whole ones would end it before it has begun.
   */
  readonly budget?: Budget;
  /** Ends the running search with its best, and begins no other. */
  readonly signal?: AbortSignal;
  /** Called before each search; gives what is to be called as it goes. */
  readonly onSearch?: (mapper: Mapper, seed: number) => ((state: SearchState) => void) | undefined;
  readonly clock?: Clock;
}

/** What costs are held against: nothing of its space costs less. */
export type Target =
  | { readonly kind: "optimum" | "lower-bound"; readonly cost: number; readonly space: string }
  | { readonly kind: "none" };

/** One search of the comparison. */
export interface ComparedSearch extends RecordedSearch {
  readonly seed: number;
}

/** All searches of one mapper that were begun. */
export interface ComparedMapper {
  readonly name: string;
  readonly ignoresSeed: boolean;
  readonly searches: readonly ComparedSearch[];
}

export interface Comparison {
  readonly reference: string;
  readonly target: Target;
  /** In the order given; without those that an interrupt kept from beginning. */
  readonly mappers: readonly ComparedMapper[];
  readonly interrupted: boolean;
}

/** Runs the reference, then every mapper. The reference's search is also its row, where it is one of the mappers. */
export async function compareMappers(
  mappers: readonly Mapper[],
  problem: Problem,
  options: CompareOptions,
): Promise<Comparison> {
  const { reference, seeds, signal, budget } = options;
  const secondsOnly = budget?.seconds === undefined ? undefined : { seconds: budget.seconds };
  const proving = await runSearch(reference, problem, options, seeds[0] ?? 1, secondsOnly);
  const compared: ComparedMapper[] = [];
  for (const mapper of mappers) {
    const searches: ComparedSearch[] = [];
    if (mapper.name === reference.name) searches.push(proving);
    else {
      for (const seed of mapper.ignoresSeed ? seeds.slice(0, 1) : seeds) {
        if (!signal?.aborted) searches.push(await runSearch(mapper, problem, options, seed, budget));
      }
    }
    if (searches.length > 0)
      compared.push({ name: mapper.name, ignoresSeed: mapper.ignoresSeed ?? false, searches });
  }
  return {
    reference: reference.name,
    target: targetOf(proving, problem),
    mappers: compared,
    interrupted: signal?.aborted ?? false,
  };
}

async function runSearch(
  mapper: Mapper,
  problem: Problem,
  { onSearch, signal, clock }: CompareOptions,
  seed: number,
  budget: Budget | undefined,
): Promise<ComparedSearch> {
  const onProgress = onSearch?.(mapper, seed);
  const recorded = await recordSearch(mapper, problem, {
    seed,
    ...(budget === undefined ? {} : { budget }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(clock === undefined ? {} : { clock }),
  });
  // Short searches give timers and signals no turn of their own.
  await new Promise<void>((resolve) => setTimeout(resolve, 0));
  return { ...recorded, seed };
}

function targetOf({ found }: RecordedSearch, problem: Problem): Target {
  const { proof, evaluation, mapping } = found;
  const { objective } = completeProblem(problem);
  if (proof.optimal && mapping !== undefined && evaluation.feasible)
    return { kind: "optimum", cost: costOf(evaluation, objective), space: proof.space };
  if (proof.lowerBound !== undefined && proof.lowerBound > 0)
    return { kind: "lower-bound", cost: proof.lowerBound, space: proof.space };
  return { kind: "none" };
}

/**
 * Several mappers on one problem, each with several seeds, against what a reference mapper proves. One search after the
 * other, so that times are those of a processor of their own. O(mappers x seeds) searches.
 */
import type { Clock } from "../../base/host.ts";
import { costOf } from "../cost/evaluation.ts";
import { completeProblem, type Problem } from "../cost/problem.ts";
import { type Budget, type FindOptions, findMapping, monotonicClock } from "./find-mapping.ts";
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
  /** Seconds that each mapper searches uncounted before it is timed, so that its code is compiled (default 0). */
  readonly warmUpSeconds?: number;
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
  const { reference, signal } = options;
  const proving = await runSeeds(reference, problem, options);
  const compared: ComparedMapper[] = [];
  for (const mapper of mappers) {
    const searches = mapper.name === reference.name ? proving : await runSeeds(mapper, problem, options);
    if (searches.length > 0)
      compared.push({ name: mapper.name, ignoresSeed: mapper.ignoresSeed ?? false, searches });
  }
  return {
    reference: reference.name,
    target: targetOf(proving[0], problem),
    mappers: compared,
    interrupted: signal?.aborted ?? false,
  };
}

/** The searches of one mapper, as many as an interrupt lets begin. */
async function runSeeds(
  mapper: Mapper,
  problem: Problem,
  options: CompareOptions,
): Promise<readonly ComparedSearch[]> {
  const { seeds, signal, onSearch } = options;
  const searches: ComparedSearch[] = [];
  await warmUp(mapper, problem, options);
  for (const seed of mapper.ignoresSeed ? seeds.slice(0, 1) : seeds) {
    // Short searches give timers and signals no turn of their own.
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    if (signal?.aborted) break;
    const onProgress = onSearch?.(mapper, seed);
    const recorded = await recordSearch(mapper, problem, {
      ...findOptions(mapper, options),
      seed,
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    searches.push({ ...recorded, seed });
  }
  return searches;
}

/** Searches as the counted ones do, over and over until the time is up, since code is compiled for what it meets. */
async function warmUp(mapper: Mapper, problem: Problem, options: CompareOptions): Promise<void> {
  const { warmUpSeconds = 0, clock = monotonicClock, seeds, signal } = options;
  const deadline = clock() + warmUpSeconds;
  const ending = new AbortController();
  const endInTime = (): void => {
    if (signal?.aborted || clock() >= deadline) ending.abort();
  };
  for (endInTime(); !ending.signal.aborted; endInTime()) {
    await findMapping(mapper, problem, {
      ...findOptions(mapper, options),
      seed: seeds[0] ?? 1,
      signal: ending.signal,
      onProgress: endInTime,
    });
  }
}

function findOptions(mapper: Mapper, { reference, budget, clock }: CompareOptions): FindOptions {
  const whole = mapper.name !== reference.name;
  const own = whole ? budget : budget?.seconds === undefined ? undefined : { seconds: budget.seconds };
  return { ...(own === undefined ? {} : { budget: own }), ...(clock === undefined ? {} : { clock }) };
}

function targetOf(proving: ComparedSearch | undefined, problem: Problem): Target {
  if (proving === undefined) return { kind: "none" };
  const { proof, evaluation, mapping } = proving.found;
  const { objective } = completeProblem(problem);
  if (proof.optimal && mapping !== undefined && evaluation.feasible)
    return { kind: "optimum", cost: costOf(evaluation, objective), space: proof.space };
  if (proof.lowerBound !== undefined && proof.lowerBound > 0)
    return { kind: "lower-bound", cost: proof.lowerBound, space: proof.space };
  return { kind: "none" };
}

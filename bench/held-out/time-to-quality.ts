/**
 * How long a search takes to what one greedy pass of the learned mapper gives, in processor time. G-teacher has no end of its own but
 * its samples, so it is asked in two ways: one search that goes on, and searches of its own length one after the other, each with
 * another seed. The faster counts. O(seeds x limit).
 */
import { known } from "../../src/base/assert.ts";
import { median } from "../../src/base/statistics.ts";
import { costOf } from "../../src/mapping/cost/evaluation.ts";
import { completeProblem, type Problem } from "../../src/mapping/cost/problem.ts";
import { type FindOptions, type FoundMapping, findMapping } from "../../src/mapping/mappers/find-mapping.ts";
import type { Mapper, SearchState } from "../../src/mapping/mappers/mapper.ts";
import { processorClock as clock } from "../processor-clock.ts";
import type { Contestants, Measured } from "./measure.ts";
import type { Bounded } from "./summary.ts";

/** Of a search of g-teacher in the paper (section 5.1): population 40, 50 generations. */
const samplesOfASearch = 2_000;
/** Passes that are timed before each search. */
const passesPerSeed = 3;
/** Two forms of the cost model differ by rounding. */
const roundingShare = 1e-9;

/** The faster of g-teacher's two ways, and which that was. */
export interface GTeacherTime extends Bounded {
  readonly way: "goes on" | "anew";
}

export interface TimedProblem {
  readonly measured: Measured;
  /** Of the greedy pass. */
  readonly speedup: number;
  readonly passSeconds: number;
  /** One a seed. */
  readonly gTeacher: readonly GTeacherTime[];
  readonly exactSeconds: Bounded;
  readonly proofSeconds: Bounded;
}

export interface TimeOptions {
  readonly contestants: Contestants;
  readonly seeds: readonly number[];
  readonly limitSeconds: number;
}

export async function timeToQuality(
  measured: Measured,
  problem: Problem,
  { contestants, seeds, limitSeconds }: TimeOptions,
): Promise<TimedProblem> {
  const { greedy, gTeacher, exact } = contestants;
  const passes: FoundMapping[] = [];
  const pass = async (): Promise<FoundMapping> => {
    const found = await findMapping(greedy, problem, { clock });
    passes.push(found);
    return found;
  };
  const goal = costIn(problem, await pass());
  const searches: GTeacherTime[] = [];
  for (const seed of seeds) {
    for (let count = 0; count < passesPerSeed; count++) await pass();
    searches.push(await fasterWay(gTeacher, problem, goal, { seed, limitSeconds }));
  }
  const proving = await secondsToProof(exact, problem, goal, limitSeconds);
  return {
    measured,
    speedup: known(measured.answers["one pass"][0]?.speedup, "an answer"),
    passSeconds: median(passes.slice(1).map(({ elapsedSeconds }) => elapsedSeconds)),
    gTeacher: searches,
    ...proving,
  };
}

function costIn(problem: Problem, { mapping, evaluation }: FoundMapping): number {
  const cost =
    mapping !== undefined && evaluation.feasible
      ? costOf(evaluation, completeProblem(problem).objective)
      : undefined;
  return known(cost, "the learned mapper answers where something fits");
}

/** The two ways are the same search until the first one ends, and after that only what is faster counts. */
async function fasterWay(
  mapper: Mapper,
  problem: Problem,
  goal: number,
  { seed, limitSeconds }: { readonly seed: number; readonly limitSeconds: number },
): Promise<GTeacherTime> {
  const goingOn = await secondsTo(mapper, problem, goal, { seed, budget: { seconds: limitSeconds } });
  const one: GTeacherTime = { value: goingOn.value, cut: goingOn.cut, way: "goes on" };
  if (goingOn.evaluations <= samplesOfASearch) return one;
  const anew = await secondsAnew(mapper, problem, goal, { seed, limitSeconds: goingOn.value });
  return anew === undefined ? one : { value: anew, cut: false, way: "anew" };
}

/** One search, ended when it shows a mapping that is as good. */
async function secondsTo(
  mapper: Mapper,
  problem: Problem,
  goal: number,
  options: FindOptions,
): Promise<Bounded & { readonly evaluations: number }> {
  const ending = new AbortController();
  const onProgress = (state: SearchState): void => {
    if (reaches(state, goal)) ending.abort();
  };
  const found = await findMapping(mapper, problem, { ...options, clock, onProgress, signal: ending.signal });
  // A search's last word is returned and not shown.
  const cut = !ending.signal.aborted && !(costIn(problem, found) <= goal * (1 + roundingShare));
  return { value: found.elapsedSeconds, cut, evaluations: found.evaluations };
}

/** Searches of g-teacher's own length, each with another seed, until one is as good; undefined where none is within the limit. */
async function secondsAnew(
  mapper: Mapper,
  problem: Problem,
  goal: number,
  { seed, limitSeconds }: { readonly seed: number; readonly limitSeconds: number },
): Promise<number | undefined> {
  let total = 0;
  for (let search = 0; total < limitSeconds; search++) {
    const budget = { evaluations: samplesOfASearch, seconds: limitSeconds - total };
    const { value, cut } = await secondsTo(mapper, problem, goal, { seed: seed + 1_000 * search, budget });
    total += value;
    if (!cut) return total < limitSeconds ? total : undefined;
  }
  return undefined;
}

async function secondsToProof(
  mapper: Mapper,
  problem: Problem,
  goal: number,
  limitSeconds: number,
): Promise<{ readonly exactSeconds: Bounded; readonly proofSeconds: Bounded }> {
  let reached: number | undefined;
  let proven: number | undefined;
  const start = clock();
  const onProgress = (state: SearchState): void => {
    if (reaches(state, goal)) reached ??= clock() - start;
    if (state.proof.optimal) proven ??= clock() - start;
  };
  const found = await findMapping(mapper, problem, { budget: { seconds: limitSeconds }, clock, onProgress });
  const ended = found.elapsedSeconds;
  if (costIn(problem, found) <= goal * (1 + roundingShare)) reached ??= ended;
  if (found.proof.optimal) proven ??= ended;
  const bounded = (seconds: number | undefined): Bounded => ({
    value: seconds ?? ended,
    cut: seconds === undefined,
  });
  return { exactSeconds: bounded(reached), proofSeconds: bounded(proven) };
}

function reaches({ bestCost }: SearchState, goal: number): boolean {
  return bestCost !== undefined && bestCost <= goal * (1 + roundingShare);
}

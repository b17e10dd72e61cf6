/**
 * One problem: what the optimum is, and what each contestant finds of it in how much processor time. Rounds are interleaved, one seed
 * each; what draws nothing is timed in every round too. What g-teacher gets, in evaluations or time, is what the learned mapper took.
 */
import { known } from "../../src/base/assert.ts";
import { median } from "../../src/base/statistics.ts";
import { costOf } from "../../src/mapping/cost/evaluation.ts";
import { type CompleteProblem, completeProblem, type Problem } from "../../src/mapping/cost/problem.ts";
import { type Budget, type FoundMapping, findMapping } from "../../src/mapping/mappers/find-mapping.ts";
import type { Mapper } from "../../src/mapping/mappers/mapper.ts";
import { processorClock as clock } from "../processor-clock.ts";

export interface HeldOutProblem {
  /** The network, or the family of a generated one. */
  readonly group: string;
  readonly problem: Problem;
}

export interface Contestants {
  /** The learned mapper's one greedy pass, and its best of several samples. */
  readonly greedy: Mapper;
  readonly sampled: Mapper;
  readonly gTeacher: Mapper;
  readonly exact: Mapper;
}

export const contestantNames = [
  "one pass",
  "best of samples",
  "g-teacher",
  "g-teacher, evaluations of one pass",
  "g-teacher, evaluations of the samples",
  "g-teacher, time of one pass",
  "g-teacher, time of the samples",
] as const;

export type ContestantName = (typeof contestantNames)[number];

export interface Answer {
  /** Over layer by layer; undefined where no mapping that fits was found. */
  readonly speedup: number | undefined;
  /** A mapping that does not fit, or none where there is one. */
  readonly infeasible: boolean;
  readonly seconds: number;
  readonly evaluations: number;
}

export interface Measured {
  readonly group: string;
  readonly network: string;
  readonly layers: number;
  readonly accelerator: string;
  readonly batch: number;
  readonly memoryBytes: number;
  readonly exact: Answer & {
    readonly proven: boolean;
    /** No mapping of its space has a higher speed-up; undefined where nothing fits. */
    readonly bound: number | undefined;
  };
  /** The optimum where it is proven, else the best of all answers; undefined where nothing fits. */
  readonly best: number | undefined;
  /** One answer a seed; one alone where nothing is drawn. */
  readonly answers: Readonly<Record<ContestantName, readonly Answer[]>>;
}

export interface MeasureOptions {
  readonly contestants: Contestants;
  readonly seeds: readonly number[];
  /** Processor time in which exact must have its proof. */
  readonly limitSeconds: number;
}

/** Exact is timed again only where that takes less than this. */
const shortSeconds = 0.5;

export async function measureProblem(
  { group, problem }: HeldOutProblem,
  { contestants, seeds, limitSeconds }: MeasureOptions,
): Promise<Measured> {
  const { greedy, sampled, gTeacher, exact } = contestants;
  const first = await findMapping(exact, problem, { budget: { seconds: limitSeconds }, clock });
  const provings = [first.elapsedSeconds];
  const rounds = {
    greedy: [] as FoundMapping[],
    sampled: [] as FoundMapping[],
    gTeacher: [] as FoundMapping[],
  };
  for (const seed of seeds) {
    rounds.greedy.push(await findMapping(greedy, problem, { seed, clock }));
    rounds.sampled.push(await findMapping(sampled, problem, { seed, clock }));
    rounds.gTeacher.push(await findMapping(gTeacher, problem, { seed, clock }));
    if (first.elapsedSeconds < shortSeconds)
      provings.push((await findMapping(exact, problem, { clock })).elapsedSeconds);
  }
  const asked = completeProblem(problem);
  const onePass = [middle(asked, rounds.greedy)];
  const samples = rounds.sampled.map((found) => answerOf(asked, found));
  const within = async (budget: Budget): Promise<readonly Answer[]> => {
    const found: FoundMapping[] = [];
    for (const seed of seeds) found.push(await findMapping(gTeacher, problem, { seed, budget, clock }));
    return found.map((one) => answerOf(asked, one));
  };
  const answers = {
    "one pass": onePass,
    "best of samples": samples,
    "g-teacher": rounds.gTeacher.map((found) => answerOf(asked, found)),
    "g-teacher, evaluations of one pass": await within({ evaluations: evaluationsOf(onePass) }),
    "g-teacher, evaluations of the samples": await within({ evaluations: evaluationsOf(samples) }),
    "g-teacher, time of one pass": await within({ seconds: secondsOf(onePass) }),
    "g-teacher, time of the samples": await within({ seconds: secondsOf(samples) }),
  };
  const proof = { ...answerOf(asked, first), seconds: median(provings), ...proofOf(asked, first) };
  return {
    ...{ group, network: problem.workload.name, layers: problem.workload.layers.length },
    ...{ accelerator: asked.accelerator.name, batch: asked.batch, memoryBytes: asked.memoryBytes },
    ...{
      exact: proof,
      best: proof.proven ? proof.speedup : bestOf([proof], ...Object.values(answers)),
      answers,
    },
  };
}

function proofOf(
  { objective }: CompleteProblem,
  { proof, baseline }: FoundMapping,
): { readonly proven: boolean; readonly bound: number | undefined } {
  const { lowerBound } = proof;
  const bound =
    baseline.feasible && lowerBound !== undefined ? costOf(baseline, objective) / lowerBound : undefined;
  return { proven: proof.optimal, bound };
}

function answerOf({ objective }: CompleteProblem, found: FoundMapping): Answer {
  const { mapping, evaluation, baseline, elapsedSeconds, evaluations } = found;
  const speedup =
    mapping !== undefined && evaluation.feasible && baseline.feasible
      ? costOf(baseline, objective) / costOf(evaluation, objective)
      : undefined;
  // Layer by layer needs least of all mappings: where it does not fit none does.
  const infeasible = mapping === undefined ? baseline.feasible : !evaluation.feasible;
  return { speedup, infeasible, seconds: elapsedSeconds, evaluations };
}

/** The answer of a mapper that draws nothing, in the median of its times. */
function middle(problem: CompleteProblem, found: readonly FoundMapping[]): Answer {
  const answers = found.map((one) => answerOf(problem, one));
  return { ...known(answers[0], "a round"), seconds: secondsOf(answers) };
}

function secondsOf(answers: readonly Answer[]): number {
  return median(answers.map(({ seconds }) => seconds));
}

function evaluationsOf(answers: readonly Answer[]): number {
  return Math.max(...answers.map(({ evaluations }) => evaluations));
}

function bestOf(...answers: readonly (readonly Answer[])[]): number | undefined {
  const speedups = answers.flat().flatMap(({ speedup }) => speedup ?? []);
  return speedups.length === 0 ? undefined : Math.max(...speedups);
}

/**
 * What the teachers show for one problem (DNNFuser, sections 4.4.2 and 4.5.1): several good mappings of G-Teacher, from
 * several seeds, and the exact mapper's, which the paper did not have. Deterministic by the options.
 *
 * A teacher who only shows its best never says what to do after a mistake. So there are corrections (after DAgger; Ross et al., AISTATS
 * 2011): the beginning of some other mapping, the way, up to a cut anywhere, and from there the best that can still be done, by the exact
 * mapper. Only the steps behind the cut are to be learned, and only where that is proven to be the best. Ways are G-Teacher's, or a
 * learner's own, whose mistakes are the ones that it makes. A learner may also be guided (guide.ts).
 *
 * Of G-Teacher's mappings the best of each seed come first, as they come from searches of their own, then the best of the
 * rest of the last populations, as those are often children of one mapping.
 */
import { assert } from "../../base/assert.ts";
import { quietly } from "../../base/steps.ts";
import { type CostModel, createCostModel } from "../../mapping/cost/cost-model.ts";
import { evaluateWith } from "../../mapping/cost/evaluate.ts";
import { costOf } from "../../mapping/cost/evaluation.ts";
import type { Problem } from "../../mapping/cost/problem.ts";
import { completeExactly, type ExactOptions, exactMapper } from "../../mapping/mappers/exact/exact.ts";
import { searchGTeacherTop } from "../../mapping/mappers/g-teacher/g-teacher.ts";
import type { SearchOptions } from "../../mapping/mappers/mapper.ts";
import type { Mapping } from "../../mapping/space/mapping.ts";
import { childRandom, childSeed, pick, wholeBetween } from "../generate/draw.ts";
import { guide, type Learner } from "./guide.ts";

export const teacherNames = ["g-teacher", "exact", "correction", "guide"] as const;
export type TeacherName = (typeof teacherNames)[number];

export interface TeachOptions {
  readonly teachers: readonly TeacherName[];
  /** Searches of G-Teacher, each with a seed of its own. */
  readonly seeds: number;
  /** G-Teacher's mappings that are kept, of all seeds together. */
  readonly keep: number;
  /** Corrections, at most: those that are proven. */
  readonly corrections: number;
  /** Whose mappings corrections begin with, G-Teacher's last population's unless given; and who is guided. */
  readonly learner?: Learner;
  /** What the seeds of the searches are made from. */
  readonly seed: number;
  /** Points that the exact mapper visits before it answers with what it has. */
  readonly exactEvaluations: number;
}

/** A mapping that fits, by a teacher. */
export interface Lesson {
  readonly teacher: TeacherName;
  /** The seed of the search; 0 for the exact mapper, which draws nothing. */
  readonly seed: number;
  readonly mapping: Mapping;
  /** Its objective: seconds, joules or bytes. */
  readonly cost: number;
  readonly peakFootprintBytes: number;
  /** Whether it is proven that no mapping of the exact mapper's space costs less; of a correction, that none that begins so does. */
  readonly optimal: boolean;
  /** The first step that is to be learned: behind the cut of a correction, else 0. */
  readonly taughtFrom: number;
  /** Steps that the teacher took over, of a learner's mapping that is guided; else none. */
  readonly takenOver: readonly number[];
}

/**
 * The lessons of a problem, the exact one first, no mapping twice; none where no mapping fits. Yields between pieces of
 * work of some milliseconds, so that it can be stopped.
 */
export function* teach(problem: Problem, options: TeachOptions): Generator<void, readonly Lesson[]> {
  const model = createCostModel(problem);
  const lessons = new Map<string, Lesson>();
  const add = (lesson: Lesson | undefined): void => {
    if (lesson === undefined) return;
    const key = lesson.mapping.map(({ pass, output }) => `${pass}${output}`).join();
    if (!lessons.has(key)) lessons.set(key, lesson);
  };
  const isAsked = (name: TeacherName): boolean => options.teachers.includes(name);
  const optimum = isAsked("exact") || isAsked("guide") ? yield* exactLesson(model, options) : undefined;
  if (isAsked("exact")) add(optimum);
  if (isAsked("guide")) add(yield* guidedLesson(model, options, optimum));
  if (isAsked("g-teacher")) {
    const before = lessons.size;
    for (const lesson of yield* geneticLessons(model, options)) {
      if (lessons.size - before < options.keep) add(lesson);
    }
  }
  if (isAsked("correction")) {
    for (const lesson of yield* corrections(model, options)) add(lesson);
  }
  return [...lessons.values()];
}

/** All is learned, and nothing taken over. */
const wholly = { taughtFrom: 0, takenOver: [] } as const;

function* exactLesson(model: CostModel, options: TeachOptions): Generator<void, Lesson | undefined> {
  const teacher = exactMapper(onAllCores(model.problem));
  const { best, proof } = yield* quietly(teacher.search(model.problem, exactOptions(options)));
  const claim = { teacher: "exact", seed: 0, optimal: proof.optimal, ...wholly } as const;
  return best && rankedLesson(model, best, claim)?.lesson;
}

/** Optimal where it costs what a proven optimum does. */
function* guidedLesson(
  model: CostModel,
  { learner }: TeachOptions,
  optimum: Lesson | undefined,
): Generator<void, Lesson | undefined> {
  if (optimum === undefined) return undefined;
  assert(learner !== undefined, "there is a learner to guide");
  const { mapping, takenOver } = yield* guide(model, learner, optimum.mapping);
  // Step 0 is the network's input.
  const steps = takenOver.map((layer) => layer + 1);
  const claim = { teacher: "guide", seed: 0, optimal: false, ...wholly, takenOver: steps } as const;
  const found = rankedLesson(model, mapping, claim);
  const isBest = found !== undefined && found.lesson.cost <= optimum.cost * (1 + roundingShare);
  return found && { ...found.lesson, optimal: optimum.optimal && isBest };
}

/** Sums in another order. */
const roundingShare = 1e-9;

/** Steps decide no cores: a learned mapper takes all. */
function onAllCores({ accelerator }: Problem): ExactOptions {
  return { coreNumbers: [accelerator.cores] };
}

function exactOptions({ exactEvaluations }: TeachOptions): SearchOptions {
  return { seed: 1, maxEvaluations: exactEvaluations };
}

/** None where there is no way, or nothing to decide after the first layer. */
function* corrections(model: CostModel, options: TeachOptions): Generator<void, readonly Lesson[]> {
  const { problem, layerCount } = model;
  const seed = childSeed(options.seed, correctionStream);
  const ways = options.learner?.ways(problem, seed) ?? (yield* lastPopulation(problem, seed));
  const random = childRandom(seed, 0);
  const lessons: Lesson[] = [];
  if (ways.length === 0 || layerCount < 2) return lessons;
  for (let index = 0; index < options.corrections; index++) {
    const way = pick(random, ways);
    const cut = wholeBetween(random, 1, layerCount - 1);
    const begun = way.slice(0, cut);
    const search = completeExactly(problem, begun, { ...exactOptions(options), ...onAllCores(problem) });
    const { best, proof } = yield* quietly(search);
    // Step 0 is the network's input.
    const claim = {
      teacher: "correction",
      seed,
      optimal: proof.optimal,
      taughtFrom: cut + 1,
      takenOver: [],
    } as const;
    // What a search shows that was cut short may be far from the best that is left, and would teach to give up.
    const lesson = best && proof.optimal ? rankedLesson(model, best, claim)?.lesson : undefined;
    if (lesson !== undefined) lessons.push(lesson);
  }
  return lessons;
}

/** G-Teacher's searches have streams of their own. */
const correctionStream = -1;

function* lastPopulation(problem: Problem, seed: number): Generator<void, readonly Mapping[]> {
  return yield* searchGTeacherTop(problem, { seed, count: Number.POSITIVE_INFINITY });
}

function* geneticLessons(model: CostModel, options: TeachOptions): Generator<void, readonly Lesson[]> {
  const first: Ranked[] = [];
  const rest: Ranked[] = [];
  for (let index = 0; index < options.seeds; index++) {
    const seed = childSeed(options.seed, index);
    const top = yield* searchGTeacherTop(model.problem, { seed, count: Number.POSITIVE_INFINITY });
    const claim = { teacher: "g-teacher", seed, optimal: false, ...wholly } as const;
    const ranked = top.flatMap((mapping) => rankedLesson(model, mapping, claim) ?? []).sort(byRank);
    first.push(...ranked.slice(0, 1));
    rest.push(...ranked.slice(1));
  }
  return [first, rest].flatMap((part) => part.sort(byRank).map(({ lesson }) => lesson));
}

/** A lesson with what decides between lessons of one cost. */
interface Ranked {
  readonly lesson: Lesson;
  readonly offChipBytes: number;
}

/**
 * Where compute bounds a group many mappings cost the same: then the one that moves the fewest bytes is shown, as the
 * exact mapper does. Sorting is stable: between equals the earlier seed wins.
 */
function byRank(a: Ranked, b: Ranked): number {
  // Nine digits: sums in another order are no difference.
  const digits = ({ lesson }: Ranked): number => Number(lesson.cost.toPrecision(9));
  return digits(a) - digits(b) || a.offChipBytes - b.offChipBytes;
}

/** The cost model has the last word on what a teacher found. */
function rankedLesson(
  model: CostModel,
  mapping: Mapping,
  claim: Omit<Lesson, "mapping" | "cost" | "peakFootprintBytes">,
): Ranked | undefined {
  const evaluation = evaluateWith(model, mapping);
  if (!evaluation.feasible) return undefined;
  const cost = costOf(evaluation, model.problem.objective);
  const { peakFootprintBytes, offChipBytes } = evaluation;
  return { lesson: { ...claim, mapping, cost, peakFootprintBytes }, offChipBytes };
}

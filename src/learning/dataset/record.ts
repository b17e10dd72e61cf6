/** One problem of a data set with all that its teachers showed: what shards are made of. */
import { z } from "zod";
import { createCostModel } from "../../mapping/cost/cost-model.ts";
import type { CompleteProblem } from "../../mapping/cost/problem.ts";
import { decisionsOf } from "../environment/decision.ts";
import { createEnvironment } from "../environment/environment.ts";
import type { FeatureSchema } from "../environment/schema.ts";
import { type TeachOptions, teach, teacherNames } from "../trajectories/teach.ts";
import { createDecorator, type Trajectory } from "../trajectories/trajectory.ts";

const count = z.int().nonnegative();

export const problemFactsSchema = z.strictObject({
  /** Index among the problems of the data set. */
  index: count,
  network: z.string(),
  layers: count,
  batch: z.int().positive(),
  memoryBytes: z.number().positive(),
  accelerator: z.string(),
  /** The unfused network's objective: seconds, joules or bytes. */
  baselineCost: z.number().nonnegative(),
  /** False where not even the unfused network fits; then there are no lessons. */
  feasible: z.boolean(),
  lessons: z.array(
    z.strictObject({
      teacher: z.enum(teacherNames),
      /** Of the search; 0 for exact. */
      seed: count,
      cost: z.number().nonnegative(),
      peakFootprintBytes: z.number().nonnegative(),
      optimal: z.boolean(),
      /** The first step that is to be learned. */
      taughtFrom: count,
      /** Steps that the teacher took over from a learner; none, unless given. */
      takenOver: z.exactOptional(z.array(count)),
    }),
  ),
});

/** Everything of a problem but the numbers of its steps. Plain JSON. */
export type ProblemFacts = z.infer<typeof problemFactsSchema>;

export interface ProblemRecord {
  readonly facts: ProblemFacts;
  /** One for each of facts.lessons. */
  readonly trajectories: readonly Trajectory[];
}

/** Asks the teachers and decorates what they show. Yields between pieces of work of some milliseconds. */
export function* makeRecord(
  schema: FeatureSchema,
  problem: CompleteProblem,
  index: number,
  options: TeachOptions,
): Generator<void, ProblemRecord> {
  const lessons = yield* teach(problem, options);
  const decorate = createDecorator(schema, problem);
  const { baselineCost, feasible } = createEnvironment(problem);
  // Parsed, so that a record that was read is written in the same order.
  const facts = problemFactsSchema.parse({
    index,
    network: problem.workload.name,
    layers: problem.workload.layers.length,
    batch: problem.batch,
    memoryBytes: problem.memoryBytes,
    accelerator: problem.accelerator.name,
    baselineCost: baselineCost * createCostModel(problem).costUnit,
    feasible,
    lessons: lessons.map(({ mapping: _, takenOver, ...rest }) =>
      takenOver.length === 0 ? rest : { ...rest, takenOver: [...takenOver] },
    ),
  } satisfies ProblemFacts);
  const trajectories = lessons.map((lesson) => decorate(decisionsOf(lesson.mapping, problem.batch), lesson));
  return { facts, trajectories };
}

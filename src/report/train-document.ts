/** `laminate.train/1`: what `train --json` prints of a training that is done, or of the part that is. */
import { z } from "zod";
import { formatBytes, formatWhole } from "../base/format.ts";
import type { DeepReadonly } from "./map-schema.ts";

export const trainSchemaName = "laminate.train/1";

const count = z.int().nonnegative();
const loss = z.number().nullable();

const tried = z.object({
  problems: count.describe("none of them learned from, each with 1 % or more to gain"),
  before: z.number().describe("mean share of the optimum's speed-up, with the weights that it began at"),
  after: z.number().describe("with those that are kept"),
});

const choiceSchema = z
  .object({
    way: z.number().describe("from the weights that it began at (0) to those that it came to (1)"),
    own: tried.describe("of the networks that are given"),
    others: tried.describe("of generated networks"),
    tried: z.array(z.object({ way: z.number(), own: z.number(), others: z.number() })),
  })
  .describe("of a tuning: which weights are kept, by the mappings that they make");

export const trainSchema = z
  .object({
    schema: z.literal(trainSchemaName),
    folder: z.string(),
    complete: z.boolean().describe("false after an interruption: the same command goes on"),
    data: z.object({
      folder: z.string(),
      digest: z.string().describe("SHA-256 of the data set's manifest"),
      features: z.string().describe("the feature schema and its version"),
      networks: z.array(z.string()).describe("given by name"),
      draws: count.describe("problems drawn of each of them; 0 for every batch with every memory"),
      batches: z.array(count).describe("of the given networks; of drawn ones the least and the most"),
      memoriesBytes: z
        .array(z.number())
        .describe("of the given networks; of drawn ones the least and the most"),
      accelerator: z.string().describe("of the given networks"),
      generated: count.describe("problems drawn at random"),
      generatedSeed: count,
      objective: z.string(),
      paperMode: z.boolean(),
      teachers: z.array(z.string()),
      problems: count.describe("that have trajectories"),
      heldOut: count.describe("of those, never learned from"),
      trajectories: count,
      steps: count.describe("of all trajectories"),
      longest: count.describe("steps of the longest trajectory"),
    }),
    network: z.object({
      blocks: count,
      heads: count,
      width: count,
      steps: count.describe("time steps that have an embedding"),
      parameters: count,
    }),
    settings: z.object({
      loss: z.string(),
      batchSize: count,
      learningRate: z.number(),
      warmUp: count,
      schedule: z.string(),
      weightDecay: z.number(),
      clipNorm: z.number(),
      dropout: z.number(),
      seed: count,
      from: z.string().nullable().describe("SHA-256 of the weights file that it began at"),
    }),
    steps: z.object({ planned: count, done: count, made: count.describe("of those, made now") }),
    losses: z.object({
      first: loss.describe("of the first batch, before any step"),
      last: loss.describe("mean of the last 50 batches, with dropout"),
      validation: loss.describe("of the problems held out, after the last look"),
    }),
    choice: choiceSchema.nullable(),
    threads: count,
    secondsPerStep: z.number().nullable().describe("median of the steps made now"),
    files: z.array(z.string()),
  })
  .describe("A training of the learned mapper.");

/** A document of `laminate.train/1`. */
export type TrainDocument = DeepReadonly<z.infer<typeof trainSchema>>;

/** The losses of all steps, for the curve. */
export interface LossCurve {
  /** One for each step. */
  readonly losses: readonly number[];
  readonly validationSteps: readonly number[];
  readonly validationLosses: readonly number[];
}

/** A loss as people read it. */
export function formatLoss(value: number | null): string {
  return value === null ? "–" : value.toPrecision(3);
}

/** What a tuning keeps, and why. */
export function choiceText({ way, own, others }: NonNullable<TrainDocument["choice"]>): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const problems = (count: number): string => `${count} ${count === 1 ? "problem" : "problems"}`;
  if (own.problems === 0)
    return "kept as they were: on none of the problems that it was tried on is there anything to gain";
  const before = `${percent(own.before)} of the optimum before, on ${problems(own.problems)} that it never saw`;
  if (way === 0)
    return `kept as they were: there is no gain that is certain and costs other networks little (${before})`;
  const of = way === 1 ? "" : ` (${percent(way).replace(".0", "")} of the way)`;
  return `kept${of}: ${percent(own.after)} of the optimum, ${before}; ${percent(others.after)} on ${problems(others.problems)} of other networks, ${percent(others.before)} before`;
}

/** `batch 1 to 256, memory 1 MB to 128 MB`: of problems that are drawn. */
export function rangeText({ batches, memoriesBytes }: TrainDocument["data"]): string {
  const ends = <T>(values: readonly number[], format: (value: number) => T): string =>
    [...new Set([Math.min(...values), Math.max(...values)].map(format))].join(" to ");
  return `batch ${ends(batches, formatWhole)}, memory ${ends(memoriesBytes, formatBytes)}`;
}

/** `3 blocks, 2 heads, width 128`. */
export function sizeText({ network: { blocks, heads, width } }: TrainDocument): string {
  const count = (many: number, one: string): string => `${many} ${many === 1 ? one : `${one}s`}`;
  return `${count(blocks, "block")}, ${count(heads, "head")}, width ${width}`;
}

/** "latency, energy or traffic": what the teachers minimised. */
export function objectivesText({ data }: TrainDocument): string {
  return data.objective === "any" ? "latency, energy or traffic" : data.objective;
}

/**
 * What decides every number of a training: network, data, optimiser, seed. Stored with checkpoints and weights, so that a training is
 * only gone on with as it was begun. And the learning rate, which follows from them: a linear warm-up, then constant (the
 * Decision Transformer's) or a half cosine down to a tenth (Loshchilov and Hutter, SGDR, ICLR 2017).
 */
import { z } from "zod";
import { featureSchemaSchema } from "../environment/schema.ts";
import { lossNames } from "../network/loss.ts";
import { networkSizesSchema } from "../network/network-sizes.ts";

const count = z.int().nonnegative();

export const scheduleNames = ["cosine", "constant"] as const;

export const trainingSettingsSchema = z.strictObject({
  sizes: networkSizesSchema,
  schema: featureSchemaSchema,
  data: z.string().describe("digest of the data set's manifest, which has those of its files"),
  from: z.string().nullable().describe("digest of the weights file that it begins at"),
  steps: z.int().positive(),
  batchSize: z.int().positive(),
  loss: z.enum(lossNames),
  learningRate: z.number().positive(),
  warmUp: count.describe("steps until the learning rate is reached"),
  schedule: z.enum(scheduleNames),
  weightDecay: z.number().nonnegative(),
  clipNorm: z.number().positive(),
  dropout: z.number().min(0).max(0.9),
  validationShare: z.number().min(0).max(0.5).describe("problems that are held out, of all"),
  validateEvery: z.int().positive().describe("steps from one look at the problems held out to the next"),
  seed: count.describe("of first parameters, batches, masks and the problems held out"),
});

/** Plain JSON. */
export type TrainingSettings = Readonly<z.infer<typeof trainingSettingsSchema>>;

/** What a cosine ends at, as a share of the learning rate. */
const lowestShare = 0.1;

/** The learning rate of the step that follows on so many: 0 for the first. */
export function learningRateAt(
  { learningRate, warmUp, schedule, steps }: TrainingSettings,
  step: number,
): number {
  if (step < warmUp) return (learningRate * (step + 1)) / warmUp;
  if (schedule === "constant") return learningRate;
  const done = (step - warmUp) / Math.max(1, steps - warmUp);
  const height = (1 + Math.cos(Math.PI * Math.min(1, done))) / 2;
  return learningRate * (lowestShare + (1 - lowestShare) * height);
}

/**
 * The first setting in which a training that is to go on differs from how it was begun; undefined where it may go on. At a
 * constant rate no step hangs on how many are to follow, so there it may be made longer.
 */
export function differentSetting(
  before: TrainingSettings,
  now: TrainingSettings,
): keyof TrainingSettings | undefined {
  const mayGrow = before.schedule === "constant" && now.steps >= before.steps;
  const keys = Object.keys(trainingSettingsSchema.shape) as (keyof TrainingSettings)[];
  return keys.find(
    (key) => !(key === "steps" && mayGrow) && JSON.stringify(before[key]) !== JSON.stringify(now[key]),
  );
}

/**
 * Whether the optimiser shrinks a parameter (weight decay): the matrices of linear layers. Biases and scales have no size
 * to keep small, and a row of `times` is only touched by the batches that reach its step.
 */
export function decays(parameter: string): boolean {
  return parameter.endsWith(".weight");
}

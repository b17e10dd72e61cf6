/**
 * Which trajectories a step learns from: a pure function of the data, the seed and the step, so that a training that goes on
 * draws what it would have drawn. Every problem is as likely, however many trajectories it has or how long they are, and then
 * each of its trajectories: the bucket is drawn by its number of problems, then problems in it.
 */
import { known } from "../../base/assert.ts";
import type { RandomSource } from "../../base/random.ts";
import { actionWidth, type FeatureSchema } from "../environment/schema.ts";
import { childRandom, childSeed, pick, wholeBetween } from "../generate/draw.ts";
import { readsSynced } from "../network/loss.ts";
import { partOf, type Trajectory } from "../trajectories/trajectory.ts";
import type { Bucket } from "./buckets.ts";
import type { TrainingSettings } from "./settings.ts";

/** Streams of random numbers of one seed. */
const stream = { batches: 1, masks: 2 } as const;

export interface Draw {
  readonly bucket: Bucket;
  readonly trajectories: readonly Trajectory[];
}

/** The batch of the step that follows on so many. */
export function drawBatch(
  buckets: readonly Bucket[],
  { seed, batchSize }: { readonly seed: number; readonly batchSize: number },
  step: number,
): Draw {
  const random = childRandom(childSeed(seed, stream.batches), step);
  let left = random.below(buckets.reduce((total, { problems }) => total + problems.length, 0));
  const found = buckets.find(({ problems }) => {
    left -= problems.length;
    return left < 0;
  });
  const bucket = known(found, "a bucket");
  const trajectories = Array.from({ length: batchSize }, () => {
    const whole = pick(random, pick(random, bucket.problems).trajectories);
    return partOf(whole, drawStart(whole, bucket.steps, random), bucket.steps);
  });
  return { bucket, trajectories };
}

/**
 * Where the part of a trajectory begins that is longer than the window: anywhere, but not so early that fewer than half of its steps
 * are to be learned, unless it has no more.
 */
function drawStart({ stepCount, taughtFrom }: Trajectory, steps: number, random: RandomSource): number {
  const latest = stepCount - steps;
  if (latest <= 0) return 0;
  const earliest = Math.min(latest, Math.max(0, taughtFrom - Math.floor(steps / 2)));
  return wholeBetween(random, earliest, latest);
}

/** The inputs that the network of a training reads of a batch: without `synced` where its loss has no use for that. */
export function networkInputs(
  { schema, loss, batchSize }: Pick<TrainingSettings, "schema" | "loss" | "batchSize">,
  trajectories: readonly Trajectory[],
  steps: number,
): BatchTensors {
  const tensors = batchTensors(schema, trajectories, { batch: batchSize, steps });
  return new Map([...tensors].filter(([name]) => name !== "synced" || readsSynced(loss, schema)));
}

/** Inputs of the network by name. */
export type BatchTensors = ReadonlyMap<string, Float32Array>;

/**
 * Trajectories side by side in tensors of batch x steps rows, each beginning at time step 0 of the window. What is behind the end of one, and
 * rows without a trajectory, is 0, the weights too, as for what is only told: `writeLoss` counts nothing there.
 */
export function batchTensors(
  schema: FeatureSchema,
  trajectories: readonly Trajectory[],
  { batch, steps }: { readonly batch: number; readonly steps: number },
): BatchTensors {
  const rows = batch * steps;
  const numbers = actionWidth(schema);
  const width = schema.state.length;
  const states = new Float32Array(rows * width);
  const actions = new Float32Array(rows * numbers);
  const [returns, weights, synced] = [0, 1, 2].map(() => new Float32Array(rows)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  trajectories.forEach((trajectory, at) => {
    const row = at * steps;
    states.set(trajectory.states, row * width);
    actions.set(trajectory.actions, row * numbers);
    returns.set(trajectory.returnsToGo, row);
    synced.set(trajectory.synced, row);
    weights.fill(1, row + Math.min(trajectory.taughtFrom, trajectory.stepCount), row + trajectory.stepCount);
  });
  return new Map(Object.entries({ states, actions, returns, weights, synced }));
}

/**
 * The masks of dropout (Srivastava et al., JMLR 2014) for the step that follows on so many, one for each length: 0 where an element is dropped, else
 * what keeps the mean. Rates are rounded to 1/256, so that one draw of 32 bits decides on four elements.
 */
export function drawMasks(
  lengths: readonly number[],
  { seed, dropout }: { readonly seed: number; readonly dropout: number },
  step: number,
): readonly Float32Array[] {
  const dropped = Math.round(256 * dropout);
  const kept = 256 / (256 - dropped);
  const random = childRandom(childSeed(seed, stream.masks), step);
  return lengths.map((length) => {
    const mask = new Float32Array(length);
    for (let at = 0; at < length; ) {
      let bits = random.below(2 ** 32);
      for (const end = Math.min(length, at + 4); at < end; at++) {
        if ((bits & 255) >= dropped) mask[at] = kept;
        bits >>>= 8;
      }
    }
    return mask;
  });
}

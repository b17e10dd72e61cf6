/** A data set of small random networks and a network to train on it in milliseconds, for tests. */
import { seededRandom } from "../../../base/random.ts";
import { completeProblem } from "../../../mapping/cost/problem.ts";
import { randomWorkload, roundAccelerator } from "../../../mapping/testing/small-workloads.ts";
import { makeRecord } from "../../dataset/record.ts";
import { paperSchema } from "../../environment/paper-schema.ts";
import type { FeatureSchema } from "../../environment/schema.ts";
import type { TrainingSettings } from "../settings.ts";
import { firstState, type TrainerState } from "../state.ts";
import type { TrainingData, TrainingProblem } from "../training-data.ts";

/** Six problems of 4 to 7 steps, and if they are asked for six of 14 to 17, which are a bucket of their own. */
export function tinyData(schema: FeatureSchema = paperSchema, problems = 6): TrainingData {
  const made = Array.from({ length: problems }, (_, index): TrainingProblem => {
    const layers = (index < 6 ? 3 : 13) + (index % 4);
    const problem = completeProblem({
      workload: { ...randomWorkload(seededRandom(index), layers, 0), name: `net${index}` },
      accelerator: roundAccelerator(),
      batch: 6,
      memoryBytes: 40,
      objective: "latency",
      mode: schema.action.kind === "share" ? "paper" : "full",
    });
    const teachers = ["g-teacher", "exact"] as const;
    const work = makeRecord(schema, problem, index, {
      teachers,
      seeds: 1,
      keep: 1 + (index % 3),
      corrections: 0,
      exactEvaluations: 1e5,
      seed: index,
    });
    let step = work.next();
    while (!step.done) step = work.next();
    return step.value;
  });
  return { schema, problems: made.filter(({ trajectories }) => trajectories.length > 0), digest: "tiny" };
}

export function tinySettings(changes: Partial<TrainingSettings> = {}): TrainingSettings {
  return {
    sizes: { steps: 20, blocks: 1, heads: 2, width: 8 },
    schema: paperSchema,
    data: "tiny",
    from: null,
    steps: 12,
    batchSize: 4,
    loss: "mse",
    learningRate: 1e-2,
    warmUp: 3,
    schedule: "cosine",
    weightDecay: 1e-4,
    clipNorm: 0.25,
    dropout: 0.1,
    validationShare: 0.2,
    validateEvery: 5,
    seed: 3,
    ...changes,
  };
}

export function tinyState({ sizes, schema, seed }: TrainingSettings): TrainerState {
  return firstState(sizes, schema, seed);
}

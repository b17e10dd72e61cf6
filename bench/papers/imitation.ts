/**
 * DNNFuser's experiments as the paper makes them: data of a few networks and memories, a transformer trained on it, and what it
 * answers elsewhere. Paper mode, batch 64, the paper's network and features. O(steps) of training.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { known } from "../../src/base/assert.ts";
import { finish } from "../../src/base/steps.ts";
import { fuse } from "../../src/compiler/fusion/static-plan.ts";
import { createRuntime, type Runtime } from "../../src/compiler/runtime/runtime.ts";
import { importOnnx } from "../../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../../src/graph/ops/infer-shapes.ts";
import { nodeThreads } from "../../src/host/node-threads.ts";
import { makeRecord } from "../../src/learning/dataset/record.ts";
import { paperSchema } from "../../src/learning/environment/paper-schema.ts";
import type { MapperWeights } from "../../src/learning/network/mapper-weights.ts";
import { paperSizes } from "../../src/learning/network/network-sizes.ts";
import type { TrainingSettings } from "../../src/learning/training/settings.ts";
import { firstState } from "../../src/learning/training/state.ts";
import { trainMapper } from "../../src/learning/training/trainer.ts";
import type { TrainingData, TrainingProblem } from "../../src/learning/training/training-data.ts";
import type { TeacherName } from "../../src/learning/trajectories/teach.ts";
import { presets } from "../../src/mapping/accelerator/presets/presets.ts";
import { evaluateLayerByLayer } from "../../src/mapping/cost/evaluate.ts";
import { costOf } from "../../src/mapping/cost/evaluation.ts";
import { completeProblem, type Objective, type Problem } from "../../src/mapping/cost/problem.ts";
import { findMapping } from "../../src/mapping/mappers/find-mapping.ts";
import type { Mapper } from "../../src/mapping/mappers/mapper.ts";
import { extractWorkload } from "../../src/mapping/workload/extract.ts";
import type { Workload } from "../../src/mapping/workload/workload.ts";

/** The batch of tables 2 and 3. */
export const paperBatch = 64;

const workloads = new Map<string, Workload>();

/** A network of the gallery. */
export function workloadNamed(models: string, name: string): Workload {
  const old = workloads.get(name);
  if (old !== undefined) return old;
  const bytes = readFileSync(join(models, `tv_${name}.onnx`));
  const workload = extractWorkload(fuse(inferShapes(importOnnx(bytes, { name }))), { name });
  workloads.set(name, workload);
  return workload;
}

export interface Question {
  readonly workload: Workload;
  readonly megabytes: number;
  readonly objective: Objective;
}

export function problemOf({ workload, megabytes, objective }: Question): Problem {
  const accelerator = presets.dnnfuser2022Calibrated;
  return { workload, accelerator, batch: paperBatch, memoryBytes: megabytes * 1e6, objective, mode: "paper" };
}

/** Every network with every memory. */
export function questionsOf(
  models: string,
  networks: readonly string[],
  megabytes: readonly number[],
  objective: Objective,
): readonly Question[] {
  return networks.flatMap((network) =>
    megabytes.map((size) => ({ workload: workloadNamed(models, network), megabytes: size, objective })),
  );
}

/** What the teachers show of every question. */
export function trainingData(
  questions: readonly Question[],
  teachers: readonly TeacherName[],
  seed: number,
): TrainingData {
  const problems = questions.map((question, index): TrainingProblem => {
    const making = makeRecord(paperSchema, completeProblem(problemOf(question)), index, {
      ...{
        teachers,
        seeds: 4,
        keep: 8,
        seed: seed * 1_000 + index,
        corrections: 0,
        exactEvaluations: 20_000_000,
      },
    });
    return finish(making);
  });
  return { schema: paperSchema, problems, digest: "made in memory" };
}

export interface TrainOptions {
  readonly steps: number;
  readonly seed: number;
  /** Weights to begin at. */
  readonly from?: MapperWeights;
  readonly runtime: Runtime;
}

/** Trains the paper's network; the loss of the last steps is in the record. */
export async function trained(
  data: TrainingData,
  { steps, seed, from, runtime }: TrainOptions,
): Promise<MapperWeights> {
  const settings: TrainingSettings = {
    sizes: paperSizes,
    schema: paperSchema,
    data: data.digest,
    from: from === undefined ? null : "weights in memory",
    ...{ seed, steps, batchSize: 32, loss: "mse", dropout: 0.1, learningRate: 1e-3, schedule: "cosine" },
    warmUp: Math.ceil(steps / 10),
    ...{ weightDecay: 1e-4, clipNorm: 0.25, validationShare: 0, validateEvery: steps },
  };
  const losses: number[] = [];
  let state = firstState(paperSizes, paperSchema, from?.parameters ?? seed);
  for await (const made of trainMapper({ data, settings, state, runtime })) {
    losses.push(made.loss);
    state = made.state;
  }
  const last = losses.slice(-50);
  const loss = last.reduce((total, value) => total + value, 0) / last.length;
  return {
    sizes: paperSizes,
    schema: paperSchema,
    parameters: state.parameters,
    record: { seed, steps, loss },
  };
}

export function trainingRuntime(threads: number): Runtime {
  return createRuntime({ threads, ...(threads > 1 ? { startThread: nodeThreads() } : {}) });
}

export interface Answer {
  /** Over layer by layer, of the objective; undefined where nothing that fits was found. */
  readonly gain: number | undefined;
  readonly seconds: number;
}

export async function ask(mapper: Mapper, question: Question, seed = 1): Promise<Answer> {
  const problem = problemOf(question);
  const found = await findMapping(mapper, problem, { seed });
  const before = known(
    feasibleCost(evaluateLayerByLayer(problem), question.objective),
    "layer by layer fits",
  );
  const cost = found.mapping === undefined ? undefined : feasibleCost(found.evaluation, question.objective);
  return { gain: cost === undefined ? undefined : before / cost, seconds: found.elapsedSeconds };
}

function feasibleCost(
  evaluation: ReturnType<typeof evaluateLayerByLayer>,
  objective: Objective,
): number | undefined {
  return evaluation.feasible ? costOf(evaluation, objective) : undefined;
}

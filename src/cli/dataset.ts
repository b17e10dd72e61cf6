/** `laminate dataset`: what a learned mapper learns from, as files: teachers' mappings of many problems. */
import { SingleBar } from "cli-progress";
import type { Command } from "commander";
import { LaminateError, usageError } from "../base/errors.ts";
import { formatBytes } from "../base/format.ts";
import { sum } from "../base/integers.ts";
import { sha256OfBytes } from "../base/sha256.ts";
import { packageVersion } from "../host/package-root.ts";
import { readWholeFile } from "../host/read-file.ts";
import { type Manifest, problemsDone, problemsPerShard } from "../learning/dataset/manifest.ts";
import { makeRecord, type ProblemRecord } from "../learning/dataset/record.ts";
import {
  acceleratorNumbers,
  type DatasetSettings,
  problemAt,
  problemCount,
  settingsSchema,
  teachOptionsAt,
  workloadDigest,
} from "../learning/dataset/settings.ts";
import { generalSchema } from "../learning/environment/general-schema.ts";
import { paperSchema } from "../learning/environment/paper-schema.ts";
import { schemaTitle } from "../learning/environment/schema.ts";
import { anyObjective } from "../learning/generate/generate-problem.ts";
import { decodeMappings } from "../learning/inference/decode.ts";
import { createStepNetwork } from "../learning/inference/step-network.ts";
import { readMapperWeights } from "../learning/network/mapper-weights.ts";
import { createCostModel } from "../mapping/cost/cost-model.ts";
import type { Problem } from "../mapping/cost/problem.ts";
import type { Mapping } from "../mapping/space/mapping.ts";
import type { Workload } from "../mapping/workload/workload.ts";
import { type DatasetDocument, datasetSchemaName } from "../report/dataset-document.ts";
import { type Cli, printDocument } from "./cli.ts";
import {
  type DatasetOrigin,
  type DatasetState,
  openDatasetFolder,
  saveDatasetFolder,
} from "./dataset-folder.ts";
import { addDatasetOptions, type DatasetOptions } from "./dataset-options.ts";
import { exitCodes } from "./exit-codes.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { loadAccelerator } from "./load-accelerator.ts";
import { loadModel } from "./load-model.ts";
import { elementTypeOf } from "./options.ts";

export function addDataset(program: Command, cli: Cli): void {
  const command = program
    .command("dataset")
    .description(
      "write what the teachers show of many problems, for a learned mapper; goes on where it stopped",
    );
  addDatasetOptions(command).action((options: DatasetOptions) => dataset(cli, options));
}

async function dataset(cli: Cli, options: DatasetOptions): Promise<void> {
  const { manifest, doneBefore } = await makeDataset(cli, options);
  const document = documentOf(options.out, manifest, doneBefore);
  if (options.json) printDocument(cli, document);
  else cli.terminal.print(datasetText(document));
  if (!manifest.complete) cli.exitWith(exitCodes.interrupted);
}

/** Makes what is not there yet; not complete where Ctrl-C came first. */
export async function makeDataset(
  cli: Cli,
  options: Omit<DatasetOptions, "json">,
): Promise<{ readonly manifest: Manifest; readonly doneBefore: number }> {
  checkOptions(options);
  const workloads = options.models.map((name) => workloadOf(name, options));
  const learner = options.learner === undefined ? undefined : await createLearner(options.learner);
  const settings = settingsOf(options, workloads, learner);
  const origin = { laminate: packageVersion(), settings };
  const state = openDatasetFolder(options.out, origin);
  // A folder that cannot be written is told now, and not after minutes of work.
  const before = saveDatasetFolder(options.out, origin, state);
  const interrupt = listenForInterrupt(cli.terminal, "what is done; the same command goes on");
  try {
    const folder = options.out;
    const maker: Maker = { cli, folder, origin, workloads, learner, signal: interrupt.signal };
    const manifest = await makeRest(maker, before, state);
    return { manifest, doneBefore: problemsDone(before.shards) };
  } finally {
    interrupt.release();
  }
}

function checkOptions({
  models,
  generated,
  paperMode,
  teachers,
  objective,
}: Omit<DatasetOptions, "json">): void {
  if (models.length === 0 && generated === 0) {
    throw usageError("there is nothing to make a data set of", {
      where: "--models",
      fix: "name networks, as --models resnet18,vgg16, or draw problems, as --generated 100",
    });
  }
  if (paperMode && teachers.includes("correction")) {
    throw usageError("corrections are made for the full model", {
      where: "--teachers",
      fix: "leave out correction, or --paper-mode",
    });
  }
  if (objective === anyObjective && models.length > 0) {
    throw usageError("networks that are given have one objective", {
      where: "--objective",
      fix: "name it, or leave out --models",
    });
  }
}

function workloadOf(name: string, { accelerator }: Pick<DatasetOptions, "accelerator">): Workload {
  try {
    return loadModel(name, {}, elementTypeOf(loadAccelerator(accelerator).elementType)).workload;
  } catch (error) {
    if (!(error instanceof LaminateError) || error.where !== "MODEL") throw error;
    throw new LaminateError({ ...error.toJSON(), where: "--models" }, { cause: error });
  }
}

function settingsOf(
  options: Omit<DatasetOptions, "json">,
  workloads: readonly Workload[],
  learner: Learner | undefined,
): DatasetSettings {
  // Parsed, so that they are written as they are read again.
  return settingsSchema.parse({
    networks: workloads.map((workload) => ({ name: workload.name, sha256: workloadDigest(workload) })),
    batches: [...options.batches],
    memoriesBytes: [...options.memories],
    accelerator: acceleratorNumbers(loadAccelerator(options.accelerator)),
    generated: options.generated,
    objective: options.objective,
    mode: options.paperMode ? "paper" : "full",
    teachers: [...options.teachers],
    seed: options.seed,
    seeds: options.seeds,
    keep: options.keep,
    corrections: options.corrections,
    learner: learner === undefined ? null : learner.digest,
    exactEvaluations: options.exactEvaluations,
    featureSchema: options.features ?? (options.paperMode ? paperSchema : generalSchema),
  } satisfies DatasetSettings);
}

/** Weights whose mappings corrections begin with. */
interface Learner {
  readonly digest: string;
  readonly ways: (problem: Problem, seed: number) => readonly Mapping[];
}

/** The greedy mapping, and some that are drawn as the network is sure of them. */
const waySamples = 4;
const wayTemperature = 1;

async function createLearner(path: string): Promise<Learner> {
  const bytes = readWholeFile(path);
  const network = await createStepNetwork(readMapperWeights(bytes, path), waySamples);
  return {
    digest: sha256OfBytes(bytes),
    ways: (problem, seed) => {
      const options = { samples: waySamples, temperature: wayTemperature, seed };
      return [...decodeMappings(network, createCostModel(problem), options)].flat();
    },
  };
}

interface Maker {
  readonly cli: Cli;
  readonly folder: string;
  readonly origin: DatasetOrigin;
  readonly workloads: readonly Workload[];
  readonly learner: Learner | undefined;
  readonly signal: AbortSignal;
}

/** A shard in the making is written whole each time, so not after every problem. */
const secondsBetweenSaves = 5;

/** How long a search may hold the thread before Ctrl-C gets its turn. */
const turnSeconds = 0.05;

/** Makes the problems that are not there yet, and saves as it goes; on Ctrl-C those that are done. */
async function makeRest(maker: Maker, before: Manifest, start: DatasetState): Promise<Manifest> {
  const { cli, folder, origin } = maker;
  const planned = problemCount(origin.settings);
  let { full } = start;
  let open = start.open;
  let manifest = before;
  let savedAt = performance.now();
  const progress = showProgress(cli, planned);
  const save = (): void => {
    manifest = saveDatasetFolder(folder, origin, { full, open });
    savedAt = performance.now();
    progress.saved(manifest);
    if (open.length < problemsPerShard) return;
    full = manifest.shards;
    open = [];
  };
  try {
    for (let index = problemsDone(before.shards); index < planned; index++) {
      const record = await makeWatched(maker, index);
      if (record === undefined) break;
      open = [...open, record];
      progress.made(index + 1);
      if (open.length === problemsPerShard || performance.now() - savedAt > 1_000 * secondsBetweenSaves)
        save();
    }
    if (problemsDone(manifest.shards) < problemsDone(full) + open.length) save();
    return manifest;
  } finally {
    progress.stop();
  }
}

/** One problem; undefined when Ctrl-C came first. */
async function makeWatched(maker: Maker, index: number): Promise<ProblemRecord | undefined> {
  const { settings } = maker.origin;
  const problem = problemAt(settings, maker.workloads, index);
  const { ways } = maker.learner ?? {};
  const options = { ...teachOptionsAt(settings, index), ...(ways === undefined ? {} : { ways }) };
  const work = makeRecord(settings.featureSchema, problem, index, options);
  let turnEnd = 0;
  for (;;) {
    if (performance.now() >= turnEnd) {
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      if (maker.signal.aborted) return undefined;
      turnEnd = performance.now() + 1_000 * turnSeconds;
    }
    const step = work.next();
    if (step.done) return step.value;
  }
}

interface Progress {
  readonly made: (problems: number) => void;
  readonly saved: (manifest: Manifest) => void;
  readonly stop: () => void;
}

/** A bar where somebody watches, else a line for each time that something is saved. */
function showProgress({ terminal }: Cli, planned: number): Progress {
  const stream = terminal.progressStream;
  if (stream === undefined) {
    return {
      made: () => {},
      saved: ({ shards }) => terminal.note(`${problemsDone(shards)} of ${planned} problems`),
      stop: () => {},
    };
  }
  const format = "{bar} {percentage}% | {value} of {total} problems";
  const bar = new SingleBar({ format, stream, hideCursor: true, clearOnComplete: true, fps: 5 });
  bar.start(planned, 0);
  return { made: (problems) => bar.update(problems), saved: () => {}, stop: () => bar.stop() };
}

function documentOf(folder: string, manifest: Manifest, doneBefore: number): DatasetDocument {
  const { settings, shards, complete, plannedProblems } = manifest;
  const total = (part: (shard: (typeof shards)[number]) => number): number => sum(shards.map(part));
  const done = problemsDone(shards);
  return {
    schema: datasetSchemaName,
    folder,
    features: schemaTitle(settings.featureSchema),
    complete,
    problems: {
      planned: plannedProblems,
      done,
      made: done - doneBefore,
      infeasible: total(({ infeasible }) => infeasible),
    },
    trajectories: total(({ trajectories }) => trajectories),
    steps: total(({ steps }) => steps),
    shards: shards.length,
    bytes: total(({ bytes }) => bytes),
  };
}

function datasetText(document: DatasetDocument): string {
  const { folder, problems, trajectories, steps, shards, bytes, features, complete } = document;
  const { done, planned, made, infeasible } = problems;
  const count = (many: number, one: string): string =>
    `${many.toLocaleString("en")} ${many === 1 ? one : `${one}s`}`;
  const misfits = infeasible === 0 ? "" : `, of which no mapping fits ${infeasible}`;
  const size = `${count(shards, "shard")}, ${formatBytes(bytes)}`;
  return [
    `${folder}: ${count(done, "problem")}${misfits}; ${made.toLocaleString("en")} made now`,
    `${count(trajectories, "trajectory").replace("ys", "ies")} of ${count(steps, "step")}, features ${features}`,
    complete ? size : `${size}; ${planned - done} problems are missing: the same command goes on`,
  ].join("\n");
}

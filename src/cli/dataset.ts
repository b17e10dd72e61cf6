/** `laminate dataset`: what a learned mapper learns from, as files: teachers' mappings of many problems. */
import { SingleBar } from "cli-progress";
import type { Command } from "commander";
import { LaminateError, usageError } from "../base/errors.ts";
import { packageVersion } from "../host/package-root.ts";
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
import { anyObjective } from "../learning/generate/generate-problem.ts";
import type { Workload } from "../mapping/workload/workload.ts";
import { type Cli, printDocument } from "./cli.ts";
import { datasetDocument, datasetText } from "./dataset-document.ts";
import {
  type DatasetOrigin,
  type DatasetState,
  openDatasetFolder,
  saveDatasetFolder,
} from "./dataset-folder.ts";
import { createLearner, type WeightsLearner } from "./dataset-learner.ts";
import { addDatasetOptions, type DatasetOptions } from "./dataset-options.ts";
import { exitCodes } from "./exit-codes.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { loadAccelerator } from "./load-accelerator.ts";
import { loadModel } from "./load-model.ts";
import { elementTypeOf } from "./options.ts";
import { timeLeft } from "./time-left.ts";
import { watched } from "./watched.ts";

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
  const document = datasetDocument(options.out, manifest, doneBefore);
  if (options.json) printDocument(cli, document);
  else cli.terminal.print(datasetText(document));
  if (!manifest.complete) cli.exitWith(exitCodes.interrupted);
}

/** A data set that was made, or the part that is. */
export interface MadeDataset {
  readonly manifest: Manifest;
  readonly doneBefore: number;
  /** Of the networks that are given. */
  readonly workloads: readonly Workload[];
}

/** Makes what is not there yet; not complete where Ctrl-C came first. */
export async function makeDataset(cli: Cli, options: Omit<DatasetOptions, "json">): Promise<MadeDataset> {
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
    return { manifest, doneBefore: problemsDone(before.shards), workloads };
  } finally {
    interrupt.release();
  }
}

function checkOptions({
  models,
  draws,
  generated,
  paperMode,
  teachers,
  learner,
  objective,
}: Omit<DatasetOptions, "json">): void {
  if (models.length === 0 && generated === 0) {
    throw usageError("there is nothing to make a data set of", {
      where: "--models",
      fix: "name networks, as --models resnet18,vgg16, or draw problems, as --generated 100",
    });
  }
  const corrector = teachers.find((name) => name === "correction" || name === "guide");
  if (paperMode && corrector !== undefined) {
    throw usageError(`${corrector} is a teacher of the full model`, {
      where: "--teachers",
      fix: `leave out ${corrector}, or --paper-mode`,
    });
  }
  if (teachers.includes("guide") && learner === undefined) {
    throw usageError("there is nobody to guide", {
      where: "--teachers",
      fix: "give the weights whose mappings are guided: --learner FILE",
    });
  }
  if (draws > 0 && models.length === 0) {
    throw usageError("problems are to be drawn of networks, and none is given", {
      where: "--draws",
      fix: "name networks, as --models net.onnx, or draw them too, as --generated 100",
    });
  }
  if (objective === anyObjective && models.length > 0 && draws === 0) {
    throw usageError("every batch with every memory has one objective", {
      where: "--objective",
      fix: "name it, or draw problems, as --draws 100",
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
  learner: WeightsLearner | undefined,
): DatasetSettings {
  // Parsed, so that they are written as they are read again.
  return settingsSchema.parse({
    networks: workloads.map((workload) => ({ name: workload.name, sha256: workloadDigest(workload) })),
    batches: [...options.batches],
    memoriesBytes: [...options.memories],
    accelerator: acceleratorNumbers(loadAccelerator(options.accelerator)),
    ...(options.draws === 0 || workloads.length === 0 ? {} : { draws: options.draws }),
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

interface Maker {
  readonly cli: Cli;
  readonly folder: string;
  readonly origin: DatasetOrigin;
  readonly workloads: readonly Workload[];
  readonly learner: WeightsLearner | undefined;
  readonly signal: AbortSignal;
}

/** A shard in the making is written whole each time, so not after every problem. */
const secondsBetweenSaves = 5;

/** Makes the problems that are not there yet, and saves as it goes; on Ctrl-C those that are done. */
async function makeRest(maker: Maker, before: Manifest, start: DatasetState): Promise<Manifest> {
  const { cli, folder, origin } = maker;
  const planned = problemCount(origin.settings);
  let { full } = start;
  let open = start.open;
  let manifest = before;
  let savedAt = performance.now();
  const progress = showProgress(cli, planned, problemsDone(before.shards));
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
  const { learner } = maker;
  const options = { ...teachOptionsAt(settings, index), ...(learner === undefined ? {} : { learner }) };
  const work = makeRecord(settings.featureSchema, problem, index, options);
  return (await watched(work, maker.signal))?.value;
}

interface Progress {
  readonly made: (problems: number) => void;
  readonly saved: (manifest: Manifest) => void;
  readonly stop: () => void;
}

/** A bar where somebody watches, else a line for each time that something is saved. */
function showProgress({ terminal }: Cli, planned: number, before: number): Progress {
  const stream = terminal.progressStream;
  if (stream === undefined) {
    return {
      made: () => {},
      saved: ({ shards }) => terminal.note(`${problemsDone(shards)} of ${planned} problems`),
      stop: () => {},
    };
  }
  const format = "{bar} {percentage}% | {value} of {total} problems | {left} left";
  const bar = new SingleBar({ format, stream, hideCursor: true, clearOnComplete: true, fps: 5 });
  bar.start(planned, before, { left: "?" });
  const start = performance.now();
  return {
    made: (problems) => {
      const each = (performance.now() - start) / 1_000 / (problems - before);
      bar.update(problems, { left: timeLeft(each * (planned - problems)) });
    },
    saved: () => {},
    stop: () => bar.stop(),
  };
}

/** `laminate train`: trains the learned mapper's network on a data set; goes on where it stopped. */

import { SingleBar } from "cli-progress";
import type { Command } from "commander";
import { badInput, LaminateError } from "../base/errors.ts";
import { createRuntime } from "../compiler/runtime/runtime.ts";
import { folderReader } from "../host/folder-reader.ts";
import { nodeThreads } from "../host/node-threads.ts";
import { packageVersion } from "../host/package-root.ts";
import { enableRelaxedSimd } from "../host/wasm-engine.ts";
import type { Manifest } from "../learning/dataset/manifest.ts";
import { readDataset } from "../learning/dataset/read-dataset.ts";
import { isSameSchema, schemaTitle } from "../learning/environment/schema.ts";
import { type MapperWeights, writeMapperWeights } from "../learning/network/mapper-weights.ts";
import { type NetworkSizes, networkSizesSchema, paperSizes } from "../learning/network/network-sizes.ts";
import type { Checkpoint } from "../learning/training/checkpoint.ts";
import { HistoryWriter, noHistory, recentLoss } from "../learning/training/history.ts";
import type { TrainingSettings } from "../learning/training/settings.ts";
import { firstState } from "../learning/training/state.ts";
import { trainMapper } from "../learning/training/trainer.ts";
import { longestOf, readTrainingData, type TrainingData } from "../learning/training/training-data.ts";
import { between } from "../learning/tuning/choice.ts";
import type { Workload } from "../mapping/workload/workload.ts";
import { renderModelCard } from "../report/model-card.ts";
import { formatLoss, type TrainDocument } from "../report/train-document.ts";
import { renderTrainReport } from "../report/train-report.ts";
import { type Cli, printDocument } from "./cli.ts";
import { exitCodes } from "./exit-codes.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { runDocument, runRecord } from "./run-record.ts";
import { timeLeft } from "./time-left.ts";
import { chooseWeights } from "./train-choice.ts";
import { type DataFolder, dataFolderOf, type From, readFrom } from "./train-data.ts";
import { trainDocument, trainText } from "./train-document.ts";
import {
  checkpointFile,
  openTrainFolder,
  type ResultFile,
  resultFiles,
  saveCheckpoint,
  saveResults,
} from "./train-folder.ts";
import { addTrainOptions, defaultRates, defaultSteps, type TrainOptions } from "./train-options.ts";

export function addTrain(program: Command, cli: Cli): void {
  const command = program
    .command("train")
    .description("train the learned mapper on a data set; goes on where it stopped");
  addTrainOptions(command).action((options: TrainOptions) => train(cli, options));
}

/** What the options ask for, read and checked. */
interface Task {
  readonly cli: Cli;
  readonly options: TrainOptions;
  /** The data set's. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly data: TrainingData;
  readonly settings: TrainingSettings;
  readonly start: Checkpoint;
  /** Where weights are tuned to networks: what it begins at, and their workloads. */
  readonly tuning: { readonly from: MapperWeights; readonly workloads: readonly Workload[] } | undefined;
}

async function train(cli: Cli, options: TrainOptions): Promise<void> {
  const from = options.from === undefined ? undefined : readFrom(options.from);
  const data = await dataFolderOf(cli, options, from);
  if (data === undefined) return cli.exitWith(exitCodes.interrupted);
  const task = prepare(cli, options, { ...data, from });
  // A folder that cannot be written is told now, and not after minutes of work.
  saveCheckpoint(options.out, task.start);
  const interrupt = listenForInterrupt(cli.terminal, "the steps that are done; the same command goes on");
  try {
    const document = await work(task, interrupt.signal);
    if (options.json) printDocument(cli, document);
    else cli.terminal.print(trainText(document));
    if (!document.complete) cli.exitWith(exitCodes.interrupted);
  } finally {
    interrupt.release();
  }
}

/** What a training is made from. */
interface Given extends DataFolder {
  readonly from: From | undefined;
}

function prepare(cli: Cli, options: TrainOptions, { folder, workloads, from }: Given): Task {
  const dataset = readDataset(folderReader(folder), folder);
  const { manifest } = dataset;
  const data = readTrainingData(dataset, folder);
  if (!manifest.complete)
    cli.terminal.note(`${folder} is not complete: training on the problems that are done`);
  if (from !== undefined) checkWeights(from, data, folder);
  const steps = options.steps ?? defaultSteps[options.data === undefined ? "models" : "data"];
  const settings: TrainingSettings = {
    sizes: sizesOf(options, data, from?.weights),
    schema: data.schema,
    data: data.digest,
    from: from?.digest ?? null,
    steps,
    batchSize: options.batchSize,
    loss: options.loss ?? (data.schema.action.kind === "choice" ? "decision" : "mse"),
    learningRate: options.learningRate ?? defaultRates[from === undefined ? "new" : "from"],
    warmUp: options.warmUp ?? Math.min(1_000, Math.floor(steps / 10)),
    schedule: options.schedule,
    weightDecay: 1e-4,
    clipNorm: 0.25,
    dropout: options.dropout,
    validationShare: options.validation,
    validateEvery: 100,
    seed: options.seed,
  };
  const before = openTrainFolder(options.out, settings);
  const state =
    before?.state ?? firstState(settings.sizes, data.schema, from?.weights.parameters ?? settings.seed);
  const start = { settings, state, history: before?.history ?? noHistory };
  const tuning = from === undefined || workloads.length === 0 ? undefined : { from: from.weights, workloads };
  return { cli, options, folder, manifest, data, settings, start, tuning };
}

function checkWeights({ weights: { schema }, path }: From, data: TrainingData, folder: string): void {
  if (isSameSchema(schema, data.schema)) return;
  const [theirs, ours] = [schemaTitle(schema), schemaTitle(data.schema)];
  throw badInput(`these weights have the features ${theirs}, and the data set ${folder} has ${ours}`, {
    where: path,
    fix: "make the data set with the features of the weights (laminate dataset --features), or train from nothing",
  });
}

/** As asked, else those of the weights that it begins at, else the paper's. */
function sizesOf(options: TrainOptions, data: TrainingData, from: MapperWeights | undefined): NetworkSizes {
  const longest = longestOf(data.problems);
  const { blocks, heads, width } = from?.sizes ?? paperSizes;
  const isChoice = data.schema.action.kind === "choice";
  const sequence =
    options.sequence ?? from?.sizes.sequence ?? (from === undefined && isChoice ? "group" : "network");
  const sizes: NetworkSizes = {
    steps: options.timeSteps ?? from?.sizes.steps ?? Math.max(paperSizes.steps, longest),
    blocks: options.blocks ?? blocks,
    heads: options.heads ?? heads,
    width: options.width ?? width,
    ...(sequence === "group" ? { sequence } : {}),
  };
  const other =
    from &&
    (["steps", "blocks", "heads", "width", "sequence"] as const).find(
      (key) => sizes[key] !== from.sizes[key],
    );
  if (other !== undefined) {
    const [theirs, ours] = [from?.sizes[other] ?? "network", sizes[other] ?? "network"];
    throw badInput(`these weights have ${other} ${theirs}, and ${ours} is asked for`, {
      where: options.from ?? "--from",
      fix: "leave the sizes out: they are those of the weights",
    });
  }
  const parsed = networkSizesSchema.safeParse(sizes);
  if (parsed.success) return sizes;
  throw badInput(`width ${sizes.width} cannot be shared by ${sizes.heads} heads`, {
    where: "--width",
    fix: `give a multiple of ${sizes.heads}`,
  });
}

/** Makes the steps that are missing, saves as it goes, and writes the results; on Ctrl-C the checkpoint alone. */
async function work(task: Task, signal: AbortSignal): Promise<TrainDocument> {
  const { cli, options, data, settings, start } = task;
  const { out, threads, checkpointEvery } = options;
  enableRelaxedSimd();
  const runtime = createRuntime({ threads, startThread: nodeThreads() });
  const history = new HistoryWriter(start.history);
  const seconds: number[] = [];
  const progress = showProgress(cli, settings.steps, start.state.step);
  let last = start;
  try {
    let begun = performance.now();
    for await (const made of trainMapper({ data, settings, state: start.state, runtime })) {
      seconds.push((performance.now() - begun) / 1_000);
      history.add(made);
      last = { settings, state: made.state, history };
      progress.made(made.step, recentLoss(history) ?? made.loss, seconds);
      // Ctrl-C gets its turn.
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (signal.aborted) break;
      if (made.step % checkpointEvery === 0 && made.step < settings.steps) {
        saveCheckpoint(out, last);
        progress.saved(made.step, recentLoss(history) ?? made.loss, made.validationLoss);
      }
      begun = performance.now();
    }
  } catch (error) {
    throw withCheckpoint(error, task);
  } finally {
    progress.stop();
    runtime.dispose();
  }
  return finish(task, last, { seconds, signal });
}

function withCheckpoint(error: unknown, { options: { out } }: Task): unknown {
  if (!(error instanceof LaminateError) || !error.where?.startsWith("step ")) return error;
  const fix = `${error.fix}, in another folder; ${checkpointFile} keeps the last good state`;
  return new LaminateError({ ...error.toJSON(), where: out, fix }, { cause: error });
}

/** What there is when the steps are made, or Ctrl-C came. */
interface Ending {
  /** Of each step that was made now. */
  readonly seconds: readonly number[];
  readonly signal: AbortSignal;
}

async function finish(
  task: Task,
  checkpoint: Checkpoint,
  { seconds, signal }: Ending,
): Promise<TrainDocument> {
  const { cli, options, folder, manifest, data, settings, tuning } = task;
  const { state, history } = checkpoint;
  // By itself first: whatever becomes of the other files, no step is made again.
  saveCheckpoint(options.out, checkpoint);
  const isTrained = state.step === settings.steps;
  const tuned = tuning && { settings: manifest.settings, parameters: state.parameters, ...tuning };
  const kept = isTrained && tuned ? await chooseWeights(cli, tuned, signal) : undefined;
  const isDone = isTrained && (tuned === undefined || kept !== undefined);
  const files = isDone ? [...resultFiles, checkpointFile] : [checkpointFile];
  const facts = { folder: options.out, dataFolder: folder, manifest, data, checkpoint, seconds, files, kept };
  const document = trainDocument({ ...facts, threads: options.threads, complete: isDone });
  if (!isDone) return document;
  const parameters =
    tuned && kept ? between(tuned.from, state.parameters, kept.chosen.way).parameters : state.parameters;
  // What the files say hangs on the training, and not on how often it was interrupted or how fast the machine is.
  const told = { ...document, steps: { ...document.steps, made: state.step }, secondsPerStep: null };
  const run = runRecord(cli);
  const record = {
    laminate: packageVersion(),
    settings,
    steps: state.step,
    losses: document.losses,
    choice: document.choice,
    data: manifest.settings,
  };
  const { sizes, schema } = settings;
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const { losses, validationSteps, validationLosses } = history;
  const curve = { losses, validationSteps, validationLosses };
  const results = new Map<ResultFile, Uint8Array>([
    ["weights.safetensors", writeMapperWeights({ sizes, schema, parameters, record })],
    ["model-card.md", bytes(renderModelCard(told, run))],
    ["report.html", bytes(renderTrainReport({ document: told, curve, run }))],
    ["run.json", bytes(`${JSON.stringify(runDocument(cli, settings.seed), null, 2)}\n`)],
  ]);
  saveResults(options.out, results);
  return document;
}

interface Progress {
  readonly made: (step: number, loss: number, seconds: readonly number[]) => void;
  readonly saved: (step: number, loss: number, validationLoss: number | undefined) => void;
  readonly stop: () => void;
}

/** A bar where somebody watches, else a line for each checkpoint. */
function showProgress({ terminal }: Cli, planned: number, before: number): Progress {
  const stream = terminal.progressStream;
  if (stream === undefined) {
    return {
      made: () => {},
      saved: (step, loss, validation) => {
        const held = validation === undefined ? "" : `, ${formatLoss(validation)} held out`;
        terminal.note(
          `step ${step.toLocaleString("en")} of ${planned.toLocaleString("en")}: loss ${formatLoss(loss)}${held}`,
        );
      },
      stop: () => {},
    };
  }
  const format = "{bar} {percentage}% | step {value} of {total} | loss {loss} | {left} left";
  const bar = new SingleBar({ format, stream, hideCursor: true, clearOnComplete: true, fps: 5 });
  bar.start(planned, before, { loss: "–", left: "?" });
  return {
    made: (step, loss, seconds) => {
      const recent = seconds.slice(-20);
      const each = recent.reduce((total, one) => total + one, 0) / recent.length;
      bar.update(step, { loss: formatLoss(loss), left: timeLeft(each * (planned - step)) });
    },
    saved: () => {},
    stop: () => bar.stop(),
  };
}

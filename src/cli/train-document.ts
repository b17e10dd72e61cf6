/** What a training answers, as a document and as text. */
import { known } from "../base/assert.ts";
import { formatSeconds, formatWhole } from "../base/format.ts";
import { product, sum } from "../base/integers.ts";
import { median } from "../base/statistics.ts";
import type { Manifest } from "../learning/dataset/manifest.ts";
import { schemaTitle } from "../learning/environment/schema.ts";
import { parameterShapes } from "../learning/network/network-sizes.ts";
import type { Checkpoint } from "../learning/training/checkpoint.ts";
import { recentLoss } from "../learning/training/history.ts";
import { longestOf, splitProblems, stepsOf, type TrainingData } from "../learning/training/training-data.ts";
import { meanOf } from "../learning/tuning/choice.ts";
import { choiceText, formatLoss, type TrainDocument, trainSchemaName } from "../report/train-document.ts";
import type { Kept } from "./train-choice.ts";

export interface TrainFacts {
  readonly folder: string;
  readonly dataFolder: string;
  readonly manifest: Manifest;
  readonly data: TrainingData;
  readonly checkpoint: Checkpoint;
  /** Seconds of each step that was made now. */
  readonly seconds: readonly number[];
  readonly threads: number;
  readonly files: readonly string[];
  /** Whether the results are written. */
  readonly complete: boolean;
  /** Of a tuning that is done. */
  readonly kept: Kept | undefined;
}

export function trainDocument(facts: TrainFacts): TrainDocument {
  const { folder, checkpoint, seconds, threads, files, complete, kept } = facts;
  const { settings, state, history } = checkpoint;
  const { sizes, schema } = settings;
  const { loss, batchSize, learningRate, warmUp, schedule, weightDecay, clipNorm, dropout, seed, from } =
    settings;
  const parameters = sum([...parameterShapes(sizes, schema).values()].map(product));
  return {
    schema: trainSchemaName,
    folder,
    complete,
    data: dataOf(facts),
    network: { ...sizes, parameters },
    settings: {
      loss,
      batchSize,
      learningRate,
      warmUp,
      schedule,
      weightDecay,
      clipNorm,
      dropout,
      seed,
      from,
    },
    steps: { planned: settings.steps, done: state.step, made: seconds.length },
    losses: {
      first: history.losses[0] ?? null,
      last: recentLoss(history) ?? null,
      validation: history.validationLosses.at(-1) ?? null,
    },
    choice: kept === undefined ? null : choiceOf(kept),
    threads,
    secondsPerStep: seconds.length === 0 ? null : median(seconds),
    files: [...files],
  };
}

function choiceOf({ chosen, candidates }: Kept): TrainDocument["choice"] {
  const [began = chosen] = candidates;
  const group = (kind: "own" | "other") => ({
    problems: began[kind].length,
    before: meanOf(began[kind]),
    after: meanOf(chosen[kind]),
  });
  return {
    way: chosen.way,
    own: group("own"),
    others: group("other"),
    tried: candidates.map(({ way, own, other }) => ({ way, own: meanOf(own), others: meanOf(other) })),
  };
}

function dataOf({ dataFolder, manifest, data, checkpoint }: TrainFacts): TrainDocument["data"] {
  const { settings } = manifest;
  const { validationShare, seed } = checkpoint.settings;
  const given = settings.networks.length > 0;
  return {
    folder: dataFolder,
    digest: data.digest,
    features: schemaTitle(data.schema),
    networks: settings.networks.map(({ name }) => name),
    draws: given ? (settings.draws ?? 0) : 0,
    batches: given ? settings.batches : [],
    memoriesBytes: given ? settings.memoriesBytes : [],
    accelerator: settings.accelerator.name,
    generated: settings.generated,
    generatedSeed: settings.seed,
    objective: settings.objective,
    paperMode: settings.mode === "paper",
    teachers: settings.teachers,
    problems: data.problems.length,
    heldOut: splitProblems(data.problems, validationShare, seed).validation.length,
    trajectories: sum(data.problems.map(({ trajectories }) => trajectories.length)),
    steps: sum(data.problems.map((problem) => problem.trajectories.length * stepsOf(problem))),
    longest: longestOf(data.problems),
  };
}

export function trainText({
  folder,
  complete,
  steps,
  losses,
  data,
  secondsPerStep,
  choice,
  files,
}: TrainDocument): string {
  const time = secondsPerStep === null ? "" : `, ${formatSeconds(secondsPerStep)} each`;
  const held = `${formatWhole(data.heldOut)} ${data.heldOut === 1 ? "problem" : "problems"} held out`;
  const validation = losses.validation === null ? "" : `; ${formatLoss(losses.validation)} on ${held}`;
  return [
    `${folder}: ${formatWhole(steps.done)} of ${formatWhole(steps.planned)} steps; ${formatWhole(steps.made)} made now${time}`,
    `loss ${formatLoss(losses.last)} (mean of the last 50 batches), ${formatLoss(losses.first)} at first${validation}`,
    ...(choice === null ? [] : [choiceText(choice)]),
    complete
      ? `${files.slice(0, -1).join(", ")} and ${known(files.at(-1), "a file")}`
      : steps.done < steps.planned
        ? `${formatWhole(steps.planned - steps.done)} steps are missing: the same command goes on`
        : "the weights to keep are not chosen yet: the same command goes on",
  ].join("\n");
}

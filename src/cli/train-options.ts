/** The options of `laminate train`. */
import { availableParallelism } from "node:os";
import { type Command, Option } from "commander";
import { usageError } from "../base/errors.ts";
import { batchRange, memoryRange } from "../learning/generate/generate-problem.ts";
import { type LossName, lossNames } from "../learning/network/loss.ts";
import { type SequenceName, sequenceNames } from "../learning/network/network-sizes.ts";
import { scheduleNames, type TrainingSettings } from "../learning/training/settings.ts";
import { examples } from "./cli.ts";
import { addNetworkOptions, type NetworkOptions } from "./dataset-options.ts";
import { addJsonOption, type JsonOption, wholeNumber } from "./options.ts";

export interface TrainOptions extends JsonOption, NetworkOptions {
  readonly data?: string;
  readonly generated: number;
  readonly out: string;
  readonly steps?: number;
  readonly batchSize: number;
  readonly learningRate?: number;
  readonly warmUp?: number;
  readonly schedule: TrainingSettings["schedule"];
  readonly loss?: LossName;
  readonly dropout: number;
  readonly validation: number;
  readonly seed: number;
  readonly threads: number;
  readonly from?: string;
  readonly blocks?: number;
  readonly heads?: number;
  readonly width?: number;
  readonly timeSteps?: number;
  readonly sequence?: SequenceName;
  readonly checkpointEvery: number;
}

export const defaultSteps = { data: 5_000, models: 400 } as const;
/** Problems that networks are tuned with: as many as are made in minutes, from the ranges that the general weights know. */
const tuningDefaults = { draws: 400, batches: batchRange, memories: memoryRange, generated: 100 } as const;
/** What is known already is not to be unlearned in the first steps. */
export const defaultRates = { new: 1e-3, from: 3e-4 } as const;
/** What --from calls the weights that come with laminate. */
export const shippedName = "general";

/** Threads that a step is shared by unless it is said: its small products gain nothing from more. */
const mostDefaultThreads = 4;

export function addTrainOptions(command: Command): Command {
  const add = <T>(flags: string, text: string, parse: (given: string) => T, value: T): void => {
    command.addOption(new Option(flags, text).argParser(parse).default(value, `${value}`));
  };
  const whole = (name: string, least: number, most: number) => (given: string) =>
    wholeNumber(given, `--${name}`, least, most);
  const size = (name: string, text: string): void => {
    command.option(`--${name} <number>`, text, whole(name, 1, 65_536));
  };
  command
    .option("--data <folder>", "the data set, as laminate dataset writes it")
    .requiredOption("-o, --out <folder>", "where it is written; a training that is there is gone on with");
  addNetworkOptions(command, tuningDefaults);
  add(
    "--generated <number>",
    "problems of other networks beside those of --models, so that it forgets little",
    whole("generated", 0, 1_000_000),
    tuningDefaults.generated,
  );
  command.option(
    "--steps <number>",
    `steps of the optimiser (default: ${defaultSteps.data}, with --models ${defaultSteps.models})`,
    whole("steps", 1, 1e8),
  );
  add("--batch-size <number>", "trajectories of a step", whole("batch-size", 1, 4_096), 32);
  command.option(
    "--learning-rate <number>",
    `of AdamW (default: ${defaultRates.new}, with --from ${defaultRates.from})`,
    realNumber("--learning-rate", 0, 1),
  );
  command.option(
    "--warm-up <steps>",
    "steps until the learning rate is reached (default: a tenth of all, at most 1000)",
    whole("warm-up", 0, 1e8),
  );
  command
    .addOption(
      new Option("--schedule <name>", "the learning rate after that")
        .choices(scheduleNames)
        .default("cosine"),
    )
    .addOption(
      new Option(
        "--loss <name>",
        "what is made small: mse or decision (default: mse with the paper's features, else decision)",
      ).choices(lossNames),
    );
  add("--dropout <rate>", "share of elements that a step leaves out", realNumber("--dropout", 0, 0.9), 0.1);
  add(
    "--validation <share>",
    "share of the problems that is held out",
    realNumber("--validation", 0, 0.5),
    0.1,
  );
  add("--seed <number>", "seed of everything random", whole("seed", 0, 2 ** 31 - 1), 1);
  command.addOption(
    new Option("--threads <number>", "threads that share a step; the numbers are the same")
      .argParser(whole("threads", 1, 64))
      .default(Math.min(mostDefaultThreads, availableParallelism()), "one for each processor, at most 4"),
  );
  command.option(
    "--from <file>",
    `weights to begin at (fine-tuning); ${shippedName} for those that come with laminate`,
  );
  size("blocks", "blocks of the network (default: 3)");
  size("heads", "heads of attention (default: 2)");
  size("width", "width of a token (default: 128)");
  command.addOption(
    new Option(
      "--sequence <name>",
      "what it goes through: a whole network, or each group (default: network with the paper's features, else group)",
    ).choices(sequenceNames),
  );
  size("time-steps", "steps that it remembers, layers + 1 (default: 57, or what the data set has)");
  add("--checkpoint-every <steps>", "steps between checkpoints", whole("checkpoint-every", 1, 1e8), 100);
  return addJsonOption(command).addHelpText(
    "after",
    examples(
      "train --data out/paper -o out/mapper",
      "train --data out/general -o out/general-mapper --steps 20000 --time-steps 64",
      `train --from ${shippedName} --models net.onnx -a edge-npu -o out/tuned`,
    ),
  );
}

/** A number above 0 where the least is excluded by nature (a rate), else from the least on. */
function realNumber(where: string, least: number, most: number): (text: string) => number {
  const isRate = where === "--learning-rate";
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && value >= least && value <= most && !(isRate && value === 0)) return value;
    throw usageError(`"${text}" is not a number from ${least} to ${most}`, {
      where,
      fix: `write it like ${where} ${isRate ? "0.001" : "0.1"}`,
    });
  };
}

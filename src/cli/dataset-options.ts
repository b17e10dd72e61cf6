/** The options of `laminate dataset`. */
import { type Command, Option } from "commander";
import { usageError } from "../base/errors.ts";
import { formatBytes } from "../base/format.ts";
import { suggestName } from "../base/nearest.ts";
import { parseBytes } from "../base/units.ts";
import { generalSchema } from "../learning/environment/general-schema.ts";
import { paperSchema } from "../learning/environment/paper-schema.ts";
import type { FeatureSchema } from "../learning/environment/schema.ts";
import { anyObjective } from "../learning/generate/generate-problem.ts";
import { type TeacherName, teacherNames } from "../learning/trajectories/teach.ts";
import { maxBatch, type Objective } from "../mapping/cost/problem.ts";
import { examples } from "./cli.ts";
import { defaultAccelerator } from "./load-accelerator.ts";
import { addJsonOption, type JsonOption, wholeNumber } from "./options.ts";

export interface DatasetOptions extends JsonOption, NetworkOptions {
  readonly generated: number;
  readonly paperMode?: boolean;
  readonly features?: FeatureSchema;
  readonly teachers: readonly TeacherName[];
  readonly seed: number;
  readonly seeds: number;
  readonly keep: number;
  readonly corrections: number;
  readonly learner?: string;
  readonly exactEvaluations: number;
  readonly out: string;
}

/** The paper trains with 16, 32, 48 and 64 MB at batch 64 (section 5.3). */
const paperMemories = [16e6, 32e6, 48e6, 64e6];

/** A second or less of the exact search; most problems are proven with far less. */
export const defaultExactEvaluations = 20_000_000;

/** Networks that are given, each with every batch and every memory, or with some that are drawn between the least and the most. */
export interface NetworkOptions {
  /** Problems of each network that are drawn; 0 for every batch with every memory. */
  readonly draws: number;
  readonly models: readonly string[];
  readonly batches: readonly number[];
  readonly memories: readonly number[];
  readonly accelerator: string;
  readonly objective: Objective | typeof anyObjective;
}

/** Adds options with a default, which the help shows in these words. */
function adder(command: Command) {
  return <T>(flags: string, text: string, parse: (given: string) => T, value: T, shown: string): void => {
    command.addOption(new Option(flags, text).argParser(parse).default(value, shown));
  };
}

/** What `dataset` takes where nothing is said: the paper's grid. */
const gridDefaults: NetworkDefaults = { draws: 0, batches: [64], memories: paperMemories };

export type NetworkDefaults = Pick<NetworkOptions, "draws" | "batches" | "memories">;

export function addNetworkOptions(command: Command, defaults: NetworkDefaults): void {
  const add = adder(command);
  add(
    "--models <names|files>",
    "networks, separated by commas",
    textsOf("--models", "resnet18,vgg16"),
    [],
    "none",
  );
  add(
    "--draws <number>",
    "problems of each network that are drawn: a batch and a memory from the least to the most, the machine or one like it; 0 for every batch with every memory",
    (given) => wholeNumber(given, "--draws", 0, 1_000_000),
    defaults.draws,
    `${defaults.draws}`,
  );
  const { batches, memories } = defaults;
  add("--batches <numbers>", "images per run, separated by commas", batchesOf, batches, batches.join(","));
  const shown = memories.map((bytes) => formatBytes(bytes).replace(" ", "")).join(",");
  add("--memories <sizes>", "on-chip memories, separated by commas", memoriesOf, memories, shown);
  command.option("-a, --accelerator <name|file>", "the machine of these networks", defaultAccelerator);
  const objective = new Option(
    "--objective <what>",
    "what the teachers minimise; any draws one for each problem that is drawn",
  );
  command.addOption(objective.choices(["latency", "energy", "traffic", anyObjective]).default("latency"));
}

export function addDatasetOptions(command: Command): Command {
  const add = adder(command);
  const number = (name: string, text: string, least: number, most: number, value: number): void =>
    add(
      `--${name} <number>`,
      text,
      (given) => wholeNumber(given, `--${name}`, least, most),
      value,
      `${value}`,
    );
  command.requiredOption(
    "-o, --out <folder>",
    "where it is written; what is unfinished there is gone on with",
  );
  addNetworkOptions(command, gridDefaults);
  number("generated", "problems drawn at random: network, machine, batch, memory", 0, 1_000_000, 0);
  command
    .option("--paper-mode", "DNNFuser's subset: chain order, whole images, the paper's memory rule")
    .option(
      "--features <schema>",
      "paper or general (default: paper with --paper-mode, else general)",
      featuresOf,
    );
  const shown: readonly TeacherName[] = ["g-teacher", "exact"];
  add(
    "--teachers <names>",
    "who shows mappings: g-teacher, exact, correction, guide",
    teachersOf,
    shown,
    shown.join(","),
  );
  number("seed", "seed of everything random", 0, 2 ** 31 - 1, 1);
  number("seeds", "searches of g-teacher for a problem", 1, 1_000, 4);
  number("keep", "mappings of g-teacher to keep of a problem", 1, 10_000, 8);
  number("corrections", "corrections of a problem", 1, 1_000, 2);
  command.option(
    "--learner <file>",
    "weights whose mappings corrections begin with (default: g-teacher's), and who is guided",
  );
  number("exact-evaluations", "where exact stops without a proof", 1, 1e12, defaultExactEvaluations);
  return addJsonOption(command).addHelpText(
    "after",
    examples(
      "dataset --models resnet18,vgg16 --memories 16MB,32MB,48MB,64MB --paper-mode -o out/paper",
      "dataset --generated 2000 --seed 7 -o out/general",
    ),
  );
}

function textsOf(where: string, example: string): (text: string) => readonly string[] {
  return (text) => {
    const parts = text.split(",").map((part) => part.trim());
    const twice = parts.find((part, index) => parts.indexOf(part) !== index);
    if (parts.includes("") || twice !== undefined) {
      const what = twice ? `names "${twice}" twice` : "has an empty entry";
      throw usageError(`"${text}" ${what}`, { where, fix: `write it like ${where} ${example}` });
    }
    return parts;
  };
}

function batchesOf(text: string): readonly number[] {
  return textsOf("--batches", "16,64")(text).map((part) => wholeNumber(part, "--batches", 1, maxBatch));
}

function memoriesOf(text: string): readonly number[] {
  return textsOf(
    "--memories",
    "16MB,32MB",
  )(text).map((part) => {
    const size = parseBytes(part);
    if (size.ok && size.value > 0) return size.value;
    throw usageError(size.ok ? `"${part}" is no memory` : size.message, {
      where: "--memories",
      fix: size.ok ? "write it like --memories 16MB,32MB" : size.fix,
    });
  });
}

function teachersOf(text: string): readonly TeacherName[] {
  return textsOf(
    "--teachers",
    "g-teacher,exact",
  )(text).map((part) => {
    const found = teacherNames.find((name) => name === part);
    if (found !== undefined) return found;
    throw usageError(`there is no teacher "${part}"`, {
      where: "--teachers",
      fix: suggestName(part, teacherNames, "teachers"),
    });
  });
}

function featuresOf(text: string): FeatureSchema {
  const schemas = [paperSchema, generalSchema];
  const found = schemas.find(({ name }) => name === text);
  if (found !== undefined) return found;
  const names = schemas.map(({ name }) => name);
  throw usageError(`there is no feature schema "${text}"`, {
    where: "--features",
    fix: suggestName(text, names, "feature schemas"),
  });
}

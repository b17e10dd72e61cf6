/** `laminate compare`: mappers on one problem side by side, over several seeds, against the proven optimum. */
import { join } from "node:path";
import type { Command } from "commander";
import { usageError } from "../base/errors.ts";
import { formatBytes, formatSeconds } from "../base/format.ts";
import { writeBytes } from "../base/units.ts";
import { dnnfuserName } from "../learning/mappers/dnnfuser.ts";
import type { Problem } from "../mapping/cost/problem.ts";
import { type Comparison, compareMappers } from "../mapping/mappers/compare-mappers.ts";
import type { Budget } from "../mapping/mappers/find-mapping.ts";
import type { Mapper } from "../mapping/mappers/mapper.ts";
import { compareDocument } from "../report/compare-document.ts";
import { renderCompareReport } from "../report/compare-report.ts";
import type { CompareDocument } from "../report/compare-schema.ts";
import { compareNotes, compareTable } from "../report/compare-text.ts";
import { type Cli, examples, printDocument } from "./cli.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { errorText } from "./failure.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { addLearnedOptions, hasWeights, type LearnedOptions } from "./learned-mapper.ts";
import { namedMappers } from "./named-mappers.ts";
import {
  addBudgetOption,
  addJsonOption,
  addProblemOptions,
  type JsonOption,
  type ProblemOptions,
  wholeNumber,
} from "./options.ts";
import { addProfileOption } from "./profiled-mapper.ts";
import { runDocument, runRecord, writeOutput } from "./run-record.ts";
import {
  type Bar,
  checkMapperName,
  coreMapperNames,
  defaultMapper,
  findMapper,
  mapperNames,
  progressBar,
} from "./search.ts";
import { noteUnsupported, settle } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

interface CompareOptions extends ProblemOptions, LearnedOptions, JsonOption {
  readonly mappers?: readonly string[];
  readonly seeds: number;
  readonly budget?: Budget;
  readonly profile?: string;
  readonly out?: string;
}

const defaultSeeds = 5;
const mostSeeds = 1_000;

/** Enough for V8 to compile what a search runs most; a fraction of what the searches take. */
const warmUpSeconds = 0.5;

export function addCompare(program: Command, cli: Cli): void {
  const command = program
    .command("compare <model>")
    .description("run mappers on one problem side by side, with several seeds, against the proven optimum")
    .option(
      "--mappers <names>",
      "which, separated by commas (default: all but DLFusion's strategies, dnnfuser with weights only)",
      mappersOf,
    );
  addProfileOption(addLearnedOptions(addBudgetOption(addProblemOptions(command))))
    .option(
      "--seeds <number>",
      "searches of each mapper that draws at random, with seeds 1, 2, ..",
      (text) => wholeNumber(text, "--seeds", 1, mostSeeds),
      defaultSeeds,
    )
    .option("-o, --out <folder>", "write result.json, report.html and run.json there");
  addJsonOption(command)
    .addHelpText(
      "after",
      examples(
        "compare resnet18 --memory 20MB --batch 64",
        "compare vgg16 -b 64 -m 20MB --paper-mode --mappers g-teacher,exact --seeds 9 --budget 2000evals",
        "compare net.onnx -a edge-npu --objective traffic --out out/compare",
        "compare resnet50 -a mlu100-like --mappers one-core,layer-by-layer,fuse-all,dlfusion,cores-oracle",
      ),
    )
    .action((model: string, options: CompareOptions) => compare(cli, model, options));
}

async function compare(cli: Cli, modelName: string, options: CompareOptions): Promise<void> {
  const mappers = mappersFor(options);
  const settings = settle(modelName, options);
  noteUnsupported(cli, settings);
  // What a mapper cannot take is said before the others search.
  for (const mapper of mappers) await mapper.prepare?.(settings.problem);
  const seeds = Array.from({ length: options.seeds }, (_, at) => at + 1);
  const comparison = await compareWatched(mappers, settings.problem, seeds, options.budget, cli.terminal);
  const document = compareDocument({
    modelName,
    problem: settings.problem,
    accelerator: settings.acceleratorName,
    seeds,
    budget: options.budget,
    comparison,
  });
  if (options.json) printDocument(cli, document);
  else cli.terminal.print(compareText(document, cli.terminal));
  if (options.out !== undefined) writeFolder(cli, options.out, document);
  cli.exitWith(exitCodeOf(cli, document));
}

/** Those that were named, else all but DLFusion's strategies; the learned one among them only where it has weights. */
function mappersFor(options: CompareOptions): readonly Mapper[] {
  const paperMode = options.paperMode ?? false;
  const strategies = coreMapperNames();
  const names =
    options.mappers ??
    mapperNames().filter(
      (name) => !strategies.includes(name) && (name !== dnnfuserName || hasWeights(options, paperMode)),
    );
  return namedMappers(
    names,
    options,
    (name) => `add ${name} to --mappers${name === dnnfuserName ? ", or give --weights" : ""}`,
  );
}

/** Runs all under the user's eyes: a line per mapper, a bar per search, and Ctrl-C keeps what is done. */
async function compareWatched(
  mappers: readonly Mapper[],
  problem: Problem,
  seeds: readonly number[],
  budget: Budget | undefined,
  terminal: Terminal,
): Promise<Comparison> {
  const interrupt = listenForInterrupt(terminal, "what is done so far");
  const noted = new Set<string>();
  let bar: Bar | undefined;
  try {
    return await compareMappers(mappers, problem, {
      seeds,
      reference: findMapper(defaultMapper),
      signal: interrupt.signal,
      warmUpSeconds,
      ...(budget === undefined ? {} : { budget }),
      onSearch: (mapper, seed) => {
        bar?.stop();
        if (!noted.has(mapper.name)) terminal.note(`searching: ${searchText(mapper, seeds)}`);
        noted.add(mapper.name);
        const name = mapper.ignoresSeed ? mapper.name : `${mapper.name}, seed ${seed}`;
        bar = progressBar(name, problem.objective ?? "latency", budget ?? {}, terminal);
        return bar.update;
      },
    });
  } finally {
    bar?.stop();
    interrupt.release();
  }
}

function searchText({ name, ignoresSeed }: Mapper, seeds: readonly number[]): string {
  return ignoresSeed ? name : `${name}, ${seeds.length} seed${seeds.length === 1 ? "" : "s"}`;
}

/** What was asked, the table, and what must be known to read it. */
function compareText(document: CompareDocument, { color }: Terminal): string {
  const title = color.bold(`${document.model} on ${document.accelerator}`);
  const { seconds, evaluations } = document.budget;
  const asked = [
    `batch ${document.batch}`,
    `${formatBytes(document.memoryBytes)} on chip`,
    `for ${document.objective}`,
    ...(document.paperMode ? ["paper mode"] : []),
    ...(evaluations === null ? [] : [`${evaluations.toLocaleString("en-US")} evaluations`]),
    ...(seconds === null ? [] : [`${formatSeconds(seconds)} each`]),
  ];
  return [`${title}: ${asked.join(", ")}`, "", compareTable(document), "", ...compareNotes(document)].join(
    "\n",
  );
}

function writeFolder(cli: Cli, folder: string, document: CompareDocument): void {
  writeOutput(cli, join(folder, "result.json"), JSON.stringify(document, null, 2));
  writeOutput(cli, join(folder, "report.html"), renderCompareReport({ document, run: runRecord(cli) }));
  const record = runDocument(cli, document.seeds[0] ?? 1);
  writeOutput(cli, join(folder, "run.json"), JSON.stringify(record, null, 2));
}

/** Where layer by layer does not fit nothing does, and no mapper is to blame. */
function exitCodeOf(cli: Cli, { stopped, baseline, memoryBytes }: CompareDocument): ExitCode {
  if (stopped === "interrupted") return exitCodes.interrupted;
  if (baseline.requiredBytes === null) return exitCodes.ok;
  const message =
    `no mapping fits: layer by layer needs ${formatBytes(baseline.requiredBytes)} on chip, ` +
    `and there are ${formatBytes(memoryBytes)}`;
  const fix = `give --memory ${writeBytes(Math.ceil(baseline.requiredBytes))} or more`;
  cli.terminal.note(errorText({ code: "infeasible", message, fix }, cli.terminal));
  return exitCodes.infeasible;
}

/** Names are checked while options are read, so that a slip is said before a model is. */
function mappersOf(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("")) {
    throw usageError(`"${text}" has an empty entry`, {
      where: "--mappers",
      fix: `write it like --mappers ${mapperNames().slice(0, 2).join(",")}`,
    });
  }
  return [...new Set(names.map((name) => checkMapperName(name, "--mappers")))];
}

/** `laminate bench`: how fast runtimes are on a network, here, measured side by side. */
import type { Command } from "commander";
import { usageError } from "../base/errors.ts";
import { type BenchDocument, benchSchemaName } from "../report/bench-document.ts";
import { measurementsText } from "./bench/bench-text.ts";
import { contenderByName, ownNames, rivalNames } from "./bench/contenders.ts";
import type { JobShapes } from "./bench/job.ts";
import { answerJob, jobVerb } from "./bench/job-process.ts";
import { describeMachine, machineText } from "./bench/machine.ts";
import { measureModel } from "./bench/measure.ts";
import { type Cli, examples, printDocument } from "./cli.ts";
import { exitCodes } from "./exit-codes.ts";
import { readModelFile, shapeOptions } from "./load-model.ts";
import { addJsonOption, addShapeOptions, type JsonOption, type ShapesGiven, wholeNumber } from "./options.ts";

interface BenchOptions extends ShapesGiven, JsonOption {
  readonly against: readonly string[];
  readonly threads: readonly number[];
  readonly repeats: number;
  readonly seconds: number;
  readonly coldStarts: number;
  readonly seed: number;
}

const mostThreads = 64;

export function addBench(program: Command, cli: Cli): void {
  const command = program
    .command("bench <model>")
    .description("measure runtimes on a network side by side: time, first output, memory, download")
    .option(
      "--against <names>",
      `runtimes to measure: ${rivalNames.join(", ")}, separated by commas`,
      namesOf,
      ["ort-web"],
    )
    .option("--threads <numbers>", "numbers of threads, separated by commas", threadsOf, [1])
    .option(
      "--repeats <rounds>",
      "rounds, each with one turn of every runtime",
      whole("--repeats", 1, 10_000),
      30,
    )
    .option("--seconds <limit>", "begin no new round after this time", whole("--seconds", 1, 86_400), 60)
    .option("--cold-starts <number>", "cold starts of each runtime", whole("--cold-starts", 0, 100), 3)
    .option("--seed <number>", "seed of the inputs", whole("--seed", 0, 2 ** 31 - 1), 1);
  addJsonOption(addShapeOptions(command))
    .addHelpText(
      "after",
      examples("bench resnet18 --against ort-web,tfjs", "bench net.onnx --threads 1,2 --repeats 10 --json"),
    )
    .action((model: string, options: BenchOptions) => bench(cli, model, options));
  program
    .command(`${jobVerb} <job>`, { hidden: true })
    .description("the part of bench that runs in a process of its own")
    .action(answerJob);
}

async function bench(cli: Cli, modelName: string, options: BenchOptions): Promise<void> {
  const contenders = [...new Set([...ownNames, ...options.against])];
  // What is not installed is said before minutes of measuring.
  for (const name of contenders) await contenderByName(name).version();
  const { name, model } = readModelFile(modelName);
  const machine = describeMachine();
  cli.terminal.note(machineText(machine));
  const measurements = await measureModel(name, model, jobShapes(shapeOptions(model.graph, options)), {
    contenders,
    threads: options.threads,
    settings: { rounds: options.repeats, mostSeconds: options.seconds, seed: options.seed },
    coldStarts: options.coldStarts,
    onProgress: (what) => cli.terminal.note(`measuring ${what}`),
  });
  const { network, ...rest } = measurements;
  const document: BenchDocument = {
    schema: benchSchemaName,
    model: network,
    machine,
    seed: options.seed,
    ...rest,
  };
  if (options.json) printDocument(cli, document);
  else cli.terminal.print(measurementsText(measurements));
  if (measurements.measured.some(({ result }) => result.kind === "failed"))
    cli.exitWith(exitCodes["gate-failed"]);
}

function jobShapes({ batch, bindings, symbols }: ReturnType<typeof shapeOptions>): JobShapes {
  return {
    ...(batch === undefined ? {} : { batch }),
    ...(bindings === undefined ? {} : { bindings: [...bindings] }),
    ...(symbols === undefined ? {} : { symbols: [...symbols] }),
  };
}

function whole(where: string, least: number, most: number): (text: string) => number {
  return (text) => wholeNumber(text, where, least, most);
}

function namesOf(text: string): readonly string[] {
  return [...new Set(partsOf(text, "--against", "ort-web,tfjs").map((name) => contenderByName(name).name))];
}

function threadsOf(text: string): readonly number[] {
  return partsOf(text, "--threads", "1,2").map((part) => wholeNumber(part, "--threads", 1, mostThreads));
}

function partsOf(text: string, where: string, example: string): readonly string[] {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.every((part) => part !== "")) return parts;
  throw usageError(`"${text}" has an empty entry`, { where, fix: `write it like ${where} ${example}` });
}

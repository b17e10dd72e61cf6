/** `laminate run`: computes a network's outputs, and holds them against expected ones. */
import { join } from "node:path";
import { type Command, Option } from "commander";
import { usageError } from "../base/errors.ts";
import { formatSeconds, threeDigits } from "../base/format.ts";
import { compareValues } from "../graph/interpreter/compare-values.ts";
import { randomInputs } from "../graph/interpreter/random-inputs.ts";
import type { Graph } from "../graph/ir/graph.ts";
import type { RuntimeValue } from "../graph/ir/runtime-value.ts";
import { readWholeFile } from "../host/read-file.ts";
import { type RunDocument, type RunOutput, runSchemaName } from "../report/run-document.ts";
import { type Cli, examples, printDocument } from "./cli.ts";
import { exitCodes } from "./exit-codes.ts";
import { inFileLater } from "./load-model.ts";
import { npyToValue, valueToNpy } from "./npy-values.ts";
import { addJsonOption, addShapeOptions, type JsonOption, wholeNumber } from "./options.ts";
import { writeOutput } from "./run-record.ts";
import { openTarget, type Target, type TargetOptions, targetKinds } from "./run-target.ts";
import { readTestData, type TestData } from "./test-data.ts";

interface RunOptions extends TargetOptions, JsonOption {
  /** Files of inputs, by input name. */
  readonly input?: ReadonlyMap<string, string>;
  readonly testData?: string;
  readonly random?: number;
  readonly output?: string;
}

export function addRun(program: Command, cli: Cli): void {
  const command = program
    .command("run <model>")
    .description("compute a network's outputs; <model> may be a folder of laminate compile")
    .option("-i, --input <name=file.npy>", "an input's elements (repeatable)", collectInput)
    .option("--test-data <folder>", "inputs and expected outputs: input_0.pb, output_0.pb, ...")
    .option("--random <seed>", "draw the inputs that are not given", (text) =>
      wholeNumber(text, "--random", 0, 2 ** 31 - 1),
    )
    .option("-o, --output <folder>", "write each output there as NAME.npy")
    .addOption(
      new Option("--target <name>", "interpreter (default; slow and exact), or wasm: compiled").choices(
        targetKinds,
      ),
    )
    .option("--threads <number>", "threads that compiled code runs on (default: 1)", (text) =>
      wholeNumber(text, "--threads", 1, 64),
    );
  addJsonOption(addShapeOptions(command))
    .addHelpText(
      "after",
      examples(
        "run net.onnx --input x=x.npy --output out",
        "run net.onnx --test-data test_data_set_0 --json",
        "run out/resnet18 --random 1 --threads 2",
      ),
    )
    .action((model: string, options: RunOptions) => run(cli, model, options));
}

function collectInput(
  text: string,
  before: ReadonlyMap<string, string> | undefined,
): ReadonlyMap<string, string> {
  const at = text.lastIndexOf("=");
  if (at < 1 || at === text.length - 1) {
    throw usageError(`"${text}" does not say which file an input is in`, {
      where: "--input",
      fix: "write the input's name and the file: --input x=x.npy",
    });
  }
  return new Map([...(before ?? []), [text.slice(0, at), text.slice(at + 1)]]);
}

async function run(cli: Cli, modelName: string, options: RunOptions): Promise<void> {
  const target = openTarget(modelName, options);
  const { document, failed } = await inFileLater(target.path, () => runTarget(cli, target, options));
  if (options.json) printDocument(cli, document);
  else cli.terminal.print(runText(document));
  if (failed) cli.exitWith(exitCodes["gate-failed"]);
}

async function runTarget(
  cli: Cli,
  target: Target,
  options: RunOptions,
): Promise<{ readonly document: RunDocument; readonly failed: boolean }> {
  const testData = options.testData === undefined ? undefined : readTestData(options.testData, target.graph);
  const inputs = gatherInputs(target.graph, options, testData, () =>
    randomInputs(target.sized(), options.random),
  );
  const { results, milliseconds, notes } = await target.run(inputs);
  for (const note of notes) cli.terminal.note(`note: ${note}`);
  const compared = [...results].map(([output, value]) =>
    outputEntry(output, value, testData?.expected.get(output)),
  );
  const outputs = compared.map(({ entry }, index) => {
    const value = results.get(entry.name);
    return value === undefined
      ? entry
      : { ...entry, file: writeValue(cli, options.output, value, entry.name, index) };
  });
  const pass = testData === undefined ? null : compared.every(({ isClose }) => isClose !== false);
  const document = {
    schema: runSchemaName,
    model: target.name,
    target: target.kind,
    outputs,
    pass,
    milliseconds,
  } as const;
  return { document, failed: pass === false };
}

/** A file given for an input wins over the test data, and that over a draw. */
function gatherInputs(
  graph: Graph,
  options: RunOptions,
  testData: TestData | undefined,
  draw: () => ReadonlyMap<string, RuntimeValue>,
): ReadonlyMap<string, RuntimeValue> {
  const given = new Map<string, RuntimeValue>(testData?.inputs ?? []);
  for (const [name, path] of options.input ?? []) given.set(name, npyToValue(readWholeFile(path), path));
  const isComplete = graph.inputs.every(({ name }) => given.has(name));
  return options.random === undefined || isComplete ? given : new Map([...draw(), ...given]);
}

function outputEntry(
  name: string,
  value: RuntimeValue,
  expected: RuntimeValue | undefined,
): { readonly entry: RunOutput; readonly isClose: boolean | undefined } {
  const isTensor = value.kind === "tensor";
  const difference = expected === undefined ? undefined : compareValues(value, expected);
  const finite = (error: number | undefined): number | null =>
    error === undefined || !Number.isFinite(error) ? null : error;
  const entry = {
    name,
    elementType: isTensor ? value.elementType : "undefined",
    shape: isTensor ? value.shape : null,
    file: null,
    maxAbsoluteError: finite(difference?.maxAbsoluteError),
    maxRelativeError: finite(difference?.maxRelativeError),
    difference: difference?.reason ?? null,
  };
  return { entry, isClose: difference?.isClose };
}

/** Names may hold what file names may not. */
function writeValue(
  cli: Cli,
  folder: string | undefined,
  value: RuntimeValue,
  name: string,
  index: number,
): string | null {
  if (folder === undefined) return null;
  if (value.kind !== "tensor") {
    cli.terminal.note(
      `note: the output "${name}" is a ${value.kind}, which has no .npy form; it is not written`,
    );
    return null;
  }
  const safe = name.replaceAll(/[^\w.-]/g, "_").replace(/^\.+/, "_");
  const path = join(folder, `${safe === "" ? `output_${index}` : safe}.npy`);
  writeOutput(cli, path, valueToNpy(value, `output "${name}"`));
  return path;
}

function runText({ model, outputs, pass, milliseconds }: RunDocument): string {
  const lines = outputs.map(
    ({ name, elementType, shape, file, maxAbsoluteError, maxRelativeError, difference }) => {
      const type = shape === null ? "no tensor" : `${elementType} [${shape.join(",")}]`;
      const relative = maxRelativeError === null ? "" : ` (relative ${threeDigits(maxRelativeError)})`;
      const apart =
        maxAbsoluteError === null ? "" : `: off by at most ${threeDigits(maxAbsoluteError)}${relative}`;
      const error = difference === null ? apart : `: ${difference}`;
      return `  ${name}  ${type}${error}${file === null ? "" : `  -> ${file}`}`;
    },
  );
  const verdict = pass === null ? "" : pass ? ", all as expected" : ", NOT as expected";
  const noun = outputs.length === 1 ? "1 output" : `${outputs.length} outputs`;
  return [`${model}: ${noun} in ${formatSeconds(milliseconds / 1000)}${verdict}`, ...lines].join("\n");
}

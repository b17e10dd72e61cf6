/** `laminate compile`: a network as a folder of fused code that runs in Node and in pages without laminate. */
import { isAbsolute, join } from "node:path";
import { type Command, Option } from "commander";
import { usageError } from "../base/errors.ts";
import { formatBytes } from "../base/format.ts";
import { writeArtefact } from "../compiler/artefact/write-artefact.ts";
import type { Program as CompiledProgram } from "../compiler/codegen/program.ts";
import { printFunction } from "../compiler/codegen/wasm/print-wat.ts";
import { printPlan } from "../compiler/fusion/print-plan.ts";
import { checkPassName } from "../compiler/fusion/rewrite/optimize.ts";
import { printGraph } from "../graph/ir/print.ts";
import { writeFilesAtomically } from "../host/write-file.ts";
import { type CompileDocument, compileDocument } from "../report/compile-document.ts";
import { type Cli, examples, printDocument } from "./cli.ts";
import { type CompiledModel, type CompileSettings, compileModel } from "./compile-model.ts";
import { inFile, readModel } from "./load-model.ts";
import { addJsonOption, addShapeOptions, type JsonOption, type ShapesGiven, wholeNumber } from "./options.ts";
import { addPlanOptions } from "./plan-options.ts";

type Emit = "plan" | "graph" | "wat" | "memory";

interface CompileOptions extends ShapesGiven, CompileSettings, JsonOption {
  readonly output?: string;
  readonly threads?: number;
  readonly emit?: Emit;
  readonly printAfter?: string;
}

export function addCompile(program: Command, cli: Cli): void {
  const emit = new Option("--emit <what>", "print plan, graph (as rewritten), wat (all kernels) or memory");
  const command = program
    .command("compile <model>")
    .description("write a network as fused WebAssembly: a folder that runs in Node and in pages by itself")
    .option("-o, --output <folder>", "where model.js, model.d.ts, kernels.wasm and weights.bin are written")
    .option("--threads <number>", "threads that it may run on (default: 1)", (text) =>
      wholeNumber(text, "--threads", 1, 64),
    )
    .option("--fast-math", "let rewriting change rounding a lot")
    .option("--no-relaxed-simd", "leave out the variant for engines with relaxed SIMD")
    .option("--no-winograd", "3 x 3 convolutions by the definition: slower, with less memory");
  addJsonOption(addPlanOptions(addShapeOptions(command)))
    .addOption(emit.choices(["plan", "graph", "wat", "memory"]).conflicts("json"))
    .addOption(
      new Option("--print-after <pass>", "print the graph after a pass of rewriting").conflicts("json"),
    )
    .addHelpText(
      "after",
      examples(
        "compile resnet18 -o out/resnet18 --threads 2",
        "compile bert.onnx --symbol seq=128 --emit wat",
      ),
    )
    .action((model: string, options: CompileOptions) => compile(cli, model, options));
}

function compile(cli: Cli, modelName: string, options: CompileOptions): void {
  const { output, threads = 1, emit, printAfter } = options;
  if (output === undefined && emit === undefined && printAfter === undefined) {
    throw usageError("nothing says where the compiled network goes", {
      where: "--output",
      fix: "give a folder: -o out, or something to print: --emit plan",
    });
  }
  if (printAfter !== undefined) checkPassName(printAfter, "--print-after");
  const { name, path, typed } = readModel(modelName, options);
  const compiled = inFile(path, () =>
    compileModel(name, typed, options, (pass, graph) => {
      if (pass === printAfter) cli.terminal.print(printGraph(graph).trimEnd());
    }),
  );
  if (emit !== undefined) cli.terminal.print(emitted(compiled, emit).trimEnd());
  const files = output === undefined ? [] : writeFolder(output, compiled, threads);
  const document = compileDocument({ model: name, ...compiled, threads, files });
  if (options.json) printDocument(cli, document);
  else if (output !== undefined) cli.terminal.print(compileText(document, output));
}

function writeFolder(folder: string, { programs }: CompiledModel, threads: number): CompileDocument["files"] {
  const files = writeArtefact(programs, { threads });
  writeFilesAtomically(folder, files);
  return [...files].map(([name, bytes]) => ({ path: join(folder, name), bytes: bytes.length }));
}

function emitted({ plan, programs: [program] }: CompiledModel, what: Emit): string {
  switch (what) {
    case "plan":
      return printPlan(plan);
    case "graph":
      return printGraph(plan.typed);
    case "wat":
      return program.functions.map(printFunction).join("\n");
    case "memory":
      return memoryText(program);
    default:
      return what satisfies never;
  }
}

/** Where everything lies, and which kernel touches what in which step. */
function memoryText({ constants, inputs, outputs, steps, memoryBytes }: CompiledProgram): string {
  const row = (offset: number, bytes: number, what: string): string =>
    `${String(offset).padStart(12)} ${String(bytes).padStart(12)}  ${what}`;
  return [
    `      offset        bytes  (${memoryBytes} in all)`,
    row(constants.byteOffset, constants.byteLength, "constants"),
    ...inputs.map(({ name, byteOffset, byteLength }) => row(byteOffset, byteLength, `input ${name}`)),
    ...outputs.map(({ name, byteOffset, byteLength }) => row(byteOffset, byteLength, `output ${name}`)),
    ...steps.map(
      ({ kernel, addresses, units, label }, index) =>
        `step ${index}: ${kernel}(${addresses.join(", ")}) x ${units}  ${label}`,
    ),
  ].join("\n");
}

function compileText(document: CompileDocument, folder: string): string {
  const { model, operators, blocks, kernels, steps, weightBytes, memoryBytes, files } = document;
  const entry = join(folder, "model.js");
  const widest = Math.max(...files.map(({ path }) => path.length));
  return [
    `${model}: ${count(operators, "operator")} in ${count(blocks, "block")}; ${count(steps, "call")} of ${count(kernels, "kernel")}`,
    `${formatBytes(weightBytes)} of weights, ${formatBytes(memoryBytes)} of memory`,
    ...files.map(({ path, bytes }) => `  ${path.padEnd(widest)}  ${formatBytes(bytes)}`),
    `use it: import { load } from "${isAbsolute(entry) ? entry : `./${entry}`}"`,
  ].join("\n");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

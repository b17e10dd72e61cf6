/** What computes a network for `laminate run`: the interpreter, code compiled on the spot, or a compiled folder. */
import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { usageError } from "../base/errors.ts";
import { readArtefact } from "../compiler/artefact/read-artefact.ts";
import { entryName } from "../compiler/artefact/write-artefact.ts";
import type { Program } from "../compiler/codegen/program.ts";
import type { ModelInput } from "../compiler/runtime/elements.ts";
import type { ModelManifest, ModelTensor } from "../compiler/runtime/manifest.ts";
import type { ModelParts } from "../compiler/runtime/model-parts.ts";
import { createRuntime } from "../compiler/runtime/runtime.ts";
import { checkInputs } from "../graph/interpreter/check-inputs.ts";
import { runGraph } from "../graph/interpreter/run-graph.ts";
import type { Graph, Value } from "../graph/ir/graph.ts";
import type { RuntimeValue } from "../graph/ir/runtime-value.ts";
import { inferShapes } from "../graph/ops/infer-shapes.ts";
import { folderReader } from "../host/folder-reader.ts";
import { nodeThreads } from "../host/node-threads.ts";
import { compileWellAtOnce, enableRelaxedSimd } from "../host/wasm-engine.ts";
import { compileModel } from "./compile-model.ts";
import { readModelFile, shapeOptions } from "./load-model.ts";
import type { ShapesGiven } from "./options.ts";

export const targetKinds = ["interpreter", "wasm"] as const;
type TargetKind = (typeof targetKinds)[number];

export interface TargetOptions extends ShapesGiven {
  readonly target?: TargetKind;
  readonly threads?: number;
}

type Inputs = ReadonlyMap<string, RuntimeValue>;

export interface TargetRun {
  /** The outputs by name. */
  readonly results: ReadonlyMap<string, RuntimeValue>;
  /** Of the run alone, without compiling. */
  readonly milliseconds: number;
  readonly notes: readonly string[];
}

export interface Target {
  readonly kind: TargetKind;
  readonly name: string;
  /** For errors. */
  readonly path: string;
  /** Its inputs and outputs, which may leave sizes open. */
  readonly graph: Graph;
  /** The same with all sizes that the options bind; drawing inputs needs them. */
  sized(): Graph;
  run(inputs: Inputs): Promise<TargetRun>;
}

export function openTarget(model: string, options: TargetOptions): Target {
  if (isCompiledFolder(model)) return folderTarget(model, options);
  const { name, path, model: read } = readModelFile(model);
  // A free batch is one image here, as everywhere else.
  const typed = (given: ShapesGiven) => inferShapes(read, shapeOptions(read.graph, given));
  const common = { name, path, graph: read.graph, sized: () => typed(options).graph };
  if (options.target === "wasm") {
    const run = async (inputs: Inputs): Promise<TargetRun> => {
      checkInputs(read.graph, inputs);
      const { programs } = compileModel(name, typed({ ...options, shape: shapesOf(inputs) }), {});
      return runCompiled(programs, inputs, options.threads);
    };
    return { ...common, kind: "wasm", run };
  }
  if (options.threads !== undefined) {
    throw usageError("the interpreter runs on one thread", {
      where: "--threads",
      fix: "give --target wasm too",
    });
  }
  const run = async (inputs: Inputs): Promise<TargetRun> => {
    const start = performance.now();
    const results = runGraph(read, inputs);
    return { results, milliseconds: performance.now() - start, notes: [] };
  };
  return { ...common, kind: "interpreter", run };
}

function isCompiledFolder(path: string): boolean {
  return existsSync(join(path, entryName)) && statSync(path).isDirectory();
}

function folderTarget(path: string, { target, threads, shape, symbol }: TargetOptions): Target {
  const given = target === "interpreter" ? "--target" : shape ? "--shape" : symbol ? "--symbol" : undefined;
  if (given !== undefined) {
    throw usageError("a compiled network runs as it was compiled", {
      where: given,
      fix: "leave it out, or run the model that it was compiled from",
    });
  }
  const parts = readArtefact(folderReader(path));
  const graph = graphOf(parts.manifest);
  return {
    kind: "wasm",
    name: parts.manifest.name || basename(path),
    path,
    graph,
    sized: () => graph,
    run: (inputs) => runCompiled(parts, inputs, threads ?? parts.manifest.threads),
  };
}

async function runCompiled(
  programs: readonly Program[] | ModelParts,
  inputs: Inputs,
  threads = 1,
): Promise<TargetRun> {
  enableRelaxedSimd();
  compileWellAtOnce();
  const runtime = createRuntime({ threads, startThread: nodeThreads() });
  try {
    const model = await runtime.load(programs);
    const given = [...inputs].map(([name, value]): [string, ModelInput] => [name, tensorOf(name, value)]);
    const start = performance.now();
    const outputs = await model.run(new Map(given));
    const milliseconds = performance.now() - start;
    const results = model.outputs.map(({ name, elementType, shape }): [string, RuntimeValue] => {
      const elements = outputs[name] ?? new Float32Array();
      return [name, { kind: "tensor", elementType, shape, elements }];
    });
    return { results: new Map(results), milliseconds, notes: model.notes };
  } finally {
    runtime.dispose();
  }
}

function tensorOf(name: string, value: RuntimeValue): ModelInput {
  if (value.kind === "tensor") return value;
  throw usageError(`a ${value.kind} cannot be given to compiled code`, {
    where: `input "${name}"`,
    fix: "run the network with --target interpreter",
  });
}

/** The sizes that are compiled for are those of the inputs. */
function shapesOf(inputs: Inputs): ReadonlyMap<string, readonly number[]> {
  return new Map(
    [...inputs].flatMap(([name, value]) => (value.kind === "tensor" ? [[name, value.shape] as const] : [])),
  );
}

function graphOf({ name, inputs, outputs }: ModelManifest): Graph {
  const values = (tensors: readonly ModelTensor[]): readonly Value[] =>
    tensors.map(({ name: value, elementType, shape }) => ({ name: value, type: { elementType, shape } }));
  return {
    name,
    inputs: values(inputs),
    outputs: values(outputs),
    nodes: [],
    constants: new Map(),
    statedTypes: new Map(),
  };
}

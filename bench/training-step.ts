/**
 * One step of training of DNNFuser's decision transformer (forward, backward, clipped AdamW; 32 trajectories of 57 steps, 171
 * tokens) as a compiled network, beside onnxruntime-web on the same file. A run brings batch and state in and takes the next
 * state out, as training does.
 *
 *   node training-step.js [--against ort-web] [--threads 1] [--repeats 15] [--steps 57] [--activation gelu]
 *     [--dropout] [--busy] [--profile] [--json] (bundled)
 *
 * --busy counts processor time, which other load on the machine hardly changes: with one thread it is what a step takes on a
 * quiet one.
 * --profile times each step of the program instead, on one thread, and sums the times by what the steps do.
 */

import { setFlagsFromString } from "node:v8";
import { formatBytes, formatSeconds } from "../src/base/format.ts";
import { sum } from "../src/base/integers.ts";
import { seededRandom } from "../src/base/random.ts";
import { type Racer, runRounds } from "../src/base/rounds.ts";
import { median, summarize } from "../src/base/statistics.ts";
import { alignColumns } from "../src/cli/bench/bench-text.ts";
import type { BoundRun } from "../src/cli/bench/contender.ts";
import { contenderByName } from "../src/cli/bench/contenders.ts";
import { describeMachine, machineText } from "../src/cli/bench/machine.ts";
import { compileGraph } from "../src/compiler/codegen/compile.ts";
import type { Program, Step } from "../src/compiler/codegen/program.ts";
import { encodeModule } from "../src/compiler/codegen/wasm/encode.ts";
import type { ModelInput } from "../src/compiler/runtime/elements.ts";
import { supportsRelaxedSimd } from "../src/compiler/runtime/features.ts";
import { createRuntime } from "../src/compiler/runtime/runtime.ts";
import { type TrainingGraph, trainingGraph } from "../src/graph/autodiff/training-graph.ts";
import { type TensorValue, tensorFromDoubles } from "../src/graph/ir/runtime-value.ts";
import { exportOnnx } from "../src/graph/onnx/export-onnx.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";
import { graphMacs } from "../src/graph/ops/macs.ts";
import { nodeThreads } from "../src/host/node-threads.ts";
import { paperSchema } from "../src/learning/environment/paper-schema.ts";
import {
  type DecisionTransformer,
  decisionTransformer,
} from "../src/learning/network/decision-transformer.ts";
import { firstParameters, paperSizes } from "../src/learning/network/network-sizes.ts";
import { initialState } from "../test/train.ts";
import { processorClock } from "./processor-clock.ts";
import { readOptions } from "./read-options.ts";

// Node 20 has relaxed SIMD behind a flag, which must be set before the first validation.
setFlagsFromString("--experimental-wasm-relaxed-simd");

type Tensors = ReadonlyMap<string, TensorValue>;

const { values: options } = readOptions({
  options: {
    against: { type: "string", default: "" },
    threads: { type: "string", default: "1" },
    repeats: { type: "string", default: "15" },
    steps: { type: "string", default: "57" },
    activation: { type: "string", default: "gelu" },
    dropout: { type: "boolean", default: false },
    busy: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

const transformer = decisionTransformer({
  sizes: paperSizes,
  schema: paperSchema,
  batch: 32,
  steps: Number(options.steps),
  dropout: options.dropout,
  activation: options.activation === "relu" ? "relu" : "gelu",
  parameters: firstParameters(paperSizes, paperSchema, 1),
});
const training = trainingOf(transformer);
const relaxedSimd = supportsRelaxedSimd();
const program = compileGraph(training.typed, { relaxedSimd });
const inputs = inputsOf(training, transformer);
const machine = describeMachine();
console.error(machineText(machine));
console.error(describe());
if (options.profile) printProfile();
else await compare();

function trainingOf({ model, loss, parameters }: DecisionTransformer): TrainingGraph {
  const optimizer = { kind: "adamw", weightDecay: 1e-4, clipNorm: 0.25 } as const;
  return trainingGraph(inferShapes(model), { loss, parameters, optimizer });
}

function inputsOf(graph: TrainingGraph, { model }: DecisionTransformer): Tensors {
  const random = seededRandom(1);
  const batch = model.graph.inputs.map(({ name, type }) => {
    const shape = (type.shape ?? []).map(Number);
    const count = shape.reduce((product, size) => product * size, 1);
    const numbers = Array.from({ length: count }, () => 2 * random.uniform() - 1);
    return [
      name,
      tensorFromDoubles("float32", shape, name === "weights" ? numbers.fill(1) : numbers),
    ] as const;
  });
  const rate = tensorFromDoubles("float32", [], [1e-4]);
  return new Map([...batch, ...initialState(graph, model), [graph.learningRate, rate]]);
}

function describe(): string {
  const count = sum(
    training.parameters.map(({ type }) => (type.shape ?? []).map(Number).reduce((a, b) => a * b, 1)),
  );
  const macs = graphMacs(training.typed);
  return [
    `${(count / 1e6).toFixed(2)} M parameters`,
    `${training.typed.graph.nodes.length} operators, ${program.steps.length} steps`,
    `${(macs / 1e9).toFixed(1)} GMAC of products`,
    `${formatBytes(program.memoryBytes)} of memory`,
  ].join(", ");
}

async function compare(): Promise<void> {
  const threads = Number(options.threads);
  const startThread = nodeThreads();
  const runtime = createRuntime({ threads, ...(startThread === undefined ? {} : { startThread }) });
  const model = await runtime.load(program);
  for (const note of model.notes) console.error(note);
  const state = new Map<string, ModelInput>(inputs);
  const losses: number[] = [];
  const step = async (): Promise<void> => {
    const outputs = await model.run(state);
    losses.push(Number(outputs[training.loss]?.[0]));
    for (const { input, output } of [training.step, ...training.parameters, ...training.moments.flat()]) {
      const next = outputs[output];
      if (next !== undefined) state.set(input, next);
    }
  };
  const racers: Racer[] = [{ name: "laminate", run: step }];
  /** These take the first step again and again. */
  const others: { readonly name: string; readonly bound: BoundRun }[] = [];
  const bytes = exportOnnx(training.model);
  for (const name of options.against.split(",").filter(Boolean)) {
    const loading = await contenderByName(name).load({ name: "training", bytes, shapes: {} }, { threads });
    if (loading.kind === "unsupported") {
      console.error(`${name}: ${loading.reason}`);
      continue;
    }
    const bound = loading.bind(inputs);
    racers.push({ name, run: async () => void (await bound.run()) });
    others.push({ name, bound });
  }
  const samples = await runRounds(racers, {
    rounds: Number(options.repeats),
    turnSeconds: 0,
    warmUpSeconds: 2,
    pauseSeconds: 0.02,
    mostSeconds: 300,
    clock: options.busy ? processorClock : () => performance.now() / 1000,
    sleep: (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds)),
  });
  runtime.dispose();
  const rows = samples.map(({ name, seconds }) => ({ name, threads, ...summarize(seconds) }));
  if (options.json) console.log(JSON.stringify({ machine, relaxedSimd, rows, losses }, null, 2));
  else {
    const cells = rows.map(({ name, median: middle, p10, p90, count }) => [
      name,
      formatSeconds(middle),
      `${formatSeconds(p10)} .. ${formatSeconds(p90)}`,
      String(count),
    ]);
    const what = options.busy ? "processor time of a step" : "a step";
    const head = [
      `${what}, ${threads} ${threads === 1 ? "thread" : "threads"}`,
      "median",
      "p10 .. p90",
      "rounds",
    ];
    console.log(alignColumns([head, ...cells]).join("\n"));
    const theirs = others.map(({ name, bound }) => {
      const loss = bound.outputs().get(training.loss);
      return `, ${name} ${loss?.kind === "tensor" ? Number(loss.elements[0]).toFixed(6) : "none"}`;
    });
    console.log(`loss of the first step: laminate ${losses[0]?.toFixed(6)}${theirs.join("")}`);
    console.log(`loss of step ${losses.length}: ${losses.at(-1)?.toFixed(6)}`);
  }
  process.exit(0);
}

interface Timed {
  readonly step: Step;
  readonly seconds: number;
}

/**
 * Each step is called on its own, in order, so that caches are as they are in a run. Processor time, as a step is longer than
 * what a busy machine gives at a time; the median of the rounds.
 */
function timeSteps(of: Program): readonly Timed[] {
  const pages = Math.ceil(of.memoryBytes / 65_536);
  const functions = of.functions.map((fn) => ({ ...fn, exported: true }));
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const module = new WebAssembly.Module(
    encodeModule({ memory: { pages, shared: false }, functions }) as BufferSource,
  );
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const all = new Uint8Array(memory.buffer);
  of.constants.writeTo(
    all.subarray(of.constants.byteOffset, of.constants.byteOffset + of.constants.byteLength),
  );
  const call = ({ kernel, addresses, firstUnit = 0, units }: Step): void => {
    (exports[kernel] as (...numbers: readonly number[]) => void)(...addresses, firstUnit, firstUnit + units);
  };
  for (const step of of.preparation) call(step);
  const samples: number[][] = of.steps.map(() => []);
  for (let round = 0; round < Number(options.repeats) + 3; round++) {
    for (const { name, byteOffset } of of.inputs) {
      const elements = inputs.get(name)?.elements;
      if (elements instanceof Float32Array)
        new Float32Array(memory.buffer, byteOffset, elements.length).set(elements);
    }
    of.steps.forEach((step, index) => {
      const start = processorClock();
      call(step);
      // The first rounds run code that is not optimised yet.
      if (round >= 3) samples[index]?.push(processorClock() - start);
    });
  }
  return of.steps.map((step, index) => ({ step, seconds: median(samples[index] ?? []) }));
}

/** What a step does: its operator, and for products whether a kernel multiplies or packs. */
function kindOf({ label, kernel }: Step): string {
  const [operator = ""] = label.split(" ");
  const isPacking = label.includes("(packing)");
  return isPacking ? "packing of right sides" : `${operator} (${kernel.replace(/[\d_.~]+.*$/, "")})`;
}

function printProfile(): void {
  const timed = timeSteps(program);
  const total = sum(timed.map(({ seconds }) => seconds));
  const share = (seconds: number): string => `${((100 * seconds) / total).toFixed(1)} %`;
  const kinds = new Map<string, { count: number; seconds: number }>();
  for (const { step, seconds } of timed) {
    const kind = kinds.get(kindOf(step)) ?? { count: 0, seconds: 0 };
    kinds.set(kindOf(step), { count: kind.count + 1, seconds: kind.seconds + seconds });
  }
  const byKind = [...kinds].sort(([, a], [, b]) => b.seconds - a.seconds);
  console.log(`all steps, one by one: ${formatSeconds(total)}\n`);
  console.log(
    alignColumns([
      ["kind", "steps", "time", "share"],
      ...byKind.map(([kind, { count, seconds }]) => [
        kind,
        String(count),
        formatSeconds(seconds),
        share(seconds),
      ]),
    ]).join("\n"),
  );
  const slowest = timed.toSorted((a, b) => b.seconds - a.seconds).slice(0, 40);
  console.log("");
  console.log(
    alignColumns([
      ["step", "kernel", "time", "share", "work / s"],
      ...slowest.map(({ step, seconds }) => [
        step.label.slice(0, 90),
        step.kernel,
        formatSeconds(seconds),
        share(seconds),
        `${(step.work / seconds / 1e9).toFixed(2)} G`,
      ]),
    ]).join("\n"),
  );
}

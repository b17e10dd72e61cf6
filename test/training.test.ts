/**
 * One training graph, three engines: the interpreter, compiled WebAssembly and onnxruntime-web take the same steps. The
 * gradient of every row is compiled too.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../src/base/random.ts";
import { ortWebContender } from "../src/cli/bench/ort-web.ts";
import { compileGraph } from "../src/compiler/codegen/compile.ts";
import { expectSame } from "../src/compiler/codegen/testing/compare-compiled.ts";
import { createRuntime } from "../src/compiler/runtime/runtime.ts";
import { differentiate } from "../src/graph/autodiff/differentiate.ts";
import { type TrainingGraph, trainingGraph } from "../src/graph/autodiff/training-graph.ts";
import { compareValues } from "../src/graph/interpreter/compare-values.ts";
import type { Model } from "../src/graph/ir/graph.ts";
import { valueOfTensor } from "../src/graph/ir/runtime-tensor.ts";
import { numbersOf, type RuntimeValue, tensorFromDoubles } from "../src/graph/ir/runtime-value.ts";
import { tensorFromNumbers } from "../src/graph/ir/tensor-values.ts";
import { exportOnnx } from "../src/graph/onnx/export-onnx.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";
import * as laminate from "../src/index.ts";
import { paperSchema } from "../src/learning/environment/paper-schema.ts";
import { decisionTransformer } from "../src/learning/network/decision-transformer.ts";
import { firstParameters } from "../src/learning/network/network-sizes.ts";
import { repositoryRoot } from "./build-dist.ts";
import { anywhere, drawInputs, floatInputs, withLoss } from "./check-gradients.ts";
import { gradientCases } from "./gradient-cases.ts";
import { floats, type NetworkNode, type NetworkSpec, network } from "./network.ts";
import { inInterpreter, initialState, type RunStep, type Tensors, train } from "./train.ts";

/** The same network in float32. */
function inFloats(spec: Omit<NetworkSpec, "outputs">): Omit<NetworkSpec, "outputs"> {
  const inputs = Object.entries(spec.inputs ?? {}).map(([name, given]) => {
    const isDouble = given[0] === "float64";
    return [name, isDouble ? (["float32", given[1]] as typeof given) : given] as const;
  });
  const constants = Object.entries(spec.constants ?? {}).map(([name, tensor]) => {
    const numbers = tensor.elementType === "float64" ? [...numbersOf(valueOfTensor(tensor))] : undefined;
    const single = numbers === undefined ? undefined : tensorFromNumbers("float32", tensor.shape, numbers);
    return [name, single ?? tensor] as const;
  });
  const nodes = Object.entries(spec.nodes).map(([name, node]) => {
    const single: NetworkNode = node[0] === "Cast" ? ["Cast", node[1], { to: 1 }] : node;
    return [name, single] as const;
  });
  return {
    ...spec,
    inputs: Object.fromEntries(inputs),
    constants: Object.fromEntries(constants),
    nodes: Object.fromEntries(nodes),
  };
}

describe("the gradient of every row is the interpreter's when it is compiled", () => {
  test.each(Object.keys(gradientCases))("%s", (name) => {
    const check = gradientCases[name];
    if (check === undefined) throw new Error(`no ${name}`);
    for (const seed of [1, 2]) {
      const random = seededRandom(seed);
      const typed = withLoss(inFloats(check.network(random)));
      const both = differentiate(typed, { loss: "loss", parameters: floatInputs(typed.graph) });
      expectSame(both.typed, drawInputs(both.typed.graph, check.draw ?? anywhere, random));
    }
  });
});

async function compiled(
  training: TrainingGraph,
): Promise<{ readonly run: RunStep; readonly end: () => void }> {
  const runtime = createRuntime();
  const program = compileGraph(training.typed);
  const model = await runtime.load(program);
  const run: RunStep = async (inputs) => {
    const outputs = await model.run(inputs);
    return new Map(
      program.outputs.map(({ name, elementType, shape }): readonly [string, RuntimeValue] => {
        const elements = outputs[name];
        if (elements === undefined) throw new Error(`no ${name}`);
        return [name, { kind: "tensor", elementType, shape, elements }];
      }),
    );
  };
  return { run, end: () => runtime.dispose() };
}

/** Through a file, as others would run it. */
async function inOrt({ model }: TrainingGraph): Promise<RunStep> {
  const network = { name: "training", bytes: exportOnnx(model), shapes: {} };
  const loading = await ortWebContender().load(network, { threads: 1 });
  if (loading.kind !== "loaded") throw new Error(loading.reason);
  return async (inputs) => {
    const bound = loading.bind(inputs);
    await bound.run();
    return bound.outputs();
  };
}

const batchSize = 4;
const steps = 5;
const sizes = { steps, blocks: 2, heads: 2, width: 16 };
/** Three numbers of a state are enough here. */
const schema = { ...paperSchema, state: paperSchema.state.slice(0, 3) };

function transformerTraining(): { readonly training: TrainingGraph; readonly model: Model } {
  const options = { sizes, schema, batch: batchSize, steps, parameters: firstParameters(sizes, schema, 1) };
  const { model, loss, parameters } = decisionTransformer(options);
  const optimizer = { kind: "adamw", weightDecay: 1e-4, clipNorm: 0.25 } as const;
  return { training: trainingGraph(inferShapes(model), { loss, parameters, optimizer }), model };
}

/** The action to learn is the mean of the state's first two numbers. */
function drawBatch(): Tensors {
  const random = seededRandom(11);
  const rows = batchSize * steps;
  const states = Array.from({ length: rows * 3 }, () => 2 * random.uniform() - 1);
  const actions = Array.from({ length: rows }, (_, at) => {
    return ((states[3 * at] ?? 0) + (states[3 * at + 1] ?? 0)) / 2;
  });
  const returns = Array.from({ length: rows }, () => random.uniform());
  const tensor = (width: number, numbers: readonly number[]) =>
    tensorFromDoubles("float32", [batchSize, steps, width], numbers);
  return new Map([
    ["states", tensor(3, states)],
    ["actions", tensor(1, actions)],
    ["returns", tensor(1, returns)],
    ["weights", tensor(1, new Array<number>(rows).fill(1))],
  ]);
}

describe("50 steps of a small decision transformer", () => {
  const options = { steps: 50, learningRate: 3e-3 };
  const { training, model } = transformerTraining();
  const start = initialState(training, model);
  const batch = drawBatch();
  const ofInterpreter = train(training, inInterpreter(training), start, batch, options);

  test("the loss falls to a tenth in the interpreter", async () => {
    const { losses } = await ofInterpreter;
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 10);
  });

  test("compiled, the losses are the same", async () => {
    const { run, end } = await compiled(training);
    const found = await train(training, run, start, batch, options);
    end();
    expectClose(found.losses, (await ofInterpreter).losses);
  });

  test("in onnxruntime-web, through a file, the losses are the same", async () => {
    const found = await train(training, await inOrt(training), start, batch, options);
    expectClose(found.losses, (await ofInterpreter).losses);
  });

  test("one step gives the same parameters and moments in all three", async () => {
    const one = { steps: 1, learningRate: 1e-3 };
    const expected = await train(training, inInterpreter(training), start, batch, one);
    const { run, end } = await compiled(training);
    for (const each of [run, await inOrt(training)]) {
      const { state } = await train(training, each, start, batch, one);
      for (const [name, value] of expected.state) {
        const actual = state.get(name);
        if (actual === undefined) throw new Error(`no ${name}`);
        // AdamW's first step is the rate times the sign of a gradient, which may be nothing but rounding.
        const tolerance = name.includes("moment")
          ? { relative: 2e-3, absolute: 1e-8 }
          : { relative: 0, absolute: 2.1e-3 };
        const difference = compareValues(actual, value, tolerance);
        expect(difference.isClose, `${name}: ${JSON.stringify(difference)}`).toBe(true);
      }
    }
    end();
  });

  test("the file is read again as the same network", () => {
    const again = importOnnx(exportOnnx(training.model), { name: "training" });
    expect(again.graph.nodes.length).toBe(training.model.graph.nodes.length);
    expect(again.graph.outputs).toEqual(training.model.graph.outputs);
  });
});

/** Within a percent: rounding grows from step to step. */
function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  found.forEach((loss, step) => {
    const wanted = expected[step] ?? 0;
    expect(Math.abs(loss - wanted) / wanted, `step ${step}: ${loss}, not ${wanted}`).toBeLessThan(1e-2);
  });
}

test("the example of docs/training-graphs.md trains", async () => {
  const page = readFileSync(join(repositoryRoot, "docs", "training-graphs.md"), "utf8");
  const [prepare = "", step = ""] = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
    ([, text = ""]) => text,
  );
  const { graph } = network({
    inputs: { x: [2, 3] },
    constants: { "hidden.weight": floats([3, 1]), "hidden.bias": floats([1]) },
    nodes: {
      y: ["Gemm", ["x", "hidden.weight", "hidden.bias"]],
      square: ["Mul", ["y", "y"]],
      loss: ["ReduceMean", ["square"], { keepdims: 0 }],
    },
    outputs: ["loss"],
  });
  const model: Model = {
    graph,
    irVersion: 8,
    opsets: new Map([["", 17]]),
    producer: "",
    metadata: new Map(),
  };
  const state = new Map<string, unknown>(
    Object.entries({
      "hidden.weight": Float32Array.of(1, 2, 3),
      "hidden.bias": Float32Array.of(1),
      step: new Float32Array(1),
    }),
  );
  for (const [name, size] of [
    ["hidden.weight", 3],
    ["hidden.bias", 1],
  ] as const)
    for (const moment of [1, 2]) state.set(`${name}.moment${moment}`, new Float32Array(size));
  const given = {
    bytes: exportOnnx(model),
    batch: new Map([["x", Float32Array.of(1, 1, 1, 0, 1, 2)]]),
    state,
    laminate,
  };
  // The page's text with the package as an object, so that what is tested is the source.
  const imported = prepare.replace(/import (\{[^}]*\}) from "laminate";/, "const $1 = laminate;");
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const body = `${imported}\nconst losses = [];\nfor (let n = 0; n < 3; n++) {\n${step}\nlosses.push(outputs.loss[0]);\n}\nreturn losses;`;
  const losses: readonly number[] = await AsyncFunction(...Object.keys(given), body)(...Object.values(given));
  // y is 7 and 9: (49 + 81) / 2.
  expect(losses[0]).toBe(65);
  expect(losses[2]).toBeLessThan(losses[1] ?? 0);
  expect(losses[1]).toBeLessThan(65);
});

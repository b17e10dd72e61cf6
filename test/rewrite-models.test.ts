/**
 * Rewritten networks against themselves: the conformance models with random inputs, and whole networks, whose outputs
 * stay within 1e-4 of their range. Large networks are left out for time; the structure of all of them is checked.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { LaminateError } from "../src/base/errors.ts";
import { isRandom } from "../src/compiler/fusion/rewrite/fold-constants.ts";
import { optimizeGraph } from "../src/compiler/fusion/rewrite/optimize.ts";
import { compareValues } from "../src/graph/interpreter/compare-values.ts";
import { randomInputs } from "../src/graph/interpreter/random-inputs.ts";
import { runGraph } from "../src/graph/interpreter/run-graph.ts";
import type { TypedGraph } from "../src/graph/ir/graph.ts";
import { numbersOf, type RuntimeValue } from "../src/graph/ir/runtime-value.ts";
import { verifyGraph } from "../src/graph/ir/verify.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";
import { operatorsOf } from "./network.ts";
import { describeShared, sharedPath } from "./shared.ts";
import { readTarGz } from "./tar.ts";

const mostRelativeToRange = 1e-4;

function read(path: string): TypedGraph {
  return inferShapes(importOnnx(readFileSync(path), { name: path }), { batch: 1 });
}

/** Every node's results have types, and inputs and outputs are what they were. */
function expectWellFormed(before: TypedGraph, after: TypedGraph): void {
  verifyGraph(after.graph);
  const untyped = after.graph.nodes.flatMap(({ outputs }) =>
    outputs.filter((name) => name !== "" && !after.types.has(name)),
  );
  expect(untyped).toEqual([]);
  expect(after.graph.inputs).toEqual(before.graph.inputs);
  expect(after.graph.outputs).toEqual(before.graph.outputs);
}

/** The largest difference as a part of the range of the expected numbers. */
function relativeError(actual: RuntimeValue | undefined, expected: RuntimeValue): number {
  if (actual?.kind !== "tensor" || expected.kind !== "tensor") return Number.POSITIVE_INFINITY;
  if (actual.shape.join() !== expected.shape.join()) return Number.POSITIVE_INFINITY;
  const [a, b] = [numbersOf(actual), numbersOf(expected)];
  let [low, high, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let index = 0; index < b.length; index++) {
    const wanted = b[index] ?? 0;
    const difference = Math.abs((a[index] ?? Number.NaN) - wanted);
    low = Math.min(low, wanted);
    high = Math.max(high, wanted);
    most = Math.max(most, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
  }
  return most / (high - low || 1);
}

function expectSameOutputs(typed: TypedGraph, fastMath = false): TypedGraph {
  const after = optimizeGraph(typed, { fastMath });
  expectWellFormed(typed, after);
  const inputs = randomInputs(typed.graph);
  const outputs = runGraph(after, inputs);
  for (const [name, expected] of runGraph(typed, inputs)) {
    expect(relativeError(outputs.get(name), expected), name).toBeLessThan(mostRelativeToRange);
  }
  return after;
}

/** Random axes and sizes may contradict what the file states of the outputs. */
function isAsTyped(typed: TypedGraph, output: string, value: RuntimeValue): boolean {
  const shape = typed.types.get(output)?.shape;
  if (shape === undefined || value.kind !== "tensor") return true;
  return (
    shape.length === value.shape.length &&
    shape.every((size, axis) => typeof size === "string" || size === value.shape[axis])
  );
}

/** What differs once a conformance model is rewritten. */
function problemOf(bytes: Uint8Array, name: string): string | undefined {
  const model = importOnnx(bytes, { name });
  if (model.graph.nodes.some(isRandom)) return undefined;
  let typed: TypedGraph;
  let inputs: ReadonlyMap<string, RuntimeValue>;
  let expected: ReadonlyMap<string, RuntimeValue>;
  try {
    typed = inferShapes(model);
    inputs = randomInputs(model.graph, 1);
    expected = runGraph(typed, inputs);
  } catch (error) {
    // Operators without a kernel, inputs that cannot be drawn or do not fit.
    if (error instanceof LaminateError) return undefined;
    throw error;
  }
  if (![...expected].every(([output, value]) => isAsTyped(typed, output, value))) return undefined;
  const after = optimizeGraph(typed);
  verifyGraph(after.graph);
  const outputs = runGraph(after, inputs);
  for (const [output, value] of expected) {
    const actual = outputs.get(output);
    const difference = actual && compareValues(actual, value, { relative: 1e-3, absolute: 1e-6 });
    if (!difference?.isClose)
      return `${name} ${output}: ${difference?.reason ?? difference?.maxAbsoluteError}`;
  }
  return undefined;
}

/** With a delta of 0, which is drawn often, these loop for as long as the interpreter allows. */
const endless = /range_.*_expanded/;

describeShared("conformance models, rewritten", 1072, () => {
  test("give the same outputs", () => {
    const files = readTarGz(readFileSync(sharedPath("vectors", "onnx-1.12-testdata.tar.gz")));
    const problems: string[] = [];
    for (const [path, bytes] of files) {
      if (!path.endsWith("/model.onnx") || endless.test(path)) continue;
      const problem = problemOf(bytes, path);
      if (problem !== undefined) problems.push(problem);
    }
    expect(problems).toEqual([]);
  });
});

describe("networks of the gallery, rewritten", () => {
  test.each(["tv_resnet18", "tv_mobilenet_v2", "tv_mnasnet1_0"])(
    "%s has no BatchNormalization left",
    (name) => {
      const after = expectSameOutputs(read(new URL(`../models/${name}.onnx`, import.meta.url).pathname));
      expect(operatorsOf(after)).not.toContain("BatchNormalization");
      expect(operatorsOf(after)).not.toContain("Mul");
    },
  );
});

describeShared("whole networks, rewritten", "about 50", () => {
  const small = readdirSync(sharedPath("models", "complete")).filter((file) => file.endsWith(".onnx"));
  /** Inputs of these have sizes that are left open. */
  const isOpen = /ppocr|silero|bert_toy/;

  test.each(small.filter((file) => !isOpen.test(file)))("%s gives the same outputs", (file) => {
    const typed = read(sharedPath("models", "complete", file));
    expectSameOutputs(typed);
    expectSameOutputs(typed, true);
  });

  test("hf_tinybert gives the same outputs, its layer normalisations recognised", () => {
    const after = expectSameOutputs(read(sharedPath("models", "structure", "hf_tinybert_4l_312_s128.onnx")));
    expect(operatorsOf(after).filter((operator) => operator === "LayerNormalization").length).toBe(9);
  });

  test.each(readdirSync(sharedPath("models", "structure")))("%s keeps every invariant", (file) => {
    const typed = read(sharedPath("models", "structure", file));
    const after = optimizeGraph(typed);
    expectWellFormed(typed, after);
    expect(after.graph.nodes.length).toBeLessThanOrEqual(typed.graph.nodes.length);
  });

  test("2,000 nodes take a second or two", () => {
    const typed = read(sharedPath("models", "structure", "hf_mobilebert_s128.onnx"));
    const start = performance.now();
    optimizeGraph(typed);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

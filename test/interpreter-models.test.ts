/**
 * The interpreter against whole networks: the outputs that a reference runtime gave for the same pseudo-random inputs,
 * within 1e-3 of each output's range. Large networks are left out: they are the same operators for minutes.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { drawTensor } from "../src/graph/interpreter/random-inputs.ts";
import { runGraph } from "../src/graph/interpreter/run-graph.ts";
import { valueOfTensor } from "../src/graph/ir/runtime-tensor.ts";
import { numbersOf, type RuntimeValue, tensorFromDoubles } from "../src/graph/ir/runtime-value.ts";
import type { ElementType } from "../src/graph/ir/tensor.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { describeShared, sharedPath } from "./shared.ts";

interface ReferenceInput {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly lo: number;
  readonly hi: number;
  /** Given instead of a draw. */
  readonly value?: number;
}

/** Whole outputs, in the file beside it. */
interface WholeReference {
  readonly model: string;
  readonly bin: string;
  readonly inputs: readonly ReferenceInput[];
  readonly outputs: readonly {
    readonly name: string;
    readonly dtype: ElementType;
    readonly dims: readonly number[];
    readonly offset: number;
    readonly bytes: number;
  }[];
}

/** Outputs by their statistics and samples at even distances. */
interface SampledReference {
  readonly model: string;
  readonly inputs: readonly ReferenceInput[];
  readonly outputs: Readonly<Record<string, SampledOutput>>;
}

interface SampledOutput {
  readonly dims: readonly number[];
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly sampleStride: number;
  readonly samples: readonly number[];
}

const mostRelativeToRange = 1e-3;

/**
 * More than four seconds each; LAMINATE_ALL_MODELS=1 runs them too, for many minutes. Of these tv_ssd300_vgg16 is not
 * comparable: with synthetic weights all its scores are 1, so that the last bit decides which boxes stay.
 */
const slowModels =
  /^(?:c3d|hf_albert|hf_bert|hf_distilbert|hf_gpt2|mb_unet|tv_resnet50|tv_s3d|tv_ssd300_vgg16|tv_vgg|tv_vit|yolov4|tv_(?:faster|mask)rcnn)/;
const runsAll = process.env.LAMINATE_ALL_MODELS === "1";

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, "utf8"));
}

function run(model: string, inputs: readonly ReferenceInput[]): ReadonlyMap<string, RuntimeValue> {
  const graph = importOnnx(readFileSync(sharedPath("models", model)), { name: model }).graph;
  const values = inputs.map(({ name, dtype, shape, lo, hi, value }) => {
    const elementType = dtype === "float" ? "float32" : (dtype as ElementType);
    const drawn = drawTensor(name, elementType, shape, { low: lo, high: hi });
    return [name, value === undefined ? drawn : tensorFromDoubles(elementType, shape, [value])] as const;
  });
  return runGraph({ graph }, new Map(values));
}

function numbersIn(
  outputs: ReadonlyMap<string, RuntimeValue>,
  name: string,
  shape: readonly number[],
): ArrayLike<number> {
  const value = outputs.get(name);
  if (value?.kind !== "tensor") throw new Error(`no tensor ${name}`);
  expect(value.shape, name).toEqual(shape);
  return numbersOf(value);
}

/** The largest difference, as a part of the range of the expected numbers. */
function error(actual: ArrayLike<number>, expected: ArrayLike<number>, low: number, high: number): number {
  let most = 0;
  for (let index = 0; index < expected.length; index++) {
    const difference = Math.abs((actual[index] ?? Number.NaN) - (expected[index] ?? 0));
    most = Math.max(most, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
  }
  return most / (high - low || 1);
}

function summary(numbers: ArrayLike<number>): { low: number; high: number; mean: number } {
  let [low, high, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let index = 0; index < numbers.length; index++) {
    low = Math.min(low, numbers[index] ?? 0);
    high = Math.max(high, numbers[index] ?? 0);
    sum += numbers[index] ?? 0;
  }
  return { low, high, mean: sum / numbers.length };
}

function checkWhole(reference: WholeReference): void {
  const outputs = run(reference.model, reference.inputs);
  const bin = new Uint8Array(readFileSync(sharedPath("models", "refs", reference.bin)));
  for (const { name, dtype, dims, offset, bytes } of reference.outputs) {
    const data = { kind: "bytes", bytes: bin.slice(offset, offset + bytes) } as const;
    const expected = numbersOf(valueOfTensor({ elementType: dtype, shape: dims, data }));
    const { low, high } = summary(expected);
    expect(error(numbersIn(outputs, name, dims), expected, low, high), name).toBeLessThan(
      mostRelativeToRange,
    );
  }
}

function checkSampled(reference: SampledReference): void {
  const outputs = run(reference.model, reference.inputs);
  for (const [name, { dims, min, max, mean, sampleStride, samples }] of Object.entries(reference.outputs)) {
    const numbers = numbersIn(outputs, name, dims);
    const sampled = samples.map((_, index) => numbers[index * sampleStride] ?? Number.NaN);
    const { low, high, mean: actualMean } = summary(numbers);
    const actual = [...sampled, low, high, actualMean];
    expect(error(actual, [...samples, min, max, mean], min, max), name).toBeLessThan(mostRelativeToRange);
  }
}

describeShared("networks in the interpreter", "about 30", () => {
  const files = readdirSync(sharedPath("models", "refs")).filter((file) => file.endsWith(".json"));
  const leftOut = runsAll ? [] : files.filter((file) => slowModels.test(file));
  if (leftOut.length > 0) test.skip(`left out for time: ${leftOut.join(", ")}`, () => {});

  describe.each(files.filter((file) => !leftOut.includes(file)))("%s", (file) => {
    test("gives the reference's outputs", () => {
      const path = sharedPath("models", "refs", file);
      if (file.endsWith(".synthetic.json")) checkSampled(readJson(path));
      else checkWhole(readJson(path));
    });
  });
});

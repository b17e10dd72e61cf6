/**
 * Outputs of whole networks that a reference runtime gave for pseudo-random inputs: how to make the inputs, and how far
 * other outputs are from them, as a part of each output's range.
 */
import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { drawTensor } from "../src/graph/interpreter/random-inputs.ts";
import { valueOfTensor } from "../src/graph/ir/runtime-tensor.ts";
import { numbersOf, type RuntimeValue, tensorFromDoubles } from "../src/graph/ir/runtime-value.ts";
import type { ElementType } from "../src/graph/ir/tensor.ts";
import { sharedPath } from "./shared.ts";

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

type Values = ReadonlyMap<string, RuntimeValue>;

/** A network with inputs whose outputs are known. */
export interface Reference {
  /** The network's file, inside the folder of models. */
  readonly model: string;
  readonly inputs: Values;
  /** Fails where an output is further off than 1e-3 of its range. */
  check(outputs: Values): void;
}

/** The files that readReference takes. */
export function referenceFiles(): readonly string[] {
  return readdirSync(sharedPath("models", "refs")).filter((file) => file.endsWith(".json"));
}

export function readReference(file: string): Reference {
  const parsed = JSON.parse(readFileSync(sharedPath("models", "refs", file), "utf8"));
  const { model, inputs }: WholeReference | SampledReference = parsed;
  return {
    model,
    inputs: new Map(inputs.map((input) => [input.name, inputValue(input)])),
    check: (outputs) => {
      if (file.endsWith(".synthetic.json")) checkSampled(parsed, outputs);
      else checkWhole(parsed, outputs);
    },
  };
}

function inputValue({ name, dtype, shape, lo, hi, value }: ReferenceInput): RuntimeValue {
  const elementType = dtype === "float" ? "float32" : (dtype as ElementType);
  if (value !== undefined) return tensorFromDoubles(elementType, shape, [value]);
  return drawTensor(name, elementType, shape, { low: lo, high: hi });
}

function checkWhole(reference: WholeReference, outputs: Values): void {
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

function checkSampled(reference: SampledReference, outputs: Values): void {
  for (const [name, { dims, min, max, mean, sampleStride, samples }] of Object.entries(reference.outputs)) {
    const numbers = numbersIn(outputs, name, dims);
    const sampled = samples.map((_, index) => numbers[index * sampleStride] ?? Number.NaN);
    const { low, high, mean: actualMean } = summary(numbers);
    const actual = [...sampled, low, high, actualMean];
    expect(error(actual, [...samples, min, max, mean], min, max), name).toBeLessThan(mostRelativeToRange);
  }
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

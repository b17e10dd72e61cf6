import { expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import type { Problem } from "../../mapping/cost/problem.ts";
import { randomWorkload, roundAccelerator, sketchWorkload } from "../../mapping/testing/small-workloads.ts";
import type { Workload } from "../../mapping/workload/workload.ts";
import type { Decision } from "./decision.ts";
import { createStateEncoder, readAction, writeAction } from "./encode.ts";
import { createEnvironment } from "./environment.ts";
import { generalSchema } from "./general-schema.ts";
import { paperSchema } from "./paper-schema.ts";
import { progressFeatures } from "./progress-features.ts";
import {
  actionWidth,
  denormalised,
  type FeatureSchema,
  isSameSchema,
  normalised,
  parseFeatureSchema,
} from "./schema.ts";
import { stepFeatures } from "./step-features.ts";

const schemas: readonly FeatureSchema[] = [paperSchema, generalSchema];

/** A 3x3 convolution of stride 2 from 4 x 8 x 8 to 16 x 4 x 4, then a pooling to 16 bytes; both without weights. */
function smallWorkload(): Workload {
  const workload = sketchWorkload(256, [
    { outputBytes: 256, reads: [-1], macs: 16 * 4 * 4 * 4 * 9 },
    { outputBytes: 16, reads: [0] },
  ]);
  const [convolution, pooling] = workload.layers;
  if (convolution === undefined || pooling === undefined) throw new Error("two layers");
  const loops = { ...convolution.dimensions, K: 16, C: 4, Y: 4, X: 4, R: 3, S: 3, strideY: 2, strideX: 2 };
  return { ...workload, layers: [{ ...convolution, dimensions: loops }, pooling] };
}

const problem: Problem = {
  workload: smallWorkload(),
  batch: 4,
  memoryBytes: 2 ** 20 - 4,
  accelerator: roundAccelerator({ pesPerCore: 1_000_000 }),
  mode: "paper",
};

function statesOf(schema: FeatureSchema, given: Problem, decisions: readonly Decision[]): number[][] {
  const environment = createEnvironment(given);
  const encoder = createStateEncoder(schema, environment);
  const target = new Float32Array(encoder.width);
  return decisions.map((decision) => {
    encoder.write(target, 0);
    environment.push(decision);
    return [...target];
  });
}

const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 5));

test("the paper's state is the shape of the step's tensor, the memory and the performance so far", () => {
  const states = statesOf(paperSchema, problem, [
    { pass: 4, output: "sync" },
    { pass: 4, output: "stage" },
    { pass: 4, output: "sync" },
  ]);
  const log = (value: number, divisor: number): number => Math.log2(1 + value) / divisor;
  // 2^18 - 1 bytes an image: log2 is 18, the offset. The input is 4 channels of (4 x stride 2)^2.
  const input = [log(4, 12), log(4, 12), log(8, 8), log(8, 8), log(1, 3), log(1, 3), 0];
  const convolution = [log(16, 12), log(4, 12), log(4, 8), log(4, 8), log(3, 3), log(3, 3), 0];
  // A layer without a heavy operator is as many positions as its output has elements.
  const pooling = [log(1, 12), log(1, 12), log(1, 8), log(16, 8), log(1, 3), log(1, 3), 0];
  // Off chip for an image: unfused 256 + 256 + 256 + 16, with the convolution staged 256 + 16.
  expect(states).toEqual([close([...input, 1]), close([...convolution, 1]), close([...pooling, 272 / 784])]);
});

test("the return-to-go is the memory that is asked for", () => {
  const environment = createEnvironment({ ...problem, memoryBytes: 4 * (2 ** 20 - 1) });
  expect(createStateEncoder(paperSchema, environment).returnToGo).toBeCloseTo((20 - 18) / 2, 6);
});

test("every feature of a schema has a meaning, and the general one has them all", () => {
  const known = [...Object.keys(stepFeatures), ...Object.keys(progressFeatures)];
  expect(new Set(known).size).toBe(known.length);
  expect(generalSchema.state.map(({ name }) => name).toSorted()).toEqual(known.toSorted());
  expect(paperSchema.state.map(({ name }) => name)).toEqual([
    ...["K", "C", "Y", "X", "R", "S", "memoryPerImage", "performance"],
  ]);
});

test("states are finite numbers, and looking at one changes nothing, on 100 random problems", () => {
  for (let trial = 0; trial < 100; trial++) {
    const random = seededRandom(700 + trial);
    const given: Problem = {
      workload: randomWorkload(random, 1 + random.below(8), 0.3),
      batch: 1 + random.below(9),
      accelerator: roundAccelerator({ onChipBytes: 20 + random.below(100) }),
      mode: trial % 2 === 0 ? "paper" : "full",
      objective: "traffic",
    };
    const environment = createEnvironment(given);
    const decisions = Array.from({ length: environment.stepCount }, (_, step): Decision => {
      const output = step === 0 || random.below(2) === 0 ? "sync" : "stage";
      return { pass: environment.passSizes[random.below(environment.passSizes.length)] ?? 1, output };
    });
    for (const schema of schemas) {
      const states = statesOf(schema, given, decisions);
      expect([trial, states.flat().every(Number.isFinite)]).toEqual([trial, true]);
      expect(statesOf(schema, given, decisions)).toEqual(states);
    }
  }
});

const upTo = (batch: number): readonly number[] => Array.from({ length: batch }, (_, index) => index + 1);

test("a decision that is written is read again, whatever its pass size", () => {
  for (const schema of schemas) {
    const environment = createEnvironment({ ...problem, batch: 200 });
    const numbers = new Float32Array(actionWidth(schema));
    environment.push({ pass: 200, output: "sync" });
    const isChoice = schema.action.kind === "choice";
    const passes = isChoice ? [1, 2, 4, 8, 16, 32, 64, 128, 200] : upTo(200);
    for (const pass of passes) {
      for (const output of ["stage", "sync"] as const) {
        // Under the paper's rules a sync has no pass size of its own.
        if (output === "sync" && pass !== 200) continue;
        writeAction(schema, { pass, output }, 200, numbers, 0);
        expect(readAction(schema, numbers, 0, environment)[0]).toEqual({ pass, output });
      }
    }
  }
});

test("an answer out of range, or none at all, is still a decision", () => {
  const environment = createEnvironment(problem);
  const read = (schema: FeatureSchema, ...numbers: number[]): Decision | undefined =>
    readAction(schema, Float32Array.from(numbers), 0, environment)[0];
  expect(read(paperSchema, 7)).toEqual({ pass: 4, output: "stage" });
  // Batch 4: the middle between -1 and 1/4 is -0.375.
  expect(read(paperSchema, -0.37)).toEqual({ pass: 1, output: "stage" });
  expect(read(paperSchema, -0.38)).toEqual({ pass: 4, output: "sync" });
  expect(read(paperSchema, Number.NaN)).toEqual({ pass: 4, output: "sync" });
  const none = new Array<number>(actionWidth(generalSchema)).fill(Number.NaN);
  expect(read(generalSchema, ...none)).toEqual({ pass: 4, output: "sync" });
});

test("choices are read by how much they are wanted, each once, and only those of the ladder", () => {
  const environment = createEnvironment({ ...problem, batch: 5, mode: "full" });
  environment.push({ pass: 5, output: "sync" });
  // Pass sizes 1, 2, 4, 5; what stands behind them means nothing at this batch.
  const stages = [0.1, 3, -2, 0.5, ...new Array<number>(8).fill(99)];
  const syncs = [7, -1, 0.2, -3, ...new Array<number>(8).fill(99)];
  const read = readAction(generalSchema, Float32Array.of(...stages, ...syncs), 0, environment);
  expect(read.map(({ pass, output }) => `${output} ${pass}`)).toEqual([
    ...["sync 1", "stage 2", "stage 5", "sync 4"],
    ...["stage 1", "sync 2", "stage 4", "sync 5"],
  ]);
});

test("a pass size beside the ladder is told as the one nearest to it, and one beyond the choices as the last", () => {
  const numbers = new Float32Array(actionWidth(generalSchema));
  const written = (pass: number, batch: number): number => {
    writeAction(generalSchema, { pass, output: "stage" }, batch, numbers, 0);
    return numbers.indexOf(1);
  };
  expect([written(5, 64), written(6, 64), written(64, 64), written(65, 200)]).toEqual([2, 3, 6, 6]);
  expect([written(2048, 100_000), written(100_000, 100_000)]).toEqual([11, 11]);
});

test("a schema is data: JSON and back, and a foreign one is refused", () => {
  for (const schema of schemas) {
    const copy = parseFeatureSchema(JSON.parse(JSON.stringify(schema)), "x");
    expect(isSameSchema(copy, schema)).toBe(true);
    for (const feature of schema.state) {
      expect(denormalised(feature, normalised(feature, 37))).toBeCloseTo(37, 6);
    }
  }
  expect(isSameSchema(paperSchema, { ...paperSchema, version: 2 })).toBe(false);
  expect(() => parseFeatureSchema({ ...paperSchema, state: [] }, "weights")).toThrow(
    expect.objectContaining({ code: "bad-input", where: "weights" }),
  );
  const strange = {
    ...paperSchema,
    state: [{ name: "mood", scale: "linear", offset: 0, divisor: 1 } as const],
  };
  expect(() => createStateEncoder(strange, createEnvironment(problem))).toThrow('the feature "mood"');
});

/** Generated problems are valid, repeatable, and of the gallery's sizes. */
import { expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { verifyGraph } from "../../graph/ir/verify.ts";
import { inferShapes } from "../../graph/ops/infer-shapes.ts";
import { parseAccelerator } from "../../mapping/accelerator/parse-accelerator.ts";
import { printAccelerator } from "../../mapping/accelerator/print-accelerator.ts";
import { evaluateLayerByLayer } from "../../mapping/cost/evaluate.ts";
import { workloadTotals } from "../../mapping/workload/extract.ts";
import { createStateEncoder } from "../environment/encode.ts";
import { createEnvironment } from "../environment/environment.ts";
import { generalSchema } from "../environment/general-schema.ts";
import { childSeed, logUniform, wholeBetween } from "./draw.ts";
import { families } from "./families.ts";
import { generateModel, generateWorkload, isOfGallerySize } from "./generate-network.ts";
import { generateAccelerator, generateProblem } from "./generate-problem.ts";

const count = 70;
const options = { seed: 5, mode: "full", objective: "latency" } as const;

test("every network is a valid graph, and shape inference knows every value and every operator", () => {
  const seen = new Map<string, number>();
  for (let index = 0; index < count; index++) {
    const model = generateModel(options.seed, index);
    verifyGraph(model.graph);
    const typed = inferShapes(model);
    expect([index, typed.unsupported]).toEqual([index, []]);
    const open = [...typed.types].filter(
      ([, { shape }]) => !shape?.every((size) => typeof size === "number"),
    );
    expect([index, model.graph.name, open]).toEqual([index, model.graph.name, []]);
    const family = model.graph.name.replace(/-\d+-\d+$/, "");
    seen.set(family, (seen.get(family) ?? 0) + 1);
  }
  expect([...seen.keys()].toSorted()).toEqual(Object.keys(families).toSorted());
});

test("workloads have the gallery's sizes, and no layer that is not understood", () => {
  const macs: number[] = [];
  const layers: number[] = [];
  const kinds = new Set<string>();
  for (let index = 0; index < count; index++) {
    const workload = generateWorkload(options.seed, index, "int8");
    expect([workload.name, isOfGallerySize(workload)]).toEqual([workload.name, true]);
    expect(workload.name).toMatch(new RegExp(`^[a-z-]+-${options.seed}-${index}$`));
    for (const { kind } of workload.layers) kinds.add(kind);
    const largest = Math.max(...workload.tensors.map(({ bytes }) => bytes));
    // The gallery's largest tensors have 0.15 to 20 MB.
    expect([workload.name, largest < 25e6]).toEqual([workload.name, true]);
    macs.push(workloadTotals(workload).macs);
    layers.push(workload.layers.length);
  }
  expect([...kinds].filter((kind) => kind === "opaque")).toEqual([]);
  expect([...kinds].toSorted()).toEqual(
    expect.arrayContaining(["attention", "convolution", "depthwise", "matmul", "transposed-convolution"]),
  );
  const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
  // The gallery's medians are 4 GMACs and 53 layers.
  expect(median(macs)).toBeGreaterThan(0.1e9);
  expect(median(macs)).toBeLessThan(20e9);
  expect(median(layers)).toBeGreaterThan(10);
});

test("the same seed and index give the same problem, others another", () => {
  expect(generateProblem(7, options)).toEqual(generateProblem(7, options));
  const names = Array.from({ length: 20 }, (_, index) => JSON.stringify(generateProblem(index, options)));
  expect(new Set(names).size).toBe(20);
  expect(JSON.stringify(generateProblem(7, { ...options, seed: 6 }))).not.toBe(names[7]);
});

test("any objective is drawn, and all else stays as it is", () => {
  const drawn = Array.from({ length: 40 }, (_, index) => {
    const problem = generateProblem(index, { ...options, objective: "any" });
    if (index < 5) expect({ ...problem, objective: "latency" }).toEqual(generateProblem(index, options));
    return problem.objective;
  });
  expect(new Set(drawn)).toEqual(new Set(["latency", "energy", "traffic"]));
  // 30 of 40 are expected, with a deviation of 2.7.
  expect(Math.abs(drawn.filter((objective) => objective === "latency").length - 30)).toBeLessThan(9);
});

test("problems span batches, memories and machines, and most of them can be solved", () => {
  const problems = Array.from({ length: count }, (_, index) => generateProblem(index, options));
  const feasible = problems.filter((problem) => evaluateLayerByLayer(problem).feasible);
  expect(feasible.length / count).toBeGreaterThan(0.8);
  expect(Math.min(...problems.map(({ batch }) => batch))).toBeLessThan(3);
  expect(Math.max(...problems.map(({ batch }) => batch))).toBeGreaterThan(120);
  for (const { batch, memoryBytes } of problems) {
    expect(batch >= 1 && batch <= 256 && Number.isInteger(batch)).toBe(true);
    expect(memoryBytes >= 1e6 && memoryBytes <= 128e6).toBe(true);
  }
  expect(new Set(problems.map(({ accelerator }) => accelerator.name)).size).toBe(5);
});

test("a drawn machine is one that a file could describe", () => {
  for (let trial = 0; trial < 50; trial++) {
    const accelerator = generateAccelerator(seededRandom(trial), "float16");
    expect(parseAccelerator(printAccelerator(accelerator), "x")).toEqual(accelerator);
  }
});

test("the general schema's constants keep generated states near -1 to 1", () => {
  let largest = 0;
  let sum = 0;
  let numbers = 0;
  for (let index = 0; index < count; index++) {
    const environment = createEnvironment(generateProblem(index, options));
    const encoder = createStateEncoder(generalSchema, environment);
    const state = new Float32Array(encoder.width);
    for (let step = 0; step < environment.stepCount; step++) {
      encoder.write(state, 0);
      for (const value of state) {
        largest = Math.max(largest, Math.abs(value));
        sum += Math.abs(value);
        numbers++;
      }
      environment.push({ pass: environment.model.problem.batch, output: "sync" });
    }
  }
  expect(largest).toBeLessThan(2.5);
  expect(sum / numbers).toBeLessThan(1);
});

test("draws stay in their ranges, and seeds of neighbours are unlike", () => {
  const random = seededRandom(3);
  for (let trial = 0; trial < 1_000; trial++) {
    const number = logUniform(random, 2, 8);
    expect(number >= 2 && number <= 8).toBe(true);
    const whole = wholeBetween(random, 3, 5);
    expect([3, 4, 5]).toContain(whole);
  }
  const seeds = Array.from({ length: 2_000 }, (_, index) => childSeed(index % 40, Math.floor(index / 40)));
  expect(new Set(seeds).size).toBe(2_000);
  // Half of the bits differ, on average, between neighbours.
  const bits = seeds
    .slice(1)
    .map((seed, index) => (seed ^ (seeds[index] ?? 0)).toString(2).replaceAll("0", ""));
  const mean = bits.reduce((total, ones) => total + ones.length, 0) / bits.length;
  expect(mean).toBeGreaterThan(14);
  expect(mean).toBeLessThan(17);
});

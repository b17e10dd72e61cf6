/** The forms of the cost model that searches use agree with evaluate(). */
import { expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { decodeMapping } from "../space/encoding.ts";
import { doublingLadder } from "../space/pass-sizes.ts";
import { randomWorkload, roundAccelerator, sketchWorkload } from "../testing/small-workloads.ts";
import { createCostModel } from "./cost-model.ts";
import { evaluate, evaluateVector, evaluateWith } from "./evaluate.ts";
import { createIncrementalCost } from "./incremental-cost.ts";
import { mergeHint } from "./merge-hint.ts";
import type { Problem } from "./problem.ts";
import { createVectorCost } from "./vector-cost.ts";

const seed = 31;

test("vector and incremental costs equal evaluate() on 2,000 random vectors", () => {
  let fits = 0;
  for (let trial = 0; trial < 2_000; trial++) {
    const random = seededRandom(seed * 10_000 + trial);
    const workload = randomWorkload(random, 1 + random.below(9), trial % 2 === 0 ? 0 : 0.4);
    const batch = 1 + random.below(10);
    const problem: Problem = {
      workload,
      batch,
      accelerator: roundAccelerator({ onChipBytes: 10 + random.below(100) }),
      mode: trial % 4 < 2 ? "paper" : "full",
    };
    const model = createCostModel(problem);
    const sizes =
      random.below(2) === 0 ? doublingLadder(batch) : Array.from({ length: batch }, (_, index) => index + 1);
    const vector = Int32Array.from(workload.layers, () => sizes[random.below(sizes.length + 1)] ?? -1);
    const shape = { layerCount: vector.length, batch, cores: 1 };
    const { mapping } = decodeMapping([-1, ...vector], shape);
    const evaluation = evaluateWith(model, mapping);
    const incremental = createIncrementalCost(model);
    for (const { pass, output } of mapping) {
      // A decision that is taken back leaves nothing behind.
      incremental.push(batch, "stage");
      incremental.pop();
      incremental.push(pass, output);
    }
    const where = `seed ${seed} trial ${trial}`;
    const expected = evaluation.feasible ? evaluation.latencyCycles : Number.POSITIVE_INFINITY;
    expect([where, createVectorCost(model)(vector)]).toEqual([
      where,
      evaluation.feasible ? expect.closeTo(expected, 9) : expected,
    ]);
    expect([where, incremental.fits, incremental.depth]).toEqual([where, evaluation.feasible, vector.length]);
    if (evaluation.feasible) {
      fits++;
      expect(incremental.costIfClosed).toBeCloseTo(expected, 9);
    }
  }
  expect(fits).toBeGreaterThan(500);
});

test("the vector cost counts a staged input as evaluate() does", () => {
  // Paper mode, batch 4, input 10 bytes an image, outputs 6 and 3. [2, 4, -1]: 2 x 10 + 4 x 6 = 44 bytes in the one group.
  const workload = sketchWorkload(10, [
    { outputBytes: 6, reads: [-1], weightBytes: 5 },
    { outputBytes: 3, reads: [0], weightBytes: 7 },
  ]);
  const costWith = (onChipBytes: number, vector: readonly number[], inputImages?: number): number =>
    createVectorCost(
      createCostModel({ workload, batch: 4, accelerator: roundAccelerator({ onChipBytes }), mode: "paper" }),
    )(Int32Array.from(vector), inputImages);
  expect(costWith(44, [4, -1], 2)).toBeLessThan(Number.POSITIVE_INFINITY);
  expect(costWith(43, [4, -1], 2)).toBe(Number.POSITIVE_INFINITY);
  expect(costWith(24, [4, -1])).toBe(costWith(44, [4, -1], 2));
  // [1, -1, -1]: the synced first layer follows the input's passes of 1, so its 5 bytes cross four times instead of once.
  expect(costWith(10, [-1, -1], 1) - costWith(10, [-1, -1])).toBe(3 * 5);
  // It counts in the first group only: 2 x 10 there, 4 x 3 in the second.
  expect(costWith(20, [-1, 4], 2)).toBeLessThan(Number.POSITIVE_INFINITY);

  for (let trial = 0; trial < 1_000; trial++) {
    const random = seededRandom(seed * 20_000 + trial);
    const problem: Problem = {
      workload: randomWorkload(random, 1 + random.below(6), 0.3),
      batch: 1 + random.below(6),
      accelerator: roundAccelerator({ onChipBytes: 10 + random.below(60) }),
      mode: trial % 2 === 0 ? "paper" : "full",
    };
    const entry = (): number => random.below(problem.batch + 1) || -1;
    const inputImages = entry();
    const vector = Int32Array.from(problem.workload.layers, entry);
    const evaluation = evaluateVector(problem, [inputImages, ...vector]);
    const cost = createVectorCost(createCostModel(problem))(vector, inputImages);
    expect([trial, cost]).toEqual([
      trial,
      evaluation.feasible ? expect.closeTo(evaluation.latencyCycles, 9) : Number.POSITIVE_INFINITY,
    ]);
  }
});

test("a group's footprint never shrinks as layers are added", () => {
  for (let trial = 0; trial < 300; trial++) {
    const random = seededRandom(trial);
    const workload = randomWorkload(random, 8, 0.4);
    const model = createCostModel({ workload, batch: 8, accelerator: roundAccelerator() });
    const incremental = createIncrementalCost(model);
    let before = 0;
    for (let layer = 0; layer < 8 && incremental.depth <= model.reach(0); layer++) {
      incremental.push([1, 2, 4, 8][random.below(4)] ?? 1, "stage");
      expect(incremental.groupFootprintBytes).toBeGreaterThanOrEqual(before);
      before = incremental.groupFootprintBytes;
    }
  }
});

test("the merge hint names the bytes at which two groups fit together, and what that saves", () => {
  // Three layers with 10-byte tensors, batch 1. Memory 10: one boundary is staged, the other costs 20 bytes off chip.
  const workload = sketchWorkload(10, [
    { outputBytes: 10, reads: [-1] },
    { outputBytes: 10, reads: [0] },
    { outputBytes: 10, reads: [1] },
  ]);
  const problem: Problem = { workload, accelerator: roundAccelerator({ onChipBytes: 10 }), batch: 1 };
  const layer = (output: "stage" | "sync") => ({ pass: 1, output, weights: "streamed", cores: 1 }) as const;
  const mapping = [layer("stage"), layer("sync"), layer("sync")];
  expect(evaluate(problem, mapping)).toMatchObject({ latencyCycles: 40 });
  expect(mergeHint(problem, mapping)).toEqual({ groups: [0, 1], extraBytes: 10, saved: 20 });
  expect(
    evaluate({ ...problem, memoryBytes: 20 }, [layer("stage"), layer("stage"), layer("sync")]),
  ).toMatchObject({
    feasible: true,
    latencyCycles: 20,
  });
});

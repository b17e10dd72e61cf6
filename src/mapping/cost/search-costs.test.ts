/** The forms of the cost model that searches use agree with evaluate(). */
import { expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { decodeMapping } from "../space/encoding.ts";
import { doublingLadder } from "../space/pass-sizes.ts";
import { randomWorkload, roundAccelerator, sketchWorkload } from "../testing/small-workloads.ts";
import { createCostModel } from "./cost-model.ts";
import { evaluate, evaluateWith } from "./evaluate.ts";
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

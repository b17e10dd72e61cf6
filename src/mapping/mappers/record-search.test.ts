import { describe, expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { evaluate, layerByLayer } from "../cost/evaluate.ts";
import { costOf } from "../cost/evaluation.ts";
import type { Problem } from "../cost/problem.ts";
import type { Mapping } from "../space/mapping.ts";
import { randomWorkload, roundAccelerator, sketchWorkload } from "../testing/small-workloads.ts";
import { exactMapper } from "./exact/exact.ts";
import { findMapping } from "./find-mapping.ts";
import { gTeacherMapper } from "./g-teacher/g-teacher.ts";
import { layerByLayerMapper } from "./layer-by-layer/layer-by-layer.ts";
import type { Mapper, SearchState } from "./mapper.ts";
import { evaluationsToReach, recordSearch } from "./record-search.ts";

/**
 * Three layers, batch 2, all bytes: input 8, between 16 and 16, output 8. Off chip, at a byte a second:
 * layer by layer 2 x (8 + 16 + 16 + 16 + 16 + 8) = 160; without the first tensor between 2 x 48 = 96; without both 32.
 */
const problem: Problem = {
  workload: sketchWorkload(8, [
    { outputBytes: 16, reads: [-1] },
    { outputBytes: 16, reads: [0] },
    { outputBytes: 8, reads: [1] },
  ]),
  accelerator: roundAccelerator(),
  batch: 2,
  mode: "paper",
};
const none = layerByLayer(problem);
const stageUntil = (layers: number): Mapping =>
  none.map((entry, at) => ({ ...entry, pass: 1, output: at < layers ? "stage" : entry.output }));

/** A mapper that shows the given mappings and claims, ten evaluations each; the last is returned. */
function scripted(steps: readonly { readonly mapping?: Mapping; readonly claim?: number }[]): Mapper {
  const states = steps.map(
    ({ mapping, claim }, at): SearchState => ({
      best: mapping,
      bestCost: claim,
      evaluations: 10 * (at + 1),
      progress: undefined,
      proof: { optimal: false, space: "", lowerBound: undefined },
    }),
  );
  return {
    name: "scripted",
    *search() {
      for (const state of states.slice(0, -1)) yield state;
      return states.at(-1) as SearchState;
    },
  };
}

describe("recording a search", () => {
  test("keeps each improvement with the evaluations until then, the returned one too", async () => {
    const mapper = scripted([
      {},
      { mapping: none, claim: 160 },
      { mapping: none, claim: 160 },
      { mapping: stageUntil(1), claim: 96 },
      { mapping: stageUntil(2), claim: 32 },
    ]);
    const { improvements, found } = await recordSearch(mapper, problem);
    expect(improvements).toEqual([
      { evaluations: 20, cost: 160 },
      { evaluations: 40, cost: 96 },
      { evaluations: 50, cost: 32 },
    ]);
    expect(found.evaluation).toMatchObject({ feasible: true, latencySeconds: 32 });
  });

  test("believes no claim: costs are worked out afresh, and what is no improvement is left out", async () => {
    const mapper = scripted([
      { mapping: stageUntil(1), claim: 50 },
      { mapping: none, claim: 1 },
      { mapping: stageUntil(2), claim: 0.5 },
    ]);
    const { improvements } = await recordSearch(mapper, problem);
    expect(improvements).toEqual([
      { evaluations: 10, cost: 96 },
      { evaluations: 30, cost: 32 },
    ]);
  });

  test("a difference of rounding is no improvement", async () => {
    const mapper = scripted([
      { mapping: none, claim: 160 },
      { mapping: none, claim: 160 * (1 - 1e-12) },
    ]);
    expect((await recordSearch(mapper, problem)).improvements).toEqual([{ evaluations: 10, cost: 160 }]);
  });

  test("a search in vain has no improvements, and says what the nearest needs", async () => {
    // The largest layer works from 9 bytes; there are 8.
    const workload = sketchWorkload(4, [{ outputBytes: 4, reads: [-1], workingSetBytes: 9 }]);
    const tight: Problem = { workload, accelerator: roundAccelerator({ onChipBytes: 8 }), batch: 2 };
    for (const create of [layerByLayerMapper, gTeacherMapper]) {
      const { improvements, found } = await recordSearch(create(), tight);
      expect(improvements).toEqual([]);
      expect(found).toMatchObject({ mapping: undefined, leastRequiredBytes: 9 });
    }
    expect((await recordSearch(gTeacherMapper(), problem)).found).not.toHaveProperty("leastRequiredBytes");
  });

  test("changes nothing of the search, falls, and ends with the answer (seeds 1 to 20)", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed);
      const objective = (["latency", "energy", "traffic"] as const)[seed % 3] ?? "latency";
      const drawn: Problem = {
        workload: randomWorkload(random, 2 + random.below(9), 0.2),
        accelerator: roundAccelerator({ onChipBytes: 20 + random.below(60) }),
        batch: 1 + random.below(8),
        mode: seed % 2 === 0 ? "full" : "paper",
        objective,
      };
      for (const create of [gTeacherMapper, exactMapper]) {
        const { found, improvements } = await recordSearch(create(), drawn, { seed });
        const plain = await findMapping(create(), drawn, { seed });
        expect({ ...found, elapsedSeconds: 0 }, `seed ${seed}`).toEqual({ ...plain, elapsedSeconds: 0 });
        const costs = improvements.map(({ cost }) => cost);
        expect(costs).toEqual(costs.toSorted((a, b) => b - a));
        if (found.mapping === undefined) expect(improvements).toEqual([]);
        else {
          const evaluation = evaluate(drawn, found.mapping);
          const cost = evaluation.feasible ? costOf(evaluation, objective) : Number.NaN;
          expect(costs.at(-1)).toBeCloseTo(cost, 9);
        }
        expect(improvements.at(-1)?.evaluations ?? 0).toBeLessThanOrEqual(found.evaluations);
      }
    }
  });
});

describe("evaluations until a cost was reached", () => {
  const improvements = [
    { evaluations: 1, cost: 100 },
    { evaluations: 40, cost: 50 },
    { evaluations: 90, cost: 40 },
  ];

  test("are those of the first improvement that is at most the cost", () => {
    expect(evaluationsToReach(improvements, 100)).toBe(1);
    expect(evaluationsToReach(improvements, 60)).toBe(40);
    expect(evaluationsToReach(improvements, 50)).toBe(40);
    expect(evaluationsToReach(improvements, 50 * (1 - 1e-12))).toBe(40);
    expect(evaluationsToReach(improvements, 49)).toBe(90);
  });

  test("are none when it never was", () => {
    expect(evaluationsToReach(improvements, 39)).toBeUndefined();
    expect(evaluationsToReach([], 1)).toBeUndefined();
  });
});

/** The contract of the mappers of this room but the baselines, which have a slow test of it, and what exact alone promises. */
import { describe, expect, test } from "vitest";
import { strategyMapper, strategyNames } from "./dlfusion/mapper.ts";
import { exactMapper } from "./exact/exact.ts";
import { gTeacherMapper } from "./g-teacher/g-teacher.ts";
import { layerByLayerMapper } from "./layer-by-layer/layer-by-layer.ts";
import { describeMapper, lastState, problems } from "./testing/describe-mapper.ts";

for (const create of [layerByLayerMapper, gTeacherMapper, exactMapper])
  describeMapper(create, { startsUnfused: true, leastAnswers: 40 });
for (const name of strategyNames) {
  const startsUnfused = ["dlfusion", "reduced-brute-force", "cores-oracle"].includes(name);
  describeMapper(() => strategyMapper(name), { startsUnfused, leastAnswers: 40 });
}

describe("proven optima", () => {
  test("more memory never costs more", async () => {
    for (const problem of problems(24)) {
      let before = Number.POSITIVE_INFINITY;
      for (const memoryBytes of [5, 10, 20, 40, 80, 1_000]) {
        const cost =
          (await lastState(exactMapper(), { ...problem, memoryBytes })).bestCost ?? Number.POSITIVE_INFINITY;
        expect(cost).toBeLessThanOrEqual(before * (1 + 1e-9));
        before = cost;
      }
    }
  });

  test("a lower bound never passes a mapping that is known", async () => {
    for (const problem of problems(24)) {
      const lowers: number[] = [];
      let best = Number.POSITIVE_INFINITY;
      for (const state of exactMapper().search(problem, { seed: 1 })) {
        lowers.push(state.proof.lowerBound ?? 0);
        best = Math.min(best, state.bestCost ?? Number.POSITIVE_INFINITY);
      }
      const optimum = (await lastState(exactMapper(), problem)).bestCost ?? Number.POSITIVE_INFINITY;
      for (const lower of lowers) expect(lower).toBeLessThanOrEqual(optimum * (1 + 1e-9));
    }
  });
});

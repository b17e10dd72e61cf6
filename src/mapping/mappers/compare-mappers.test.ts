import { describe, expect, test } from "vitest";
import type { Problem } from "../cost/problem.ts";
import { roundAccelerator, sketchWorkload } from "../testing/small-workloads.ts";
import { compareMappers } from "./compare-mappers.ts";
import { exactMapper } from "./exact/exact.ts";
import { gTeacherMapper } from "./g-teacher/g-teacher.ts";
import { layerByLayerMapper } from "./layer-by-layer/layer-by-layer.ts";
import type { Mapper } from "./mapper.ts";

/** A chain of 8 layers at batch 4; 16 bytes between layers, 8 at both ends; 1 byte off chip a second. */
const problem: Problem = {
  workload: sketchWorkload(
    8,
    Array.from({ length: 8 }, (_, layer) => ({ outputBytes: layer === 7 ? 8 : 16, reads: [layer - 1] })),
  ),
  accelerator: roundAccelerator(),
  batch: 4,
  mode: "paper",
};

const options = { seeds: [1, 2, 3], reference: exactMapper() };

describe("comparing mappers", () => {
  test("runs each seed once, and once what draws nothing; keeps the order given", async () => {
    const began: string[] = [];
    const all = [layerByLayerMapper(), gTeacherMapper(), exactMapper()];
    const { mappers } = await compareMappers(all, problem, {
      ...options,
      onSearch: ({ name }, seed) => {
        began.push(`${name} ${seed}`);
        return undefined;
      },
    });
    expect(began).toEqual(["exact 1", "layer-by-layer 1", ...["g-teacher 1", "g-teacher 2", "g-teacher 3"]]);
    expect(mappers.map(({ name, searches }) => [name, searches.map(({ seed }) => seed)])).toEqual([
      ["layer-by-layer", [1]],
      ["g-teacher", [1, 2, 3]],
      ["exact", [1]],
    ]);
  });

  test("holds all against the reference's optimum, also where the reference has no row", async () => {
    const { target, mappers } = await compareMappers([layerByLayerMapper()], problem, options);
    // All fused, 4 x (8 + 8) bytes cross the border; layer by layer 4 x (8 + 7 x 32 + 8) = 960.
    expect(target).toMatchObject({ kind: "optimum", cost: 64 });
    expect(mappers[0]?.searches[0]?.improvements).toEqual([{ evaluations: 1, cost: 960 }]);
    expect(mappers).toHaveLength(1);
  });

  test("warms each mapper up until its seconds are over, as it is searched, and counts nothing of it", async () => {
    const limits: (number | undefined)[] = [];
    const counting: Mapper = {
      name: "counting",
      search(given, found) {
        limits.push(found.maxEvaluations);
        return layerByLayerMapper().search(given, found);
      },
    };
    let now = 0;
    const { mappers } = await compareMappers([counting], problem, {
      ...{ ...options, seeds: [1, 2], budget: { evaluations: 5 } },
      // A clock that jumps a second at each look; a search looks twice, and the loop once before each.
      ...{ warmUpSeconds: 9, clock: () => now++ },
    });
    // Looks 1, 4, 7 of 9 begin a search; the tenth ends it. Then come the two seeds.
    expect(limits).toEqual([5, 5, 5, 5, 5]);
    expect(mappers[0]?.searches.map(({ seed, found }) => [seed, found.evaluations])).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });

  test("an interrupt while warming up leaves nothing, and no target", async () => {
    const compared = await compareMappers([gTeacherMapper()], problem, {
      ...{ ...options, warmUpSeconds: 60, signal: AbortSignal.abort() },
    });
    expect(compared).toEqual({
      reference: "exact",
      target: { kind: "none" },
      mappers: [],
      interrupted: true,
    });
  });

  test("a limit of evaluations binds the mappers and not the proof", async () => {
    const { target, mappers } = await compareMappers([gTeacherMapper(), exactMapper()], problem, {
      ...options,
      budget: { evaluations: 10 },
    });
    expect(target.kind).toBe("optimum");
    expect(mappers[0]?.searches.map(({ found }) => found.evaluations)).toEqual([10, 10, 10]);
    expect(mappers[1]?.searches[0]?.found.evaluations).toBeGreaterThan(10);
  });

  test("where the proof is not finished its lower bound is the target", async () => {
    const unfinished: Mapper = {
      name: "unfinished",
      *search(given) {
        const state = yield* layerByLayerMapper().search(given, { seed: 1 });
        return { ...state, proof: { optimal: false, space: "somewhere", lowerBound: 50 } };
      },
    };
    const compared = await compareMappers([], problem, { seeds: [1], reference: unfinished });
    expect(compared.target).toEqual({ kind: "lower-bound", cost: 50, space: "somewhere" });
    const none = await compareMappers([], problem, { seeds: [1], reference: layerByLayerMapper() });
    expect(none.target).toEqual({ kind: "none" });
  });

  test("an interrupt ends the running search with its best and begins no other", async () => {
    const controller = new AbortController();
    const { mappers, interrupted, target } = await compareMappers(
      [layerByLayerMapper(), gTeacherMapper(), exactMapper()],
      problem,
      {
        ...options,
        signal: controller.signal,
        onSearch: ({ name }, seed) =>
          name === "g-teacher" && seed === 2 ? () => controller.abort() : undefined,
      },
    );
    expect(interrupted).toBe(true);
    expect(target.kind).toBe("optimum");
    const ends = mappers.map(({ name, searches }) => [name, searches.map(({ found }) => found.stopped)]);
    expect(ends).toEqual([
      ["layer-by-layer", ["finished"]],
      ["g-teacher", ["finished", "interrupted"]],
      ["exact", ["finished"]],
    ]);
  });
});

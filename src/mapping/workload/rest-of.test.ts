import { expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { createCostModel } from "../cost/cost-model.ts";
import { fullFootprintBytes } from "../cost/footprint.ts";
import { groupGraph } from "../space/group-graph.ts";
import { randomWorkload, roundAccelerator } from "../testing/small-workloads.ts";
import { restOf } from "./rest-of.ts";

test("a group of the rest costs and holds what it does in the whole, on 100 random workloads", () => {
  for (let trial = 0; trial < 100; trial++) {
    const random = seededRandom(900 + trial);
    const workload = randomWorkload(random, 2 + random.below(9), 0.4);
    const first = random.below(workload.layers.length);
    const accelerator = roundAccelerator();
    const [whole, rest] = [workload, restOf(workload, first)].map((part) =>
      createCostModel({ workload: part, accelerator, batch: 4, mode: "full" }),
    );
    if (whole === undefined || rest === undefined) throw new Error("two models");
    expect(rest.layerCount).toBe(whole.layerCount - first);
    const passOf = (layer: number): number => [1, 2, 4][layer % 3] ?? 1;
    for (let start = first; start < whole.layerCount; start++) {
      expect(rest.reach(start - first)).toBe(whole.reach(start) - first);
      for (let last = start; last <= whole.reach(start); last++) {
        const [a, b] = [start - first, last - first];
        expect([trial, start, last, rest.cost(a, b, 7)]).toEqual([
          trial,
          start,
          last,
          whole.cost(start, last, 7),
        ]);
        const held = (model: typeof whole, range: { first: number; last: number }, shift: number): number =>
          fullFootprintBytes(
            model,
            range,
            (layer) => passOf(layer + shift),
            groupGraph(model.problem.workload, range),
          );
        const there = held(whole, { first: start, last }, 0);
        expect([trial, start, last, held(rest, { first: a, last: b }, first)]).toEqual([
          trial,
          start,
          last,
          there,
        ]);
      }
    }
  }
});

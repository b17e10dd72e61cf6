/** Strategies that decide by what a profile predicts. */
import { expect, test } from "vitest";
import { sum } from "../../../base/integers.ts";
import { seededRandom } from "../../../base/random.ts";
import type { TargetProfile } from "../../targets/target-profile.ts";
import { randomWorkload, sketchWorkload, withRandomShapes } from "../../testing/small-workloads.ts";
import type { Block, BlockCosts } from "./block-costs.ts";
import { decideBlocks, decidedNames } from "./mapper.ts";
import { profileCosts } from "./profile-costs.ts";

const same = (value: number) => ({ value, low: value, high: value });
const line = (cores: number, half: number) => ({
  cores,
  criticalMacs: same(half),
  macsPerSecond: { channels: 10, "filter 1": 10, "filter 3": 10 },
});
const fit: TargetProfile["fit"] = {
  rule: "units",
  granularity: 2,
  ridge: 1,
  residual: 0,
  scatter: 0,
  cores: [line(1, 20), line(2, 80)],
};
const target = { criticalMacs: 80, channelGranularity: 2 };
const totalOf = (costs: BlockCosts, blocks: readonly Block[] = []): number =>
  sum(blocks.map((block) => costs.costOf(block)));

test("small layers stay on one core, large ones take both, and what is alike is fused", () => {
  // Two cores take 6 s longer to start, and save half of 600 / 10 s, but nothing of 10 / 10 s.
  const large = { macs: 600, outputBytes: 5, reads: [-1], dimensions: { K: 4, X: 150 } };
  const small = { macs: 10, outputBytes: 5, reads: [0], dimensions: { K: 1, X: 10 } };
  const workload = sketchWorkload(5, [large, { ...large, reads: [0] }, { ...small, reads: [1] }]);
  const costs = profileCosts(workload, { fit }, 2);
  const [alone, onBoth] = [
    { first: 0, last: 0, cores: 1 },
    { first: 0, last: 0, cores: 2 },
  ];
  // (20 + 600) / 10 and (80 + 300) / 10.
  expect([costs.costOf(alone), costs.costOf(onBoth)]).toEqual([62, 38]);
  expect(decideBlocks("layer-cores", costs, target)?.map(({ cores }) => cores)).toEqual([2, 2, 1]);
  // One block takes 8 + 30 + 30 + 2 s, as the last layer fills half a unit. By itself that takes 2 + 2 s on one core.
  expect(decideBlocks("cores-oracle", costs, target)).toEqual([{ first: 0, last: 2, cores: 2 }]);
  expect(decideBlocks("one-core", costs, target)).toHaveLength(3);
});

test("every strategy covers the layers in order, and none beats the oracle", () => {
  for (let seed = 0; seed < 30; seed++) {
    const random = seededRandom(seed);
    const workload = withRandomShapes(random, randomWorkload(random, 1 + random.below(9), 0.3));
    const costs = profileCosts(workload, { fit }, 2);
    const oracle = totalOf(costs, decideBlocks("cores-oracle", costs, target));
    for (const name of decidedNames) {
      const blocks = decideBlocks(name, costs, target) ?? [];
      let next = 0;
      for (const { first, last, cores } of blocks) {
        expect([name, first]).toEqual([name, next]);
        expect([1, 2]).toContain(cores);
        next = last + 1;
      }
      expect([name, next]).toEqual([name, workload.layers.length]);
      expect(totalOf(costs, blocks)).toBeGreaterThanOrEqual(oracle * (1 - 1e-12));
    }
    const unfused = totalOf(costs, decideBlocks("layer-by-layer", costs, target));
    expect(totalOf(costs, decideBlocks("dlfusion", costs, target))).toBeLessThanOrEqual(unfused);
  }
});

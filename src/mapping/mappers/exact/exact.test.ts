import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../base/random.ts";
import type { CostMode, Problem } from "../../cost/problem.ts";
import { doublingLadder } from "../../space/pass-sizes.ts";
import { bruteForce } from "../../testing/brute-force.ts";
import { randomWorkload, roundAccelerator } from "../../testing/small-workloads.ts";
import { findMapping } from "../find-mapping.ts";
import { exactMapper } from "./exact.ts";

const seed = 4_711;

/** Random problems on which the memory neither always nor never suffices. */
function randomProblem(trial: number, mode: CostMode, branching: number): Problem {
  const random = seededRandom(seed * 1_000 + trial);
  const workload = randomWorkload(random, 1 + random.below(4), branching);
  const batch = 1 + random.below(mode === "paper" ? 4 : 5);
  const accelerator = roundAccelerator({
    pesPerCore: 1 + random.below(12),
    onChipBytes: 4 + random.below(60),
    onChipBytesPerSecond: 1 + random.below(4),
  });
  return { workload, accelerator, batch, mode };
}

describe.each([
  ["paper", 0],
  ["paper", 0.4],
  ["full", 0],
  ["full", 0.4],
] as const)("exact, %s mode, branching %d", (mode, branching) => {
  test("equals brute force on 500 random small workloads", async () => {
    let fused = 0;
    for (let trial = 0; trial < 500; trial++) {
      const problem = randomProblem(trial, mode, branching);
      const all = Array.from({ length: problem.batch }, (_, index) => index + 1);
      const sizes = mode === "paper" ? all : doublingLadder(problem.batch);
      const truth = bruteForce(problem, sizes, mode === "paper");
      const found = await findMapping(exactMapper(), problem);
      const where = `seed ${seed} trial ${trial}`;
      if (!found.evaluation.feasible) {
        expect([where, truth.latencyCycles]).toEqual([where, Number.POSITIVE_INFINITY]);
        continue;
      }
      const { latencyCycles, offChipBytes } = found.evaluation;
      expect([where, latencyCycles]).toEqual([where, expect.closeTo(truth.latencyCycles, 6)]);
      // Of equally fast mappings the one with the least traffic.
      expect([where, offChipBytes]).toEqual([where, truth.offChipBytes]);
      expect([where, found.proof.optimal]).toEqual([where, true]);
      if (found.evaluation.groups.length < problem.workload.layers.length) fused++;
    }
    expect(fused).toBeGreaterThan(100);
  });
});

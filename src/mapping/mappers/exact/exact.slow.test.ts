import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../base/random.ts";
import type { Accelerator } from "../../accelerator/accelerator.ts";
import { createCostModel } from "../../cost/cost-model.ts";
import { evaluate, layerByLayer } from "../../cost/evaluate.ts";
import { createIncrementalCost, type IncrementalCost } from "../../cost/incremental-cost.ts";
import type { CostMode, Problem } from "../../cost/problem.ts";
import type { LayerMapping, Mapping } from "../../space/mapping.ts";
import { doublingLadder } from "../../space/pass-sizes.ts";
import { bruteForce } from "../../testing/brute-force.ts";
import {
  randomWorkload,
  roundAccelerator,
  severalCores,
  withRandomShapes,
} from "../../testing/small-workloads.ts";
import { findMapping } from "../find-mapping.ts";
import { completeExactly, exactMapper } from "./exact.ts";

const seed = 4_711;

/** Random problems on which the memory neither always nor never suffices. */
function randomProblem(trial: number, mode: CostMode, branching: number, cores = 1): Problem {
  const random = seededRandom(seed * 1_000 + trial);
  const drawn = randomWorkload(random, 1 + random.below(4), branching);
  const workload = cores === 1 ? drawn : withRandomShapes(random, drawn);
  const batch = 1 + random.below(mode === "paper" ? 4 : 5);
  const accelerator = (
    cores === 1 ? roundAccelerator : (changes: Partial<Accelerator>) => severalCores(cores, changes)
  )({
    pesPerCore: 1 + random.below(12),
    onChipBytes: 4 + random.below(60),
    onChipBytesPerSecond: 1 + random.below(4),
  });
  return { workload, accelerator, batch, mode };
}

describe.each([
  ["paper", 0, 1, 500],
  ["paper", 0.4, 1, 500],
  ["full", 0, 1, 500],
  ["full", 0.4, 1, 500],
  ["paper", 0.4, 3, 200],
  ["full", 0.4, 3, 200],
] as const)("exact, %s mode, branching %d, %d cores", (mode, branching, cores, trials) => {
  test(`equals brute force on ${trials} random small workloads`, async () => {
    let fused = 0;
    for (let trial = 0; trial < trials; trial++) {
      const problem = randomProblem(trial, mode, branching, cores);
      const all = Array.from({ length: problem.batch }, (_, index) => index + 1);
      const sizes = mode === "paper" ? all : doublingLadder(problem.batch);
      const truth = bruteForce(problem, sizes, mode === "paper");
      const found = await findMapping(exactMapper({ coreNumbers: [cores] }), problem);
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
    expect(fused).toBeGreaterThan(trials / 5);
  });
});

/** The least cost of all mappings that go on from what is decided, in the cost model's unit. */
function leastCompletion(costs: IncrementalCost, layers: number, sizes: readonly number[]): number {
  if (!costs.fits) return Number.POSITIVE_INFINITY;
  if (costs.depth === layers) return costs.closedCost;
  let least = Number.POSITIVE_INFINITY;
  for (const pass of sizes) {
    for (const output of ["stage", "sync"] as const) {
      // The network's outputs leave the chip.
      if (output === "stage" && costs.depth === layers - 1) continue;
      costs.push(pass, output);
      least = Math.min(least, leastCompletion(costs, layers, sizes));
      costs.pop();
    }
  }
  return least;
}

test("what is begun is completed as well as brute force does, on 400 random beginnings", async () => {
  const counts = { open: 0, closed: 0 };
  for (let trial = 0; trial < 400; trial++) {
    const problem = randomProblem(trial, "full", trial % 2 === 0 ? 0 : 0.4);
    const random = seededRandom(seed * 2_000 + trial);
    const model = createCostModel(problem);
    const layers = model.layerCount;
    const sizes = doublingLadder(model.problem.batch);
    const costs = createIncrementalCost(model);
    const begun: LayerMapping[] = [];
    const wanted = 1 + random.below(layers);
    while (begun.length < Math.min(wanted, layers - 1)) {
      // Where a group must end, a staged output is written as a synced one.
      const mustEnd = model.reach(begun.length) === begun.length;
      const output = mustEnd || random.below(3) === 0 ? "sync" : "stage";
      const pass = sizes[random.below(sizes.length)] ?? 1;
      costs.push(pass, output);
      begun.push({ pass, output, weights: "streamed", cores: 1 });
    }
    // It must fit with the least that the next layer can ask for.
    if (begun.length < layers) costs.push(1, "sync");
    const mayGoOn = costs.fits;
    if (begun.length < layers) costs.pop();
    const least = leastCompletion(costs, layers, sizes);
    if (!mayGoOn || !Number.isFinite(least)) continue;
    const search = completeExactly(problem, begun, { seed: 1 });
    let step = search.next();
    while (!step.done) step = search.next();
    const { best = [] as Mapping, bestCost = Number.NaN, proof } = step.value;
    const where = `seed ${seed} trial ${trial}`;
    expect([where, proof.optimal, bestCost / model.costUnit]).toEqual([
      where,
      true,
      expect.closeTo(least, 6),
    ]);
    expect([where, best.slice(0, begun.length)]).toEqual([where, begun]);
    expect([where, evaluate(problem, best)]).toEqual([where, expect.objectContaining({ feasible: true })]);
    counts[begun.at(-1)?.output === "stage" ? "open" : "closed"]++;
  }
  expect(Math.min(counts.open, counts.closed)).toBeGreaterThan(60);
});

test("a completion that is cut short at once still fuses what is left", () => {
  let better = 0;
  for (let trial = 0; trial < 100; trial++) {
    const random = seededRandom(seed * 1_000 + trial);
    const workload = randomWorkload(random, 6, 0.2);
    const accelerator = roundAccelerator({ onChipBytes: 30 + random.below(60) });
    const problem: Problem = { workload, accelerator, batch: 4 };
    const begun: Mapping = [{ pass: 4, output: "sync", weights: "streamed", cores: 1 }];
    const unfused = evaluate(problem, layerByLayer(createCostModel(problem).problem));
    const search = completeExactly(problem, begun, { seed: 1, maxEvaluations: 1 });
    let step = search.next();
    while (!step.done) step = search.next();
    if (!unfused.feasible) continue;
    const { best = [], bestCost = Number.POSITIVE_INFINITY } = step.value;
    expect([trial, evaluate(problem, best).feasible]).toEqual([trial, true]);
    expect(bestCost).toBeLessThanOrEqual(unfused.latencySeconds * (1 + 1e-12));
    if (bestCost < 0.99 * unfused.latencySeconds) better++;
  }
  expect(better).toBeGreaterThan(30);
});

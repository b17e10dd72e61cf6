/** DLFusion's strategy, the oracle that it is held against, and the characteristics that it starts from. */
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../base/random.ts";
import type { Accelerator } from "../../accelerator/accelerator.ts";
import { presets } from "../../accelerator/presets/presets.ts";
import { createCostModel } from "../../cost/cost-model.ts";
import { evaluate, evaluateWith } from "../../cost/evaluate.ts";
import type { Evaluation } from "../../cost/evaluation.ts";
import { fullFootprintBytes } from "../../cost/footprint.ts";
import type { Problem } from "../../cost/problem.ts";
import type { LayerMapping } from "../../space/mapping.ts";
import { doublingLadder } from "../../space/pass-sizes.ts";
import type { TargetCharacteristics } from "../../targets/characteristics.ts";
import {
  randomWorkload,
  roundAccelerator,
  severalCores,
  sketchWorkload,
  withoutLanes,
  withRandomShapes,
} from "../../testing/small-workloads.ts";
import { findMapping } from "../find-mapping.ts";
import { characterise } from "./characteristics.ts";
import { noLanesMapper, type StrategyName, strategyMapper, strategyNames } from "./mapper.ts";

/** Random problems of several cores, on which neither memory nor core buffers always suffice. */
function randomProblem(seed: number, mostLayers: number, mostCores: number): Problem {
  const random = seededRandom(seed);
  const workload = withRandomShapes(random, randomWorkload(random, 1 + random.below(mostLayers), 0.3));
  const cores = 1 + random.below(mostCores);
  const buffered = random.below(2) === 0 ? {} : { coreBufferBytes: 15 + random.below(40) };
  return {
    workload,
    batch: 1 + random.below(5),
    accelerator: severalCores(cores, {
      ...buffered,
      onChipBytes: 30 + random.below(200),
      groupLaunchSeconds: random.below(6),
      coreSyncSeconds: random.below(3),
    }),
    objective: random.below(4) === 0 ? "energy" : "latency",
  };
}

const run = (name: StrategyName, problem: Problem) => findMapping(strategyMapper(name), problem);

function costIn({ objective }: Problem, evaluation: Evaluation): number {
  if (!evaluation.feasible) return Number.POSITIVE_INFINITY;
  return objective === "energy" ? evaluation.energyJoules : evaluation.latencySeconds;
}

async function costOf(name: StrategyName, problem: Problem): Promise<number> {
  const { mapping, evaluation } = await run(name, problem);
  return mapping === undefined ? Number.POSITIVE_INFINITY : costIn(problem, evaluation);
}

async function costWithoutLanes(name: StrategyName, problem: Problem): Promise<number> {
  const { mapping } = await run(name, problem);
  return mapping === undefined
    ? Number.POSITIVE_INFINITY
    : costIn(problem, evaluate(problem, withoutLanes(mapping)));
}

/** The truth: every way to cut, every number of cores for each block, by the cost model's own evaluation. */
function bruteForce(problem: Problem): number {
  const model = createCostModel(problem);
  const { batch, accelerator, objective } = model.problem;
  const count = model.layerCount;
  let best = Number.POSITIVE_INFINITY;
  const place = (mapping: readonly LayerMapping[]): void => {
    const first = mapping.length;
    if (first === count) {
      const evaluation = evaluateWith(model, mapping);
      if (!evaluation.feasible) return;
      best = Math.min(best, objective === "energy" ? evaluation.energyJoules : evaluation.latencySeconds);
      return;
    }
    for (let last = first; last <= model.reach(first); last++) {
      for (let cores = 1; cores <= accelerator.cores; cores++) {
        const on = model.onCores(cores);
        const fits = (pass: number): boolean =>
          fullFootprintBytes(on, { first, last }, () => pass) <= on.problem.memoryBytes;
        const pass = doublingLadder(batch).findLast(fits);
        if (pass === undefined) continue;
        const entries = Array.from({ length: last - first + 1 }, (_, index) => {
          const output = first + index === last ? ("sync" as const) : ("stage" as const);
          return { pass: first === last ? batch : pass, output, weights: "streamed" as const, cores };
        });
        place([...mapping, ...entries]);
      }
    }
  };
  place([]);
  return best;
}

describe("the oracle", () => {
  test("equals brute force over every cut and every number of cores on 150 small problems", async () => {
    let feasible = 0;
    let fused = 0;
    const coresUsed = new Set<number>();
    for (let trial = 0; trial < 150; trial++) {
      const problem = randomProblem(trial, 4, 4);
      const found = await run("cores-oracle", problem);
      const truth = bruteForce(problem);
      const cost = await costOf("cores-oracle", problem);
      expect([trial, cost]).toEqual([
        trial,
        Number.isFinite(truth) ? expect.closeTo(truth, 6) : Number.POSITIVE_INFINITY,
      ]);
      if (found.mapping === undefined) continue;
      feasible++;
      expect(found.proof).toMatchObject({ optimal: true, lowerBound: expect.closeTo(truth, 6) });
      if (found.mapping.some(({ output }) => output === "stage")) fused++;
      for (const { cores } of found.mapping) coresUsed.add(cores);
    }
    expect(feasible).toBeGreaterThan(100);
    expect(fused).toBeGreaterThan(50);
    expect(coresUsed.size).toBe(4);
  });

  test("counts each block on each number of cores once", async () => {
    const workload = sketchWorkload(
      1,
      Array.from({ length: 6 }, (_, layer) => ({ macs: 10, outputBytes: 1, reads: [layer - 1] })),
    );
    // 6 x 7 / 2 blocks on 3 numbers of cores, and the unfused network.
    const { evaluations } = await run("cores-oracle", { workload, accelerator: severalCores(3), batch: 1 });
    expect(evaluations).toBe(21 * 3 + 1);
  });

  test("claims nothing when it ran out of evaluations", async () => {
    const problem: Problem = { ...randomProblem(3, 4, 4), workload: randomWorkload(seededRandom(1), 12, 0) };
    const few = await findMapping(strategyMapper("cores-oracle"), problem, { budget: { evaluations: 20 } });
    expect(few.evaluations).toBeLessThanOrEqual(20);
    expect(few.proof.optimal).toBe(false);
  });
});

describe("strategies", () => {
  test("cost what their mappings evaluate to, fit, and none beats the oracle", async () => {
    const answers = new Map<StrategyName, number>();
    for (let trial = 0; trial < 150; trial++) {
      const problem = randomProblem(trial + 1_000, 10, 8);
      const oracle = await costOf("cores-oracle", problem);
      for (const name of strategyNames) {
        let last: { bestCost: number | undefined } = { bestCost: undefined };
        const search = strategyMapper(name).search(problem, { seed: 1 });
        for (let step = search.next(); ; step = search.next()) {
          last = step.value;
          if (step.done) break;
        }
        const cost = await costOf(name, problem);
        expect([trial, name, last.bestCost ?? Number.POSITIVE_INFINITY]).toEqual([
          trial,
          name,
          Number.isFinite(cost) ? expect.closeTo(cost, 9) : cost,
        ]);
        // Lanes are beyond the oracle's space; the same blocks one after another are within it.
        expect(await costWithoutLanes(name, problem)).toBeGreaterThanOrEqual(oracle * (1 - 1e-12));
        if (Number.isFinite(cost)) answers.set(name, (answers.get(name) ?? 0) + 1);
      }
    }
    for (const name of strategyNames) expect([name, (answers.get(name) ?? 0) > 60]).toEqual([name, true]);
  });

  test("dlfusion comes within a few per cent of the oracle on random networks, and is never worse than unfused", async () => {
    const shares: number[] = [];
    for (let trial = 0; trial < 150; trial++) {
      const problem = randomProblem(trial + 2_000, 24, 12);
      const oracle = await costOf("cores-oracle", problem);
      if (!Number.isFinite(oracle)) continue;
      // Without lanes, which the oracle has not.
      const { evaluation, baseline } = await findMapping(noLanesMapper(), problem);
      const cost = costIn(problem, evaluation);
      if (baseline.feasible && problem.objective === "latency")
        expect(cost).toBeLessThanOrEqual(baseline.latencySeconds * (1 + 1e-12));
      shares.push(oracle / cost);
    }
    expect(shares.length).toBeGreaterThan(80);
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeGreaterThan(0.97);
    expect(Math.min(...shares)).toBeGreaterThan(0.75);
  });

  test("dlfusion asks for a number of evaluations that grows as the layers", async () => {
    const chain = (count: number): Problem => ({
      workload: withRandomShapes(seededRandom(1), randomWorkload(seededRandom(2), count, 0)),
      accelerator: severalCores(16, { onChipBytes: 2_000 }),
      batch: 1,
    });
    for (const count of [20, 80, 320])
      expect((await run("dlfusion", chain(count))).evaluations).toBeLessThan(80 * count);
  });

  test("turn the knobs that they say", async () => {
    const workload = sketchWorkload(
      1,
      Array.from({ length: 10 }, (_, layer) => ({
        macs: 4_000,
        outputBytes: 2,
        reads: [layer - 1],
        dimensions: { K: 16, Y: 8 },
      })),
    );
    const problem: Problem = { workload, accelerator: severalCores(4), batch: 1 };
    const shape = async (name: StrategyName): Promise<string> => {
      const { evaluation } = await run(name, problem);
      return evaluation.feasible
        ? evaluation.groups.map(({ layers, cores }) => `${layers.length}x${cores}`).join(" ")
        : "none";
    };
    expect(await shape("one-core")).toBe(Array(10).fill("1x1").join(" "));
    expect(await shape("layer-cores")).toBe(Array(10).fill("1x4").join(" "));
    expect(await shape("fuse-all")).toBe("10x4");
    expect(await shape("fixed-blocks")).toBe("4x4 4x4 2x4");
    expect(await shape("reduced-brute-force")).toBe("8x4 2x4");
    expect(await shape("cores-oracle")).toBe("10x4");
    expect(await shape("dlfusion")).toBe("10x4");
  });

  test("layers that are too small for all cores get fewer", async () => {
    // 40 MACs: 4 cycles on one core and 3 to start; on 4 cores 1 cycle, and 3 + 4 x 2 to start and wait.
    const workload = sketchWorkload(1, [{ macs: 40, outputBytes: 1, reads: [-1], dimensions: { K: 16 } }]);
    const problem: Problem = { workload, accelerator: severalCores(4), batch: 1 };
    for (const name of ["layer-cores", "dlfusion", "cores-oracle"] as const) {
      const { mapping } = await run(name, problem);
      expect([name, mapping?.[0]?.cores]).toEqual([name, 1]);
      expect(mapping && evaluate(problem, mapping)).toMatchObject({ latencyCycles: 7 });
    }
  });
});

describe("characteristics", () => {
  test("the critical count is where a core's work covers what starting it costs", () => {
    // 4 cores of 10 MACs a cycle: 3 to start and 4 x 2 to wait are 11 cycles, so 110 MACs; the next of the grid are 128.
    expect(characterise(severalCores(4))).toEqual({ criticalMacs: 128, channelGranularity: 4 });
    expect(characterise(roundAccelerator()).channelGranularity).toBe(1);
  });

  test("of the presets", () => {
    // 5 us + 32 x 0.1 us at 1,000 MACs a cycle: 8.2 million.
    expect(characterise(presets.mlu100Like)).toEqual({ criticalMacs: 2 ** 23, channelGranularity: 16 });
    expect(characterise(presets.quadNpu).channelGranularity).toBe(16);
    expect(characterise(presets.mesh256).channelGranularity).toBe(8);
  });

  test("that are given are the ones that the strategy starts from", async () => {
    const evaluationsWith = async (target?: (accelerator: Accelerator) => TargetCharacteristics) => {
      const counts: number[] = [];
      for (let seed = 1; seed <= 12; seed++) {
        const problem = randomProblem(seed, 12, 8);
        const given = target?.(problem.accelerator);
        counts.push((await findMapping(strategyMapper("dlfusion", given), problem)).evaluations);
      }
      return counts;
    };
    const found = await evaluationsWith();
    expect(await evaluationsWith(characterise)).toEqual(found);
    // With a count that no layer has, all blocks begin on one core and none closes: other blocks are looked at.
    expect(await evaluationsWith(() => ({ criticalMacs: 1e12, channelGranularity: 4 }))).not.toEqual(found);
  });
});

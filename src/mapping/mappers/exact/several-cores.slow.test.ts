/** The exact mapper where it chooses the cores of each group, against brute force over them and against mappers that choose less. */
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../base/random.ts";
import { type CostModel, createCostModel } from "../../cost/cost-model.ts";
import { evaluate, evaluateWith } from "../../cost/evaluate.ts";
import { costOf } from "../../cost/evaluation.ts";
import type { CostMode, Objective, Problem } from "../../cost/problem.ts";
import { endsGroup, type LayerMapping, type Mapping } from "../../space/mapping.ts";
import { doublingLadder } from "../../space/pass-sizes.ts";
import { bruteForce } from "../../testing/brute-force.ts";
import {
  randomWorkload,
  severalCores,
  sketchWorkload,
  withRandomShapes,
} from "../../testing/small-workloads.ts";
import { strategyMapper } from "../dlfusion/mapper.ts";
import { findMapping } from "../find-mapping.ts";
import { completeExactly, type ExactOptions, exactMapper } from "./exact.ts";

const seed = 8_119;

interface Drawn {
  readonly layers: number;
  readonly cores: number;
  readonly batch: number;
  readonly mode?: CostMode;
  readonly objective?: Objective;
}

/** Random problems of at most so many layers, cores and images, on which neither memory nor core buffers always suffice. */
function randomProblem(trial: number, most: Drawn): Problem {
  const random = seededRandom(seed * 1_000 + trial);
  const drawn = withRandomShapes(random, randomWorkload(random, 1 + random.below(most.layers), 0.3));
  // Layers of very different sizes want different numbers of cores.
  const layers = drawn.layers.map((layer) => ({ ...layer, macs: layer.macs * 4 ** random.below(3) }));
  const workload = { ...drawn, layers };
  const cores = 2 + random.below(most.cores - 1);
  const buffered = random.below(2) === 0 ? {} : { coreBufferBytes: 10 + random.below(30) };
  const { channelGranularity, ...even } = severalCores(cores, {
    ...buffered,
    onChipBytes: 15 + random.below(90),
    offChipBytesPerSecond: 1 + random.below(9),
    pesPerCore: 1 + random.below(4),
    onChipBytesPerSecond: 1 + random.below(8),
    groupLaunchSeconds: random.below(6),
    coreSyncSeconds: random.below(3),
  });
  return {
    workload,
    batch: 1 + random.below(most.batch),
    accelerator: random.below(4) === 0 ? even : { ...even, channelGranularity: channelGranularity ?? 4 },
    mode: most.mode ?? (random.below(2) === 0 ? "full" : "paper"),
    objective: most.objective ?? "latency",
  };
}

async function costBy(problem: Problem, options: ExactOptions): Promise<number> {
  const { mapping, evaluation } = await findMapping(exactMapper(options), problem);
  return mapping && evaluation.feasible
    ? costOf(evaluation, problem.objective ?? "latency")
    : Number.POSITIVE_INFINITY;
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

describe.each(["paper", "full"] as const)("exact over cores, %s mode", (mode) => {
  test("equals brute force over pass sizes, groups and cores on 300 random small problems", async () => {
    const used = new Map<number, number>();
    let mixed = 0;
    let fused = 0;
    for (let trial = 0; trial < 300; trial++) {
      const problem = randomProblem(trial, { layers: 3, cores: 4, batch: 3, mode });
      const { cores } = problem.accelerator;
      const sizes = mode === "paper" ? upTo(problem.batch) : doublingLadder(problem.batch);
      const truth = bruteForce(problem, sizes, mode === "paper", upTo(cores));
      const { mapping, evaluation, proof } = await findMapping(exactMapper(), problem);
      if (mapping === undefined || !evaluation.feasible) {
        expect([trial, truth.latencyCycles]).toEqual([trial, Number.POSITIVE_INFINITY]);
        continue;
      }
      const { latencyCycles, offChipBytes } = evaluation;
      expect([trial, latencyCycles]).toEqual([trial, expect.closeTo(truth.latencyCycles, 6)]);
      // Of equally fast mappings the one with the least traffic.
      expect([trial, offChipBytes]).toEqual([trial, truth.offChipBytes]);
      expect([trial, proof.optimal]).toEqual([trial, true]);
      expect(proof.space).toMatch(new RegExp(`, each group on 1 \\.\\. ${cores} cores, one at a time$`));
      for (const group of evaluation.groups) used.set(group.cores, (used.get(group.cores) ?? 0) + 1);
      if (new Set(mapping.map((entry) => entry.cores)).size > 1) mixed++;
      if (evaluation.groups.length < mapping.length) fused++;
    }
    expect(used.size).toBe(4);
    expect(Math.min(mixed, fused)).toBeGreaterThan(15);
  });
});

describe("a larger choice of cores never costs more", () => {
  test("than any one number, nor than pass sizes that are alike in a group, in every objective", async () => {
    let better = 0;
    for (let trial = 0; trial < 120; trial++) {
      const objective = (["latency", "energy", "traffic"] as const)[trial % 3] ?? "latency";
      const problem = randomProblem(trial + 1_000, { layers: 9, cores: 6, batch: 5, objective });
      const cost = await costBy(problem, {});
      const numbers = upTo(problem.accelerator.cores);
      const alone: number[] = [];
      for (const number of numbers) alone.push(await costBy(problem, { coreNumbers: [number] }));
      expect([trial, cost <= Math.min(...alone) * (1 + 1e-9)]).toEqual([trial, true]);
      if (cost < (alone.at(-1) ?? 0) * (1 - 1e-9)) better++;
      const ladder = await costBy(problem, { coreNumbers: doublingLadder(problem.accelerator.cores) });
      expect([trial, cost <= ladder * (1 + 1e-9)]).toEqual([trial, true]);
      const oracle = await findMapping(strategyMapper("cores-oracle"), problem);
      if (oracle.mapping === undefined || !oracle.evaluation.feasible) continue;
      expect([trial, cost <= costOf(oracle.evaluation, objective) * (1 + 1e-9)]).toEqual([trial, true]);
    }
    expect(better).toBeGreaterThan(20);
  });

  test("and what a lower bound says is never passed, at any moment of the search", async () => {
    for (let trial = 0; trial < 60; trial++) {
      const problem = randomProblem(trial + 2_000, { layers: 9, cores: 6, batch: 5 });
      const optimum = await costBy(problem, {});
      for (const { bestCost, proof } of exactMapper().search(problem, { seed: 1 })) {
        expect(proof.lowerBound ?? 0).toBeLessThanOrEqual(optimum * (1 + 1e-9));
        expect(bestCost ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(optimum * (1 - 1e-9));
      }
    }
  });
});

/** The least cost of all mappings of a full-mode problem that begin so, in the cost model's unit. */
function leastCompletion(model: CostModel, begun: Mapping, sizes: readonly number[]): number {
  const { workload, accelerator } = model.problem;
  const count = model.layerCount;
  let least = Number.POSITIVE_INFINITY;
  const place = (mapping: readonly LayerMapping[]): void => {
    if (mapping.length === count) {
      const evaluation = evaluateWith(model, mapping);
      if (evaluation.feasible) least = Math.min(least, evaluation.latencyCycles);
      return;
    }
    const before = mapping.at(-1);
    const goesOn = before?.output === "stage" && !endsGroup(workload, mapping.length - 1);
    for (const cores of goesOn ? [before.cores] : upTo(accelerator.cores))
      for (const pass of sizes)
        for (const output of ["stage", "sync"] as const)
          if (output === "sync" || mapping.length < count - 1)
            place([...mapping, { pass, output, weights: "streamed", cores }]);
  };
  place(begun);
  return least;
}

test("what is begun keeps its cores, and is completed as well as brute force does", async () => {
  const counts = { open: 0, closed: 0, fewer: 0 };
  for (let trial = 0; trial < 150; trial++) {
    const problem = randomProblem(trial + 3_000, { layers: 4, cores: 3, batch: 2, mode: "full" });
    const random = seededRandom(seed * 2_000 + trial);
    const model = createCostModel(problem);
    const sizes = doublingLadder(problem.batch);
    const begun: LayerMapping[] = [];
    const wanted = 1 + random.below(model.layerCount);
    let cores = 0;
    while (begun.length < Math.min(wanted, model.layerCount - 1)) {
      const mustEnd = model.reach(begun.length) === begun.length;
      const isStart = begun.length === 0 || begun.at(-1)?.output === "sync";
      if (isStart) cores = 1 + random.below(problem.accelerator.cores);
      const pass = sizes[random.below(sizes.length)] ?? 1;
      const output = mustEnd || random.below(3) === 0 ? "sync" : "stage";
      begun.push({ pass, output, weights: "streamed", cores });
    }
    // What is begun must fit, and so must the least that can follow it.
    const closed: LayerMapping[] = [...begun];
    if (begun.length > 0 && begun.at(-1)?.output === "stage")
      closed.push({ pass: 1, output: "sync", weights: "streamed", cores });
    const fits = upTo(problem.accelerator.cores).some((others) => {
      const rest = upTo(model.layerCount - closed.length).map(
        (): LayerMapping => ({ pass: problem.batch, output: "sync", weights: "streamed", cores: others }),
      );
      return evaluate(problem, [...closed, ...rest]).feasible;
    });
    if (begun.length === 0 || !fits) continue;
    const least = leastCompletion(model, begun, sizes);
    const search = completeExactly(problem, begun, { seed: 1 });
    let step = search.next();
    while (!step.done) step = search.next();
    const { best = [] as Mapping, bestCost = Number.NaN, proof } = step.value;
    expect([trial, proof.optimal, bestCost / model.costUnit]).toEqual([
      trial,
      true,
      expect.closeTo(least, 6),
    ]);
    expect([trial, best.slice(0, begun.length)]).toEqual([trial, begun]);
    const evaluation = evaluate(problem, best);
    expect([trial, evaluation]).toEqual([trial, expect.objectContaining({ feasible: true })]);
    counts[begun.at(-1)?.output === "stage" ? "open" : "closed"]++;
    if (begun.some((entry) => entry.cores < problem.accelerator.cores)) counts.fewer++;
  }
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(20);
});

test("a small layer runs on fewer cores, and fewer cores fit where all do not", async () => {
  // 40 MACs: 4 cycles on one core and 3 to start; on 4 cores 1 cycle, and 3 + 4 x 2 to start and wait.
  const small = sketchWorkload(1, [{ macs: 40, outputBytes: 1, reads: [-1], dimensions: { K: 16 } }]);
  const found = await findMapping(exactMapper(), { workload: small, accelerator: severalCores(4), batch: 1 });
  expect(found.mapping).toMatchObject([{ cores: 1 }]);
  expect(found.evaluation).toMatchObject({ latencyCycles: 7 });
  // Each core needs the window of 9 bytes: 36 for four, 18 for two.
  const wide = sketchWorkload(1, [
    { macs: 400, outputBytes: 1, reads: [-1], workingSetBytes: 9, dimensions: { K: 16 } },
  ]);
  const tight: Problem = { workload: wide, accelerator: severalCores(4, { onChipBytes: 20 }), batch: 1 };
  const squeezed = await findMapping(exactMapper(), tight);
  expect(squeezed.mapping).toMatchObject([{ cores: 2 }]);
  expect(squeezed.baseline.feasible).toBe(false);
});

test("no core is left idle where it makes no difference", async () => {
  for (const objective of ["latency", "traffic"] as const) {
    // Work that divides evenly, nothing to start or wait for, and bytes that decide.
    const { channelGranularity: _, ...even } = severalCores(4, { groupLaunchSeconds: 0, coreSyncSeconds: 0 });
    const workload = sketchWorkload(1, [{ macs: 4, outputBytes: 9, reads: [-1] }]);
    const { mapping } = await findMapping(exactMapper(), {
      workload,
      accelerator: even,
      batch: 1,
      objective,
    });
    expect(mapping).toMatchObject([{ cores: 4 }]);
  }
});

test("the proof's space says which numbers of cores were looked at", async () => {
  const problem = randomProblem(1, { layers: 3, cores: 2, batch: 1, mode: "full" });
  const spaceOn = async (cores: number, coreNumbers?: readonly number[]): Promise<string> => {
    const options = coreNumbers === undefined ? {} : { coreNumbers };
    const asked = { ...problem, accelerator: severalCores(cores) };
    return (await findMapping(exactMapper(options), asked)).proof.space;
  };
  const name = "contiguous groups, pass sizes 1, 2, 4, .. batch";
  expect(await spaceOn(1)).toBe(name);
  expect(await spaceOn(12)).toBe(`${name}, each group on 1 .. 12 cores, one at a time`);
  expect(await spaceOn(12, [12])).toBe(`${name}, on all cores`);
  expect(await spaceOn(12, doublingLadder(12))).toBe(
    `${name}, each group on 1, 2, 4, .. 12 cores, one at a time`,
  );
  expect(await spaceOn(12, [3, 5])).toBe(`${name}, each group on 3, 5 cores, one at a time`);
});

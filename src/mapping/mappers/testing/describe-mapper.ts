/**
 * What every mapper promises, on the same problems, as tests. Black-box mappers, which are not given the unfused network to start
 * from, promise less: they may find nothing, or less than layer by layer.
 */
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../base/random.ts";
import { evaluate } from "../../cost/evaluate.ts";
import { costOf } from "../../cost/evaluation.ts";
import type { Objective, Problem } from "../../cost/problem.ts";
import type { Mapping } from "../../space/mapping.ts";
import { randomWorkload, roundAccelerator, sketchWorkload } from "../../testing/small-workloads.ts";
import { exactMapper } from "../exact/exact.ts";
import { type FoundMapping, findMapping } from "../find-mapping.ts";
import type { Mapper } from "../mapper.ts";

const seed = 99;

/** Small problems of every mode and objective, the same for every mapper. */
export function problems(count: number): readonly Problem[] {
  const objectives: readonly Objective[] = ["latency", "energy", "traffic"];
  return Array.from({ length: count }, (_, trial) => {
    const random = seededRandom(seed * 100 + trial);
    return {
      workload: randomWorkload(random, 2 + random.below(10), trial % 2 === 0 ? 0 : 0.3),
      accelerator: roundAccelerator({ onChipBytes: 5 + random.below(80), pesPerCore: 1 + random.below(9) }),
      batch: 1 + random.below(12),
      objective: objectives[trial % 3] ?? "latency",
      mode: trial % 4 < 2 ? "full" : "paper",
    };
  });
}

/** What a mapper itself says at the end of its search. */
export async function lastState(
  mapper: Mapper,
  problem: Problem,
  options: { readonly maxEvaluations?: number } = {},
): Promise<{ mapping: Mapping | undefined; bestCost: number | undefined }> {
  await mapper.prepare?.(problem);
  const search = mapper.search(problem, { seed: 3, ...options });
  let step = search.next();
  while (!step.done) step = search.next();
  return { mapping: step.value.best, bestCost: step.value.bestCost };
}

const optima = new Map<number, Promise<FoundMapping>>();

/** The optimum of the problem of that number, worked out once. */
function optimumOf(trial: number, problem: Problem): Promise<FoundMapping> {
  const known = optima.get(trial) ?? findMapping(exactMapper(), problem);
  optima.set(trial, known);
  return known;
}

export interface Contract {
  /** Starts from the unfused network, so is never worse, and finds an answer wherever there is one. */
  readonly startsUnfused: boolean;
  /** Problems of 60, or of 15, for which it must find an answer. */
  readonly leastAnswers: number;
  /** Evaluations for each problem; the mapper's default when left out. */
  readonly evaluations?: number;
  /** A quarter of the problems, and never more than these evaluations. */
  readonly isSlow?: boolean;
}

/** The contract as tests. */
export function describeMapper(
  create: () => Mapper,
  { startsUnfused, leastAnswers, evaluations, isSlow = false }: Contract,
): void {
  const some = (count: number): readonly Problem[] => problems(isSlow ? Math.ceil(count / 4) : count);
  const limited = evaluations === undefined ? {} : { maxEvaluations: evaluations };
  const budget = evaluations === undefined ? {} : { budget: { evaluations } };
  /** For tests of what a mapper does by default. */
  const wholeBudget = isSlow ? budget : {};

  describe(create().name, () => {
    test("claims what its answer evaluates to, and its answer fits", async () => {
      let answers = 0;
      for (const problem of some(60)) {
        const { mapping, bestCost } = await lastState(create(), problem, limited);
        expect(mapping === undefined).toBe(bestCost === undefined);
        if (!mapping) continue;
        answers++;
        const evaluation = evaluate(problem, mapping);
        expect(evaluation.feasible).toBe(true);
        if (!evaluation.feasible) continue;
        expect(bestCost).toBeCloseTo(costOf(evaluation, problem.objective ?? "latency"), 9);
        expect(evaluation.peakFootprintBytes).toBeLessThanOrEqual(problem.accelerator.onChipBytes);
      }
      expect(answers).toBeGreaterThan(leastAnswers);
    });

    test("finds no answer where layer by layer does not fit", async () => {
      for (const problem of some(40)) {
        const { mapping, baseline } = await findMapping(create(), problem, budget);
        if (!baseline.feasible) expect(mapping).toBeUndefined();
        else if (startsUnfused) expect(mapping).toBeDefined();
      }
    });

    test(`is never ${startsUnfused ? "worse than layer by layer, never " : ""}better than the proven optimum`, async () => {
      for (const [trial, problem] of some(40).entries()) {
        const found = await findMapping(create(), problem, { seed: 5, ...budget });
        if (found.mapping === undefined || !found.evaluation.feasible || !found.baseline.feasible) continue;
        const best = await optimumOf(trial, problem);
        const objective = problem.objective ?? "latency";
        const cost = costOf(found.evaluation, objective);
        if (startsUnfused) expect(cost).toBeLessThanOrEqual(costOf(found.baseline, objective) * (1 + 1e-9));
        expect(best.proof.optimal).toBe(true);
        expect(cost).toBeGreaterThanOrEqual((best.proof.lowerBound ?? 0) * (1 - 1e-9));
      }
    });

    test("gives the same answer for the same seed", async () => {
      for (const problem of some(6)) {
        const [a, b] = [
          await findMapping(create(), problem, { seed: 8, ...wholeBudget }),
          await findMapping(create(), problem, { seed: 8, ...wholeBudget }),
        ];
        expect(a.mapping).toEqual(b.mapping);
        expect(a.evaluations).toBe(b.evaluations);
      }
    });

    const whereSeedsAreIgnored = create().ignoresSeed ? test : () => {};
    whereSeedsAreIgnored("gives the same answer for every seed, as it says", async () => {
      for (const problem of some(6)) {
        const answers = [];
        for (const seed of [1, 2, 77]) answers.push((await findMapping(create(), problem, { seed })).mapping);
        expect(answers).toEqual([answers[0], answers[0], answers[0]]);
      }
    });

    test("stops at a number of evaluations, and on a signal, with the best so far", async () => {
      const workload = randomWorkload(seededRandom(1), 30, 0.2);
      const problem: Problem = {
        workload,
        accelerator: roundAccelerator({ onChipBytes: 60 }),
        batch: 16,
        mode: "paper",
      };
      const few = await findMapping(create(), problem, { budget: { evaluations: 50 } });
      expect(few.evaluations).toBeLessThan(create().name === "exact" ? Number.POSITIVE_INFINITY : 51);
      if (startsUnfused) expect(few.mapping).toBeDefined();
      const aborted = await findMapping(create(), problem, { signal: AbortSignal.abort() });
      if (startsUnfused) expect(aborted.mapping).toBeDefined();
      if (create().name !== "layer-by-layer") expect(aborted.stopped).toBe("interrupted");
    });

    test("stops when its time is up", async () => {
      let now = 0;
      const workload = randomWorkload(seededRandom(2), 30, 0.2);
      const problem: Problem = { workload, accelerator: roundAccelerator({ onChipBytes: 60 }), batch: 16 };
      // A clock that jumps a second at each look.
      const found = await findMapping(create(), problem, { budget: { seconds: 3 }, clock: () => now++ });
      if (startsUnfused) expect(found.mapping).toBeDefined();
      expect(now).toBeLessThan(40);
    });

    test("names no layer: renaming changes nothing", async () => {
      const [problem] = problems(1);
      if (!problem) return;
      const { workload } = problem;
      const renamed = {
        ...workload,
        layers: workload.layers.map((layer, index) => ({ ...layer, name: `other ${index}` })),
      };
      const a = await findMapping(create(), problem, wholeBudget);
      const b = await findMapping(create(), { ...problem, workload: renamed }, wholeBudget);
      expect(b.mapping).toEqual(a.mapping);
    });

    test("when nothing fits, the answer names the layer that needs most and the smallest memory", async () => {
      const workload = sketchWorkload(4, [
        { outputBytes: 4, reads: [-1], workingSetBytes: 6 },
        { outputBytes: 4, reads: [0], workingSetBytes: 9 },
      ]);
      const problem: Problem = { workload, accelerator: roundAccelerator({ onChipBytes: 8 }), batch: 2 };
      const { evaluation, mapping } = await findMapping(create(), problem);
      expect(mapping).toBeUndefined();
      expect(evaluation).toEqual({ feasible: false, group: [1], requiredBytes: 9, availableBytes: 8 });
      expect((await findMapping(create(), { ...problem, memoryBytes: 9 })).mapping).toBeDefined();
    });
  });
}

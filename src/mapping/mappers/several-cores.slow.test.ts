/** What every mapper promises on several cores, whether it chooses them or takes all. */
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { evaluate } from "../cost/evaluate.ts";
import { costOf } from "../cost/evaluation.ts";
import type { Problem } from "../cost/problem.ts";
import { randomWorkload, severalCores, withoutLanes, withRandomShapes } from "../testing/small-workloads.ts";
import { baselineMapper } from "./baselines/baselines.ts";
import { strategyMapper } from "./dlfusion/mapper.ts";
import { exactMapper } from "./exact/exact.ts";
import { type FoundMapping, findMapping } from "./find-mapping.ts";
import { gTeacherMapper } from "./g-teacher/g-teacher.ts";
import { layerByLayerMapper } from "./layer-by-layer/layer-by-layer.ts";
import type { Mapper } from "./mapper.ts";
import { lastState } from "./testing/describe-mapper.ts";

/** Small problems of every mode and objective, with and without buffers of the cores' own. */
function problems(count: number): readonly Problem[] {
  return Array.from({ length: count }, (_, trial) => {
    const random = seededRandom(61_000 + trial);
    const drawn = randomWorkload(random, 2 + random.below(9), trial % 2 === 0 ? 0 : 0.3);
    const buffered = random.below(2) === 0 ? {} : { coreBufferBytes: 15 + random.below(40) };
    return {
      workload: withRandomShapes(random, drawn),
      accelerator: severalCores(2 + random.below(7), {
        ...buffered,
        onChipBytes: 20 + random.below(200),
        offChipBytesPerSecond: 1 + random.below(5),
        groupLaunchSeconds: random.below(6),
        coreSyncSeconds: random.below(3),
      }),
      batch: 1 + random.below(8),
      objective: (["latency", "latency", "energy", "traffic"] as const)[trial % 4] ?? "latency",
      mode: trial % 3 === 0 ? "paper" : "full",
    };
  });
}

interface Promised {
  readonly create: () => Mapper;
  readonly startsUnfused: boolean;
  readonly choosesCores: boolean;
}

const mappers: readonly Promised[] = [
  { create: layerByLayerMapper, startsUnfused: true, choosesCores: false },
  { create: () => baselineMapper("pso"), startsUnfused: false, choosesCores: false },
  { create: gTeacherMapper, startsUnfused: true, choosesCores: true },
  { create: exactMapper, startsUnfused: true, choosesCores: true },
  { create: () => strategyMapper("dlfusion"), startsUnfused: true, choosesCores: true },
  { create: () => strategyMapper("cores-oracle"), startsUnfused: true, choosesCores: true },
];

const all = problems(60);
const optima = new Map<Problem, FoundMapping>();

/** The optimum over pass sizes, groups and cores, worked out once. */
async function optimumOf(problem: Problem): Promise<FoundMapping> {
  const found = optima.get(problem) ?? (await findMapping(exactMapper(), problem));
  optima.set(problem, found);
  return found;
}

describe.each(mappers.map((entry) => [entry.create().name, entry] as const))(
  "%s on several cores",
  (_, promised) => {
    const { create, startsUnfused, choosesCores } = promised;

    test("claims what its answer evaluates to, fits, and is between the unfused network and the optimum", async () => {
      let answers = 0;
      const numbers = new Set<number>();
      for (const [trial, problem] of all.entries()) {
        const objective = problem.objective ?? "latency";
        const { mapping, bestCost } = await lastState(create(), problem);
        const { proof, baseline } = await optimumOf(problem);
        expect(mapping === undefined).toBe(bestCost === undefined);
        if (startsUnfused && baseline.feasible) expect([trial, mapping]).not.toEqual([trial, undefined]);
        if (mapping === undefined) continue;
        answers++;
        for (const { cores } of mapping) numbers.add(cores / problem.accelerator.cores);
        const evaluation = evaluate(problem, mapping);
        if (!evaluation.feasible) throw new Error(`trial ${trial} does not fit`);
        const cost = costOf(evaluation, objective);
        expect([trial, bestCost]).toEqual([trial, expect.closeTo(cost, 9)]);
        expect([trial, proof.optimal]).toEqual([trial, true]);
        // Lanes are beyond the optimum's space; the same groups one after another are within it.
        const alone = evaluate(problem, withoutLanes(mapping));
        const aloneCost = alone.feasible ? costOf(alone, objective) : Number.POSITIVE_INFINITY;
        expect(aloneCost).toBeGreaterThanOrEqual((proof.lowerBound ?? 0) * (1 - 1e-9));
        if (startsUnfused && baseline.feasible)
          expect(cost).toBeLessThanOrEqual(costOf(baseline, objective) * (1 + 1e-9));
      }
      expect(answers).toBeGreaterThan(startsUnfused ? 40 : 10);
      expect(numbers.size > 3).toBe(choosesCores);
    });

    test("gives the same answer for the same seed, and stops at a number of evaluations with the best so far", async () => {
      for (const problem of all.slice(0, 8)) {
        const once = await findMapping(create(), problem, { seed: 8 });
        const again = await findMapping(create(), problem, { seed: 8 });
        expect(again.mapping).toEqual(once.mapping);
        expect(again.evaluations).toBe(once.evaluations);
        const few = await findMapping(create(), problem, { budget: { evaluations: 3 } });
        if (create().name !== "exact") expect(few.evaluations).toBeLessThanOrEqual(3);
        if (startsUnfused && few.baseline.feasible) expect(few.mapping).toBeDefined();
      }
    });
  },
);

test("g-teacher comes near the optimum over cores on small networks, and beats the best on all cores on most", async () => {
  const shares: number[] = [];
  let better = 0;
  for (const problem of all.filter(({ objective }) => objective === "latency")) {
    const best = await optimumOf(problem);
    const found = await findMapping(gTeacherMapper(), problem, { seed: 1 });
    const cores = problem.accelerator.cores;
    const onAll = await findMapping(exactMapper({ coreNumbers: [cores] }), problem);
    if (!best.evaluation.feasible || !found.evaluation.feasible || !onAll.evaluation.feasible) continue;
    shares.push(best.evaluation.latencySeconds / found.evaluation.latencySeconds);
    if (found.evaluation.latencySeconds < onAll.evaluation.latencySeconds * (1 - 1e-9)) better++;
  }
  expect(shares.length).toBeGreaterThan(15);
  expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeGreaterThan(0.98);
  expect(better).toBeGreaterThan(shares.length / 2);
});

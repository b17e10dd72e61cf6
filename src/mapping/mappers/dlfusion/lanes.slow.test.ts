/** Branches side by side: what dlfusion finds, against every scheme there is on tiny networks. */
import { describe, expect, test } from "vitest";
import { type RandomSource, seededRandom } from "../../../base/random.ts";
import { evaluate } from "../../cost/evaluate.ts";
import type { Problem } from "../../cost/problem.ts";
import type { LayerMapping, Mapping } from "../../space/mapping.ts";
import { type LayerSketch, severalCores, sketchWorkload } from "../../testing/small-workloads.ts";
import { findMapping } from "../find-mapping.ts";
import { lastState } from "../testing/describe-mapper.ts";
import { noLanesMapper, strategyMapper } from "./mapper.ts";

/** A stem, a few branches of a few layers, and perhaps what joins them: at most so many layers. */
function branchy(random: RandomSource, mostLayers: number): Problem["workload"] {
  const stem = random.below(3) > 0;
  const joins = random.below(3) > 0;
  const inside = mostLayers - (stem ? 1 : 0) - (joins ? 1 : 0);
  const count = 2 + random.below(inside - 1);
  const reads: number[][] = stem ? [[-1]] : [];
  const fork = reads.length - 1;
  const ends: number[] = [];
  for (let at = 0; at < count; at++) {
    const goesOn = at > 1 && ends.length > 0 && random.below(2) === 0;
    reads.push([goesOn ? reads.length - 1 : fork]);
    if (goesOn) ends.pop();
    ends.push(reads.length - 1);
  }
  if (joins) reads.push(ends);
  return sketchWorkload(
    1 + random.below(20),
    reads.map(
      (of): LayerSketch => ({
        macs: random.below(1_500),
        weightBytes: random.below(30),
        outputBytes: 1 + random.below(20),
        reads: of,
        workingSetBytes: random.below(6),
        dimensions: { K: 1 + random.below(16), Y: 1 + random.below(6) },
      }),
    ),
  );
}

function randomProblem(seed: number, mostLayers: number, mostCores: number): Problem {
  const random = seededRandom(seed);
  const workload = branchy(random, mostLayers);
  const cores = 2 + random.below(mostCores - 1);
  const accelerator = severalCores(cores, {
    ...(random.below(2) === 0 ? {} : { coreBufferBytes: 15 + random.below(40) }),
    onChipBytes: 40 + random.below(200),
    offChipBytesPerSecond: 1 + random.below(8),
    groupLaunchSeconds: random.below(6),
    coreSyncSeconds: random.below(6),
  });
  return { workload, accelerator, batch: 1 };
}

/** The truth, and that of one block at a time: every way to cut, every number of cores, every lane, by evaluate(). */
function bruteForce(problem: Problem): { readonly lanes: number; readonly alone: number } {
  const { workload, accelerator } = problem;
  const count = workload.layers.length;
  let [lanes, alone] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const tried = (mapping: Mapping): void => {
    if (!mayRun(problem, mapping)) return;
    const evaluation = evaluate(problem, mapping);
    if (!evaluation.feasible) return;
    lanes = Math.min(lanes, evaluation.latencySeconds);
    if (mapping.every(({ lane }) => lane === undefined)) alone = Math.min(alone, evaluation.latencySeconds);
  };
  const place = (mapping: Mapping): void => {
    const first = mapping.length;
    if (first === count) {
      tried(mapping);
      return;
    }
    const before = mapping.at(-1)?.lane;
    const choices = new Set([undefined, 0, ...(before === undefined ? [] : [before, before + 1])]);
    for (let last = first; last < count; last++)
      for (let cores = 1; cores <= accelerator.cores; cores++)
        for (const lane of choices) {
          const group = Array.from({ length: last - first + 1 }, (_, at): LayerMapping => {
            const output = first + at === last ? "sync" : "stage";
            return { pass: 1, output, weights: "streamed", cores, ...(lane === undefined ? {} : { lane }) };
          });
          place([...mapping, ...group]);
        }
  };
  place([]);
  return { lanes, alone };
}

/** Sections of two lanes or more, whose cores suffice and whose layers read none of another lane. */
function mayRun({ workload, accelerator }: Problem, mapping: Mapping): boolean {
  for (let begin = 0; begin < mapping.length; begin++) {
    if (mapping[begin]?.lane === undefined) continue;
    let end = begin;
    const most: number[] = [];
    for (; mapping[end]?.lane !== undefined; end++) {
      const { lane = 0, cores } = mapping[end] as LayerMapping;
      if (lane === 0 && most.length > 1) break;
      most[lane] = Math.max(most[lane] ?? 0, cores);
    }
    if (most.length < 2 || most.reduce((a, b) => a + b) > accelerator.cores) return false;
    for (let layer = begin; layer < end; layer++)
      for (const tensor of workload.layers[layer]?.inputs ?? []) {
        const source = workload.tensors[tensor]?.source;
        if (source?.kind !== "layer" || source.layer < begin) continue;
        if (mapping[source.layer]?.lane !== mapping[layer]?.lane) return false;
      }
    begin = end - 1;
  }
  return true;
}

async function latencyOf(problem: Problem, lanes: boolean): Promise<number> {
  const mapper = lanes ? strategyMapper("dlfusion") : noLanesMapper();
  const { mapping, evaluation } = await findMapping(mapper, problem);
  return mapping !== undefined && evaluation.feasible ? evaluation.latencySeconds : Number.POSITIVE_INFINITY;
}

describe("dlfusion with lanes", () => {
  test("comes near the best of every scheme with lanes on tiny networks, and gains most of what there is to gain", async () => {
    const shares: number[] = [];
    let [gains, found, better] = [0, 0, 0];
    for (let seed = 0; seed < 120; seed++) {
      const problem = randomProblem(seed, 5, 4);
      const truth = bruteForce(problem);
      const cost = await latencyOf(problem, true);
      const alone = await latencyOf(problem, false);
      expect([seed, cost <= alone]).toEqual([seed, true]);
      expect([seed, cost >= truth.lanes * (1 - 1e-12)]).toEqual([seed, true]);
      if (!Number.isFinite(truth.lanes)) continue;
      shares.push(truth.lanes / cost);
      if (truth.lanes < truth.alone * (1 - 1e-9)) {
        better++;
        gains += 1 - truth.lanes / truth.alone;
        found += Math.max(0, 1 - cost / truth.alone);
      }
    }
    const mean = shares.reduce((all, share) => all + share, 0) / shares.length;
    // Measured over 400 seeds: 0.993, 0.74, 0.85. What is missed are lanes for some of the branches, and other ways to join them.
    expect(mean).toBeGreaterThan(0.985);
    expect(Math.min(...shares)).toBeGreaterThan(0.7);
    expect(found / gains).toBeGreaterThan(0.75);
    expect(better).toBeGreaterThan(40);
  });

  test("claims what its answer evaluates to, whatever lanes share, and never costs more than one block at a time", async () => {
    let lanes = 0;
    for (let seed = 0; seed < 150; seed++) {
      const drawn = randomProblem(seed + 10_000, 16, 12);
      const problem: Problem = { ...drawn, batch: 1 + (seed % 4), mode: seed % 3 === 0 ? "paper" : "full" };
      const { mapping, bestCost } = await lastState(strategyMapper("dlfusion"), problem);
      const alone = await latencyOf(problem, false);
      if (mapping === undefined) {
        expect([seed, alone]).toEqual([seed, Number.POSITIVE_INFINITY]);
        continue;
      }
      const evaluation = evaluate(problem, mapping);
      if (!evaluation.feasible) throw new Error(`seed ${seed} does not fit`);
      expect([seed, bestCost]).toEqual([seed, expect.closeTo(evaluation.latencySeconds, 9)]);
      expect([seed, evaluation.latencySeconds <= alone * (1 + 1e-12)]).toEqual([seed, true]);
      if (evaluation.sections.some((section) => section.length > 1)) {
        lanes++;
        expect(evaluation.latencySeconds).toBeLessThan(alone);
      }
    }
    expect(lanes).toBeGreaterThan(50);
  });

  test("stops at a number of evaluations with an answer, the blocks that it had if lanes were not looked at to the end", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const problem = randomProblem(seed + 20_000, 12, 8);
      const all = await findMapping(strategyMapper("dlfusion"), problem);
      const { evaluations } = await findMapping(noLanesMapper(), problem);
      for (const limit of [evaluations + 1, all.evaluations - 1]) {
        const cut = await findMapping(strategyMapper("dlfusion"), problem, {
          budget: { evaluations: limit },
        });
        expect(cut.evaluations).toBeLessThanOrEqual(limit);
        if (limit <= evaluations || all.mapping === undefined) continue;
        expect(cut.evaluation.feasible && cut.evaluation.latencySeconds).toBeLessThanOrEqual(
          await latencyOf(problem, false),
        );
      }
    }
  });

  test("looks for lanes for latency alone, and on several cores", async () => {
    for (let seed = 0; seed < 12; seed++) {
      const problem = randomProblem(seed, 8, 6);
      for (const objective of ["energy", "traffic"] as const) {
        const [own, one] = [strategyMapper("dlfusion"), noLanesMapper()];
        const found = await findMapping(own, { ...problem, objective });
        const other = await findMapping(one, { ...problem, objective });
        expect([found.mapping, found.evaluations]).toEqual([other.mapping, other.evaluations]);
      }
      const { mapping } = await findMapping(strategyMapper("dlfusion"), {
        ...problem,
        accelerator: severalCores(1),
      });
      expect(mapping?.some(({ lane }) => lane !== undefined) ?? false).toBe(false);
    }
  });

  test("joins branches where there are fewer cores than branches", async () => {
    const reads = [[-1], ...Array.from({ length: 6 }, () => [0])];
    const workload = sketchWorkload(
      1,
      reads.map((of) => ({ macs: 400, outputBytes: 1, reads: of, dimensions: { K: 4 } })),
    );
    const accelerator = severalCores(3, { onChipBytes: 1e4, coreSyncSeconds: 20 });
    const { evaluation } = await findMapping(strategyMapper("dlfusion"), { workload, accelerator, batch: 1 });
    // One unit of channels and one row: no layer can be dealt out. A core makes two branches of 40 cycles in one group, and starts it in 3.
    expect(evaluation).toMatchObject({ feasible: true, latencyCycles: 43 + 83 });
    expect(evaluation.feasible && evaluation.sections.at(-1)).toHaveLength(3);
  });
});

/** A learner that is guided: what it does well is left alone, and what is left of its mistakes costs little. */
import { expect, test } from "vitest";
import { type RandomSource, seededRandom } from "../../base/random.ts";
import { type CostModel, createCostModel } from "../../mapping/cost/cost-model.ts";
import { evaluateWith } from "../../mapping/cost/evaluate.ts";
import { exactMapper } from "../../mapping/mappers/exact/exact.ts";
import type { LayerMapping, Mapping } from "../../mapping/space/mapping.ts";
import { randomWorkload, roundAccelerator } from "../../mapping/testing/small-workloads.ts";
import { allowedPasses } from "../environment/allowed.ts";
import { createEnvironment } from "../environment/environment.ts";
import { type Guided, guide } from "./guide.ts";

/** Goes on with what it would do anyway where that is allowed: one decision for each layer, drawn once. */
function randomLearner(random: RandomSource, layers: number) {
  const wishes = Array.from({ length: layers }, () => [random.uniform(), random.uniform()] as const);
  return (model: CostModel, begun: Mapping): Mapping => {
    const environment = createEnvironment(model.problem, model);
    environment.push({ pass: environment.impliedPass, output: "sync" });
    return wishes.map(([staged, size], layer): LayerMapping => {
      const passes = (output: "sync" | "stage") => allowedPasses(environment, output);
      const output = staged < 0.7 && passes("stage").length > 0 ? "stage" : "sync";
      const among = passes(output);
      const own = { pass: among[Math.floor(size * among.length)] ?? 1, output } as const;
      const { pass, output: taken } = begun[layer] ?? own;
      environment.push({ pass, output: taken });
      return { pass, output: taken, weights: "streamed", cores: 1 };
    });
  };
}

function done<T>(work: Generator<unknown, T>): T {
  let step = work.next();
  while (!step.done) step = work.next();
  return step.value;
}

const latencyOf = (model: CostModel, mapping: Mapping): number => {
  const evaluation = evaluateWith(model, mapping);
  expect(evaluation.feasible).toBe(true);
  return evaluation.feasible ? evaluation.latencySeconds : Number.POSITIVE_INFINITY;
};

const trials = Array.from({ length: 60 }, (_, trial) => {
  const random = seededRandom(8_100 + trial);
  const workload = randomWorkload(random, 3 + random.below(9), trial % 2 === 0 ? 0 : 0.3);
  const accelerator = roundAccelerator({ onChipBytes: 20 + random.below(80) });
  const model = createCostModel({ workload, accelerator, batch: 1 + random.below(12) });
  const { best } = done(exactMapper().search(model.problem, { seed: 1 }));
  return { model, optimum: best, goOn: randomLearner(random, model.layerCount) };
});

test("what is guided costs little more than the optimum, and only what is taken over is not the learner's", () => {
  let [takeOvers, kept] = [0, 0];
  for (const [trial, { model, optimum, goOn }] of trials.entries()) {
    if (optimum === undefined) continue;
    const { mapping, takenOver }: Guided = done(guide(model, { goOn }, optimum));
    const ratio = latencyOf(model, mapping) / latencyOf(model, optimum);
    // Each step, and the end, may waste 0.3 %.
    expect(ratio).toBeLessThanOrEqual(1.003 ** (takenOver.length + 1) * (1 + 1e-9));
    expect(takenOver).toEqual([...new Set(takenOver)].toSorted((a, b) => a - b));
    takeOvers += takenOver.length;
    if (takenOver.length === 8) continue;
    mapping.forEach((entry, layer) => {
      if (takenOver.includes(layer)) return;
      expect([trial, layer, goOn(model, mapping.slice(0, layer))[layer]]).toEqual([trial, layer, entry]);
      kept++;
    });
  }
  expect(takeOvers).toBeGreaterThan(60);
  expect(kept).toBeGreaterThan(100);
});

test("a learner who knows the optimum is left alone", () => {
  for (const { model, optimum } of trials) {
    if (optimum === undefined) continue;
    const goOn = (_: CostModel, begun: Mapping): Mapping => [...begun, ...optimum.slice(begun.length)];
    expect(done(guide(model, { goOn }, optimum))).toEqual({ mapping: optimum, takenOver: [] });
  }
});

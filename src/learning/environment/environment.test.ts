/** The environment agrees with the cost model, and what it allows is what can be completed. */
import { expect, test } from "vitest";
import { type RandomSource, seededRandom } from "../../base/random.ts";
import { evaluate, evaluateVector } from "../../mapping/cost/evaluate.ts";
import { createIncrementalCost } from "../../mapping/cost/incremental-cost.ts";
import type { Problem } from "../../mapping/cost/problem.ts";
import { decodeMapping } from "../../mapping/space/encoding.ts";
import { randomWorkload, roundAccelerator, sketchWorkload } from "../../mapping/testing/small-workloads.ts";
import { allowedPasses, nearestAllowed } from "./allowed.ts";
import { type Decision, decisionAt, decisionsOf, mappingOfDecisions } from "./decision.ts";
import { createEnvironment, type Environment } from "./environment.ts";

const seed = 41;

function randomProblem(random: RandomSource, trial: number, layers: number): Problem {
  return {
    workload: randomWorkload(random, layers, trial % 2 === 0 ? 0 : 0.4),
    batch: 1 + random.below(9),
    accelerator: roundAccelerator({ onChipBytes: 4 + random.below(70) }),
    mode: trial % 4 < 2 ? "paper" : "full",
  };
}

test("staging shows at once what it saves, and the first step sees the unfused network", () => {
  // Batch 2, 1 off-chip byte a cycle. Three layers with 10 bytes out and 10 in, no weights, no MACs: 20 bytes cross for
  // each tensor and direction. Unfused: 3 x (20 + 20) = 120 cycles. With the first output staged, its 20 written and 20
  // read are gone: 80.
  const workload = sketchWorkload(10, [
    { outputBytes: 10, reads: [-1] },
    { outputBytes: 10, reads: [0] },
    { outputBytes: 10, reads: [1] },
  ]);
  const environment = createEnvironment({
    workload,
    batch: 2,
    accelerator: roundAccelerator(),
    mode: "paper",
  });
  expect(environment.stepCount).toBe(4);
  expect(environment.performance).toBe(120);
  expect(environment.baselineCost).toBe(120);
  environment.push({ pass: 2, output: "sync" });
  expect(environment.performance).toBe(120);
  environment.push({ pass: 1, output: "stage" });
  expect(environment.performance).toBe(80);
  expect(environment).toMatchObject({ step: 2, heldBytes: 10, openLayers: 1, impliedPass: 1, closedCost: 0 });
  environment.push({ pass: 1, output: "sync" });
  expect(environment).toMatchObject({ performance: 80, openLayers: 0, impliedPass: 2, closedCost: 40 });
});

/** Random decisions, allowed or not, with the vector that they make in paper mode. */
function randomVector({ passSizes, stepCount }: Environment, random: RandomSource): number[] {
  return Array.from({ length: stepCount }, () => passSizes[random.below(passSizes.length + 1)] ?? -1);
}

test("the performance so far is the cost of the vector that goes on with -1, on 300 random vectors", () => {
  for (let trial = 0; trial < 300; trial++) {
    const random = seededRandom(seed * 10_000 + trial);
    const problem = randomProblem(random, trial, 1 + random.below(8));
    // Memory enough: what a vector costs does not hang on whether it fits.
    const roomy = { ...problem, memoryBytes: 1e9 };
    const environment = createEnvironment(problem);
    const vector = randomVector(environment, random);
    for (let step = 0; step <= vector.length; step++) {
      const completed = vector.map((entry, index) => (index < step ? entry : -1));
      const expected = evaluateVector(roomy, completed);
      const where = `seed ${seed} trial ${trial} step ${step}`;
      expect([where, expected.feasible]).toEqual([where, true]);
      if (expected.feasible) {
        expect([where, environment.performance]).toEqual([where, expect.closeTo(expected.latencyCycles, 9)]);
      }
      const entry = vector[step];
      if (entry === undefined) continue;
      const decision: Decision =
        entry === -1 ? { pass: environment.impliedPass, output: "sync" } : { pass: entry, output: "stage" };
      // A decision that is taken back leaves nothing behind.
      environment.push({ pass: 1, output: "stage" });
      environment.pop();
      environment.push(decision);
    }
    const fits = evaluateVector(problem, vector).feasible;
    expect([trial, environment.fits]).toEqual([trial, fits]);
  }
});

/** Whether some completion of the decisions fits, by trying all of them. */
function canComplete(problem: Problem, environment: Environment, decisions: readonly Decision[]): boolean {
  if (decisions.length === environment.stepCount) return fits(problem, decisions);
  const step = decisions.length;
  return choices(environment, step, decisions).some((next) =>
    canComplete(problem, environment, [...decisions, next]),
  );
}

function choices(
  { passSizes, model }: Environment,
  step: number,
  decisions: readonly Decision[],
): readonly Decision[] {
  const last = decisions.at(-1);
  const implied = last?.output === "stage" ? last.pass : model.problem.batch;
  const staged = [...passSizes].map((pass): Decision => ({ pass, output: "stage" }));
  if (model.problem.mode === "paper" || step === 0) return [...staged, { pass: implied, output: "sync" }];
  return [...staged, ...[...passSizes].map((pass): Decision => ({ pass, output: "sync" }))];
}

function fits(problem: Problem, decisions: readonly Decision[]): boolean {
  const mapping = decisions
    .slice(1)
    .map((decision) => ({ ...decision, weights: "streamed", cores: 1 }) as const);
  const input = decisions[0];
  const inputImages = input?.output === "stage" ? input.pass : undefined;
  return evaluate(problem, mapping, { inputImages }).feasible;
}

test("allowed is what some completion of fits, held against all completions of 160 small problems", () => {
  let allowed = 0;
  let refused = 0;
  for (let trial = 0; trial < 160; trial++) {
    const random = seededRandom(seed * 20_000 + trial);
    const problem = { ...randomProblem(random, trial, 1 + random.below(3)), batch: 1 + random.below(4) };
    const environment = createEnvironment(problem);
    const decisions: Decision[] = [];
    while (decisions.length < environment.stepCount) {
      const open: Decision[] = [];
      for (const choice of choices(environment, decisions.length, decisions)) {
        const where = `seed ${seed} trial ${trial}: ${JSON.stringify([...decisions, choice])}`;
        const possible = canComplete(problem, environment, [...decisions, choice]);
        expect([where, environment.allows(choice)]).toEqual([where, possible]);
        if (possible) open.push(choice);
        if (possible) allowed++;
        else refused++;
      }
      const next = open[random.below(open.length)];
      expect(next === undefined).toBe(!environment.feasible);
      if (next === undefined) break;
      decisions.push(next);
      environment.push(next);
    }
  }
  expect(Math.min(allowed, refused)).toBeGreaterThan(200);
});

test("wishes that are not allowed are bent until they are, and always end in a mapping that fits", () => {
  let bent = 0;
  for (let trial = 0; trial < 300; trial++) {
    const random = seededRandom(seed * 30_000 + trial);
    const problem = randomProblem(random, trial, 1 + random.below(10));
    const environment = createEnvironment(problem);
    if (!environment.feasible) continue;
    const passes = new Int32Array(environment.stepCount);
    const synced = new Int32Array(environment.stepCount);
    for (let step = 0; step < environment.stepCount; step++) {
      const wish: Decision = {
        pass: environment.passSizes[random.below(environment.passSizes.length)] ?? 1,
        output: random.below(3) === 0 ? "sync" : "stage",
      };
      const decision = nearestAllowed(environment, [wish]);
      if (decision !== wish) bent++;
      if (decision !== wish) expect(environment.allows(wish)).toBe(false);
      for (const output of ["stage", "sync"] as const) {
        const all = [...environment.passSizes].filter((pass) => environment.allows({ pass, output }));
        expect([trial, step, output, ...allowedPasses(environment, output)]).toEqual([
          trial,
          step,
          output,
          ...all,
        ]);
      }
      passes[step] = decision.pass;
      synced[step] = decision.output === "sync" ? 1 : 0;
      environment.push(decision);
    }
    const decisions = { passes, synced };
    const { pass, output } = decisionAt(decisions, 0);
    const inputImages = output === "stage" ? pass : undefined;
    const evaluation = evaluate(problem, mappingOfDecisions(decisions, 1), { inputImages });
    expect([trial, evaluation.feasible]).toEqual([trial, true]);
  }
  expect(bent).toBeGreaterThan(200);
});

test("of several wishes the first that is allowed is granted", () => {
  let later = 0;
  for (let trial = 0; trial < 100; trial++) {
    const random = seededRandom(seed * 40_000 + trial);
    const environment = createEnvironment(randomProblem(random, trial, 1 + random.below(6)));
    if (!environment.feasible) continue;
    while (environment.step < environment.stepCount) {
      const wishes = Array.from({ length: 4 }, (): Decision => {
        const pass = environment.passSizes[random.below(environment.passSizes.length)] ?? 1;
        return { pass, output: random.below(4) === 0 ? "sync" : "stage" };
      });
      const first = wishes.find((wish) => environment.allows(wish));
      const decision = nearestAllowed(environment, wishes);
      if (first !== undefined) expect([trial, decision]).toEqual([trial, first]);
      if (first !== undefined && first !== wishes[0]) later++;
      environment.push(decision);
    }
  }
  expect(later).toBeGreaterThan(20);
});

test("looking ahead says what the open group costs if it ends there, and how many images fit", () => {
  let seen = 0;
  for (let trial = 0; trial < 200; trial++) {
    const random = seededRandom(seed * 50_000 + trial);
    const problem = { ...randomProblem(random, trial, 2 + random.below(9)), mode: "full" } as const;
    const environment = createEnvironment(problem);
    const { model, passSizes } = environment;
    const alone = (first: number, last: number): number => {
      let cost = 0;
      for (let layer = first; layer <= last; layer++)
        cost += model.cost(layer, layer, model.weightBytes(layer));
      return cost;
    };
    environment.push({ pass: model.problem.batch, output: "sync" });
    const costs = createIncrementalCost(model);
    for (let layer = 0; layer < model.layerCount; layer++) {
      const first = layer - environment.openLayers;
      const ahead = random.below(5);
      const last = Math.min(layer + ahead, model.reach(first));
      const cost = (pass: number): number => {
        const before = costs.closedCost;
        for (let next = layer; next <= last; next++) costs.push(pass, next === last ? "sync" : "stage");
        const total = costs.closedCost - before;
        for (let next = layer; next <= last; next++) costs.pop();
        return total / alone(first, last);
      };
      const { leastCostShare, imagesThatFit, fittingCostShare } = environment.lookAhead(ahead);
      const images = Math.floor(imagesThatFit);
      if (alone(first, last) > 0) {
        expect([trial, layer, leastCostShare]).toEqual([
          trial,
          layer,
          expect.closeTo(cost(model.problem.batch), 9),
        ]);
        const fitting = images < 1 ? 1 : cost(images);
        expect([trial, layer, fittingCostShare]).toEqual([trial, layer, expect.closeTo(fitting, 9)]);
        seen++;
      }
      const held = environment.openLayers > 0 ? environment.heldBytes : 0;
      let bytes = 0;
      for (let next = layer; next < last; next++) bytes += model.outputBytes(next);
      const free = model.problem.memoryBytes - Math.max(held, model.workingSetBytes(layer));
      if (bytes > 0 && imagesThatFit < model.problem.batch)
        expect(imagesThatFit * bytes).toBeCloseTo(Math.max(0, free), 6);
      const pass = passSizes[random.below(passSizes.length)] ?? 1;
      const decision: Decision = { pass, output: random.below(3) === 0 ? "sync" : "stage" };
      environment.push(decision);
      costs.push(decision.pass, decision.output);
    }
    expect(environment.lookAhead(0)).toEqual({ leastCostShare: 1, imagesThatFit: 0, fittingCostShare: 1 });
  }
  expect(seen).toBeGreaterThan(300);
});

test("a wish beside the ladder is bent onto it in full mode, and stands in paper mode", () => {
  const workload = sketchWorkload(1, [
    { outputBytes: 1, reads: [-1] },
    { outputBytes: 1, reads: [0] },
  ]);
  for (const [mode, pass] of [["full", 4] as const, ["paper", 5] as const]) {
    const environment = createEnvironment({ workload, batch: 16, accelerator: roundAccelerator(), mode });
    environment.push({ pass: 16, output: "sync" });
    expect(nearestAllowed(environment, [{ pass: 5, output: "stage" }])).toEqual({ pass, output: "stage" });
  }
});

test("decisions and mappings are two notations of the same", () => {
  const shape = { layerCount: 4, batch: 8, cores: 2 };
  const { mapping } = decodeMapping([-1, 4, -1, 2, -1], shape);
  const decisions = decisionsOf(mapping, 8);
  expect([...decisions.passes]).toEqual([8, 4, 4, 2, 2]);
  expect([...decisions.synced]).toEqual([1, 0, 1, 0, 1]);
  expect(mappingOfDecisions(decisions, 2)).toEqual(mapping);
});

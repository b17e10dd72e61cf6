/** Teachers' mappings and the trajectories that they become. */
import { expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { createCostModel } from "../../mapping/cost/cost-model.ts";
import { evaluate, evaluateLayerByLayer } from "../../mapping/cost/evaluate.ts";
import { costOf } from "../../mapping/cost/evaluation.ts";
import type { Problem } from "../../mapping/cost/problem.ts";
import { randomWorkload, roundAccelerator } from "../../mapping/testing/small-workloads.ts";
import { decisionAt, decisionsOf } from "../environment/decision.ts";
import { readAction } from "../environment/encode.ts";
import { createEnvironment } from "../environment/environment.ts";
import { generalSchema } from "../environment/general-schema.ts";
import { paperSchema } from "../environment/paper-schema.ts";
import { actionWidth } from "../environment/schema.ts";
import { type Lesson, type TeachOptions, teach } from "./teach.ts";
import { createDecorator } from "./trajectory.ts";

const options: TeachOptions = {
  teachers: ["g-teacher", "exact"],
  seeds: 3,
  keep: 5,
  seed: 8,
  corrections: 0,
  exactEvaluations: 1e6,
};

function lessonsOf(problem: Problem, changes: Partial<TeachOptions> = {}): readonly Lesson[] {
  const work = teach(problem, { ...options, ...changes });
  let step = work.next();
  while (!step.done) step = work.next();
  return step.value;
}

function randomProblem(trial: number): Problem {
  const random = seededRandom(500 + trial);
  return {
    workload: randomWorkload(random, 3 + random.below(10), trial % 2 === 0 ? 0 : 0.3),
    batch: 1 + random.below(12),
    accelerator: roundAccelerator({ onChipBytes: 10 + random.below(80) }),
    mode: trial % 4 < 2 ? "paper" : "full",
  };
}

test("lessons fit, cost what they say, stand once, and none costs more than the unfused network", () => {
  let genetic = 0;
  for (let trial = 0; trial < 16; trial++) {
    const problem = randomProblem(trial);
    const lessons = lessonsOf(problem);
    const baseline = evaluateLayerByLayer(problem);
    expect([trial, lessons.length > 0]).toEqual([trial, baseline.feasible]);
    if (!baseline.feasible) continue;
    expect(lessons[0]).toMatchObject({ teacher: "exact", seed: 0, optimal: true });
    const optimum = lessons[0]?.cost ?? 0;
    for (const { mapping, cost, peakFootprintBytes } of lessons) {
      const evaluation = evaluate(problem, mapping);
      expect(evaluation).toMatchObject({ feasible: true, peakFootprintBytes });
      if (evaluation.feasible) expect(cost).toBe(costOf(evaluation, "latency"));
      expect(cost).toBeGreaterThanOrEqual(optimum * (1 - 1e-9));
    }
    expect(lessons[1]?.cost ?? 0).toBeLessThanOrEqual(baseline.latencySeconds);
    expect(new Set(lessons.map(({ mapping }) => JSON.stringify(mapping))).size).toBe(lessons.length);
    expect(lessons.length).toBeLessThanOrEqual(1 + options.keep);
    genetic += lessons.length - 1;
  }
  expect(genetic).toBeGreaterThan(30);
});

test("the same options give the same lessons, another seed others, and only who is asked teaches", () => {
  const problem = { ...randomProblem(0), memoryBytes: 60 };
  expect(lessonsOf(problem)).toEqual(lessonsOf(problem));
  const seeds = (seed: number) => lessonsOf(problem, { seed }).map((lesson) => lesson.seed);
  expect(seeds(1)).not.toEqual(seeds(2));
  expect(lessonsOf(problem, { teachers: ["exact"] }).map(({ teacher }) => teacher)).toEqual(["exact"]);
  const genetic = lessonsOf(problem, { teachers: ["g-teacher"] });
  expect(new Set(genetic.map(({ teacher }) => teacher))).toEqual(new Set(["g-teacher"]));
  // The best of each of the three searches comes before their other mappings.
  expect(genetic.slice(0, 1).map(({ cost }) => cost)).toEqual([Math.min(...genetic.map(({ cost }) => cost))]);
});

test("a correction goes another's way up to a cut, and then the best that is left", () => {
  let corrected = 0;
  for (let trial = 0; trial < 40; trial++) {
    const problem: Problem = { ...randomProblem(trial), mode: "full" };
    const [optimum] = lessonsOf(problem, { teachers: ["exact"] });
    const way = lessonsOf(problem, { teachers: ["g-teacher"], keep: 40 }).at(-1);
    if (optimum === undefined || way === undefined) continue;
    const changes = {
      teachers: ["correction"],
      corrections: 3,
      learner: { ways: () => [way.mapping], goOn: () => way.mapping },
    } as const;
    for (const { mapping, cost, taughtFrom, teacher, optimal } of lessonsOf(problem, changes)) {
      expect([teacher, optimal]).toEqual(["correction", true]);
      const cut = taughtFrom - 1;
      expect(mapping.slice(0, cut)).toEqual(way.mapping.slice(0, cut));
      const evaluation = evaluate(problem, mapping);
      expect(evaluation.feasible).toBe(true);
      // No better than the best of all, no worse than to go on that way, nor than to begin that way and end as the best does.
      expect(cost).toBeGreaterThanOrEqual(optimum.cost * (1 - 1e-9));
      expect(cost).toBeLessThanOrEqual(way.cost * (1 + 1e-9));
      const joined = evaluate(problem, [...way.mapping.slice(0, cut), ...optimum.mapping.slice(cut)]);
      if (joined.feasible) expect(cost).toBeLessThanOrEqual(joined.latencySeconds * (1 + 1e-9));
      corrected++;
    }
  }
  expect(corrected).toBeGreaterThan(20);
});

test("a trajectory's actions are the mapping's decisions, and its states those of the way there", () => {
  for (let trial = 0; trial < 12; trial++) {
    const problem = randomProblem(trial);
    const schema = trial % 4 < 2 ? paperSchema : generalSchema;
    const decorate = createDecorator(schema, problem);
    const environment = createEnvironment(problem);
    const { costUnit } = createCostModel(problem);
    const performance = schema.state.findIndex(({ name }) => name === "performance");
    for (const { mapping, cost } of lessonsOf(problem)) {
      const decisions = decisionsOf(mapping, problem.batch);
      const trajectory = decorate(decisions, { taughtFrom: 0, takenOver: [] });
      const { stepCount, states, actions, returnsToGo } = trajectory;
      expect(stepCount).toBe(problem.workload.layers.length + 1);
      expect(states.length).toBe(stepCount * schema.state.length);
      expect(new Set(returnsToGo).size).toBe(1);
      // Every teacher's decision is one that the environment allows.
      for (let step = 0; step < stepCount; step++) {
        const decision = decisionAt(decisions, step);
        expect([trial, step, environment.allows(decision)]).toEqual([trial, step, true]);
        expect(readAction(schema, actions, step * actionWidth(schema), environment)[0]).toEqual(decision);
        const seen = states[step * schema.state.length + performance] ?? 0;
        expect(seen).toBeCloseTo(environment.performance / environment.baselineCost, 5);
        environment.push(decision);
      }
      expect(environment.performance * costUnit).toBeCloseTo(cost, 9);
      for (let step = 0; step < stepCount; step++) environment.pop();
    }
  }
});

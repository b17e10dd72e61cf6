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
import { type Lesson, type TeachOptions, teach, teacherNames } from "./teach.ts";
import { createDecorator } from "./trajectory.ts";

const options: TeachOptions = { teachers: teacherNames, seeds: 3, keep: 5, seed: 8, exactEvaluations: 1e6 };

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
      const trajectory = decorate(decisions);
      const { stepCount, states, actions, returnsToGo } = trajectory;
      expect(stepCount).toBe(problem.workload.layers.length + 1);
      expect(states.length).toBe(stepCount * schema.state.length);
      expect(new Set(returnsToGo).size).toBe(1);
      // Every teacher's decision is one that the environment allows.
      for (let step = 0; step < stepCount; step++) {
        const decision = decisionAt(decisions, step);
        expect([trial, step, environment.allows(decision)]).toEqual([trial, step, true]);
        expect(readAction(schema, actions, step * actionWidth(schema), environment)).toEqual(decision);
        const seen = states[step * schema.state.length + performance] ?? 0;
        expect(seen).toBeCloseTo(environment.performance / environment.baselineCost, 5);
        environment.push(decision);
      }
      expect(environment.performance * costUnit).toBeCloseTo(cost, 9);
      for (let step = 0; step < stepCount; step++) environment.pop();
    }
  }
});

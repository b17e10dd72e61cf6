import { expect, test } from "vitest";
import { seededRandom } from "../../../base/random.ts";
import { evaluate } from "../../cost/evaluate.ts";
import { randomWorkload, roundAccelerator } from "../../testing/small-workloads.ts";
import { gTeacherMapper, searchGTeacherTop } from "./g-teacher.ts";

function last<T>(search: Generator<unknown, T>): T {
  let step = search.next();
  while (!step.done) step = search.next();
  return step.value;
}

test("the mappings of the last population fit, stand once, and begin with the search's own answer", () => {
  for (let trial = 0; trial < 8; trial++) {
    const problem = {
      workload: randomWorkload(seededRandom(60 + trial), 9, trial % 2 === 0 ? 0 : 0.3),
      batch: 8,
      accelerator: roundAccelerator({ onChipBytes: 60 }),
      mode: trial % 4 < 2 ? ("paper" as const) : ("full" as const),
    };
    const top = last(searchGTeacherTop(problem, { seed: 2, count: 12 }));
    const { best } = last(gTeacherMapper().search(problem, { seed: 2 }));
    expect(top[0]).toEqual(best);
    expect(new Set(top.map((mapping) => JSON.stringify(mapping))).size).toBe(top.length);
    const cycles = top.map((mapping) => {
      const evaluation = evaluate(problem, mapping);
      return evaluation.feasible ? evaluation.latencyCycles : Number.POSITIVE_INFINITY;
    });
    expect(cycles.every(Number.isFinite)).toBe(true);
    const rising = cycles.every(
      (cost, index) => index === 0 || cost >= (cycles[index - 1] ?? 0) * (1 - 1e-9),
    );
    expect([trial, rising]).toEqual([trial, true]);
    expect(last(searchGTeacherTop(problem, { seed: 2, count: 3 }))).toEqual(top.slice(0, 3));
  }
});

test("on one core the draws are what they were before there were genes for cores", () => {
  const problem = {
    workload: randomWorkload(seededRandom(60), 9, 0),
    batch: 8,
    accelerator: roundAccelerator({ onChipBytes: 60 }),
    mode: "paper" as const,
  };
  const { best } = last(gTeacherMapper().search(problem, { seed: 2, maxEvaluations: 400 }));
  const vector = best?.map(({ pass, output }) => (output === "sync" ? -1 : pass));
  expect(vector).toEqual([3, 3, 5, 4, 4, 2, 2, 6, -1]);
});

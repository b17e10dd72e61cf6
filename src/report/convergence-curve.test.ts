import { expect, test } from "vitest";
import { convergenceCurve } from "./convergence-curve.ts";

const run = (evaluations: number, ...steps: readonly (readonly [evaluations: number, cost: number])[]) => ({
  evaluations,
  improvements: steps.map(([at, cost]) => ({ evaluations: at, cost })),
});

test("a point wherever any run improved, and one where the longest ended", () => {
  const runs = [run(100, [1, 9], [20, 3]), run(100, [1, 8], [50, 2]), run(120, [10, 7])];
  expect(convergenceCurve(runs)).toEqual([
    // The third has nothing yet, so it is the worst: 8, 9, -.
    { evaluations: 1, median: 9, least: 8, most: null },
    { evaluations: 10, median: 8, least: 7, most: 9 },
    { evaluations: 20, median: 7, least: 3, most: 8 },
    { evaluations: 50, median: 3, least: 2, most: 7 },
    { evaluations: 120, median: 3, least: 2, most: 7 },
  ]);
});

test("one run is its own median", () => {
  expect(convergenceCurve([run(5, [2, 4])])).toEqual([
    { evaluations: 2, median: 4, least: 4, most: 4 },
    { evaluations: 5, median: 4, least: 4, most: 4 },
  ]);
});

test("while half of the runs have nothing there is no median, and without any answer no curve", () => {
  expect(convergenceCurve([run(9, [3, 1]), run(9)])[0]).toEqual({
    ...{ evaluations: 3, median: null, least: 1, most: null },
  });
  expect(convergenceCurve([run(9), run(9)])).toEqual([]);
});

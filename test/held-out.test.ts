/** The pure parts of the measurement on problems that training never saw, and a measurement of two problems by hand. */
import { expect, test } from "vitest";
import { drawCells, gridBatches, gridMegabytes } from "../bench/held-out/grid.ts";
import { type Measured, measureProblem } from "../bench/held-out/measure.ts";
import { boundedSpread, distributionOf, evenlySpaced, prospectOf } from "../bench/held-out/summary.ts";
import { groupTable, problemCounts, shareTable, timeSummary, timeTable } from "../bench/held-out/tables.ts";
import { type TimedProblem, timeToQuality } from "../bench/held-out/time-to-quality.ts";
import { seededRandom } from "../src/base/random.ts";
import { generalSchema } from "../src/learning/environment/general-schema.ts";
import { dnnfuserMapper } from "../src/learning/mappers/dnnfuser.ts";
import { firstParameters } from "../src/learning/network/network-sizes.ts";
import { createCostModel } from "../src/mapping/cost/cost-model.ts";
import { evaluateWith, layerByLayer } from "../src/mapping/cost/evaluate.ts";
import { costOf } from "../src/mapping/cost/evaluation.ts";
import type { Problem } from "../src/mapping/cost/problem.ts";
import { exactMapper } from "../src/mapping/mappers/exact/exact.ts";
import { gTeacherMapper } from "../src/mapping/mappers/g-teacher/g-teacher.ts";
import type { Mapper, SearchState } from "../src/mapping/mappers/mapper.ts";
import { randomWorkload, roundAccelerator } from "../src/mapping/testing/small-workloads.ts";

test("each memory and each batch comes once in a quarter of the grid, each pair once in the whole", () => {
  const options = { megabytes: gridMegabytes, batches: gridBatches, seed: 1 };
  for (const cells of drawCells(20, { ...options, count: 4 })) {
    expect(cells.map(({ megabytes }) => megabytes).toSorted((a, b) => a - b)).toEqual(gridMegabytes);
    expect(cells.map(({ batch }) => batch).toSorted((a, b) => a - b)).toEqual(gridBatches);
  }
  for (const cells of drawCells(5, { ...options, count: 99 }))
    expect(new Set(cells.map(({ megabytes, batch }) => `${megabytes} ${batch}`)).size).toBe(16);
  const few = drawCells(20, { ...options, count: 1 });
  expect(drawCells(20, { ...options, count: 1 })).toEqual(few);
  expect(drawCells(20, { ...options, count: 1, seed: 2 })).not.toEqual(few);
});

test("a distribution says mean, middle, low end and least", () => {
  // 1 .. 21: the 5th percentile is one twentieth of the way from 1 to 21.
  const values = Array.from({ length: 21 }, (_, at) => 21 - at);
  expect(distributionOf(values)).toEqual({ count: 21, mean: 11, median: 11, low: 2, least: 1 });
  expect(distributionOf([])).toBeUndefined();
});

test("problems are told apart by what there is to gain", () => {
  expect([undefined, 1, 1.009, 1.01, 7].map(prospectOf)).toEqual([
    "nothing-fits",
    "nothing-to-gain",
    "nothing-to-gain",
    "something",
    "something",
  ]);
});

test("some of many are taken evenly, with both ends", () => {
  const items = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  expect([0, 1, 2, 3, 9, 20].map((count) => evenlySpaced(items, count))).toEqual([
    [],
    [4],
    [0, 8],
    [0, 4, 8],
    items,
    items,
  ]);
});

test("a figure that was cut off spoils what lies above it, and nothing below", () => {
  const exact = (value: number) => ({ value, cut: false });
  const cut = (value: number) => ({ value, cut: true });
  expect(boundedSpread([exact(3), exact(1), cut(9)])).toEqual({
    least: exact(1),
    median: exact(3),
    most: cut(9),
  });
  // The one that was cut at 2 may be anything above.
  expect(boundedSpread([exact(3), exact(1), cut(2)])).toEqual({
    least: exact(1),
    median: cut(2),
    most: cut(3),
  });
  // The middle of four lies between the second and the third, which is cut.
  expect(boundedSpread([exact(1), exact(2), cut(4), exact(8)]).median).toEqual(cut(3));
});

const answer = (speedup: number | undefined, seconds = 0.01) => ({
  ...{ speedup, infeasible: false, seconds, evaluations: 10 },
});

/** A problem with an optimum, and what two ways of asking came to. */
function measuredByHand(group: string, best: number | undefined, onePass: number): Measured {
  const answers = {
    "one pass": [answer(best && onePass)],
    "best of samples": [answer(best && onePass), answer(best)],
    "g-teacher": [answer(best)],
    "g-teacher, evaluations of one pass": [answer(best && 1)],
    "g-teacher, evaluations of the samples": [answer(best)],
    "g-teacher, time of one pass": [answer(best)],
    "g-teacher, time of the samples": [answer(best)],
  };
  return {
    ...{ group, network: group, layers: 60, accelerator: "round", batch: 4, memoryBytes: 3e6 },
    ...{ exact: { ...answer(best, 0.002), proven: best !== 4, bound: best && 5 }, best, answers },
  };
}

const byHand = [
  measuredByHand("a", 4, 3),
  measuredByHand("a", 2, 2),
  measuredByHand("b", undefined, 1),
  measuredByHand("b", 1, 1),
];

test("what nothing fits and what gains nothing is said and not counted", () => {
  expect(problemCounts(byHand)).toEqual([
    "4 problems: in 1 not even layer by layer fits, in 1 the optimum gains less than 1.0 %, 2 are counted",
    "the optimum is 3.00x (2.00x .. 4.00x) layer by layer's speed (median; least .. most); 2 problems gain 1.20x or more",
    expect.stringMatching(/^not proven: 1; .* allows 1\.25x of its speed-up in the median, 1\.25x at most$/),
    "answers of the learned mapper that do not fit: 0 of 12",
  ]);
  const wrong = {
    ...byHand[0],
    answers: { ...byHand[0]?.answers, "one pass": [{ ...answer(undefined), infeasible: true }] },
  };
  expect(problemCounts([wrong as Measured])[3]).toBe("answers of the learned mapper that do not fit: 1 of 3");
});

test("shares of the optimum are told for each mapper and each network", () => {
  const table = shareTable(byHand, 8);
  // 3 of 4 and 2 of 2: 75 % and 100 %; the 5th percentile is a twentieth of the way.
  expect(table).toContain(
    "| dnnfuser, one pass | 87.5 % | 87.5 % | 76.3 % | 75.0 % | 87.5 % | 76.3 % | 10 ms |",
  );
  // 75, 100, 100 and 100 %.
  expect(table).toContainEqual(expect.stringMatching(/^\| dnnfuser, best of 8 \| 93\.8 % \| 100\.0 % \|/));
  // 1 of 4 and 1 of 2.
  expect(table).toContainEqual(
    expect.stringMatching(
      /^\| g-teacher, evaluations of one pass \| 37\.5 % \| 37\.5 % \| 26\.3 % \| 25\.0 % \|/,
    ),
  );
  expect(groupTable(byHand, 8).slice(2)).toEqual([
    "| a | 60 | 2 | 3.00x (2.00x .. 4.00x) | 87.5 % | 75.0 % | 93.8 % | 75.0 % | 100.0 % | 100.0 % | 10 ms | 10 ms | 2 ms |",
    "| b | 60 | 0 | - | - | - | - | - | - | - | - | - | - |",
  ]);
});

test("times are told as ratios, with what was cut off as a lower bound", () => {
  const timed: TimedProblem = {
    measured: byHand[0] as Measured,
    speedup: 3,
    passSeconds: 0.01,
    gTeacher: [
      { value: 0.5, cut: false, way: "anew" },
      { value: 1, cut: false, way: "goes on" },
      { value: 60, cut: true, way: "goes on" },
    ],
    exactSeconds: { value: 0.001, cut: false },
    proofSeconds: { value: 60, cut: true },
  };
  expect(timeTable([timed]).slice(2)).toEqual([
    "| a | 60 | 1 | 3.00x | 75.0 % | 10 ms | 1 s | 1 of 3 | 100x | 50x | > 6,000x | 1 ms | > 60 s |",
  ]);
  expect(timeSummary([timed], 60)).toEqual([
    "g-teacher takes 100x as long as one pass to what it gives (median; least 50x, most > 6,000x); the paper prints 66x to 127x",
    expect.stringMatching(
      /^1 of 3 searches were cut at 60 s; 1 got there sooner by searches of 2,000 samples/,
    ),
  ]);
});

const sizes = { steps: 32, blocks: 1, heads: 2, width: 16 };
const weights = {
  sizes,
  schema: generalSchema,
  parameters: firstParameters(sizes, generalSchema, 1),
  record: {},
};
const contestants = {
  greedy: dnnfuserMapper({ weights }),
  sampled: dnnfuserMapper({ weights, samples: 4, temperature: 0.5 }),
  gTeacher: gTeacherMapper(),
  exact: exactMapper(),
};
const chain: Problem = {
  workload: randomWorkload(seededRandom(5), 20, 0.1),
  accelerator: roundAccelerator({ onChipBytes: 90, pesPerCore: 20 }),
  batch: 16,
};

test("a problem is measured against its optimum, and g-teacher is given what the learned mapper took", async () => {
  const options = { contestants, seeds: [1, 2], limitSeconds: 10 };
  const measured = await measureProblem({ group: "chain", problem: chain }, options);
  expect(measured).toMatchObject({ layers: 20, batch: 16, memoryBytes: 90, exact: { proven: true } });
  expect(measured.best).toBeGreaterThan(1.01);
  expect(measured.exact.bound).toBeCloseTo(measured.best ?? 0, 9);
  const { answers } = measured;
  // 20 layers: the unfused network, and 22 for each sample.
  expect(answers["one pass"].map(({ evaluations }) => evaluations)).toEqual([23]);
  expect(answers["g-teacher, evaluations of one pass"].map(({ evaluations }) => evaluations)).toEqual([
    23, 23,
  ]);
  expect(answers["best of samples"].map(({ evaluations }) => evaluations)).toEqual([89, 89]);
  expect(answers["g-teacher, evaluations of the samples"].map(({ evaluations }) => evaluations)).toEqual([
    89, 89,
  ]);
  for (const { speedup, infeasible } of Object.values(answers).flat()) {
    expect(infeasible).toBe(false);
    expect(speedup).toBeLessThanOrEqual((measured.best ?? 0) * (1 + 1e-9));
    expect(speedup).toBeGreaterThanOrEqual(1);
  }
  const none = await measureProblem({ group: "chain", problem: { ...chain, memoryBytes: 1 } }, options);
  expect(none.best).toBeUndefined();
  expect(
    Object.values(none.answers)
      .flat()
      .every(({ speedup, infeasible }) => speedup === undefined && !infeasible),
  ).toBe(true);
});

/** Begins unfused as g-teacher does and finds nothing else, however long it goes on. */
const stuck: Mapper = {
  name: "stuck",
  *search(problem, { maxEvaluations = 2_000 }) {
    const model = createCostModel(problem);
    const best = layerByLayer(model.problem);
    const evaluation = evaluateWith(model, best);
    const bestCost = evaluation.feasible ? costOf(evaluation, model.problem.objective) : undefined;
    const proof = { optimal: false, space: "", lowerBound: undefined };
    let evaluations = 1;
    const state = (): SearchState => ({ best, bestCost, evaluations, progress: undefined, proof });
    for (; evaluations < maxEvaluations; evaluations += 40) yield state();
    return state();
  },
};

test("the time to what is reached is told, that to what is not is cut, and exact's comes before its proof", async () => {
  const options = { contestants, seeds: [1, 2], limitSeconds: 0.2 };
  const measured = await measureProblem({ group: "chain", problem: chain }, { ...options, limitSeconds: 10 });
  const reached = await timeToQuality(measured, chain, options);
  expect(reached.gTeacher.map(({ cut }) => cut)).toEqual([false, false]);
  const vain = await timeToQuality(measured, chain, {
    ...{ ...options, contestants: { ...contestants, greedy: exactMapper(), gTeacher: stuck } },
  });
  expect(vain.gTeacher.map(({ cut, way }) => [cut, way])).toEqual([
    [true, "goes on"],
    [true, "goes on"],
  ]);
  expect(Math.min(...vain.gTeacher.map(({ value }) => value))).toBeGreaterThanOrEqual(0.2);
  expect([vain.exactSeconds.cut, vain.proofSeconds.cut]).toEqual([false, false]);
  expect(vain.exactSeconds.value).toBeLessThanOrEqual(vain.proofSeconds.value);
});

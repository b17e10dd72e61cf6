/** Which weights a tuning ends with: never worse ones, and the same numbers where it keeps what it began at. */
import { expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { createCostModel } from "../../mapping/cost/cost-model.ts";
import { evaluate, evaluateLayerByLayer } from "../../mapping/cost/evaluate.ts";
import { exactMapper } from "../../mapping/mappers/exact/exact.ts";
import { randomWorkload, roundAccelerator } from "../../mapping/testing/small-workloads.ts";
import { generalSchema } from "../environment/general-schema.ts";
import { firstParameters } from "../network/network-sizes.ts";
import { between, type Candidate, choose, type Trial, trialOf, tryCandidate } from "./choice.ts";

const even = (share: number, count = 20): readonly number[] => new Array<number>(count).fill(share);
const candidate = (way: number, own: readonly number[], other = even(0.9)): Candidate => ({
  way,
  own,
  other,
});
const began = candidate(0, even(0.8));

test("the best on own problems is kept, if others lose little and the gain is certain", () => {
  const wayOf = (...others: readonly Candidate[]): number => choose([began, ...others]).way;
  expect(wayOf()).toBe(0);
  expect(wayOf(candidate(0.5, even(0.85)), candidate(1, even(0.9)))).toBe(1);
  expect(wayOf(candidate(0.5, even(0.9)), candidate(1, even(0.85)))).toBe(0.5);
  // Of equals the nearer.
  expect(wayOf(candidate(0.5, even(0.9)), candidate(1, even(0.9)))).toBe(0.5);
  expect(wayOf(candidate(1, even(0.8)))).toBe(0);
  expect(wayOf(candidate(1, even(0.7)))).toBe(0);
  // Others: 0.4 % less is little, 1 % is not.
  expect(wayOf(candidate(0.5, even(0.85), even(0.896)), candidate(1, even(0.9), even(0.89)))).toBe(0.5);
  // One problem of twenty gains 20 %: 1 % in the mean, with a standard error of 1 %. Two of them are more than theirs.
  const some = (count: number) => even(0.8).map((share, at) => share + (at < count ? 0.2 : 0));
  expect(wayOf(candidate(1, some(1)))).toBe(0);
  expect(wayOf(candidate(1, some(2)))).toBe(1);
  // Nothing to judge by.
  expect(choose([candidate(0, []), candidate(1, [])]).way).toBe(0);
});

const sizes = { steps: 8, blocks: 1, heads: 1, width: 8, sequence: "group" } as const;
const weightsOf = (seed: number) => {
  return {
    sizes,
    schema: generalSchema,
    parameters: firstParameters(sizes, generalSchema, seed),
    record: {},
  };
};

test("between two weights lie their mixtures, and at the ends the very same numbers", () => {
  const [from, to] = [weightsOf(1), weightsOf(2)];
  expect(between(from, to.parameters, 0).parameters).toEqual(from.parameters);
  expect(between(from, to.parameters, 1).parameters).toEqual(to.parameters);
  const half = between(from, to.parameters, 0.5).parameters.get("head.weight") ?? [];
  const [a, b] = [from, to].map(({ parameters }) => parameters.get("head.weight") ?? new Float32Array());
  expect(half.length).toBeGreaterThan(100);
  half.forEach((value, at) => {
    expect(value).toBeCloseTo(((a?.[at] ?? 0) + (b?.[at] ?? 0)) / 2, 6);
  });
});

function trialsOf(memoryBytes: number, count: number): readonly (Trial | undefined)[] {
  return Array.from({ length: count }, (_, index) => {
    const workload = randomWorkload(seededRandom(70 + index), 6, 0.3);
    const problem = { workload, accelerator: roundAccelerator(), batch: 4, memoryBytes };
    const work = trialOf(problem, { kind: "own", exactEvaluations: 1e6 });
    let step = work.next();
    while (!step.done) step = work.next();
    return step.value;
  });
}

test("a trial knows the optimum, and is none where nothing fits or there is nothing to gain", async () => {
  expect(trialsOf(1, 5)).toEqual(new Array(5).fill(undefined));
  const trials = trialsOf(60, 20);
  expect(trials.filter((trial) => trial !== undefined).length).toBeGreaterThan(5);
  for (const [index, trial] of trials.entries()) {
    const workload = randomWorkload(seededRandom(70 + index), 6, 0.3);
    const model = createCostModel({ workload, accelerator: roundAccelerator(), batch: 4, memoryBytes: 60 });
    const search = exactMapper().search(model.problem, { seed: 1 });
    let step = search.next();
    while (!step.done) step = search.next();
    const unfused = evaluateLayerByLayer(model.problem);
    const best = step.value.best && evaluate(model.problem, step.value.best);
    if (!unfused.feasible || best?.feasible !== true) {
      expect(trial).toBeUndefined();
      continue;
    }
    const gain = unfused.latencySeconds / best.latencySeconds;
    expect([index, trial !== undefined]).toEqual([index, gain >= 1.01]);
    if (trial !== undefined) expect(trial.unfusedCost / trial.bestCost).toBeCloseTo(gain, 9);
  }
});

test("a candidate's shares are at most 1, and at least what the unfused network has", async () => {
  const trials = trialsOf(60, 12).flatMap((trial, at): readonly Trial[] =>
    trial === undefined ? [] : [{ ...trial, kind: at % 3 === 0 ? "other" : "own" }],
  );
  const work = tryCandidate(weightsOf(1), weightsOf(2).parameters, 0.5, trials);
  let step = await work.next();
  while (!step.done) step = await work.next();
  const { way, own, other } = step.value;
  expect(way).toBe(0.5);
  for (const [kind, shares] of [["own", own] as const, ["other", other] as const]) {
    const mine = trials.filter((trial) => trial.kind === kind);
    expect(shares.length).toBe(mine.length);
    shares.forEach((share, at) => {
      const { bestCost, unfusedCost } = mine[at] ?? { bestCost: 0, unfusedCost: 1 };
      expect(share).toBeLessThanOrEqual(1 + 1e-9);
      expect(share).toBeGreaterThanOrEqual((bestCost / unfusedCost) * (1 - 1e-12));
    });
  }
  expect(own.length * other.length).toBeGreaterThan(0);
});

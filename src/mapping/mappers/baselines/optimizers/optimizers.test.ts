/**
 * Each optimiser on standard functions, held to what is published of it. The bounds are for the median of five seeds and loose
 * beside the measured one; docs/baselines.md has the measured ones.
 */
import { describe, expect, test } from "vitest";
import { normalDraw } from "../../../../base/normal.ts";
import { seededRandom } from "../../../../base/random.ts";
import { median } from "../../../../base/statistics.ts";
import { cmaConstants } from "./cma-constants.ts";
import { cmaEs } from "./cma-es.ts";
import { compactGa } from "./compact-ga.ts";
import { differentialEvolution } from "./differential-evolution.ts";
import { bounce, type Optimizer, pointAt } from "./optimizer.ts";
import { particleSwarm } from "./particle-swarm.ts";
import { randomSearch } from "./random-search.ts";
import { acceptsRise, simulatedAnnealing } from "./simulated-annealing.ts";
import { standardGa } from "./standard-ga.ts";
import { tbpsa } from "./tbpsa.ts";
import {
  cube,
  knapsack,
  minimise,
  oneMax,
  rastrigin,
  rosenbrock,
  sphere,
  type TestFunction,
  turnedEllipsoid,
} from "./testing/functions.ts";

const seeds = [1, 2, 3, 4, 5];

const optimizers: readonly (readonly [string, Optimizer])[] = [
  ["random", randomSearch],
  ["pso", particleSwarm],
  ["de", differentialEvolution],
  ["cma-es", cmaEs],
  ["tbpsa", tbpsa],
  ["cga", compactGa()],
  ["std-ga", standardGa],
  ["annealing", simulatedAnnealing],
];

/** The median over the seeds of the least loss. */
function medianLoss(optimizer: Optimizer, on: TestFunction, evaluations: number): number {
  const losses = seeds.map((seed) => minimise(optimizer, on, { evaluations, seed }).best.at(-1));
  return median(losses.map((loss) => loss ?? Number.POSITIVE_INFINITY));
}

test("the middle of a range is 0, its ends are 3 away, and a step over the edge bounces once", () => {
  const box = [
    { kind: "real", low: -1, high: 5 },
    { kind: "integer", low: 0, high: 64 },
  ] as const;
  expect([...pointAt(box, Float64Array.of(0, 0))]).toEqual([2, 32]);
  expect([...pointAt(box, Float64Array.of(-3, 3))]).toEqual([-1, 64]);
  // One unit of the second is 64 / 6 = 10.67 images: 32 + 10.67 rounds to 43.
  expect([...pointAt(box, Float64Array.of(1, 1))]).toEqual([3, 43]);
  // 3.5 is half over, so 2.5; 10 would bounce to -4, outside again, and is clipped.
  expect([...bounce(Float64Array.of(3.5, -3.25, 10, 1))]).toEqual([2.5, -2.75, -3, 1]);
});

describe.each(optimizers)("%s", (_, optimizer) => {
  const mixed: TestFunction = {
    name: "mixed",
    box: [...cube("integer", 0, 6, 3), ...cube("real", -2, 1, 3), ...cube("integer", 4, 4, 1)],
    loss: (point) => Math.abs(point.reduce((total, value) => total + value, 0) - 10),
  };

  test("stays in the box, and whole variables are whole", () => {
    const { points } = minimise(optimizer, mixed, { evaluations: 300, seed: 1 });
    const isInside = (point: Float64Array): boolean =>
      mixed.box.every(({ kind, low, high }, index) => {
        const value = point[index] as number;
        return value >= low && value <= high && (kind === "real" || Number.isInteger(value));
      });
    expect(points.filter((point) => !isInside(point))).toEqual([]);
  });

  test("gives the same points for the same seed, and others for another", () => {
    const points = (seed: number): readonly unknown[] =>
      minimise(optimizer, mixed, { evaluations: 120, seed }).points.map((point) => [...point]);
    expect(points(7)).toEqual(points(7));
    expect(points(7)).not.toEqual(points(8));
  });

  test("goes on where nothing is feasible, and where everything is equal", () => {
    for (const flat of [Number.POSITIVE_INFINITY, 1]) {
      const { points } = minimise(optimizer, { ...mixed, loss: () => flat }, { evaluations: 600, seed: 2 });
      expect(points.every((point) => point.every(Number.isFinite))).toBe(true);
      expect(new Set(points.slice(-100).map(String)).size).toBeGreaterThan(10);
    }
  });

  test("takes one variable as well as many", () => {
    const parabola: TestFunction = {
      name: "parabola",
      box: cube("real", 0, 8, 1),
      loss: (point) => ((point[0] as number) - 3) ** 2,
    };
    expect(medianLoss(optimizer, parabola, 400)).toBeLessThan(1e-3);
  });
});

describe("2,000 evaluations, the median of seeds 1 to 5", () => {
  test.each([
    ["pso", particleSwarm, 1e-2],
    ["de", differentialEvolution, 2e-2],
    ["cma-es", cmaEs, 1e-10],
    ["tbpsa", tbpsa, 1e-8],
    ["std-ga", standardGa, 3],
    ["annealing", simulatedAnnealing, 0.1],
  ] as const)("sphere of 10 variables by %s; random search stays above 5", (_, optimizer, most) => {
    expect(medianLoss(optimizer, sphere(10), 2_000)).toBeLessThan(most);
    expect(minimise(randomSearch, sphere(10), { evaluations: 2_000, seed: 1 }).best.at(-1)).toBeGreaterThan(
      5,
    );
  });

  test.each([
    ["pso", particleSwarm, 1e-3],
    ["de", differentialEvolution, 1e-2],
    ["std-ga", standardGa, 0.9],
  ] as const)("Rastrigin of 2 variables by %s, which gets past the local minima", (_, optimizer, most) => {
    expect(medianLoss(optimizer, rastrigin(2), 2_000)).toBeLessThan(most);
  });

  test.each([
    ["random", randomSearch, 20],
    ["pso", particleSwarm, 5],
    ["de", differentialEvolution, 1],
    ["tbpsa", tbpsa, 20],
    ["std-ga", standardGa, 10],
    ["annealing", simulatedAnnealing, 25],
  ] as const)("a knapsack worth 160 by %s", (_, optimizer, most) => {
    expect(medianLoss(optimizer, knapsack(), 2_000)).toBeLessThanOrEqual(most);
  });
});

describe("CMA-ES", () => {
  test("has the tutorial's constants", () => {
    // n = 10: lambda = 4 + floor(3 ln 10) = 10, mu = 5; w'_i = ln 5.5 - ln i = 1.705, 1.012, 0.606, 0.318, 0.095, sum 3.736.
    const constants = cmaConstants(10);
    expect(constants).toMatchObject({ population: 10, parents: 5, firstStep: 0.3 });
    expect(constants.weights.slice(0, 5)).toEqual(
      [0.4563, 0.2708, 0.1622, 0.0852, 0.0255].map((weight) => expect.closeTo(weight, 4)),
    );
    // 3.736^2 / (1.705^2 + 1.012^2 + 0.606^2 + 0.318^2 + 0.095^2) = 3.167; c_sigma = 5.167 / 18.167; c_1 = 2 / (11.3^2 + 3.167).
    expect(constants.effectiveParents).toBeCloseTo(3.167, 3);
    expect(constants.stepLearning).toBeCloseTo(0.2844, 4);
    expect(constants.rankOneLearning).toBeCloseTo(0.01528, 5);
    expect(constants.weights.slice(5).every((weight) => weight < 0)).toBe(true);
    expect(cmaConstants(18).firstStep).toBe(0.15);
  });

  test("converges linearly on the sphere: each 800 evaluations gain as many digits", () => {
    for (const seed of [1, 2, 3]) {
      const { best } = minimise(cmaEs, sphere(10), { evaluations: 3_200, seed });
      const digits = [800, 1_600, 2_400, 3_200].map((at) => -Math.log10(best[at - 1] as number));
      const gains = digits.slice(1).map((digit, index) => digit - (digits[index] as number));
      // Measured 4.5 to 5.7: a digit in about 16 evaluations per variable.
      for (const gain of gains) expect([seed, gain > 4 && gain < 6.5]).toEqual([seed, true]);
    }
  });

  test("learns a turned ellipsoid of condition 10^4, which methods without a covariance do not", () => {
    expect(medianLoss(cmaEs, turnedEllipsoid(5), 2_000)).toBeLessThan(1e-15);
    for (const other of [particleSwarm, differentialEvolution, tbpsa])
      expect(medianLoss(other, turnedEllipsoid(5), 2_000)).toBeGreaterThan(1e-2);
  });

  test("follows Rosenbrock's valley to its end", () => {
    expect(medianLoss(cmaEs, rosenbrock(5), 3_000)).toBeLessThan(1e-10);
  });
});

describe("DE and PSO", () => {
  test("begin with 30 and 40 points drawn from the whole box", () => {
    for (const [optimizer, count] of [
      [differentialEvolution, 30],
      [particleSwarm, 40],
    ] as const) {
      const values = seeds.flatMap((seed) =>
        minimise(optimizer, sphere(10), { evaluations: count, seed }).points.flatMap((point) => [...point]),
      );
      // Even on -5..5: a fifth in each fifth, within five standard errors.
      for (let fifth = 0; fifth < 5; fifth++) {
        const share = values.filter((x) => Math.floor((x + 5) / 2) === fifth).length / values.length;
        expect(Math.abs(share - 0.2)).toBeLessThan(5 * Math.sqrt(0.16 / values.length));
      }
    }
  });

  test("keep on converging: from 2,000 to 4,000 evaluations they gain at least three digits", () => {
    for (const optimizer of [differentialEvolution, particleSwarm]) {
      const { best } = minimise(optimizer, sphere(10), { evaluations: 4_000, seed: 1 });
      expect(best[3_999]).toBeLessThan(1e-3 * (best[1_999] as number));
    }
  });
});

test("TBPSA comes closer than CMA-ES where losses are noisy, as its growing population averages", () => {
  const clean = sphere(5);
  const distance = (optimizer: Optimizer): number =>
    median(
      [1, 2, 3].map((seed) => {
        const noise = seededRandom(100 + seed);
        const noisy = {
          ...clean,
          loss: (point: Float64Array): number => clean.loss(point) + 3 * normalDraw(noise),
        };
        const { points } = minimise(optimizer, noisy, { evaluations: 6_000, seed });
        return median(points.slice(-200).map(clean.loss));
      }),
    );
  expect(distance(tbpsa)).toBeLessThan(0.7 * distance(cmaEs));
});

describe("the compact GA", () => {
  /** The share of ones among the last 100 points. */
  function ones(values: number, evaluations: number): number {
    const bits = 20;
    const shares = [1, 2, 3].map((seed) => {
      const { losses } = minimise(compactGa({ values }), oneMax(bits), { evaluations, seed });
      return losses.slice(-100).reduce((total, zeros) => total + (bits - zeros) / bits, 0) / 100;
    });
    return median(shares);
  }

  test("on bits moves every probability to one, as Harik's does", () => {
    expect(ones(2, 100)).toBeLessThan(0.65);
    expect(ones(2, 2_000)).toBeGreaterThan(0.93);
  });

  test("on 500 values hardly moves, as a floor of 1/40 for each leaves them nearly even", () => {
    expect(Math.abs(ones(500, 1_000) - 0.5)).toBeLessThan(0.05);
  });
});

describe("random search", () => {
  test("the least of n even draws from 0..1 is 1 / (n + 1) on average", () => {
    const task: TestFunction = {
      name: "identity",
      box: cube("real", 0, 1, 1),
      loss: (point) => point[0] as number,
    };
    const runs = 400;
    const { losses } = minimise(randomSearch, task, { evaluations: 99 * runs, seed: 1 });
    let total = 0;
    for (let run = 0; run < runs; run++) total += Math.min(...losses.slice(99 * run, 99 * (run + 1)));
    // Mean 0.01 with a deviation of nearly 0.01, so a standard error of 0.01 / 20.
    expect(Math.abs(total / runs - 0.01)).toBeLessThan(4 * (0.01 / Math.sqrt(runs)));
  });

  test("draws every whole number alike, the ends too", () => {
    const { points } = minimise(
      randomSearch,
      { box: cube("integer", -1, 3, 1), loss: () => 0 },
      { evaluations: 5_000, seed: 1 },
    );
    // 1,000 each, with a deviation of sqrt(5,000 x 0.2 x 0.8) = 28.
    for (let value = -1; value <= 3; value++)
      expect(Math.abs(points.filter(([x]) => x === value).length - 1_000)).toBeLessThan(4 * 28);
  });
});

test("annealing accepts a rise with probability exp(-rise / T), and never an infeasible point", () => {
  const random = seededRandom(1);
  for (const ratio of [0.1, 1, 3]) {
    let accepted = 0;
    for (let draw = 0; draw < 10_000; draw++) if (acceptsRise(ratio * 2, 2, random)) accepted++;
    const share = Math.exp(-ratio);
    expect(Math.abs(accepted / 10_000 - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / 10_000));
  }
  expect(acceptsRise(Number.POSITIVE_INFINITY, 1e9, random)).toBe(false);
});

/**
 * Standard functions for optimisers, and the loop that asks and tells. The optimum never lies in the middle of the box, where
 * most optimisers start.
 */
import { seededRandom } from "../../../../../base/random.ts";
import type { Box, Optimizer, Variable, Vector } from "../optimizer.ts";

export type LossFunction = (point: Vector) => number;

/** A function with the box in which it is minimised; its least value is 0. */
export interface TestFunction {
  readonly name: string;
  readonly box: Box;
  readonly loss: LossFunction;
}

export interface Run {
  readonly points: readonly Vector[];
  readonly losses: readonly number[];
  /** The least loss after each evaluation. */
  readonly best: readonly number[];
}

/** Runs the optimiser for so many evaluations. */
export function minimise(
  optimizer: Optimizer,
  { box, loss }: Pick<TestFunction, "box" | "loss">,
  { evaluations, seed }: { readonly evaluations: number; readonly seed: number },
): Run {
  const search = optimizer({ box, random: seededRandom(seed), evaluations });
  const run: { points: Vector[]; losses: number[]; best: number[] } = { points: [], losses: [], best: [] };
  let step = search.next();
  while (run.points.length < evaluations) {
    const value = loss(step.value);
    run.points.push(step.value);
    run.losses.push(value);
    run.best.push(Math.min(value, run.best.at(-1) ?? Number.POSITIVE_INFINITY));
    step = search.next(value);
  }
  return run;
}

/** So many equal variables. */
export function cube(kind: Variable["kind"], low: number, high: number, dimension: number): Box {
  return Array.from({ length: dimension }, () => ({ kind, low, high }));
}

/** sum z_i^2 */
export function sphere(dimension: number): TestFunction {
  return {
    name: `sphere, ${dimension} variables`,
    box: cube("real", -5, 5, dimension),
    loss: (point) => sum(shifted(point).map((z) => z * z)),
  };
}

/** sum 10^(4 i / (n - 1)) y_i^2 with y = z, turned by 45 degrees in every plane of neighbours: condition 10^4, not separable. */
export function turnedEllipsoid(dimension: number): TestFunction {
  const half = Math.SQRT1_2;
  return {
    name: `turned ellipsoid, ${dimension} variables`,
    box: cube("real", -5, 5, dimension),
    loss: (point) => {
      const y = shifted(point);
      for (let index = 0; index + 1 < dimension; index++) {
        const [a, b] = [y[index] as number, y[index + 1] as number];
        y[index] = half * (a - b);
        y[index + 1] = half * (a + b);
      }
      return sum(y.map((value, index) => 10 ** ((4 * index) / (dimension - 1)) * value * value));
    },
  };
}

/** sum 100 (x_(i+1) - x_i^2)^2 + (1 - x_i)^2: a bent valley. */
export function rosenbrock(dimension: number): TestFunction {
  return {
    name: `Rosenbrock, ${dimension} variables`,
    box: cube("real", -5, 5, dimension),
    loss: (point) => {
      let total = 0;
      for (let index = 0; index + 1 < dimension; index++) {
        const [here, next] = [point[index] as number, point[index + 1] as number];
        total += 100 * (next - here * here) ** 2 + (1 - here) ** 2;
      }
      return total;
    },
  };
}

/** sum z_i^2 + 10 (1 - cos 2 pi z_i): a local minimum near every whole z. */
export function rastrigin(dimension: number): TestFunction {
  return {
    name: `Rastrigin, ${dimension} variables`,
    box: cube("real", -5, 5, dimension),
    loss: (point) => sum(shifted(point).map((z) => z * z + 10 * (1 - Math.cos(2 * Math.PI * z)))),
  };
}

const worths = [7, 5, 4, 9, 3, 8];
const weights = [6, 4, 5, 9, 2, 5];

/**
 * A knapsack of six kinds of things, 0 to 10 of each, of weight 110 at most; a heavier one is infeasible. The loss is what is
 * missing to the worth of the best: ten of each of the three densest kinds (8 for 5, 3 for 2, 5 for 4) weigh just 110 and are
 * worth 160. The middle of the box weighs 155.
 */
export function knapsack(): TestFunction {
  return {
    name: "knapsack, 6 whole variables",
    box: cube("integer", 0, 10, worths.length),
    loss: (point) => {
      const total = (of: readonly number[]): number =>
        sum(point.map((count, kind) => count * (of[kind] ?? 0)));
      return total(weights) > 110 ? Number.POSITIVE_INFINITY : 160 - total(worths);
    },
  };
}

/** How many of the bits are 0. */
export function oneMax(bits: number): TestFunction {
  return {
    name: `OneMax, ${bits} bits`,
    box: cube("integer", 0, 1, bits),
    loss: (point) => bits - sum(point),
  };
}

/** The point as seen from the optimum, which is at 1, 1.5, 2, 1, 1.5, .. */
function shifted(point: Vector): Vector {
  return point.map((value, index) => value - (1 + (index % 3) / 2));
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

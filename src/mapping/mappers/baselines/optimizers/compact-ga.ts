/**
 * The compact genetic algorithm (Harik, Lobo and Goldberg, 1999), extended from bits to more values as nevergrad has it:
 * instead of a population it keeps, for every variable, a probability for each of its values. Two points are drawn, and
 * where they differ the winner's value gains 1/40 and the loser's loses it.
 *
 * A variable's values are the equal shares of a normal distribution around the middle of its range. nevergrad cuts any
 * number into 500 of them, and no probability may fall below 1/40: 500 values of at least 1/40 are, once they sum to one
 * again, nearly as even as before. So on numbers the search hardly moves. With `values: 2` on variables of two values it
 * is Harik's. O(variables x values) a point.
 *
 * Equal losses: the older of the two points wins.
 */

import { normalQuantile } from "../../../../base/normal.ts";
import type { RandomSource } from "../../../../base/random.ts";
import { bounce, type Optimizer, pointAt } from "./optimizer.ts";

const populationSize = 40;

/** The optimiser for variables that are cut into so many values. */
export function compactGa({ values }: { readonly values: number } = { values: 500 }): Optimizer {
  return function* ({ box, random }) {
    const shares = box.map(() => new Float64Array(values).fill(1 / values));
    const evaluate = function* (): Generator<Float64Array, Contestant, number> {
      const chosen = shares.map((share) => drawFrom(share, random));
      const coordinates = Float64Array.from(chosen, (value) =>
        normalQuantile((value + random.uniform()) / values),
      );
      return { chosen, loss: yield pointAt(box, bounce(coordinates)) };
    };
    while (true) {
      const older = yield* evaluate();
      const newer = yield* evaluate();
      const [winner, loser] = older.loss > newer.loss ? [newer, older] : [older, newer];
      shares.forEach((share, variable) => {
        shift(share, winner.chosen[variable] as number, loser.chosen[variable] as number);
      });
    }
  };
}

interface Contestant {
  readonly chosen: readonly number[];
  readonly loss: number;
}

function drawFrom(share: Float64Array, random: RandomSource): number {
  let left = random.uniform();
  for (let value = 0; value < share.length - 1; value++) {
    left -= share[value] as number;
    if (left < 0) return value;
  }
  return share.length - 1;
}

/** Moves 1/40 from the loser's value to the winner's; none falls below 1/40, and all sum to one. */
function shift(share: Float64Array, winner: number, loser: number): void {
  if (winner === loser) return;
  const increment = 1 / populationSize;
  share[winner] = (share[winner] as number) + increment;
  share[loser] = (share[loser] as number) - increment;
  let total = 0;
  for (let value = 0; value < share.length; value++) {
    share[value] = Math.max(share[value] as number, increment);
    total += share[value] as number;
  }
  for (let value = 0; value < share.length; value++) share[value] = (share[value] as number) / total;
}

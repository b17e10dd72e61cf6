/**
 * Simulated annealing (Kirkpatrick, Gelatt and Vecchi, 1983) from the middle of the box. One variable moves at a time, by a
 * normal step. A move that costs `more` is accepted with probability exp(-more / T) (Metropolis et al., 1953), the rule under
 * which a fixed T settles into Boltzmann's distribution. O(variables) a point.
 *
 * Losses have no known unit, so the first T is taken from what was met: the one at which the mean rise of the first moves is
 * accepted four times in five. T then falls geometrically to a millionth, the schedule that spends as many moves on every order
 * of magnitude; in a bowl losses grow with the square of the distance, so steps shrink with the root of T. After the last
 * evaluation of the schedule, or 2,000 where no end is known, it starts anew from where it is.
 *
 * Equal losses: the move is accepted. From an infeasible point every move is accepted, and from a feasible one none to an
 * infeasible one.
 */

import { normalDraw } from "../../../../base/normal.ts";
import type { RandomSource } from "../../../../base/random.ts";
import { type Box, bounce, edge, type Optimizer, pointAt, type Vector } from "./optimizer.ts";

const firstAcceptance = 0.8;
const lastTemperatureShare = 1e-4;
/** Share of the schedule in which the first temperature is still being measured. */
const measuringShare = 0.05;
const openEndedSchedule = 2_000;

export const simulatedAnnealing: Optimizer = function* ({ box, random, evaluations }) {
  const schedule = Number.isFinite(evaluations) ? Math.max(1, evaluations) : openEndedSchedule;
  let here: Vector = new Float64Array(box.length);
  let loss = yield pointAt(box, here);
  let rises = 0;
  let totalRise = 0;
  for (let move = 1; ; move++) {
    const done = (move % schedule) / schedule;
    const cooled = lastTemperatureShare ** done;
    const next = step(here, box, Math.sqrt(cooled), random);
    const nextLoss = yield pointAt(box, next);
    const rise = nextLoss - loss;
    if (rise > 0 && Number.isFinite(rise) && (done < measuringShare || rises === 0)) {
      rises++;
      totalRise += rise;
    }
    const temperature = (cooled * totalRise) / (Math.max(1, rises) * -Math.log(firstAcceptance));
    if (nextLoss <= loss || acceptsRise(rise, temperature, random)) {
      here = next;
      loss = nextLoss;
    }
  }
};

/** Metropolis' rule. */
export function acceptsRise(rise: number, temperature: number, random: RandomSource): boolean {
  return random.uniform() < Math.exp(-rise / temperature);
}

/** A copy with one variable moved by a normal step of so many units; a whole variable moves by one at least. */
function step(from: Vector, box: Box, size: number, random: RandomSource): Vector {
  const next = from.slice();
  const index = random.below(box.length);
  const { kind, low, high } = box[index] as Box[number];
  let move = size * normalDraw(random);
  const one = (2 * edge) / (high - low);
  if (kind === "integer" && Math.abs(move) < one) move = move < 0 ? -one : one;
  next[index] = (next[index] as number) + move;
  return bounce(next);
}

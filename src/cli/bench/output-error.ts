/** How far the outputs of two runtimes are apart, as a part of each output's range. */
import { numbersOf } from "../../graph/ir/runtime-value.ts";
import type { Values } from "./contender.ts";

/** The largest |actual - expected| / (most - least of the expected); infinite where an output or its shape differs. */
export function rangeError(actual: Values, expected: Values): number {
  let worst = 0;
  for (const [name, wanted] of expected) {
    const given = actual.get(name);
    if (wanted.kind !== "tensor" || Array.isArray(wanted.elements)) continue;
    if (given?.kind !== "tensor" || given.shape.join() !== wanted.shape.join())
      return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, elementError(numbersOf(given), numbersOf(wanted)));
  }
  return worst;
}

function elementError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [low, high, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let index = 0; index < expected.length; index++) {
    const [a, b] = [actual[index] ?? Number.NaN, expected[index] ?? Number.NaN];
    if (b < low) low = b;
    if (b > high) high = b;
    const error = Math.abs(a - b);
    if (error > most) most = error;
    else if (Number.isNaN(error) && !(Number.isNaN(a) && Number.isNaN(b)) && a !== b)
      return Number.POSITIVE_INFINITY;
  }
  return most === 0 ? 0 : most / (high - low || 1);
}

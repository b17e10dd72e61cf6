/** The normal distribution: draws, the share below a value, and quantiles. */
import type { RandomSource } from "./random.ts";

/** A draw from N(0, 1), by the method of Box and Muller (1958); takes two uniform draws. */
export function normalDraw(random: RandomSource): number {
  // 1 - u is in (0, 1], so that its logarithm is finite.
  const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
  return radius * Math.cos(2 * Math.PI * random.uniform());
}

/** `length` draws from N(0, 1). */
export function normalDraws(length: number, random: RandomSource): Float64Array {
  return Float64Array.from({ length }, () => normalDraw(random));
}

/** P(N(0, 1) <= x), by the series around 0 (Marsaglia, 2004): 1/2 + density(x) (x + x^3/3 + x^5/15 + ...). */
export function normalShareBelow(x: number): number {
  if (x < -farOut) return 0;
  if (x > farOut) return 1;
  let sum = x;
  let term = x;
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

/**
 * The x that a share of N(0, 1), more than 0 and less than 1, lies below; within +-8. By Newton's method from 0: the share
 * bends towards the middle, so that no step passes x.
 */
export function normalQuantile(share: number): number {
  let x = 0;
  for (let steps = 0; steps < mostSteps; steps++) {
    const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
    const step = (share - normalShareBelow(x)) / density;
    x = Math.max(-farOut, Math.min(farOut, x + step));
    if (Math.abs(step) < 1e-14) break;
  }
  return x;
}

/** Enough for the far ends, where a step is hardly longer than 1 / x. */
const mostSteps = 100;
/** No double tells the share beyond this from 0 or 1. */
const farOut = 8;

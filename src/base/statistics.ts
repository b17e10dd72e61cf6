/**
 * Statistics of measured times: order statistics, because times have long tails, and a bootstrap confidence interval for
 * the ratio of two medians (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13: percentiles).
 */
import { assert } from "./assert.ts";
import type { RandomSource } from "./random.ts";

/** What a table says of a sample. */
export interface Summary {
  readonly count: number;
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
  readonly least: number;
  readonly most: number;
}

/** A ratio with the bounds of its confidence interval. */
export interface RatioInterval {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  readonly random: RandomSource;
  /** How often the rounds are drawn anew (default 2,000). */
  readonly resamples?: number;
  /** Share of the draws inside the interval (default 0.95). */
  readonly confidence?: number;
}

/** The order statistic at a share of the way from the least (0) to the most (1), between two by straight line. */
export function quantile(samples: readonly number[], share: number): number {
  assert(samples.length > 0, "a quantile of no samples");
  const sorted = [...samples].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** The middle sample. */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

export function summarize(samples: readonly number[]): Summary {
  return {
    count: samples.length,
    median: median(samples),
    p10: quantile(samples, 0.1),
    p90: quantile(samples, 0.9),
    least: quantile(samples, 0),
    most: quantile(samples, 1),
  };
}

/** The mean of ratios: the number that 2 and 1/2 leave at 1. Needs positive numbers. */
export function geometricMean(values: readonly number[]): number {
  assert(values.length > 0 && values.every((value) => value > 0), "a geometric mean needs positive numbers");
  return Math.exp(values.reduce((total, value) => total + Math.log(value), 0) / values.length);
}

/**
 * median(numerator) / median(denominator) with its interval. The two were measured in the same rounds, so rounds are
 * drawn, not samples: what disturbed a round disturbed both. O(resamples x rounds log rounds).
 */
export function bootstrapRatio(
  numerator: readonly number[],
  denominator: readonly number[],
  { random, resamples = 2_000, confidence = 0.95 }: BootstrapOptions,
): RatioInterval {
  const rounds = numerator.length;
  assert(rounds > 0 && rounds === denominator.length, "a ratio needs two samples of the same rounds");
  const ratios: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    const drawn = Array.from({ length: rounds }, () => random.below(rounds));
    const medianOf = (samples: readonly number[]): number =>
      median(drawn.map((round) => samples[round] ?? Number.NaN));
    ratios.push(medianOf(numerator) / medianOf(denominator));
  }
  const tail = (1 - confidence) / 2;
  return {
    ratio: median(numerator) / median(denominator),
    low: quantile(ratios, tail),
    high: quantile(ratios, 1 - tail),
  };
}

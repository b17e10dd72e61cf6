/**
 * Statistics of measured times: order statistics, because times have long tails, Spearman's rank correlation, and bootstrap
 * confidence intervals for the ratio of two medians and for the correlation (Efron and Tibshirani, An Introduction to the
 * Bootstrap, 1993, chapter 13: percentiles).
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

/** A correlation with the bounds of its confidence interval. */
export interface CorrelationInterval {
  readonly correlation: number;
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  readonly random: RandomSource;
  /** How often the rounds, or pairs, are drawn anew (default 2,000). */
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

/** The place of each value among all, 1 for the least; equal values share the mean of their places. O(n log n). */
export function ranks(values: readonly number[]): readonly number[] {
  const order = values.map((_, at) => at).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const places = new Array<number>(values.length).fill(0);
  for (let from = 0; from < order.length; ) {
    const value = values[order[from] ?? 0];
    let end = from + 1;
    while (end < order.length && values[order[end] ?? 0] === value) end++;
    // Places from + 1 to end.
    for (const at of order.slice(from, end)) places[at] = (from + 1 + end) / 2;
    from = end;
  }
  return places;
}

/**
 * Spearman's rank correlation of pairs (a[i], b[i]): Pearson's of their ranks, which holds with ties too. 1 where both order alike,
 * -1 where one turns the other around; undefined where either has one value alone, as then nothing is ordered.
 */
export function spearman(a: readonly number[], b: readonly number[]): number | undefined {
  assert(a.length === b.length, "a correlation needs pairs");
  const [ofA, ofB] = [ranks(a), ranks(b)];
  // The mean of ranks is the same with ties and without.
  const mean = (a.length + 1) / 2;
  let [together, squaresA, squaresB] = [0, 0, 0];
  for (const [at, rank] of ofA.entries()) {
    const [left, right] = [rank - mean, (ofB[at] ?? mean) - mean];
    together += left * right;
    squaresA += left * left;
    squaresB += right * right;
  }
  return squaresA === 0 || squaresB === 0 ? undefined : together / Math.sqrt(squaresA * squaresB);
}

/**
 * Spearman's correlation with its interval, from pairs drawn with replacement; draws that order nothing are left out. undefined where
 * the pairs themselves order nothing. With few pairs the interval is coarse. O(resamples x n log n).
 */
export function bootstrapSpearman(
  a: readonly number[],
  b: readonly number[],
  { random, resamples = 2_000, confidence = 0.95 }: BootstrapOptions,
): CorrelationInterval | undefined {
  const correlation = spearman(a, b);
  if (correlation === undefined) return undefined;
  const drawn: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    const pairs = a.map(() => random.below(a.length));
    const of = (values: readonly number[]): readonly number[] => pairs.map((at) => values[at] ?? Number.NaN);
    const found = spearman(of(a), of(b));
    if (found !== undefined) drawn.push(found);
  }
  const tail = (1 - confidence) / 2;
  return {
    correlation,
    low: Math.min(correlation, quantile(drawn, tail)),
    high: Math.max(correlation, quantile(drawn, 1 - tail)),
  };
}

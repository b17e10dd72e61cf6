import { describe, expect, test } from "vitest";
import { seededRandom } from "./random.ts";
import { bootstrapRatio, geometricMean, median, quantile, summarize } from "./statistics.ts";

describe("order statistics", () => {
  test("the median of an even number of samples lies between the middle two", () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
  });

  test("quantiles are on the line between the neighbours", () => {
    // Places 0, 1, 2, 3, 4: the tenth part of the way is place 0.4, between 10 and 20.
    expect(quantile([50, 40, 30, 20, 10], 0.1)).toBeCloseTo(14, 12);
    expect(quantile([50, 40, 30, 20, 10], 1)).toBe(50);
  });

  test("one late sample moves the most and not the median", () => {
    expect(summarize([1, 1, 1, 1, 100])).toEqual({
      count: 5,
      median: 1,
      p10: 1,
      p90: expect.closeTo(60.4, 9),
      least: 1,
      most: 100,
    });
  });

  test("no samples are a mistake of the caller's", () => {
    expect(() => median([])).toThrow("internal: a quantile of no samples");
  });
});

test("twice as fast and half as fast cancel out in a geometric mean", () => {
  expect(geometricMean([2, 0.5])).toBeCloseTo(1, 12);
  expect(geometricMean([1, 10, 100])).toBeCloseTo(10, 12);
  expect(() => geometricMean([1, 0])).toThrow("positive");
});

describe("the bootstrap interval of a ratio", () => {
  const noise = (seed: number, middle: number, count: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: count }, () => middle * (0.95 + 0.1 * random.uniform()));
  };

  test("samples without noise give the ratio and an interval of no width", () => {
    const interval = bootstrapRatio([6, 6, 6], [2, 2, 2], { random: seededRandom(1), resamples: 50 });
    expect(interval).toEqual({ ratio: 3, low: 3, high: 3 });
  });

  test("what slows whole rounds does not widen the interval", () => {
    // Round by round the numerator is twice the denominator, however slow the round was.
    const rounds = [1, 5, 1, 9, 1, 3, 7];
    const interval = bootstrapRatio(
      rounds.map((seconds) => 2 * seconds),
      rounds,
      { random: seededRandom(2), resamples: 200 },
    );
    expect(interval).toEqual({ ratio: 2, low: 2, high: 2 });
  });

  test("the same seed gives the same interval, which holds the ratio", () => {
    const [a, b] = [noise(3, 3, 30), noise(4, 2, 30)];
    const first = bootstrapRatio(a, b, { random: seededRandom(5) });
    expect(bootstrapRatio(a, b, { random: seededRandom(5) })).toEqual(first);
    expect(first.low).toBeLessThanOrEqual(first.ratio);
    expect(first.high).toBeGreaterThanOrEqual(first.ratio);
    expect(first.high - first.low).toBeLessThan(0.1);
  });

  test("covers the true ratio about as often as it claims", () => {
    // Seeds 100 to 299; the middle of both distributions is their true median, so the true ratio is 1.5.
    let covered = 0;
    for (let seed = 100; seed < 300; seed++) {
      const { low, high } = bootstrapRatio(noise(seed, 3, 25), noise(seed + 1_000, 2, 25), {
        random: seededRandom(seed),
        resamples: 300,
      });
      if (low <= 1.5 && 1.5 <= high) covered++;
    }
    // 95 % of 200 is 190; the percentile interval of a median is known to be a little wide.
    expect(covered).toBeGreaterThan(178);
  });

  test("a wider confidence never gives a narrower interval", () => {
    const [a, b] = [noise(8, 3, 20), noise(9, 2, 20)];
    const narrow = bootstrapRatio(a, b, { random: seededRandom(1), confidence: 0.5 });
    const wide = bootstrapRatio(a, b, { random: seededRandom(1), confidence: 0.99 });
    expect(wide.low).toBeLessThanOrEqual(narrow.low);
    expect(wide.high).toBeGreaterThanOrEqual(narrow.high);
  });
});

import { describe, expect, test } from "vitest";
import { seededRandom } from "./random.ts";
import {
  bootstrapRatio,
  bootstrapSpearman,
  geometricMean,
  median,
  quantile,
  ranks,
  spearman,
  summarize,
} from "./statistics.ts";

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

describe("rank correlation", () => {
  test("equal values share the mean of their places", () => {
    expect(ranks([30, 10, 20])).toEqual([3, 1, 2]);
    // 2 has places 2 and 3, 7 has 4, 5 and 6.
    expect(ranks([7, 2, 1, 7, 2, 7])).toEqual([5, 2.5, 1, 5, 2.5, 5]);
    expect(ranks([])).toEqual([]);
  });

  test("without ties it is 1 - 6 sum d^2 / (n (n^2 - 1))", () => {
    // d = 1, 1, 1, 1, 0: 1 - 6 x 4 / (5 x 24) = 0.8, whatever lies between the values.
    expect(spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])).toBeCloseTo(0.8, 12);
    expect(spearman([1, 20, 300, 4_000, 50_000], [0.2, 0.1, 0.4, 0.3, 0.5])).toBeCloseTo(0.8, 12);
    expect(spearman([1, 2, 3], [9, 5, 1])).toBe(-1);
  });

  test("with ties it is Pearson's of the ranks", () => {
    // Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4 around 2.5: 4.5 / sqrt(4.5 x 5).
    expect(spearman([1, 2, 2, 3], [10, 20, 30, 40])).toBeCloseTo(4.5 / Math.sqrt(22.5), 12);
  });

  test("what has one value alone is not ordered", () => {
    expect(spearman([1, 1, 1], [1, 2, 3])).toBeUndefined();
    expect(spearman([4], [4])).toBeUndefined();
    expect(bootstrapSpearman([1, 2], [3, 3], { random: seededRandom(1) })).toBeUndefined();
  });

  test("the interval follows from the seed and holds the correlation", () => {
    const a = Array.from({ length: 12 }, (_, at) => at);
    const b = a.map((value) => (value * 5) % 12);
    const found = bootstrapSpearman(a, b, { random: seededRandom(2), resamples: 300 });
    expect(bootstrapSpearman(a, b, { random: seededRandom(2), resamples: 300 })).toEqual(found);
    expect(found?.low).toBeLessThan(found?.correlation ?? -2);
    expect(found?.high).toBeGreaterThan(found?.correlation ?? 2);
    // Draws that all order alike leave no width.
    expect(bootstrapSpearman(a, a, { random: seededRandom(2), resamples: 300 })).toEqual({
      correlation: 1,
      low: 1,
      high: 1,
    });
  });

  test("the interval covers the true correlation about as often as it claims", () => {
    // b = a + noise, both uniform and independent: the correlation of long samples is taken as the truth.
    const pairs = (seed: number, count: number) => {
      const random = seededRandom(seed);
      const a = Array.from({ length: count }, () => random.uniform());
      return [a, a.map((value) => value + random.uniform())] as const;
    };
    const truth = spearman(...pairs(1, 20_000)) ?? Number.NaN;
    let covered = 0;
    for (let seed = 100; seed < 160; seed++) {
      const found = bootstrapSpearman(...pairs(seed, 40), { random: seededRandom(seed), resamples: 100 });
      if (found !== undefined && found.low <= truth && truth <= found.high) covered++;
    }
    // 95 % of 60 is 57.
    expect(covered).toBeGreaterThan(51);
  });
});

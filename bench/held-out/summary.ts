/**
 * What many answers come to: shares of the optimum as a distribution, problems by what there is to gain, figures of which some are
 * only known to be larger than something. Pure.
 */
import { assert } from "../../src/base/assert.ts";
import { median, quantile } from "../../src/base/statistics.ts";

export interface Distribution {
  readonly count: number;
  readonly mean: number;
  readonly median: number;
  /** The 5th percentile. */
  readonly low: number;
  readonly least: number;
}

/** Undefined for no values. */
export function distributionOf(values: readonly number[]): Distribution | undefined {
  if (values.length === 0) return undefined;
  return {
    count: values.length,
    mean: values.reduce((total, value) => total + value, 0) / values.length,
    median: median(values),
    low: quantile(values, 0.05),
    least: quantile(values, 0),
  };
}

/** What there is to gain: nothing fits, the best known gains less than `leastGain`, or something. */
export type Prospect = "nothing-fits" | "nothing-to-gain" | "something";

/** Below this even the optimum is not worth the name: every share would be nearly 1 and say nothing. */
export const leastGain = 1.01;
/** Above this a problem is worth a search: time to quality is measured there. */
export const worthwhileGain = 1.2;

/** @param best speed-up of the best mapping known; undefined where none fits */
export function prospectOf(best: number | undefined): Prospect {
  if (best === undefined) return "nothing-fits";
  return best < leastGain ? "nothing-to-gain" : "something";
}

/** `count` of the items, evenly spaced from the first to the last; the middle one where it is one. */
export function evenlySpaced<T>(items: readonly T[], count: number): readonly T[] {
  if (count >= items.length) return items;
  const place = (at: number): number => Math.round((items.length - 1) * (count > 1 ? at / (count - 1) : 0.5));
  return Array.from({ length: count }, (_, at) => items[place(at)] as T);
}

/** A figure that was measured, or was cut off and is larger than `value`. */
export interface Bounded {
  readonly value: number;
  readonly cut: boolean;
}

/** Order statistics of figures of which some were cut off: each is exact, or the true one is at least as large. */
export interface BoundedSpread {
  readonly median: Bounded;
  readonly least: Bounded;
  readonly most: Bounded;
}

/** A cut figure may be anywhere above its value, so it leaves alone only what lies below it. O(n log n). */
export function boundedSpread(figures: readonly Bounded[]): BoundedSpread {
  assert(figures.length > 0, "a spread of no figures");
  const sorted = figures.toSorted((a, b) => a.value - b.value);
  const values = sorted.map(({ value }) => value);
  const lowestCut = Math.min(...sorted.map(({ value, cut }) => (cut ? value : Number.POSITIVE_INFINITY)));
  /** Exact if nothing that is cut lies at or below the place, or the higher one of two. */
  const at = (share: number): Bounded => {
    const higher = values[Math.ceil(share * (values.length - 1))] ?? Number.NaN;
    return { value: quantile(values, share), cut: lowestCut <= higher };
  };
  return { median: at(0.5), least: at(0), most: at(1) };
}

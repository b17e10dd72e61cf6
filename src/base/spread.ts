/**
 * The middle and the ends of a few figures of which some may be missing. A missing one is no zero and cannot be left out
 * either, or a search that fails nine times of ten would look as good as its best run: it stands beyond the worst end.
 */

/** Least, middle, most; null where that place is a missing figure's. */
export interface Spread {
  readonly median: number | null;
  readonly least: number | null;
  readonly most: number | null;
}

/** `missing` says which end is the worst. */
export function spreadOf(
  values: readonly (number | undefined | null)[],
  missing: "lowest" | "highest",
): Spread {
  const beyond = missing === "lowest" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const sorted = values.map((value) => value ?? beyond).sort((a, b) => (a === b ? 0 : a - b));
  const at = (index: number): number | null => finiteOrNull(sorted[index] ?? beyond);
  const [low, high] = [at(Math.floor((sorted.length - 1) / 2)), at(Math.ceil((sorted.length - 1) / 2))];
  return {
    median: low === null || high === null ? null : (low + high) / 2,
    least: at(0),
    most: at(sorted.length - 1),
  };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

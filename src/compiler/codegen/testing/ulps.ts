/** How far a float32 result is from a number, for tests: in units in the last place of the nearest float32. */

const leastNormal = 2 ** -126;

/** The distance between neighbouring floats at a number. */
export function ulpOf(value: number): number {
  return 2 ** (Math.floor(Math.log2(Math.max(Math.abs(value), leastNormal))) - 23);
}

/** The distance in units; 0 for results that are the same, zeros with their signs and NaN too, else infinite where one is not finite. */
export function ulpsApart(result: number, exact: number): number {
  const rounded = Math.fround(exact);
  if (Object.is(result, rounded)) return 0;
  if (!Number.isFinite(rounded) || !Number.isFinite(result)) return Number.POSITIVE_INFINITY;
  if (rounded === 0 && result === 0) return Number.POSITIVE_INFINITY;
  return Math.abs(result - exact) / ulpOf(exact);
}

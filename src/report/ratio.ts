/** The ratio that documents print: null for what has none. */

/** a / b, and 1 for 0 / 0: two empty networks are equally fast. Null where it has no finite value. */
export function ratio(a: number | undefined, b: number | undefined): number | null {
  if (a === undefined || b === undefined) return null;
  if (a === b) return 1;
  return b === 0 ? null : a / b;
}

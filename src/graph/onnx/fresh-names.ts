/** New names beside those that are taken: STEM, STEM_2, STEM_3, ... Amortised O(1) a name. */

/** Gives a name that is not taken and takes it. */
export function freshNames(taken: Set<string>): (stem: string) => string {
  const next = new Map<string, number>();
  return (stem) => {
    let name = stem;
    let count = next.get(stem) ?? 2;
    while (taken.has(name)) name = `${stem}_${count++}`;
    next.set(stem, count);
    taken.add(name);
    return name;
  };
}

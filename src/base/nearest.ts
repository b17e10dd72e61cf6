/** "Did you mean": the known name nearest to a mistyped one. */

/**
 * The nearest of the known names, if it is near enough to be a slip of the fingers: at most a third of its letters
 * wrong, or one the beginning of the other. Case and the separators - _ . and space do not count.
 */
export function nearestName(given: string, known: Iterable<string>): string | undefined {
  const plain = simplified(given);
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const name of known) {
    const distance = nameDistance(plain, simplified(name));
    if (best === undefined || distance < best.distance) best = { name, distance };
  }
  return best !== undefined && best.distance <= Math.max(1, best.name.length / 3) ? best.name : undefined;
}

/** `did you mean "x"?` where there is a near name, else the list of names. */
export function suggestName(given: string, known: Iterable<string>, noun: string): string {
  const names = [...known];
  const near = nearestName(given, names);
  return near === undefined ? `${noun}: ${names.join(", ")}` : `did you mean "${near}"?`;
}

const simplified = (name: string): string => name.toLowerCase().replaceAll(/[-_.\s]/g, "");

function nameDistance(given: string, name: string): number {
  const isBeginning = given.length >= 3 && (name.startsWith(given) || given.startsWith(name));
  return isBeginning ? 1 : editDistance(given.slice(0, 64), name);
}

/** Insertions, deletions and substitutions between two texts (Levenshtein), row by row: O(|a| |b|). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

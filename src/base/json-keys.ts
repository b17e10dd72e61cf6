/** Finds keys that an object of a JSON text has twice, of which JSON.parse silently keeps the last. O(text). */

const token = /"(?:[^"\\]|\\.)*"|[{}[\],]/gs;

/** A key that some object of the text has twice; undefined where there is none. The text must be valid JSON. */
export function duplicateKey(text: string): string | undefined {
  /** The keys so far of each object that is open; undefined for an array. */
  const open: (Set<string> | undefined)[] = [];
  let expectsKey = false;
  for (const [found] of text.matchAll(token)) {
    if (found === "{" || found === "[") open.push(found === "{" ? new Set() : undefined);
    else if (found === "}" || found === "]") open.pop();
    else if (found !== "," && expectsKey) {
      const keys = open.at(-1);
      const key: unknown = JSON.parse(found);
      if (typeof key === "string" && keys?.has(key)) return key;
      if (typeof key === "string") keys?.add(key);
    }
    expectsKey = found === "{" || (found === "," && open.at(-1) !== undefined);
  }
  return undefined;
}

/** Which genomes a search has bred already, by a hash of 53 bits, which two genomes hardly ever share. O(length) a genome. */
import type { Genome } from "./operators.ts";

/** What a search remembers, some 100 MB; a set takes no more than 2^24, which a search of minutes comes to. */
const mostRemembered = 2 ** 22;

/** Says whether a genome was seen before, and remembers it; forgets all where it remembers too many. */
export function createSeen(most = mostRemembered): (genome: Genome) => boolean {
  const hashes = new Set<number>();
  return (genome) => {
    let high = 0x811c9dc5;
    let low = 0x1000193;
    for (const entry of genome) {
      high = Math.imul(high ^ entry, 0x01000193);
      low = Math.imul(low + entry, 0x85ebca6b) ^ (low >>> 13);
    }
    const hash = (high >>> 0) * 0x20_0000 + (low >>> 11);
    if (hashes.has(hash)) return true;
    if (hashes.size >= most) hashes.clear();
    hashes.add(hash);
    return false;
  };
}

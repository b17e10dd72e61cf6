/**
 * The mulberry32 generator (Tommy Ettinger, 2017, public domain). Only for the synthetic weights of structure files,
 * whose recipe names it; whatever else is random uses random.ts.
 */

/** Draws in [0, 1) with 32 random bits; the whole stream follows from the seed (taken modulo 2^32). */
export function mulberry32(seed: number): () => number {
  let state = Number(BigInt.asIntN(32, BigInt(seed)));
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

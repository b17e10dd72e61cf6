/**
 * Seeded random numbers. Nothing in the library calls Math.random: whatever is random takes a generator, so that a
 * seed reproduces a run on every machine.
 */
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A stream of random numbers; the state is inside. */
export interface RandomSource {
  /** A float in [0, 1) with 32 random bits. */
  uniform(): number;
  /** A whole number in [0, bound), bound >= 1. */
  below(bound: number): number;
}

/** A generator whose whole stream follows from the seed (a 32-bit integer). */
export function seededRandom(seed: number): RandomSource {
  const generator = xoroshiro128plus(seed | 0);
  const uniform = (): number => (generator.next() >>> 0) / 0x1_0000_0000;
  return { uniform, below: (bound) => Math.floor(uniform() * bound) };
}

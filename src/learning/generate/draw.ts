/** Draws that generated problems are made of, and streams of random numbers that do not hang on each other. */
import { known } from "../../base/assert.ts";
import { type RandomSource, seededRandom } from "../../base/random.ts";

/** One of the entries, each as likely. */
export function pick<T>(random: RandomSource, entries: readonly T[]): T {
  return known(entries[random.below(entries.length)], "an entry to pick");
}

/** A whole number from least to most, both included. */
export function wholeBetween(random: RandomSource, least: number, most: number): number {
  return least + random.below(most - least + 1);
}

/** A number whose logarithm is uniform: as likely from 1 to 2 as from 2 to 4. */
export function logUniform(random: RandomSource, least: number, most: number): number {
  return least * (most / least) ** random.uniform();
}

/** Whether an event of this probability happens. */
export function happens(random: RandomSource, probability: number): boolean {
  return random.uniform() < probability;
}

/** Channels as networks have them: a multiple of 8, at least 8. */
export function roundChannels(channels: number): number {
  return Math.max(8, 8 * Math.round(channels / 8));
}

/**
 * A seed for the index-th thing that is made with a seed: neighbouring seeds and indices give streams without likeness
 * (the finaliser of MurmurHash3, by Austin Appleby, public domain).
 */
export function childSeed(seed: number, index: number): number {
  let mixed = Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 1;
}

/** The generator's first numbers show its seed; from here on they do not. */
const warmUpDraws = 16;

/** The stream of that seed. */
export function childRandom(seed: number, index: number): RandomSource {
  const random = seededRandom(childSeed(seed, index));
  for (let draw = 0; draw < warmUpDraws; draw++) random.uniform();
  return random;
}

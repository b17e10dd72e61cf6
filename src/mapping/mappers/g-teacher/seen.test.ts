import { expect, test } from "vitest";
import { createSeen } from "./seen.ts";

const genome = (...entries: readonly number[]): Int32Array => Int32Array.from(entries);

test("a genome is new once, whatever was seen between", () => {
  const seen = createSeen();
  const genomes = Array.from({ length: 1_000 }, (_, at) => genome(at % 10, (at / 10) | 0, -1));
  expect(genomes.filter(seen)).toEqual([]);
  expect(genomes.every(seen)).toBe(true);
});

test("a memory that is full is emptied rather than outgrown", () => {
  const seen = createSeen(3);
  expect([1, 2, 3, 3, 1].map((entry) => seen(genome(entry)))).toEqual([false, false, false, true, true]);
  // The fourth takes the place of all three.
  expect([4, 4, 1, 2].map((entry) => seen(genome(entry)))).toEqual([false, true, false, false]);
});

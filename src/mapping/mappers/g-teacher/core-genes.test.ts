import { expect, test } from "vitest";
import { seededRandom } from "../../../base/random.ts";
import { mutateCores, randomCores } from "./core-genes.ts";

test("mutations give whole groups numbers of cores that there are, and reach all of them", () => {
  const random = seededRandom(5);
  // Groups 0..1, 2..4 and 5, the layer 1 ending its group though it is staged.
  const passes = Int32Array.from([4, 4, 2, 2, -1, -1]);
  const genes = { most: 12, mustEnd: (layer: number) => layer === 1 };
  const cores = new Int32Array(6).fill(12);
  const seen = new Set<number>();
  let differing = 0;
  for (let round = 0; round < 2_000; round++) {
    mutateCores(passes, cores, genes, random);
    const [a, b, c, d, e, f] = cores;
    expect([round, [a, c, d]]).toEqual([round, [b, d, e]]);
    for (const number of cores) seen.add(number);
    if (a !== c || e !== f) differing++;
  }
  expect([...seen].sort((x, y) => x - y)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(differing).toBeGreaterThan(1_000);
});

test("half of the first genomes lie around all cores, the rest around any number of the ladder", () => {
  const random = seededRandom(6);
  const commonest = new Map<number, number>();
  for (let genome = 0; genome < 1_000; genome++) {
    const cores = new Int32Array(20);
    randomCores(cores, { most: 12, mustEnd: () => false }, random);
    const counts = new Map<number, number>();
    for (const number of cores) counts.set(number, (counts.get(number) ?? 0) + 1);
    const [number = 0] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [];
    commonest.set(number, (commonest.get(number) ?? 0) + 1);
  }
  expect([...commonest.keys()].sort((a, b) => a - b)).toEqual([1, 2, 4, 8, 12]);
  expect(commonest.get(12)).toBeGreaterThan(500);
  expect(commonest.get(1)).toBeGreaterThan(60);
});

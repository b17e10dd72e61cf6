/** Where networks fall apart: by hand, and against a search that tries every edge. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { randomWorkload, sketchWorkload } from "../testing/small-workloads.ts";
import type { Workload } from "../workload/workload.ts";
import { findBranches } from "./branches.ts";
import { sourceLayer } from "./group-graph.ts";

/** As "1|2-3": a run with its branches. */
const shown = (workload: Workload): readonly string[] =>
  findBranches(workload).map((branches) =>
    branches.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join("|"),
  );

const network = (...reads: readonly (readonly number[])[]): Workload =>
  sketchWorkload(
    1,
    reads.map((of) => ({ outputBytes: 1, reads: of })),
  );

describe("a network falls apart", () => {
  test("nowhere where each layer reads the one before it, whatever else it reads", () => {
    expect(shown(network([-1], [0], [1, 0], [2, 1, 0]))).toEqual([]);
  });

  test("between a fork and what joins its branches", () => {
    // An Inception module: 1x1 | 3x3 reduce, 3x3 | 5x5 reduce, 5x5 | pool, and the concatenation.
    expect(shown(network([-1], [0], [0], [2], [0], [4], [0], [1, 3, 5, 6]))).toEqual(["1|2-3|4-5|6"]);
  });

  test("before a residual sum where the shortcut has a layer of its own", () => {
    expect(shown(network([-1], [0], [1], [0], [2, 3]))).toEqual(["1-2|3"]);
  });

  test("at both ends: inputs of its own, and branches that never meet", () => {
    expect(shown(network([-1], [-1], [0, 1], [2], [2]))).toEqual(["0|1", "3|4"]);
  });

  test("within a branch, if the branches around it are not to run side by side", () => {
    // A branch that forks again, beside a chain.
    expect(shown(network([-1], [0], [1], [1], [2, 3], [0], [4, 5]))).toEqual(["1-4|5", "2|3"]);
  });
});

/** The same without thought: for each layer the longest run in which it begins a branch, and all pairs of layers for its parts. */
function byTrying(workload: Workload): readonly string[] {
  const reads = (reader: number, source: number): boolean =>
    (workload.layers[reader]?.inputs ?? []).some((tensor) => sourceLayer(workload, tensor) === source);
  const range = (first: number, last: number): readonly number[] =>
    Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
  const apart = (first: number, cut: number, last: number): boolean =>
    range(cut, last).every((reader) => range(first, cut - 1).every((source) => !reads(reader, source)));
  const runs = new Set<string>();
  const count = workload.layers.length;
  for (const cut of range(1, count - 1)) {
    const first = range(0, cut - 1).find((layer) => apart(layer, cut, cut));
    if (first === undefined) continue;
    const last = range(cut, count - 1).findLast((layer) => apart(first, cut, layer)) ?? cut;
    const cuts = range(first + 1, last).filter((layer) => apart(first, layer, last));
    runs.add([first, ...cuts, last + 1].join(" "));
  }
  return [...runs].sort();
}

test("random networks fall apart where trying every edge says", () => {
  let found = 0;
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 14 }), (seed, layers) => {
      const workload = randomWorkload(seededRandom(seed), layers, 0.4);
      const runs = findBranches(workload).map((branches) =>
        [...branches.map(({ first }) => first), (branches.at(-1)?.last ?? 0) + 1].join(" "),
      );
      found += runs.length;
      expect(new Set(runs).size).toBe(runs.length);
      expect([...runs].sort()).toEqual(byTrying(workload));
    }),
    { numRuns: 500, seed: 5 },
  );
  expect(found).toBeGreaterThan(300);
});

test("many branches of one fork are found at once", () => {
  const count = 3_000;
  const wide = network([-1], ...Array.from({ length: count }, () => [0]));
  const start = performance.now();
  expect(findBranches(wide)).toHaveLength(1);
  // A look at each pair of them would be 9 million.
  expect(performance.now() - start).toBeLessThan(200);
});

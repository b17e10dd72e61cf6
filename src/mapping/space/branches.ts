/**
 * Where a network falls apart into branches: runs of layers that lie one behind the other in the layer order and hand each other
 * nothing, so that they may run side by side (lanes.ts). An Inception module is such a run between what it reads and what joins
 * its branches.
 *
 * A branch can begin only at a layer that does not read the one before it. For each such layer the run begins behind the last
 * layer that it reads, since no run in which it begins a branch reaches further, and ends before the first layer that reads from both
 * sides of it. Branches that are found with another are not looked for again, so that it is O(layers + edges) but for runs within runs.
 */
import type { Workload } from "../workload/workload.ts";
import { sourceLayer } from "./group-graph.ts";
import type { LayerRange } from "./mapping.ts";

/** Two branches or more, in the order of the layers; each is a run of layers, and begins behind the end of the one before it. */
export type Branches = readonly LayerRange[];

/** All maximal runs that fall apart, in the order of their first layers, of those with one first layer the longest first. */
export function findBranches(workload: Workload): readonly Branches[] {
  const sources = workload.layers.map(({ inputs }) => inputs.map((tensor) => sourceLayer(workload, tensor)));
  const found: Branches[] = [];
  /** The first layers of branches that are known, by the first layer of their run. */
  const known = new Map<number, Set<number>>();
  for (let layer = 1; layer < sources.length; layer++) {
    const first = lastBelow(sources[layer] ?? [], layer) + 1;
    const begun = known.get(first) ?? new Set<number>();
    if (first >= layer || begun.has(layer)) continue;
    let last = layer;
    while (last + 1 < sources.length && !reads(sources[last + 1] ?? [], first, layer)) last++;
    const branches = partsOf(sources, { first, last });
    for (const branch of branches) begun.add(branch.first);
    known.set(first, begun);
    found.push(branches);
  }
  const end = (branches: Branches): number => branches.at(-1)?.last ?? 0;
  return found.sort((a, b) => (a[0]?.first ?? 0) - (b[0]?.first ?? 0) || end(b) - end(a));
}

/** The largest of the numbers below a limit; -1 for none. */
function lastBelow(numbers: readonly number[], limit: number): number {
  return numbers.reduce((last, number) => (number < limit && number > last ? number : last), -1);
}

/** Whether one of the sources is among the layers first .. end - 1. */
function reads(sources: readonly number[], first: number, end: number): boolean {
  return sources.some((source) => source >= first && source < end);
}

/** A run cut wherever no edge inside it passes. */
function partsOf(sources: readonly (readonly number[])[], { first, last }: LayerRange): Branches {
  // A layer at which a branch begins has nothing that goes past it, to itself included.
  const passing = new Int32Array(last - first + 2);
  const add = (layer: number, by: number): void => {
    passing[layer - first] = (passing[layer - first] ?? 0) + by;
  };
  for (let layer = first; layer <= last; layer++) {
    for (const source of sources[layer] ?? []) {
      if (source < first) continue;
      add(source + 1, 1);
      add(layer + 1, -1);
    }
  }
  const parts: LayerRange[] = [];
  let begin = first;
  for (let layer = first + 1, open = passing[0] ?? 0; layer <= last + 1; layer++) {
    open += passing[layer - first] ?? 0;
    if (open > 0) continue;
    parts.push({ first: begin, last: layer - 1 });
    begin = layer;
  }
  return parts;
}

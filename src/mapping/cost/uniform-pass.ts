/**
 * Groups whose layers all have one pass size. Every ring buffer then holds as many images, so a group's footprint is the
 * pass size x (its buffered bytes for one image) + its largest working set, and the largest pass size that fits streams the
 * fewest weights. O(edges) for the groups that start at one layer.
 */
import { sourceLayer } from "../space/group-graph.ts";
import type { CostModel } from "./cost-model.ts";

/** For so many groups that start at `first`: bytes for one image of every tensor that is on chip while the group runs. */
export function bufferedBytesRow(model: CostModel, first: number, length: number): Float64Array {
  const { workload, mode } = model.problem;
  const row = new Float64Array(length);
  const readers = new Map<number, number>();
  let bytes = 0;
  for (let last = first; last < first + length; last++) {
    if (mode === "paper") {
      row[last - first] = bytes;
      bytes += model.outputBytes(last);
      continue;
    }
    for (const tensor of workload.layers[last]?.inputs ?? []) {
      const count = (readers.get(tensor) ?? 0) + 1;
      readers.set(tensor, count);
      const bufferedFrom = sourceLayer(workload, tensor) >= first ? 1 : 2;
      if (count === bufferedFrom) bytes += workload.tensors[tensor]?.bytes ?? 0;
    }
    row[last - first] = bytes;
  }
  return row;
}

/** The largest of ascending numbers that is no more than the limit; undefined where all are more. */
export function largestAtMost(ascending: readonly number[], limit: number): number | undefined {
  let found: number | undefined;
  for (const size of ascending) {
    if (size > limit) break;
    found = size;
  }
  return found;
}

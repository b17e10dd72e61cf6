/**
 * The pass sizes that searches choose from, ascending.
 *
 * O(sqrt(batch)) sizes in `smallestPerPassCount`, O(log batch) on the ladder.
 */
import { ceilDiv } from "../../base/integers.ts";

/**
 * For every number of passes that a batch can take, the smallest pass size that takes it. Under the paper's memory rule
 * (bytes grow with the pass size) no other size is ever better. 15 sizes at batch 64.
 */
export function smallestPerPassCount(batch: number): readonly number[] {
  const sizes: number[] = [];
  let size = 1;
  while (size <= batch) {
    sizes.push(size);
    const passes = ceilDiv(batch, size);
    // The smallest size with fewer passes: the first s with ceil(batch / s) <= passes - 1.
    size = passes === 1 ? batch + 1 : ceilDiv(batch, passes - 1);
  }
  return sizes;
}

/**
 * 1, 2, 4, ... and the batch itself. Of two sizes on the ladder the smaller divides the larger, or the larger is the
 * whole batch; for such sizes ring buffers have a closed form (ring-buffers.ts). 7 sizes at batch 64.
 */
export function doublingLadder(batch: number): readonly number[] {
  const sizes: number[] = [];
  for (let size = 1; size < batch; size *= 2) sizes.push(size);
  sizes.push(batch);
  return sizes;
}

/** Index of the size whose logarithm is nearest to that of the wanted one, the first of equals; -1 where there is none. */
export function nearestSize(sizes: ArrayLike<number>, wanted: number): number {
  const distance = (index: number): number => Math.abs(Math.log((sizes[index] ?? 1) / Math.max(1, wanted)));
  let best = -1;
  for (let index = 0; index < sizes.length; index++)
    if (best < 0 || distance(index) < distance(best)) best = index;
  return best;
}

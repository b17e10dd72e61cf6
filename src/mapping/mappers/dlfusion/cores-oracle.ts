/**
 * The best there is: every way to cut the layer order into blocks, with every number of cores for each. The costs of blocks add
 * up, so best(b + 1) = min over a and cores of best(a) + cost(a..b, cores) finds it. O(layers^2 cores) evaluations.
 */
import type { Block, BlockCosts } from "./block-costs.ts";

/** Yields after each first layer, and returns the blocks; undefined where nothing fits. */
export function* coresOracle(costs: BlockCosts): Generator<void, readonly Block[] | undefined> {
  const { layerCount: count, coreCount } = costs;
  const best = new Float64Array(count + 1).fill(Number.POSITIVE_INFINITY);
  best[0] = 0;
  const ending: (Block | undefined)[] = [];
  for (let first = 0; first < count; first++) {
    const before = best[first] as number;
    for (let last = first; last <= costs.reach(first); last++) {
      for (let cores = 1; cores <= coreCount; cores++) {
        const total = before + costs.costOf({ first, last, cores });
        if (total >= (best[last + 1] as number)) continue;
        best[last + 1] = total;
        ending[last + 1] = { first, last, cores };
      }
    }
    yield;
  }
  return pathTo(ending, count);
}

/** The blocks that lead to a boundary, `ending[b]` being the last block of the best way to b. */
export function pathTo(
  ending: readonly (Block | undefined)[],
  boundary: number,
): readonly Block[] | undefined {
  const blocks: Block[] = [];
  for (let end = boundary; end > 0; ) {
    const block = ending[end];
    if (block === undefined) return undefined;
    blocks.unshift(block);
    end = block.first;
  }
  return blocks;
}

/**
 * What DLFusion is compared with: strategies that turn one of its two knobs, or turn them without looking. O(layers) evaluations,
 * O(layers cores) for layer-cores.
 */
import type { Block, BlockCosts } from "./block-costs.ts";

type Answer = Generator<void, readonly Block[] | undefined>;

/** No optimisation, the baseline of the paper's speed-ups: every layer alone, on one core. */
export function* oneCore(costs: BlockCosts): Answer {
  return yield* each(costs, (first) => ({ first, last: first, cores: 1 }));
}

/** Every layer alone, on all cores. */
export function* allCores(costs: BlockCosts): Answer {
  return yield* each(costs, (first) => ({ first, last: first, cores: costs.coreCount }));
}

/** Every layer alone, on the number of cores that is best for it. */
export function* layerCores(costs: BlockCosts): Answer {
  return yield* each(costs, (first) => {
    let best: Block = { first, last: first, cores: costs.coreCount };
    for (let cores = 1; cores < costs.coreCount; cores++) {
      const block = { first, last: first, cores };
      if (costs.costOf(block) < costs.costOf(best)) best = block;
    }
    return best;
  });
}

/** Blocks as long as they fit, on all cores. */
export function* fuseAll(costs: BlockCosts): Answer {
  return yield* each(costs, (first) => longest(costs, first, costs.layerCount));
}

/** Layers of a block of fixedBlocks. */
const blockLayers = 4;

/** Blocks of four layers on all cores, shorter where four do not fit. */
export function* fixedBlocks(costs: BlockCosts): Answer {
  return yield* each(costs, (first) => longest(costs, first, blockLayers));
}

/** The longest block from a layer on that fits all cores. A block that does not fit fits with no further layer. */
function longest(costs: BlockCosts, first: number, mostLayers: number): Block {
  const on = (last: number): Block => ({ first, last, cores: costs.coreCount });
  let last = first;
  while (
    last < costs.reach(first) &&
    last + 1 - first < mostLayers &&
    costs.costOf(on(last + 1)) < Number.POSITIVE_INFINITY
  )
    last++;
  return on(last);
}

/** One block after the other; nothing where one does not fit. */
function* each(costs: BlockCosts, blockFrom: (first: number) => Block): Answer {
  const blocks: Block[] = [];
  for (let first = 0; first < costs.layerCount; ) {
    const block = blockFrom(first);
    if (costs.costOf(block) === Number.POSITIVE_INFINITY) return undefined;
    blocks.push(block);
    first = block.last + 1;
    yield;
  }
  return blocks;
}

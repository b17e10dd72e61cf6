/**
 * The paper's reduced brute-force search, as we read it: the whole space, P (1 + P)^(n - 1) schemes for n layers and P core
 * numbers, is out of reach, so the network is taken in sections of eight layers. In each section every one of the 2^7 ways to
 * cut it into blocks is tried, each block on the best number of cores of 1, 2, 4, .. No block reaches over a section's end.
 * O(layers) evaluations, since schemes share blocks; 2^7 additions of up to eight of them a section.
 */
import { doublingLadder } from "../../space/pass-sizes.ts";
import type { Block, BlockCosts } from "./block-costs.ts";

const sectionLayers = 8;

interface Scheme {
  readonly blocks: readonly Block[];
  readonly cost: number;
}

/** Yields after each section, and returns the blocks; undefined where nothing fits. */
export function* reducedBruteForce(costs: BlockCosts): Generator<void, readonly Block[] | undefined> {
  const ladder = doublingLadder(costs.coreCount);
  const blocks: Block[] = [];
  for (let first = 0; first < costs.layerCount; ) {
    const end = Math.min(costs.reach(first) + 1, first + sectionLayers);
    const best = bestScheme(costs, ladder, first, end);
    if (best === undefined) return undefined;
    blocks.push(...best.blocks);
    first = end;
    yield;
  }
  return blocks;
}

/** Every scheme of the layers first .. end - 1: bit i of its number cuts after the i-th layer. */
function bestScheme(
  costs: BlockCosts,
  ladder: readonly number[],
  first: number,
  end: number,
): Scheme | undefined {
  let best: Scheme | undefined;
  for (let number = 0; number < 2 ** (end - first - 1); number++) {
    const blocks: Block[] = [];
    let cost = 0;
    let from = first;
    for (let last = first; last < end; last++) {
      if (last + 1 < end && ((number >> (last - first)) & 1) === 0) continue;
      const block = onBestCores(costs, ladder, from, last);
      blocks.push(block);
      cost += costs.costOf(block);
      from = last + 1;
    }
    if (cost < (best?.cost ?? Number.POSITIVE_INFINITY)) best = { blocks, cost };
  }
  return best;
}

function onBestCores(costs: BlockCosts, ladder: readonly number[], first: number, last: number): Block {
  let best: Block = { first, last, cores: costs.coreCount };
  for (const cores of ladder) {
    const block = { first, last, cores };
    if (costs.costOf(block) < costs.costOf(best)) best = block;
  }
  return best;
}

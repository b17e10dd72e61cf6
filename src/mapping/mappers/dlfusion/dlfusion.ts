/**
 * DLFusion's joint strategy (arXiv 2011.05630): cores and blocks from two characteristics of each layer, its operation
 * count and its channels. Only the paper's abstract is to be had, so the steps are our reading of it:
 *
 * 1. Cores of a layer: the most that still leave each core the target's critical operation count and its channels.
 * 2. Blocks grow along the layers, and after each step the block's cores are decided anew, as cores and blocks depend on each
 *    other. A layer that does not pay stays in sight as long as a core of the block has less to do than the critical
 *    count, since the next may make up for it; above the count the block is closed where it last paid.
 * 3. Blocks are cut in two, boundaries moved and neighbours joined where that saves, in a few rounds; the cores of each
 *    block settle. The abstract says nothing of it; without it answers cost up to a quarter more.
 *
 * A last step lets branches of the network run side by side (lanes.ts).
 *
 * O(layers) evaluations.
 */
import type { TargetCharacteristics } from "../../targets/characteristics.ts";
import type { Block, BlockCosts } from "./block-costs.ts";

/** Rounds of step 3. */
const defaultRounds = 4;

/** A block with its cost. */
export interface Costed {
  readonly block: Block;
  readonly cost: number;
}

/** Yields after each step, and returns the blocks; undefined where nothing fits. No rounds: steps 1 and 2 alone. */
export function* dlfusion(
  costs: BlockCosts,
  target: TargetCharacteristics,
  rounds = defaultRounds,
): Generator<void, readonly Block[] | undefined> {
  const count = costs.layerCount;
  let blocks: Costed[] = [];
  for (let first = 0; first < count; ) {
    let open = climb(costs, { first, last: first, cores: coresOf(costs, target, first) });
    let grown = open;
    let apart = open.cost;
    for (let last = first + 1; last <= costs.reach(first); last++) {
      apart += climb(costs, { first: last, last, cores: coresOf(costs, target, last) }).cost;
      grown = climb(costs, { first, last, cores: grown.block.cores });
      yield;
      if (grown.cost <= apart && Number.isFinite(grown.cost)) {
        open = grown;
        apart = grown.cost;
      } else if (!Number.isFinite(grown.cost) || macsPerCore(costs, grown.block) >= target.criticalMacs)
        break;
    }
    blocks.push(open);
    first = open.block.last + 1;
  }
  for (let round = 0, before = Number.POSITIVE_INFINITY; round < rounds && total(blocks) < before; round++) {
    before = total(blocks);
    blocks = yield* cutBlocks(costs, blocks);
    yield* moveBoundaries(costs, blocks);
    blocks = yield* joinNeighbours(costs, blocks);
    yield* settleCores(costs, blocks);
  }
  yield* settleCores(costs, blocks);
  return Number.isFinite(total(blocks)) ? blocks.map(({ block }) => block) : undefined;
}

function total(blocks: readonly Costed[]): number {
  return blocks.reduce((sum, { cost }) => sum + cost, 0);
}

function macsPerCore(costs: BlockCosts, { first, last, cores }: Block): number {
  return costs.macs(first, last) / cores;
}

/** Step 1. */
function coresOf(costs: BlockCosts, target: TargetCharacteristics, layer: number): number {
  const byWork = Math.floor(costs.macs(layer, layer) / Math.max(1, target.criticalMacs));
  const byChannels = Math.ceil(costs.channels(layer) / target.channelGranularity);
  return Math.max(1, Math.min(costs.coreCount, byWork, byChannels));
}

/** The block on as many cores as are better than their neighbours: doubled or halved as long as that saves, and by a quarter. */
export function climb(costs: BlockCosts, block: Block): Costed {
  let best: Costed = { block, cost: costs.costOf(block) };
  const attempt = (cores: number): boolean => {
    const candidate = { ...block, cores: Math.max(1, Math.min(costs.coreCount, Math.round(cores))) };
    const cost = costs.costOf(candidate);
    if (!(cost < best.cost)) return false;
    best = { block: candidate, cost };
    return true;
  };
  if (best.cost === Number.POSITIVE_INFINITY) attempt(costs.coreCount);
  for (const factor of [2, 0.5, 1.25, 0.8]) while (attempt(best.block.cores * factor)) {}
  return best;
}

/** Each block joined with the one before it, or the two before it, as long as that saves. */
function* joinNeighbours(costs: BlockCosts, blocks: readonly Costed[]): Generator<void, Costed[]> {
  const done: Costed[] = [];
  for (const next of blocks) {
    let own = next;
    for (let taken = 1; taken <= Math.min(2, done.length); taken++) {
      const parts = [...done.slice(-taken), own];
      const block = {
        first: (parts[0] as Costed).block.first,
        last: own.block.last,
        cores: Math.max(...parts.map((part) => part.block.cores)),
      };
      const joined = block.last <= costs.reach(block.first) ? climb(costs, block) : undefined;
      yield;
      if (joined === undefined || !(joined.cost < total(parts))) continue;
      done.splice(-taken);
      own = joined;
      taken = 0;
    }
    done.push(own);
  }
  return done;
}

/** Places in a block at which a cut is tried, evenly spaced. */
const cutPlaces = 8;

/** Each block with its best cut, where that saves. */
function* cutBlocks(costs: BlockCosts, blocks: readonly Costed[]): Generator<void, Costed[]> {
  const cut: Costed[] = [];
  for (const whole of blocks) {
    const { first, last, cores } = whole.block;
    let best: readonly Costed[] = [whole];
    const step = Math.max(1, (last - first + 1) / cutPlaces);
    for (let place = first + step - 1; place < last; place += step) {
      const end = Math.floor(place);
      const parts = [
        climb(costs, { first, last: end, cores }),
        climb(costs, { first: end + 1, last, cores }),
      ];
      yield;
      if (total(parts) < total(best)) best = parts;
    }
    cut.push(...best);
  }
  return cut;
}

/** Layers by which a boundary is moved. */
const moves = [1, -1, 2, -2, 4, -4, 8, -8];

function* moveBoundaries(costs: BlockCosts, blocks: Costed[]): Generator<void> {
  for (let index = 0; index + 1 < blocks.length; index++) {
    for (const move of moves) {
      const [left, right] = [blocks[index] as Costed, blocks[index + 1] as Costed];
      const last = left.block.last + move;
      if (last < left.block.first || last >= right.block.last || last > costs.reach(left.block.first))
        continue;
      const moved = climb(costs, { ...left.block, last });
      const rest = climb(costs, { ...right.block, first: last + 1 });
      yield;
      if (moved.cost + rest.cost < left.cost + right.cost) [blocks[index], blocks[index + 1]] = [moved, rest];
    }
  }
}

/** Between the ladder's neighbours of a block's cores, halving the step. */
function* settleCores(costs: BlockCosts, blocks: Costed[]): Generator<void> {
  for (let index = 0; index < blocks.length; index++) {
    let best = blocks[index] as Costed;
    for (let step = Math.ceil(best.block.cores / 2); step >= 1; step = step === 1 ? 0 : Math.ceil(step / 2)) {
      for (const cores of [best.block.cores - step, best.block.cores + step]) {
        if (cores < 1 || cores > costs.coreCount) continue;
        const block = { ...best.block, cores };
        const cost = costs.costOf(block);
        if (cost < best.cost) best = { block, cost };
      }
      yield;
    }
    blocks[index] = best;
  }
}

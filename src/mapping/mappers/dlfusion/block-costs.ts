/**
 * What blocks cost: a block is some layers that follow each other, on a number of cores. Strategies ask for nothing but `BlockCosts`,
 * so that they decide on any target whose blocks have a cost.
 *
 * On the cost model a block is a group. Inside a block all layers have one pass size, the largest
 * of the ladder that fits the buffers of its cores (the whole batch where one layer is alone); that rule holds for every
 * strategy of this folder, so that what they differ in is blocks and cores. A block in a lane uses no more of the memory than its
 * cores' share, so that lanes fit side by side whatever they are. Each block that is asked for the first time
 * counts as an evaluation. O(1) a block after O(edges) for each layer that blocks start at.
 */
import { assert } from "../../../base/assert.ts";
import type { CostModel } from "../../cost/cost-model.ts";
import { layerByLayer } from "../../cost/evaluate.ts";
import type { ChannelUse } from "../../cost/fair-share.ts";
import { bufferedBytesRow, largestAtMost } from "../../cost/uniform-pass.ts";
import type { Mapping } from "../../space/mapping.ts";
import { doublingLadder } from "../../space/pass-sizes.ts";

/** The layers first..last on so many cores. */
export interface Block {
  readonly first: number;
  readonly last: number;
  readonly cores: number;
  /** Lane of the section that it runs in beside others; left out where it runs by itself. */
  readonly lane?: number;
}

/** What a strategy asks of the layers of a network, and of blocks of them. */
export interface BlockCosts {
  readonly layerCount: number;
  /** Cores of the target. */
  readonly coreCount: number;
  /** The last layer that a block from this one on can have. */
  reach(first: number): number;
  /** MACs of the layers first..last. */
  macs(first: number, last: number): number;
  /** Output channels of a layer. */
  channels(layer: number): number;
  /** The block's cost, in one unit for all blocks; Infinity where it cannot run. */
  costOf(block: Block): number;
}

/** On the cost model, with a limit of evaluations. */
export interface GroupCosts extends BlockCosts {
  readonly model: CostModel;
  /** In the cost model's unit; Infinity where it fits at no pass size, and when no evaluation is left. */
  costOf(block: Block): number;
  /** The block's pass size. It must fit. */
  passOf(block: Block): number;
  /** What the block is on the off-chip channel, where the objective is latency. It must fit, and costs no evaluation. */
  useOf(block: Block): ChannelUse;
  /** Blocks whose cost was worked out. */
  readonly evaluations: number;
  /** Whether a cost was asked for when no evaluation was left. */
  readonly exhausted: boolean;
}

interface Worked {
  readonly cost: number;
  readonly pass: number | undefined;
  readonly streamedBytes: number;
}

/** `limit`: blocks that may be worked out. */
export function createGroupCosts(model: CostModel, limit: number): GroupCosts {
  const { layerCount } = model;
  const { batch, mode, accelerator, memoryBytes } = model.problem;
  const passSizes = doublingLadder(batch);
  const coreCount = accelerator.cores;
  const weightsBefore = [0];
  for (let layer = 0; layer < layerCount; layer++)
    weightsBefore.push((weightsBefore[layer] ?? 0) + model.weightBytes(layer));
  const buffered: (Float64Array | undefined)[] = [];
  const bufferedBytes = (first: number, last: number): number => {
    const row = buffered[first] ?? bufferedBytesRow(model, first, model.reach(first) - first + 1);
    buffered[first] = row;
    return row[last - first] ?? 0;
  };
  /** By cores and first layer: the largest working set of the layers up to an index. */
  const workingSets = new Map<number, number[]>();
  const workingSet = (onCores: CostModel, first: number, last: number): number => {
    if (mode === "paper") return 0;
    const key = onCores.cores * layerCount + first;
    const row = workingSets.get(key) ?? [];
    workingSets.set(key, row);
    for (let layer = first + row.length; layer <= last; layer++)
      row.push(Math.max(row.at(-1) ?? 0, onCores.workingSetBytes(layer)));
    return row[last - first] ?? 0;
  };
  const worked = new Map<number, Worked>();
  let exhausted = false;

  const isShared = ({ cores, lane }: Block): boolean =>
    lane !== undefined && shareOf(cores) < model.onCores(cores).problem.memoryBytes;
  const shareOf = (cores: number): number => (memoryBytes * cores) / coreCount;
  const workOut = (block: Block): Worked => {
    const { first, last, cores } = block;
    const onCores = model.onCores(cores);
    const memory = isShared(block) ? shareOf(cores) : onCores.problem.memoryBytes;
    const room = memory - workingSet(onCores, first, last);
    const bytes = first === last ? 0 : bufferedBytes(first, last);
    const pass =
      room < 0 || last > model.reach(first)
        ? undefined
        : first === last
          ? batch
          : largestAtMost(passSizes, bytes > 0 ? room / bytes : Number.POSITIVE_INFINITY);
    if (pass === undefined) return { cost: Number.POSITIVE_INFINITY, pass, streamedBytes: 0 };
    const weights = (weightsBefore[last + 1] ?? 0) - (weightsBefore[first] ?? 0);
    const streamedBytes = weights * model.passCount(pass);
    return { cost: onCores.cost(first, last, streamedBytes), pass, streamedBytes };
  };
  const onOneCore = model.onCores(1);
  return {
    model,
    layerCount,
    coreCount,
    reach: model.reach,
    macs: (first, last) => onOneCore.macs(first, last),
    channels: (layer) => model.problem.workload.layers[layer]?.dimensions.K ?? 1,
    costOf(block) {
      const index = (block.first * layerCount + block.last) * (coreCount + 1) + block.cores;
      const key = isShared(block) ? -index : index;
      const known = worked.get(key);
      if (known !== undefined) return known.cost;
      if (worked.size >= limit) {
        exhausted = true;
        return Number.POSITIVE_INFINITY;
      }
      const found = workOut(block);
      worked.set(key, found);
      return found.cost;
    },
    passOf(block) {
      const { pass } = workOut(block);
      assert(pass !== undefined, "a block of an answer fits");
      return pass;
    },
    useOf(block) {
      const { cost, streamedBytes } = workOut(block);
      const overheadCycles = model.onCores(block.cores).overheadCycles(block.first, block.last);
      const offChipBytes = model.activationBytes(block.first, block.last) + streamedBytes;
      return { overheadCycles, workCycles: cost - overheadCycles, offChipBytes };
    },
    get evaluations() {
      return worked.size;
    },
    get exhausted() {
      return exhausted;
    },
  };
}

/** The mapping of blocks that follow each other through the whole network. */
export function mappingOfBlocks(costs: GroupCosts, blocks: readonly Block[]): Mapping {
  const entries = [...layerByLayer(costs.model.problem)];
  for (const block of blocks) {
    const pass = costs.passOf(block);
    for (let layer = block.first; layer <= block.last; layer++)
      entries[layer] = {
        pass,
        output: layer === block.last ? "sync" : "stage",
        weights: "streamed",
        cores: block.cores,
        ...(block.lane === undefined ? {} : { lane: block.lane }),
      };
  }
  return entries;
}

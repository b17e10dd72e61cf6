/**
 * What DLFusion (arXiv 2011.05630) keeps of a target: from which operation count on a core is worth starting, and how many
 * output channels it needs. Found as the paper finds them, by running synthesized layers over a grid of shapes and core
 * numbers and looking at the throughput of a core. O(grid) evaluations of one layer, none of them of the network.
 */
import type { Accelerator } from "../../accelerator/accelerator.ts";
import { createCostModel } from "../../cost/cost-model.ts";
import { doublingLadder } from "../../space/pass-sizes.ts";
import type { TargetCharacteristics } from "../../targets/characteristics.ts";
import { noLoops } from "../../workload/loop-nest.ts";
import type { Layer, Workload } from "../../workload/workload.ts";

/** The share of its full rate that a core must reach to be worth starting. */
const worthwhileShare = 0.5;

/**
 * The characteristics of an accelerator, straight from the cost model: what a mapper starts from that is given no profile
 * (targets/target-profile.ts), on accelerators too whose cores start for nothing. The same for every network.
 */
export function characterise(accelerator: Accelerator): TargetCharacteristics {
  const channelGranularity = measuredGranularity(accelerator);
  let criticalMacs = 0;
  for (const cores of doublingLadder(accelerator.cores)) {
    // Channels that divide evenly, so that only the operation count tells layers apart.
    const K = channelGranularity * cores;
    const layers = depths.map((C) => synthesized({ K, C, Y: 1, X: 16 }));
    const enough = leastWorthwhile(layers.length, coreRates(accelerator, layers, cores));
    if (enough !== undefined) criticalMacs = Math.max(criticalMacs, (layers[enough]?.macs ?? 0) / cores);
  }
  return { criticalMacs, channelGranularity };
}

function doublings(from: number, to: number): readonly number[] {
  const values: number[] = [];
  for (let value = from; value <= to; value *= 2) values.push(value);
  return values;
}

/** Input channels of the synthesized layers: they take a layer's operation count from small to very large. */
const depths = doublings(1, 2 ** 24);

/** The first of so many ascending layers at which a core is worth starting: rates rise with the operation count. */
function leastWorthwhile(count: number, rateOf: (layer: number) => number): number | undefined {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rateOf(middle) >= worthwhileShare) high = middle;
    else low = middle + 1;
  }
  return low < count ? low : undefined;
}

/** The fewest channels, of 1, 2, 4, .., with which one core works as fast as with any. */
function measuredGranularity(accelerator: Accelerator): number {
  const widths = doublings(1, 4_096);
  const layers = widths.map((K) => synthesized({ K, C: 4_096, Y: 64, X: 64 }));
  const rateOf = coreRates({ ...accelerator, groupLaunchSeconds: 0, coreSyncSeconds: 0 }, layers, 1);
  const full = Math.max(...layers.map((_, layer) => rateOf(layer)));
  return widths.find((_, layer) => rateOf(layer) >= full * (1 - 1e-9)) ?? 1;
}

/** For layers by themselves on so many cores: MACs per cycle of a core over those it could make. */
function coreRates(
  accelerator: Accelerator,
  layers: readonly Layer[],
  cores: number,
): (layer: number) => number {
  const workload: Workload = {
    name: "synthesized",
    layers,
    tensors: [],
    elementType: accelerator.elementType,
  };
  const model = createCostModel({ workload, accelerator, batch: 1, objective: "latency" }).onCores(cores);
  const perCore = accelerator.pesPerCore * accelerator.macsPerPePerCycle;
  return (layer) => (layers[layer]?.macs ?? 0) / cores / (model.cost(layer, layer, 0) * perCore);
}

/** A pointwise convolution whose operands are at hand: what is looked at is the cores, not the memory. */
function synthesized(shape: { K: number; C: number; Y: number; X: number }): Layer {
  const { K, C, Y, X } = shape;
  return {
    name: "synthesized",
    kind: "convolution",
    dimensions: { ...noLoops, ...shape },
    macs: K * C * Y * X,
    weightBytes: 0,
    inputs: [],
    outputs: [],
    inputWindowBytes: 0,
    outputRowBytes: 0,
    fusible: true,
    operators: ["synthesized"],
  };
}

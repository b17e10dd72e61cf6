/**
 * What a profile says of layers that were not measured: the seconds of a block by the formula that was fitted to single layers
 * (fit-throughput.ts). A block starts its cores once, and its layers then work one after the other:
 *
 *   seconds = max over layers of half / rate + sum over layers of max(MACs / used, ridge x elements) / rate
 *
 * Work is dealt out by channels or by rows, whichever leaves a core less. Compiled code writes what layers hand to each other to memory, fused or not, so the elements of every
 * layer count. Layers that the grid has none of (depthwise, pooling) are taken for convolutions of their filter size.
 * O(layers of the block).
 */
import { known } from "../../base/assert.ts";
import { ceilDiv } from "../../base/integers.ts";
import { type ElementType, elementBits } from "../../graph/ir/tensor.ts";
import { tensorBytes, type Workload } from "../workload/workload.ts";
import { workOf } from "./fit-throughput.ts";
import type { TargetProfile } from "./target-profile.ts";

/** A layer as the fit sees it, for one image. */
export interface LayerWork {
  readonly macs: number;
  readonly channels: number;
  /** Rows of output that can be dealt out. */
  readonly rows: number;
  /** Side of the square that has the filter's size. */
  readonly filter: number;
  /** What enters and leaves, weights included. */
  readonly elements: number;
}

export interface BlockPredictor {
  /** Cores of the largest number that was fitted. */
  readonly mostCores: number;
  /** Seconds of the block of these layers on 1 to `mostCores` cores. */
  secondsOf(layers: readonly LayerWork[], cores: number): number;
}

/** The layers of a workload, whose tensors must have an element type of known size. */
export function layerWorks(workload: Workload): readonly LayerWork[] {
  const elementBytes = known(elementBits[workload.elementType as ElementType], "bits of an element") / 8;
  return workload.layers.map((layer) => {
    const { N, K, Y, R, S } = layer.dimensions;
    const activations = tensorBytes(workload, layer.inputs) + tensorBytes(workload, layer.outputs);
    return {
      macs: layer.macs,
      channels: K,
      rows: N * Y,
      filter: Math.sqrt(R * S),
      elements: (activations + layer.weightBytes) / elementBytes,
    };
  });
}

/** Predicts by a profile's fit. Numbers of cores between two that were measured lie on the line between them. */
export function blockPredictor({ fit }: Pick<TargetProfile, "fit">): BlockPredictor {
  const mostCores = Math.max(...fit.cores.map(({ cores }) => cores));
  const perCores = new Map<number, CoreLine>();
  const lineOf = (cores: number): CoreLine => {
    const line = perCores.get(cores) ?? lineAt(fit, cores);
    perCores.set(cores, line);
    return line;
  };
  return {
    mostCores,
    secondsOf(layers, cores) {
      const { halfMacs, rates } = lineOf(cores);
      let [start, working] = [0, 0];
      for (const layer of layers) {
        const rate = rateOf(rates, layer);
        start = Math.max(start, halfMacs / rate);
        working += coreWork(fit, layer, cores) / rate;
      }
      return start + working;
    },
  };
}

type Fit = TargetProfile["fit"];

/** Half and rates of a number of cores. */
interface CoreLine {
  readonly halfMacs: number;
  readonly rates: ReadonlyMap<string, number>;
}

function lineAt({ cores: fitted }: Fit, cores: number): CoreLine {
  const above = fitted.find((line) => line.cores >= cores);
  const below = fitted.findLast((line) => line.cores <= cores);
  const [low, high] = [
    known(below, `a fit of ${cores} cores or fewer`),
    known(above, `a fit of ${cores} cores`),
  ];
  const share = high.cores === low.cores ? 0 : (cores - low.cores) / (high.cores - low.cores);
  const between = (from: number, to: number): number => from + share * (to - from);
  const rates = Object.entries(low.macsPerSecond).map(([family, rate]): readonly [string, number] => [
    family,
    between(rate, high.macsPerSecond[family] ?? rate),
  ]);
  return { halfMacs: between(low.criticalMacs.value, high.criticalMacs.value), rates: new Map(rates) };
}

/** The work of the core that has the most, in MACs at its full rate. */
function coreWork(fit: Fit, { macs, channels, rows, elements }: LayerWork, cores: number): number {
  const byChannels = workOf(fit, { macsPerCore: macs / cores, channelsPerCore: channels / cores, elements });
  const ownRows = ceilDiv(rows, cores);
  const byRows = workOf(fit, { macsPerCore: (macs * ownRows) / rows, channelsPerCore: channels, elements });
  return Math.min(byChannels, byRows);
}

/** The rate of the family that is nearest: maps of one row are one, else filters of a size. */
function rateOf(rates: CoreLine["rates"], { rows, filter }: LayerWork): number {
  const ofRow = rates.get("channels");
  if (rows === 1 && ofRow !== undefined) return ofRow;
  let [nearest, found] = [Number.POSITIVE_INFINITY, ofRow];
  for (const [family, rate] of rates) {
    if (family === "channels") continue;
    const distance = Math.abs(Math.log(Number(family.replace("filter ", "")) / filter));
    if (distance < nearest) [nearest, found] = [distance, rate];
  }
  return known(found, "the rate of a family");
}

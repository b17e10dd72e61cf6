/**
 * The layers that a target is looked at with (DLFusion, arXiv 2011.05630: "a set of synthesized DNN layers"): convolutions of
 * many sizes, built as a network holds them. Two sweeps for each number of cores:
 * - operations: the MACs of a core from few to many, in square maps as deep as wide, with filters of 1, 3 and 5; every core has
 *   channels enough;
 * - channels: the output channels of a core from 1 on, in maps of one row, so that only channels can be dealt out; every core
 *   has MACs enough.
 */
import { networkBuilder } from "../../graph/ir/network-builder.ts";
import { inferShapes } from "../../graph/ops/infer-shapes.ts";
import type { Block } from "./target.ts";

/** A convolution with bias and activation, stride 1 and as much padding as keeps the size. */
export interface LayerShape {
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly height: number;
  readonly width: number;
  readonly filter: number;
}

export type Sweep = "operations" | "channels";

export interface GridPoint extends LayerShape {
  readonly sweep: Sweep;
  readonly cores: number;
}

export interface GridOptions {
  readonly coreNumbers: readonly number[];
  /** MACs of a core: about these, and powers of 4 between them. */
  readonly leastMacs: number;
  readonly mostMacs: number;
}

const filters = [1, 3, 5];
/** Channels of a core in the sweep of operations: whole units of every usual granularity. */
const amplyChannels = 192;
/** Channels of a core in the other sweep. */
const fewChannels = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 80, 96];
export const mostChannels = 96;
/** The sweep of channels has this much less than the most MACs: with few channels they take many times as long. */
const channelSweepPart = 4;

export function macsOf({ inputChannels, outputChannels, height, width, filter }: LayerShape): number {
  return inputChannels * outputChannels * height * width * filter ** 2;
}

/** Elements that cross the border of the layer: input, output, weights and biases. */
export function elementsOf({ inputChannels, outputChannels, height, width, filter }: LayerShape): number {
  const weights = outputChannels * (inputChannels * filter ** 2 + 1);
  return (inputChannels + outputChannels) * height * width + weights;
}

/** All points, those of one layer size beside each other. */
export function layerGrid({ coreNumbers, leastMacs, mostMacs }: GridOptions): readonly GridPoint[] {
  const steps = Math.max(1, Math.round(Math.log(mostMacs / leastMacs) / Math.log(4)));
  const rungs = Array.from(
    { length: steps + 1 },
    (_, step) => leastMacs * (mostMacs / leastMacs) ** (step / steps),
  );
  const operations = rungs.flatMap((macs) =>
    coreNumbers.flatMap((cores) =>
      filters.flatMap((filter): readonly GridPoint[] => {
        const outputChannels = amplyChannels * cores;
        // Input channels x places: as many channels as the map is wide.
        const volume = (macs * cores) / (outputChannels * filter ** 2);
        if (volume < 1) return [];
        const side = Math.max(1, Math.round(Math.cbrt(volume)));
        const inputChannels = Math.max(1, Math.round(volume / side ** 2));
        return [
          { sweep: "operations", cores, inputChannels, outputChannels, height: side, width: side, filter },
        ];
      }),
    ),
  );
  const channels = fewChannels.flatMap((channelsOfCore) =>
    coreNumbers.map((cores): GridPoint => {
      const [outputChannels, filter] = [channelsOfCore * cores, 3];
      const volume = ((mostMacs / channelSweepPart) * cores) / (outputChannels * filter ** 2);
      const width = Math.max(1, Math.round(Math.sqrt(volume)));
      const inputChannels = Math.max(1, Math.round(volume / width));
      return { sweep: "channels", cores, inputChannels, outputChannels, height: 1, width, filter };
    }),
  );
  return [...operations, ...channels];
}

/** The layer in the middle of a network: what it reads and makes lies in memory as between layers. */
export function synthesize({ inputChannels, outputChannels, height, width, filter }: LayerShape): Block {
  const builder = networkBuilder();
  const given = builder.maxPool(builder.imageInput(inputChannels, height, width), 1, 1);
  const made = builder.convolution(given, { channels: outputChannels, filter });
  const typed = inferShapes(builder.build("synthesized", [builder.maxPool(made, 1, 1).name]));
  const last = typed.graph.nodes.length - 1;
  return { typed, nodes: typed.graph.nodes.map((_, node) => node).slice(1, last) };
}

/** Small workloads for tests: written by hand, or drawn at random as chains and DAGs. */
import type { RandomSource } from "../../base/random.ts";
import type { Accelerator } from "../accelerator/accelerator.ts";
import type { Mapping } from "../space/mapping.ts";
import { noLoops } from "../workload/loop-nest.ts";
import type { Layer, LayerKind, LoopDimensions, Workload, WorkloadTensor } from "../workload/workload.ts";

/** What a test says of a layer; the rest is filled in. */
export interface LayerSketch {
  readonly macs?: number;
  readonly weightBytes?: number;
  /** Bytes of the one output tensor, per image. */
  readonly outputBytes: number;
  /** Layers whose output it reads, or -1 for the network's input. */
  readonly reads: readonly number[];
  readonly workingSetBytes?: number;
  readonly fusible?: boolean;
  /** One row and one output channel when left out. */
  readonly dimensions?: Partial<LoopDimensions>;
  /** "convolution" of what has MACs when left out. */
  readonly kind?: LayerKind;
}

/** A workload of layers L0, L1, ... whose unread outputs are the network's outputs. */
export function sketchWorkload(inputBytes: number, sketches: readonly LayerSketch[]): Workload {
  const readersOf = (source: number): number[] =>
    sketches.flatMap((sketch, layer) => (sketch.reads.includes(source) ? [layer] : []));
  const tensors: WorkloadTensor[] = [
    {
      name: "input",
      bytes: inputBytes,
      source: { kind: "network-input" },
      consumers: readersOf(-1),
      isNetworkOutput: false,
    },
    ...sketches.map((sketch, layer): WorkloadTensor => {
      const consumers = readersOf(layer);
      const isNetworkOutput = consumers.length === 0;
      return {
        name: `t${layer}`,
        bytes: sketch.outputBytes,
        source: { kind: "layer", layer },
        consumers,
        isNetworkOutput,
      };
    }),
  ];
  const layers = sketches.map((sketch, index): Layer => {
    const macs = sketch.macs ?? 0;
    return {
      name: `L${index}`,
      kind: sketch.kind ?? (macs > 0 ? "convolution" : "vector"),
      dimensions: { ...noLoops, X: Math.max(1, macs), ...sketch.dimensions },
      macs,
      weightBytes: sketch.weightBytes ?? 0,
      inputs: [...new Set(sketch.reads)].map((source) => source + 1),
      outputs: [index + 1],
      inputWindowBytes: sketch.workingSetBytes ?? 0,
      outputRowBytes: 0,
      fusible: sketch.fusible ?? true,
      operators: [`L${index}`],
    };
  });
  return { name: "sketch", layers, tensors, elementType: "int8" };
}

/** An accelerator with round numbers: 10 MACs and 1 off-chip byte a cycle at 1 Hz, on-chip bandwidth to spare. */
export function roundAccelerator(changes: Partial<Accelerator> = {}): Accelerator {
  return {
    name: "round",
    description: "round numbers for tests",
    cores: 1,
    pesPerCore: 10,
    macsPerPePerCycle: 1,
    frequencyHertz: 1,
    onChipBytes: 1_000,
    onChipBytesPerSecond: 1_000,
    offChipBytesPerSecond: 1,
    energyPerMacPicojoules: 1,
    energyPerOnChipBytePicojoules: 2,
    energyPerOffChipBytePicojoules: 100,
    elementType: "int8",
    sources: {},
    ...changes,
  };
}

/** A random chain, or (with `branching` > 0) a DAG whose layers read that share of further earlier tensors. */
export function randomWorkload(random: RandomSource, layerCount: number, branching: number): Workload {
  const sketches = Array.from({ length: layerCount }, (_, layer): LayerSketch => {
    const reads = new Set<number>([
      branching > 0 && random.uniform() < branching / 2 ? random.below(layer + 1) - 1 : layer - 1,
    ]);
    while (random.uniform() < branching) reads.add(random.below(layer + 1) - 1);
    return {
      macs: random.below(40),
      weightBytes: random.below(12),
      outputBytes: 1 + random.below(9),
      reads: [...reads],
      workingSetBytes: random.below(4),
      fusible: random.uniform() > 0.03,
    };
  });
  return sketchWorkload(1 + random.below(9), sketches);
}

/** The same workload with rows, output channels, filters and kinds drawn at random, as several cores tell layers apart by them. */
export function withRandomShapes(random: RandomSource, workload: Workload): Workload {
  const kinds: readonly LayerKind[] = [
    "convolution",
    "depthwise",
    "matmul",
    "attention",
    "transposed-convolution",
  ];
  return {
    ...workload,
    layers: workload.layers.map((layer): Layer => {
      const dimensions = {
        ...layer.dimensions,
        Y: 1 + random.below(9),
        K: 1 + random.below(12),
        R: 1 + 2 * random.below(2),
        strideY: 1 + random.below(2),
      };
      return {
        ...layer,
        dimensions,
        kind: layer.macs > 0 ? (kinds[random.below(kinds.length)] ?? "matmul") : layer.kind,
      };
    }),
  };
}

/** The same groups one after another. */
export function withoutLanes(mapping: Mapping): Mapping {
  return mapping.map(({ lane: _, ...entry }) => entry);
}

/** The round accelerator with several cores of its 10 MACs, and everything that several cores have and cost. */
export function severalCores(cores: number, changes: Partial<Accelerator> = {}): Accelerator {
  return roundAccelerator({
    cores,
    channelGranularity: 4,
    groupLaunchSeconds: 3,
    coreSyncSeconds: 2,
    onChipBytesPerSecond: 1_000 * cores,
    ...changes,
  });
}

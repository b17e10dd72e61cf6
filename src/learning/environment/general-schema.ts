/**
 * The state of a mapper for any network on any machine: besides the paper's features the machine's, the layer's place in
 * the graph, what the next layer brings, the open group, and what that is worth if it goes on for so many layers. Whatever spans
 * orders of magnitude is told by its logarithm. Offsets and divisors bring the ranges of the shipped networks and of accelerators from an
 * edge chip to a TPU to about -1 .. 1. The action is a choice, as a full-mode mapping gives synced layers pass sizes of their own, and
 * several pass sizes may be good where none between them is.
 */
import { aheadFeature, aheads } from "./progress-features.ts";
import type { Feature, FeatureSchema } from "./schema.ts";

const linear = (...names: readonly string[]): readonly Feature[] =>
  names.map((name) => ({ name, scale: "linear", offset: 0, divisor: 1 }));

/** log2 of a quantity whose typical logarithms run from `low` to `high`: those become -1 and 1. */
const between = (low: number, high: number, ...names: readonly string[]): readonly Feature[] =>
  names.map((name) => ({ name, scale: "log2", offset: (low + high) / 2, divisor: (high - low) / 2 }));

const memory: readonly Feature[] = between(20, 27, "memoryBytes");

const layer: readonly Feature[] = [
  ...between(0, 12, "K", "C"),
  ...between(0, 9, "Y"),
  ...between(0, 12, "X"),
  ...between(0, 5, "R", "S"),
  ...between(0, 12, "groups"),
  ...between(0, 8, "stride"),
  ...linear("isInput", "isConvolution", "isDepthwise", "isTransposed", "isMatmul", "isAttention"),
  ...linear("isVector", "isOpaque"),
  ...between(10, 32, "macs"),
  ...between(6, 26, "weightBytes"),
  ...between(8, 24, "inputBytes", "outputBytes", "workingSetBytes"),
  ...between(0, 16, "imagesThatFit"),
  ...linear("costShare"),
];

const place: readonly Feature[] = [
  ...between(0, 4, "inputCount", "consumerCount"),
  ...between(0, 7, "producerDistance", "consumerDistance"),
  ...linear("readsPrevious", "readsNetworkInput", "isNetworkOutput", "mustEndGroup"),
  ...between(10, 32, "nextMacs"),
  ...between(6, 26, "nextWeightBytes"),
  ...between(8, 24, "nextOutputBytes"),
  ...between(2, 8, "layerCount"),
  ...between(24, 36, "networkMacs"),
  ...between(18, 28, "networkWeightBytes"),
];

const machine: readonly Feature[] = [
  ...between(0, 8, "batch"),
  ...memory,
  ...between(12, 27, "memoryPerImage"),
  ...linear("isPaperMode", "isLatency", "isEnergy", "isTraffic"),
  ...between(0, 3, "bytesPerElement"),
  ...between(6, 18, "processingElements"),
  ...between(0, 10, "macsPerPePerCycle"),
  ...between(6, 20, "macsPerCycle"),
  ...between(26, 32, "frequencyHertz"),
  ...between(3, 14, "onChipBytesPerCycle"),
  ...between(0, 10, "offChipBytesPerCycle"),
  ...between(3, 13, "macsPerOffChipByte"),
  ...between(6, 12, "energyPerMac"),
  ...between(10, 16, "energyPerOnChipByte"),
  ...between(14, 20, "energyPerOffChipByte"),
];

const progress: readonly Feature[] = [
  ...linear("performance", "closedCostShare", "heldShare"),
  ...between(0, 6, "openLayers"),
  ...between(0, 8, "stagedImages"),
  ...linear("stepShare"),
];

const ahead: readonly Feature[] = aheads.flatMap((layers) => [
  ...between(0, 2, aheadFeature("leastCostShare", layers), aheadFeature("fittingCostShare", layers)),
  ...between(0, 8, aheadFeature("imagesThatFit", layers)),
]);

export const generalSchema: FeatureSchema = {
  name: "general",
  version: 2,
  state: [...layer, ...place, ...machine, ...progress, ...ahead],
  returnToGo: memory[0] as Feature,
  action: { kind: "choice", passes: 12 },
};

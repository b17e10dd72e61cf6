/**
 * Features that hang on the problem and the step, and not on what was decided: computed once for a problem. Raw values,
 * in bytes, counts, cycles and femtojoules; a schema says how each is scaled. docs/dataset.md lists what they mean.
 */
import { sum } from "../../base/integers.ts";
import { peakMacsPerCycle } from "../../mapping/accelerator/accelerator.ts";
import type { CostModel } from "../../mapping/cost/cost-model.ts";
import { sourceLayer } from "../../mapping/space/group-graph.ts";
import { endsGroup } from "../../mapping/space/mapping.ts";
import { type Layer, type LayerKind, tensorBytes } from "../../mapping/workload/workload.ts";
import { bytesPerElement, type StepShape, stepShape, tensorsOfStep } from "./step-shape.ts";

/** One step of a problem. */
export interface StepView {
  readonly model: CostModel;
  readonly step: number;
  /** The layer that the step decides; undefined for the network's input. */
  readonly layer: Layer | undefined;
  readonly shape: StepShape;
  /** Objective of the unfused network. */
  readonly baselineCost: number;
}

export function stepView(model: CostModel, step: number, baselineCost: number): StepView {
  const { workload } = model.problem;
  return { model, step, layer: workload.layers[step - 1], shape: stepShape(workload, step), baselineCost };
}

type StepFeature = (view: StepView) => number;

const flag = (is: boolean): number => (is ? 1 : 0);
const isKind =
  (kind: LayerKind): StepFeature =>
  ({ layer }) =>
    flag(layer?.kind === kind);
const isObjective =
  (objective: string): StepFeature =>
  ({ model }) =>
    flag(model.problem.objective === objective);

const outputBytes = ({ model, step }: StepView): number =>
  tensorBytes(model.problem.workload, tensorsOfStep(model.problem.workload, step));
const inputBytes = ({ model, layer }: StepView): number =>
  tensorBytes(model.problem.workload, layer?.inputs ?? []);
const perCycle = (bytesPerSecond: number, { model }: StepView): number =>
  bytesPerSecond / model.problem.accelerator.frequencyHertz;

/** Layers that read the step's tensors, ascending. */
function consumers({ model, step }: StepView): readonly number[] {
  const { workload } = model.problem;
  const all = tensorsOfStep(workload, step).flatMap((tensor) => workload.tensors[tensor]?.consumers ?? []);
  return [...new Set(all)].sort((a, b) => a - b);
}

/** How many layers before this one the producers of its inputs stand; the network's input stands before the first. */
function producerDistances({ model, layer, step }: StepView): readonly number[] {
  const own = step - 1;
  return (layer?.inputs ?? []).map((tensor) => own - sourceLayer(model.problem.workload, tensor));
}

const nextLayer = ({ model, step }: StepView): Layer | undefined => model.problem.workload.layers[step];

/** The feature's function by its name. */
export const stepFeatures: Readonly<Record<string, StepFeature>> = {
  // The step's tensor and the layer that makes it.
  K: ({ shape }) => shape.K,
  C: ({ shape }) => shape.C,
  Y: ({ shape }) => shape.Y,
  X: ({ shape }) => shape.X,
  R: ({ shape }) => shape.R,
  S: ({ shape }) => shape.S,
  groups: ({ layer }) => layer?.dimensions.groups ?? 1,
  stride: ({ layer }) => (layer?.dimensions.strideY ?? 1) * (layer?.dimensions.strideX ?? 1),
  isInput: ({ layer }) => flag(layer === undefined),
  isConvolution: isKind("convolution"),
  isDepthwise: isKind("depthwise"),
  isTransposed: isKind("transposed-convolution"),
  isMatmul: isKind("matmul"),
  isAttention: isKind("attention"),
  isVector: isKind("vector"),
  isOpaque: isKind("opaque"),
  macs: ({ layer }) => layer?.macs ?? 0,
  weightBytes: ({ layer }) => layer?.weightBytes ?? 0,
  inputBytes,
  outputBytes,
  workingSetBytes: ({ model, step }) => (step === 0 ? 0 : model.workingSetBytes(step - 1)),
  imagesThatFit: (view) => view.model.problem.memoryBytes / Math.max(1, outputBytes(view)),
  costShare: ({ model, step, baselineCost }) =>
    step === 0 || baselineCost === 0
      ? 0
      : model.cost(step - 1, step - 1, model.weightBytes(step - 1)) / baselineCost,

  // Its place in the graph.
  inputCount: ({ layer }) => layer?.inputs.length ?? 0,
  producerDistance: (view) => Math.max(0, ...producerDistances(view)),
  readsPrevious: (view) => flag(producerDistances(view).includes(1)),
  readsNetworkInput: (view) => flag(producerDistances(view).includes(view.step)),
  consumerCount: (view) => consumers(view).length,
  consumerDistance: (view) => Math.max(0, (consumers(view).at(-1) ?? 0) - (view.step - 1)),
  isNetworkOutput: ({ model, step }) =>
    flag(
      tensorsOfStep(model.problem.workload, step).some(
        (tensor) => model.problem.workload.tensors[tensor]?.isNetworkOutput,
      ),
    ),
  mustEndGroup: ({ model, step }) => flag(step > 0 && endsGroup(model.problem.workload, step - 1)),
  nextMacs: (view) => nextLayer(view)?.macs ?? 0,
  nextWeightBytes: (view) => nextLayer(view)?.weightBytes ?? 0,
  nextOutputBytes: (view) => tensorBytes(view.model.problem.workload, nextLayer(view)?.outputs ?? []),
  layerCount: ({ model }) => model.layerCount,
  networkMacs: ({ model }) => sum(model.problem.workload.layers.map(({ macs }) => macs)),
  networkWeightBytes: ({ model }) => sum(model.problem.workload.layers.map((layer) => layer.weightBytes)),

  // The problem and the machine.
  batch: ({ model }) => model.problem.batch,
  memoryBytes: ({ model }) => model.problem.memoryBytes,
  memoryPerImage: ({ model }) => model.problem.memoryBytes / model.problem.batch,
  isPaperMode: ({ model }) => flag(model.problem.mode === "paper"),
  isLatency: isObjective("latency"),
  isEnergy: isObjective("energy"),
  isTraffic: isObjective("traffic"),
  bytesPerElement: ({ model }) => bytesPerElement(model.problem.workload),
  processingElements: ({ model }) => model.problem.accelerator.cores * model.problem.accelerator.pesPerCore,
  macsPerPePerCycle: ({ model }) => model.problem.accelerator.macsPerPePerCycle,
  macsPerCycle: ({ model }) => peakMacsPerCycle(model.problem.accelerator),
  frequencyHertz: ({ model }) => model.problem.accelerator.frequencyHertz,
  onChipBytesPerCycle: (view) => perCycle(view.model.problem.accelerator.onChipBytesPerSecond, view),
  offChipBytesPerCycle: (view) => perCycle(view.model.problem.accelerator.offChipBytesPerSecond, view),
  macsPerOffChipByte: (view) =>
    peakMacsPerCycle(view.model.problem.accelerator) /
    perCycle(view.model.problem.accelerator.offChipBytesPerSecond, view),
  energyPerMac: ({ model }) => 1_000 * model.problem.accelerator.energyPerMacPicojoules,
  energyPerOnChipByte: ({ model }) => 1_000 * model.problem.accelerator.energyPerOnChipBytePicojoules,
  energyPerOffChipByte: ({ model }) => 1_000 * model.problem.accelerator.energyPerOffChipBytePicojoules,
};

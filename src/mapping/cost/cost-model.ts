/**
 * The analytic cost model, compiled for one problem: everything about a group that does not depend on pass sizes comes
 * from tables, so that a search pays one multiply-add per layer. docs/cost-model.md derives every formula.
 *
 * For the group of layers a..b with batch B, and W the sum of weightBytes x ceil(B / pass) over its layers:
 *   off-chip bytes  = activationBytes(a, b) + W       (each tensor that crosses the group's border, once)
 *   on-chip traffic = B x sum(inputs + outputs) + W
 *   compute cycles  = B x sum(macs) / peak, and more where cores do not divide it evenly (group-work.ts)
 * Only W and the footprint depend on the mapping, and every objective rises with W.
 */
import { known } from "../../base/assert.ts";
import { ceilDiv } from "../../base/integers.ts";
import { type ElementType, elementBits } from "../../graph/ir/tensor.ts";
import { sourceLayer } from "../space/group-graph.ts";
import { endsGroup, type LayerRange } from "../space/mapping.ts";
import { tensorBytes, type Workload } from "../workload/workload.ts";
import { createGroupWork } from "./group-work.ts";
import { type CompleteProblem, completeProblem, memoryOfCores, type Problem } from "./problem.ts";

/** A group's terms that do not depend on pass sizes, and its cost as a function of W, on a number of cores. */
export interface CostModel {
  /** `memoryBytes`: what groups on these cores may use; the buffers of fewer cores hold less. */
  readonly problem: CompleteProblem;
  readonly layerCount: number;
  /** Cores that every group runs on: all of the accelerator's, unless onCores says otherwise. */
  readonly cores: number;
  /** The model of the same problem with groups on so many cores, 1..accelerator.cores. Made once for each number. */
  onCores(cores: number): CostModel;
  /** The last layer that a group starting at `first` may reach: the one before the next opaque layer. */
  reach(first: number): number;
  /** Off-chip bytes of the activations that enter and leave the group first..last. */
  activationBytes(first: number, last: number): number;
  /** On-chip traffic of the group's activations, in bytes. */
  onChipActivationBytes(first: number, last: number): number;
  /** MACs of the group for the whole batch, those that several cores make included. */
  macs(first: number, last: number): number;
  /** Cycles that the slowest core of the group computes. */
  computeCycles(first: number, last: number): number;
  /** Cycles that starting the group and waiting for its cores take. */
  overheadCycles(first: number, last: number): number;
  /** Bytes per cycle between the on-chip buffer and these cores. */
  readonly onChipBytesPerCycle: number;
  /** Bytes of weights of one layer. */
  weightBytes(layer: number): number;
  /** Bytes of a layer's outputs, per image. */
  outputBytes(layer: number): number;
  /** Passes of a layer whose passes make `pass` images. */
  passCount(pass: number): number;
  /**
   * Minimum working set of a layer on all of these cores together: input window, output row, a tile of weights that feeds
   * the array for a cycle.
   */
  workingSetBytes(layer: number): number;
  /** The objective (cycles, picojoules or bytes) of the group, given W in bytes. */
  cost(first: number, last: number, streamedWeightBytes: number): number;
  /** The largest W at which the group's objective does not exceed the limit; negative if there is none. */
  weightBudgetBytes(first: number, last: number, costLimit: number): number;
  /** What one unit of the objective is in the user's unit: seconds per cycle, joules per picojoule, 1 for bytes. */
  readonly costUnit: number;
}

/** What the models of one problem share, whatever the number of cores. */
interface Shared {
  readonly problem: CompleteProblem;
  readonly reaches: Int32Array;
  readonly weights: Float64Array;
  readonly outputs: Float64Array;
  readonly passCounts: Float64Array;
  readonly elementBytes: number;
  activationBytes(first: number, last: number): number;
  /** By number of cores. */
  readonly models: Map<number, CostModel>;
}

/** Compiles the cost model. O(layers); rows of the tables of groups are made when first asked for, O(edges) each. */
export function createCostModel(given: Problem): CostModel {
  const problem = completeProblem(given);
  const { workload, batch, accelerator } = problem;
  const rows: (CrossingRow | undefined)[] = new Array(workload.layers.length).fill(undefined);
  const shared: Shared = {
    problem,
    reaches: reachTable(workload),
    weights: Float64Array.from(workload.layers, (layer) => layer.weightBytes),
    outputs: Float64Array.from(workload.layers, (layer) => tensorBytes(workload, layer.outputs)),
    passCounts: Float64Array.from({ length: batch + 1 }, (_, pass) =>
      pass === 0 ? 0 : ceilDiv(batch, pass),
    ),
    elementBytes: (elementBits[workload.elementType as ElementType] ?? 8) / 8,
    activationBytes: (first, last) => {
      let row = rows[first];
      if (row === undefined) {
        row = createCrossingRow(workload, first, batch);
        rows[first] = row;
      }
      return last - first < row.length ? (row.bytes[last - first] as number) : row.extendTo(last);
    },
    models: new Map(),
  };
  return modelOnCores(shared, accelerator.cores);
}

function modelOnCores(shared: Shared, cores: number): CostModel {
  const known = shared.models.get(cores);
  if (known !== undefined) return known;
  const { activationBytes, weights, outputs, passCounts, reaches } = shared;
  const { accelerator, objective, workload } = shared.problem;
  const frequency = accelerator.frequencyHertz;
  const work = createGroupWork(shared.problem, cores, shared.elementBytes);
  const { macs, computeCycles, onChipActivationBytes: onChip } = work;
  // Every core has its share of the ports.
  const onChipBytesPerCycle = (accelerator.onChipBytesPerSecond / frequency) * (cores / accelerator.cores);
  const offChipBytesPerCycle = accelerator.offChipBytesPerSecond / frequency;
  const launchCycles = (accelerator.groupLaunchSeconds ?? 0) * frequency;
  // One core has nobody to wait for.
  const waitCycles = cores === 1 ? 0 : cores * (accelerator.coreSyncSeconds ?? 0) * frequency;
  const overheadCycles =
    waitCycles === 0
      ? () => launchCycles
      : (first: number, last: number): number => launchCycles + waitCycles * work.waits(first, last);

  const costs = {
    latency: {
      cost: (first: number, last: number, streamed: number): number =>
        Math.max(
          computeCycles(first, last),
          (activationBytes(first, last) + streamed) / offChipBytesPerCycle,
          (onChip(first, last) + streamed) / onChipBytesPerCycle,
        ) + overheadCycles(first, last),
      budget: (first: number, last: number, costLimit: number): number => {
        const limit = costLimit - overheadCycles(first, last);
        return computeCycles(first, last) > limit
          ? Number.NEGATIVE_INFINITY
          : Math.min(
              limit * offChipBytesPerCycle - activationBytes(first, last),
              limit * onChipBytesPerCycle - onChip(first, last),
            );
      },
      unit: 1 / frequency,
    },
    energy: {
      cost: (first: number, last: number, streamed: number): number =>
        macs(first, last) * accelerator.energyPerMacPicojoules +
        (onChip(first, last) + streamed) * accelerator.energyPerOnChipBytePicojoules +
        (activationBytes(first, last) + streamed) * accelerator.energyPerOffChipBytePicojoules,
      budget: (first: number, last: number, limit: number): number => {
        const perByte =
          accelerator.energyPerOnChipBytePicojoules + accelerator.energyPerOffChipBytePicojoules;
        const left = limit - costs.energy.cost(first, last, 0);
        return left < 0 ? Number.NEGATIVE_INFINITY : perByte > 0 ? left / perByte : Number.POSITIVE_INFINITY;
      },
      unit: 1e-12,
    },
    traffic: {
      cost: (first: number, last: number, streamed: number): number =>
        activationBytes(first, last) + streamed,
      budget: (first: number, last: number, limit: number): number => limit - activationBytes(first, last),
      unit: 1,
    },
  } as const;
  const chosen = costs[objective];

  const model: CostModel = {
    problem: { ...shared.problem, memoryBytes: memoryOfCores(shared.problem, cores) },
    layerCount: workload.layers.length,
    cores,
    onCores: (count) => modelOnCores(shared, count),
    reach: (first) => reaches[first] ?? first,
    activationBytes,
    onChipActivationBytes: onChip,
    macs,
    computeCycles,
    overheadCycles,
    onChipBytesPerCycle,
    weightBytes: (layer) => weights[layer] ?? 0,
    outputBytes: (layer) => outputs[layer] ?? 0,
    passCount: (pass) => passCounts[pass] ?? 0,
    workingSetBytes: work.workingSetBytes,
    cost: chosen.cost,
    weightBudgetBytes: chosen.budget,
    costUnit: chosen.unit,
  };
  shared.models.set(cores, model);
  return model;
}

function reachTable(workload: Workload): Int32Array {
  const reaches = new Int32Array(workload.layers.length);
  for (let layer = workload.layers.length - 1; layer >= 0; layer--) {
    reaches[layer] = endsGroup(workload, layer) ? layer : (reaches[layer + 1] ?? layer);
  }
  return reaches;
}

/** The groups that start at one layer: the bytes of activations that cross their borders. */
interface CrossingRow {
  /** bytes[i]: of the group that ends i layers after the first, for i < length. */
  bytes: Float64Array;
  length: number;
  /** Works out the groups up to this last layer; returns the last one's bytes. */
  extendTo(last: number): number;
}

/**
 * A tensor from outside is read once however many layers of the group read it; a tensor made inside is written once if
 * the network returns it or a layer outside reads it. Rows grow as they are asked for, so that a long network whose
 * groups are short needs little memory.
 */
function createCrossingRow(workload: Workload, first: number, batch: number): CrossingRow {
  const seenOutside = new Set<number>();
  const readersLeft = new Map<number, number>();
  let bytes = 0;

  const addLayer = (layer: number): void => {
    const { inputs, outputs } = known(workload.layers[layer], "layer");
    for (const tensor of inputs) {
      const { bytes: size, isNetworkOutput } = known(workload.tensors[tensor], "tensor");
      if (sourceLayer(workload, tensor) >= first) {
        const left = known(readersLeft.get(tensor), "readers of a staged tensor") - 1;
        readersLeft.set(tensor, left);
        if (left === 0 && !isNetworkOutput) bytes -= size;
      } else if (!seenOutside.has(tensor)) {
        seenOutside.add(tensor);
        bytes += size;
      }
    }
    for (const tensor of outputs) {
      const { bytes: size, isNetworkOutput, consumers } = known(workload.tensors[tensor], "tensor");
      readersLeft.set(tensor, consumers.length);
      if (isNetworkOutput || consumers.length > 0) bytes += size;
    }
  };

  // Plain fields: a search reads them for every group that it looks at.
  const row: CrossingRow = {
    bytes: new Float64Array(4),
    length: 0,
    extendTo(last) {
      while (row.length <= last - first) {
        addLayer(first + row.length);
        if (row.length === row.bytes.length) {
          const longer = new Float64Array(2 * row.bytes.length);
          longer.set(row.bytes);
          row.bytes = longer;
        }
        row.bytes[row.length++] = bytes * batch;
      }
      return row.bytes[last - first] as number;
    },
  };
  return row;
}

/** W of a group: the bytes of weights that its layers stream, once for each of their passes. */
export function streamedWeightBytes(
  model: CostModel,
  { first, last }: LayerRange,
  passOf: (layer: number) => number,
): number {
  let bytes = 0;
  for (let layer = first; layer <= last; layer++)
    bytes += model.weightBytes(layer) * model.passCount(passOf(layer));
  return bytes;
}

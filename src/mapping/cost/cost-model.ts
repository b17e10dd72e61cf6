/**
 * The analytic cost model, compiled for one problem: everything about a group that does not depend on pass sizes comes
 * from tables, so that a search pays one multiply-add per layer. docs/cost-model.md derives every formula.
 *
 * For the group of layers a..b with batch B, and W the sum of weightBytes x ceil(B / pass) over its layers:
 *   off-chip bytes  = activationBytes(a, b) + W       (each tensor that crosses the group's border, once)
 *   on-chip traffic = B x sum(inputs + outputs) + W
 *   compute cycles  = B x sum(macs) / peak
 * Only W and the footprint depend on the mapping, and every objective rises with W.
 */
import { known } from "../../base/assert.ts";
import { ceilDiv } from "../../base/integers.ts";
import { type ElementType, elementBits } from "../../graph/ir/tensor.ts";
import { peakMacsPerCycle } from "../accelerator/accelerator.ts";
import { sourceLayer } from "../space/group-graph.ts";
import { endsGroup, type LayerRange } from "../space/mapping.ts";
import { tensorBytes, type Workload } from "../workload/workload.ts";
import { type CompleteProblem, completeProblem, type Problem } from "./problem.ts";

/** A group's terms that do not depend on pass sizes, and its cost as a function of W. */
export interface CostModel {
  readonly problem: CompleteProblem;
  readonly layerCount: number;
  /** The last layer that a group starting at `first` may reach: the one before the next opaque layer. */
  reach(first: number): number;
  /** Off-chip bytes of the activations that enter and leave the group first..last. */
  activationBytes(first: number, last: number): number;
  /** On-chip traffic of the group's activations, in bytes. */
  onChipActivationBytes(first: number, last: number): number;
  /** MACs of the group for the whole batch. */
  macs(first: number, last: number): number;
  /** Bytes of weights of one layer. */
  weightBytes(layer: number): number;
  /** Bytes of a layer's outputs, per image. */
  outputBytes(layer: number): number;
  /** Passes of a layer whose passes make `pass` images. */
  passCount(pass: number): number;
  /** Minimum working set of a layer: input window, output row, a tile of weights that feeds the array for a cycle. */
  workingSetBytes(layer: number): number;
  /** The objective (cycles, picojoules or bytes) of the group, given W in bytes. */
  cost(first: number, last: number, streamedWeightBytes: number): number;
  /** The largest W at which the group's objective does not exceed the limit; negative if there is none. */
  weightBudgetBytes(first: number, last: number, costLimit: number): number;
  /** What one unit of the objective is in the user's unit: seconds per cycle, joules per picojoule, 1 for bytes. */
  readonly costUnit: number;
}

/** Compiles the cost model. O(layers); rows of the table of groups are made when first asked for, O(edges) each. */
export function createCostModel(given: Problem): CostModel {
  const problem = completeProblem(given);
  const { workload, batch, accelerator, objective } = problem;
  const { layers } = workload;
  const layerCount = layers.length;
  const frequency = accelerator.frequencyHertz;
  const peak = peakMacsPerCycle(accelerator);
  const onChipBytesPerCycle = accelerator.onChipBytesPerSecond / frequency;
  const offChipBytesPerCycle = accelerator.offChipBytesPerSecond / frequency;

  const macsBefore = prefixSums(layers.map((layer) => layer.macs * batch));
  const onChipBefore = prefixSums(
    layers.map((layer) => batch * tensorBytes(workload, [...layer.inputs, ...layer.outputs])),
  );
  const weights = Float64Array.from(layers, (layer) => layer.weightBytes);
  const outputs = Float64Array.from(layers, (layer) => tensorBytes(workload, layer.outputs));
  const passCounts = Float64Array.from({ length: batch + 1 }, (_, pass) =>
    pass === 0 ? 0 : ceilDiv(batch, pass),
  );
  const workingSets = workingSetTable(problem, peak);
  const reaches = reachTable(workload);
  const rows: (CrossingRow | undefined)[] = new Array(layerCount).fill(undefined);
  const activationBytes = (first: number, last: number): number => {
    let row = rows[first];
    if (row === undefined) {
      row = createCrossingRow(workload, first, batch);
      rows[first] = row;
    }
    return last - first < row.length ? (row.bytes[last - first] as number) : row.extendTo(last);
  };
  const between = (before: Float64Array, first: number, last: number): number =>
    (before[last + 1] ?? 0) - (before[first] ?? 0);
  const onChip = (first: number, last: number): number => between(onChipBefore, first, last);
  const macs = (first: number, last: number): number => between(macsBefore, first, last);

  const costs = {
    latency: {
      cost: (first: number, last: number, streamed: number): number =>
        Math.max(
          macs(first, last) / peak,
          (activationBytes(first, last) + streamed) / offChipBytesPerCycle,
          (onChip(first, last) + streamed) / onChipBytesPerCycle,
        ),
      budget: (first: number, last: number, limit: number): number =>
        macs(first, last) / peak > limit
          ? Number.NEGATIVE_INFINITY
          : Math.min(
              limit * offChipBytesPerCycle - activationBytes(first, last),
              limit * onChipBytesPerCycle - onChip(first, last),
            ),
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

  return {
    problem,
    layerCount,
    reach: (first) => reaches[first] ?? first,
    activationBytes,
    onChipActivationBytes: onChip,
    macs,
    weightBytes: (layer) => weights[layer] ?? 0,
    outputBytes: (layer) => outputs[layer] ?? 0,
    passCount: (pass) => passCounts[pass] ?? 0,
    workingSetBytes: (layer) => workingSets[layer] ?? 0,
    cost: chosen.cost,
    weightBudgetBytes: chosen.budget,
    costUnit: chosen.unit,
  };
}

function prefixSums(values: readonly number[]): Float64Array {
  const before = new Float64Array(values.length + 1);
  values.forEach((value, index) => {
    before[index + 1] = (before[index] ?? 0) + value;
  });
  return before;
}

function reachTable(workload: Workload): Int32Array {
  const reaches = new Int32Array(workload.layers.length);
  for (let layer = workload.layers.length - 1; layer >= 0; layer--) {
    reaches[layer] = endsGroup(workload, layer) ? layer : (reaches[layer + 1] ?? layer);
  }
  return reaches;
}

function workingSetTable(problem: CompleteProblem, peak: number): Float64Array {
  const elementBytes = (elementBits[problem.workload.elementType as ElementType] ?? 8) / 8;
  return Float64Array.from(problem.workload.layers, (layer) =>
    Math.ceil(
      layer.inputWindowBytes + layer.outputRowBytes + Math.min(layer.weightBytes, peak * elementBytes),
    ),
  );
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

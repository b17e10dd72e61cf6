/**
 * The objective of a dense vector of pass sizes (-1 = sync), as sampling searches call it: no allocation, Infinity for what
 * does not fit. mB_0 stands apart, as few searches have a use for it. Agrees with evaluate() on every vector. O(layers), and O(regions of forks) in full
 * mode; only forks with pass sizes on no ladder walk the schedule.
 */
import { groupGraph } from "../space/group-graph.ts";
import { pairRingImages } from "../space/ring-buffers.ts";
import { networkInputBytes, tensorBytes } from "../workload/workload.ts";
import type { CostModel } from "./cost-model.ts";
import { fullFootprintBytes, largestWorkingSetBytes } from "./footprint.ts";

/**
 * The cost of the mapping of [mB_1 .. mB_N], in the cost model's unit; Infinity when a group does not fit. `inputImages` is
 * mB_0, -1 when left out. `cores` has a number for each layer, and a group runs on that of its first: on the model's cores when
 * left out.
 */
export type VectorCost = (vector: Int32Array, inputImages?: number, cores?: Int32Array) => number;

export function createVectorCost(model: CostModel): VectorCost {
  const footprint = model.problem.mode === "paper" ? createPaperFootprint(model) : createFullFootprint(model);
  const count = model.layerCount;
  const { batch } = model.problem;
  const passes = new Int32Array(count);
  const inputBytes = model.problem.mode === "paper" ? networkInputBytes(model.problem.workload) : 0;
  return (vector, inputImages = -1, cores?: Int32Array) => {
    let total = 0;
    let first = 0;
    let weights = 0;
    let staged = inputImages;
    let stagedInputBytes = Math.max(0, inputImages) * inputBytes;
    for (let layer = 0; layer < count; layer++) {
      const entry = vector[layer] as number;
      const pass = entry !== -1 ? entry : staged !== -1 ? staged : batch;
      passes[layer] = pass;
      weights += model.weightBytes(layer) * model.passCount(pass);
      staged = entry;
      if (entry !== -1 && layer !== model.reach(first)) continue;
      const onCores = cores === undefined ? model : model.onCores(cores[first] as number);
      const available = onCores.problem.memoryBytes - stagedInputBytes;
      if (footprint(vector, passes, first, layer, onCores) > available) return Number.POSITIVE_INFINITY;
      stagedInputBytes = 0;
      total += onCores.cost(first, layer, weights);
      first = layer + 1;
      weights = 0;
    }
    return total;
  };
}

type RangeFootprint = (
  vector: Int32Array,
  passes: Int32Array,
  first: number,
  last: number,
  onCores: CostModel,
) => number;

function createPaperFootprint(model: CostModel): RangeFootprint {
  return (vector, _passes, first, last) => {
    let bytes = 0;
    for (let layer = first; layer <= last; layer++) {
      const entry = vector[layer] as number;
      if (entry !== -1) bytes += entry * model.outputBytes(layer);
    }
    return bytes;
  };
}

/** A group's ring buffers as flat numbers. */
interface FlatGroup {
  /** By number of cores, once asked for. */
  readonly workingSetBytes: (number | undefined)[];
  /** Buffers with one reader: triples of producer, reader, bytes for one image. */
  readonly pairs: Float64Array;
  /** Forks: the layers whose largest pass size counts, and bytes for one image. */
  readonly forks: readonly { readonly layers: Int32Array; readonly bytes: number }[];
}

/** Pass sizes up to this have their ring buffers tabulated: at most 8 MB. */
const largestTabulated = 1_024;

function createFullFootprint(model: CostModel): RangeFootprint {
  const { batch } = model.problem;
  const groups = new Map<number, FlatGroup>();
  const stride = batch + 1;
  const table = new Float64Array(batch <= largestTabulated ? stride * stride : 0);
  const pairImages = (producerPass: number, readerPass: number): number => {
    if (table.length === 0) return pairRingImages(producerPass, readerPass, batch);
    const index = producerPass * stride + readerPass;
    const images = table[index] as number;
    if (images > 0) return images;
    table[index] = pairRingImages(producerPass, readerPass, batch);
    return table[index] as number;
  };

  return (_vector, passes, first, last, onCores) => {
    if (first === last) return onCores.workingSetBytes(first);
    const key = first * model.layerCount + last;
    let group = groups.get(key);
    if (!group) {
      group = flatten(model, first, last);
      groups.set(key, group);
    }
    const { pairs, forks } = group;
    if (forks.length > 0 && !doubling(passes, first, last, batch)) {
      return fullFootprintBytes(onCores, { first, last }, (layer) => passes[layer] ?? 1);
    }
    let bytes = group.workingSetBytes[onCores.cores];
    if (bytes === undefined) {
      bytes = largestWorkingSetBytes(onCores, { first, last });
      group.workingSetBytes[onCores.cores] = bytes;
    }
    for (let at = 0; at < pairs.length; at += 3) {
      const producerPass = passes[pairs[at] as number] as number;
      const readerPass = passes[pairs[at + 1] as number] as number;
      bytes += pairImages(producerPass, readerPass) * (pairs[at + 2] as number);
    }
    for (const fork of forks) {
      let largest = 1;
      for (const layer of fork.layers) largest = Math.max(largest, passes[layer] as number);
      bytes += largest * fork.bytes;
    }
    return bytes;
  };
}

function flatten(model: CostModel, first: number, last: number): FlatGroup {
  const { workload } = model.problem;
  const graph = groupGraph(workload, { first, last });
  const pairs: number[] = [];
  const forks: { layers: Int32Array; bytes: number }[] = [];
  for (const { producer, tensors, readers, region } of graph.sources) {
    const bytes = tensorBytes(workload, tensors);
    const [reader] = readers;
    if (readers.length === 1 && reader !== undefined && producer !== undefined)
      pairs.push(producer, reader, bytes);
    else
      forks.push({ layers: Int32Array.from(producer === undefined ? region : [producer, ...region]), bytes });
  }
  return { workingSetBytes: [], pairs: Float64Array.from(pairs), forks };
}

/** Whether every pass size is a power of two or the batch: one ladder, whose closed forms hold. */
function doubling(passes: Int32Array, first: number, last: number, batch: number): boolean {
  for (let layer = first; layer <= last; layer++) {
    const pass = passes[layer] as number;
    if ((pass & (pass - 1)) !== 0 && pass !== batch) return false;
  }
  return true;
}

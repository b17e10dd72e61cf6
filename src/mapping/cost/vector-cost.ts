/**
 * The objective of a dense vector of pass sizes (-1 = sync, without mB_0), as sampling searches call it: no allocation in
 * paper mode, Infinity for what does not fit. Agrees with evaluate() on every vector; O(layers), plus the closed forms of
 * the ring buffers in full mode.
 */
import { type GroupGraph, groupGraph } from "../space/group-graph.ts";
import { ringImages } from "../space/ring-buffers.ts";
import type { CostModel } from "./cost-model.ts";

/** The cost of the vector's mapping, in the cost model's unit; Infinity when a group does not fit. */
export type VectorCost = (vector: Int32Array) => number;

export function createVectorCost(model: CostModel): VectorCost {
  const footprint = model.problem.mode === "paper" ? createPaperFootprint(model) : createFullFootprint(model);
  const count = model.layerCount;
  const { memoryBytes, batch } = model.problem;
  const passes = new Int32Array(count);
  return (vector) => {
    let total = 0;
    let first = 0;
    let weights = 0;
    let staged = -1;
    for (let layer = 0; layer < count; layer++) {
      const entry = vector[layer] as number;
      const pass = entry !== -1 ? entry : staged !== -1 ? staged : batch;
      passes[layer] = pass;
      weights += model.weightBytes(layer) * model.passCount(pass);
      staged = entry;
      if (entry !== -1 && layer !== model.reach(first)) continue;
      if (footprint(vector, passes, first, layer) > memoryBytes) return Number.POSITIVE_INFINITY;
      total += model.cost(first, layer, weights);
      first = layer + 1;
      weights = 0;
    }
    return total;
  };
}

type RangeFootprint = (vector: Int32Array, passes: Int32Array, first: number, last: number) => number;

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

function createFullFootprint(model: CostModel): RangeFootprint {
  const { workload, batch } = model.problem;
  const graphs = new Map<number, GroupGraph>();
  return (_vector, passes, first, last) => {
    const key = first * model.layerCount + last;
    let graph = graphs.get(key);
    if (!graph) {
      graph = groupGraph(workload, { first, last });
      graphs.set(key, graph);
    }
    let bytes = 0;
    for (let layer = first; layer <= last; layer++) bytes = Math.max(bytes, model.workingSetBytes(layer));
    const images = ringImages(graph, (layer) => passes[layer] ?? 1, batch);
    for (let index = 0; index < images.length; index++) {
      for (const tensor of graph.sources[index]?.tensors ?? []) {
        bytes += (images[index] as number) * (workload.tensors[tensor]?.bytes ?? 0);
      }
    }
    return bytes;
  };
}

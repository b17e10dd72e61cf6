/**
 * Footprint: the on-chip bytes that a group reserves for its whole lifetime.
 *
 * Full mode: a ring buffer for every buffered tensor, and the minimum working set of the largest layer.
 * Paper mode: the sum of pass size x output bytes over the staged layers (Fig. 3 of DNNFuser fits this rule). It
 * undercounts real buffers when pass sizes do not divide each other.
 */
import { type GroupGraph, groupGraph } from "../space/group-graph.ts";
import type { LayerRange } from "../space/mapping.ts";
import { ringImages } from "../space/ring-buffers.ts";
import { tensorBytes } from "../workload/workload.ts";
import type { CostModel } from "./cost-model.ts";

/**
 * The full model's footprint of a group. O(layers + edges), more where pass sizes are on no ladder. Whoever asks for one group
 * again and again keeps its graph.
 */
export function fullFootprintBytes(
  model: CostModel,
  range: LayerRange,
  passOf: (layer: number) => number,
  graph: GroupGraph = groupGraph(model.problem.workload, range),
): number {
  const { workload, batch } = model.problem;
  let bytes = 0;
  ringImages(graph, passOf, batch).forEach((images, index) => {
    bytes += images * tensorBytes(workload, graph.sources[index]?.tensors ?? []);
  });
  return bytes + largestWorkingSetBytes(model, range);
}

/** The largest minimum working set of the layers of a group. */
export function largestWorkingSetBytes(model: CostModel, { first, last }: LayerRange): number {
  let largest = 0;
  for (let layer = first; layer <= last; layer++) largest = Math.max(largest, model.workingSetBytes(layer));
  return largest;
}

/** The paper's footprint of a group; `staged` says which layers' outputs are staged. */
export function paperFootprintBytes(
  model: CostModel,
  { first, last }: LayerRange,
  passOf: (layer: number) => number,
  staged: (layer: number) => boolean,
): number {
  let bytes = 0;
  for (let layer = first; layer <= last; layer++) {
    if (staged(layer)) bytes += passOf(layer) * model.outputBytes(layer);
  }
  return bytes;
}

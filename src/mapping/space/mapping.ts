/**
 * A mapping: for every layer, how many images a pass makes and what becomes of its output and weights. The layer order
 * is cut after every synced layer; what lies between two cuts is a group, whose inner tensors are staged on chip. Groups run one
 * after another, but for those of the lanes of a section.
 */
import type { Workload } from "../workload/workload.ts";

/** What becomes of a layer's output: staged on chip for its consumers, or written off chip and read back. */
export type Output = "stage" | "sync";

/** Streamed weights cross the chip boundary once per pass. Resident weights are left room for, and not built yet. */
export type Weights = "streamed";

export interface LayerMapping {
  /** Images per pass, 1..batch; the last pass makes what is left. */
  readonly pass: number;
  readonly output: Output;
  readonly weights: Weights;
  /** Cores that the layer runs on, 1 .. the accelerator's; the same for all layers of a group. */
  readonly cores: number;
  /**
   * Lane of a section, 0, 1, ..: lanes run side by side, each on cores of its own (lanes.ts). Left out, the layer's group runs by
   * itself. The same for all layers of a group.
   */
  readonly lane?: number | undefined;
}

/** One entry per layer of the workload, in its order. */
export type Mapping = readonly LayerMapping[];

/** A group: the layers first..last of the workload's order, both included. */
export interface LayerRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The groups of a mapping, in the order of their layers. An opaque layer is a group of its own, whatever the mapping
 * says: nothing is known of how it reads its inputs.
 */
export function groupsOf(workload: Workload, outputs: readonly Output[]): readonly LayerRange[] {
  const groups: LayerRange[] = [];
  let first = 0;
  for (let layer = 0; layer < workload.layers.length; layer++) {
    if (outputs[layer] === "sync" || endsGroup(workload, layer)) {
      groups.push({ first, last: layer });
      first = layer + 1;
    }
  }
  return groups;
}

/** Whether a group must end after this layer: the network ends, or one side of the cut is opaque. */
export function endsGroup(workload: Workload, layer: number): boolean {
  const next = workload.layers[layer + 1];
  return next === undefined || !next.fusible || workload.layers[layer]?.fusible === false;
}

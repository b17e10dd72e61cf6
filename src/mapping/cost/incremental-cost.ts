/**
 * The cost of a mapping built layer by layer, for searches that decide in layer order (branch and bound, beam search,
 * a learned mapper's decoding) and must know at each step what still fits. `push` and `pop` are inverse.
 * O(1) a step in paper mode; in full mode O(open group), since a fork's region may grow with every layer.
 */
import { assert } from "../../base/assert.ts";
import { type GroupGraph, groupGraph } from "../space/group-graph.ts";
import type { Output } from "../space/mapping.ts";
import type { CostModel } from "./cost-model.ts";
import { fullFootprintBytes } from "./footprint.ts";

/** The state after the layers decided so far. */
export interface IncrementalCost {
  /** Decides the next layer. */
  push(pass: number, output: Output): void;
  /** Takes the last decision back. */
  pop(): void;
  /** Layers decided. */
  readonly depth: number;
  /**
   * Bytes that the group of the last decided layer holds at least, whatever is decided after it. No completion fits
   * where this exceeds the memory.
   */
  readonly groupFootprintBytes: number;
  /** Whether every group up to here fits. */
  readonly fits: boolean;
  /** Objective of the groups that are closed, in the cost model's unit. */
  readonly closedCost: number;
  /** closedCost with the open group closed after the last decided layer. */
  readonly costIfClosed: number;
}

interface Frame {
  readonly first: number;
  readonly weights: number;
  readonly paperBytes: number;
  readonly footprint: number;
  readonly fits: boolean;
  readonly closed: boolean;
  /** Cost of the groups before this one. */
  readonly before: number;
}

const start: Frame = {
  first: 0,
  weights: 0,
  paperBytes: 0,
  footprint: 0,
  fits: true,
  closed: false,
  before: 0,
};

export function createIncrementalCost(model: CostModel): IncrementalCost {
  const { memoryBytes, mode } = model.problem;
  const frames: Frame[] = [];
  const passes: number[] = [];
  const passOf = (layer: number): number => passes[layer] ?? 1;
  /** Searches try many pass sizes in a group before they go on. */
  const graphs = new Map<number, GroupGraph>();
  const graphOf = (first: number, last: number): GroupGraph => {
    const key = first * model.layerCount + last;
    const graph = graphs.get(key) ?? groupGraph(model.problem.workload, { first, last });
    graphs.set(key, graph);
    return graph;
  };
  const top = (): Frame => frames.at(-1) ?? start;
  const costOfGroup = (frame: Frame): number =>
    frames.length === 0 ? 0 : model.cost(frame.first, frames.length - 1, frame.weights);

  return {
    push(pass, output) {
      const layer = frames.length;
      assert(layer < model.layerCount, "a decision for every layer is already made");
      const last = top();
      const opensGroup = layer === 0 || last.closed;
      const first = opensGroup ? layer : last.first;
      passes.push(pass);
      const staged = output === "stage" ? pass * model.outputBytes(layer) : 0;
      const paperBytes = (opensGroup ? 0 : last.paperBytes) + staged;
      const footprint =
        mode === "paper"
          ? paperBytes
          : fullFootprintBytes(model, { first, last: layer }, passOf, graphOf(first, layer));
      frames.push({
        first,
        weights: (opensGroup ? 0 : last.weights) + model.weightBytes(layer) * model.passCount(pass),
        paperBytes,
        footprint,
        fits: (frames.length === 0 || last.fits) && footprint <= memoryBytes,
        closed: output === "sync" || model.reach(first) === layer,
        before: opensGroup ? last.before + costOfGroup(last) : last.before,
      });
    },
    pop() {
      assert(frames.length > 0, "there is no decision to take back");
      frames.pop();
      passes.pop();
    },
    get depth() {
      return frames.length;
    },
    get groupFootprintBytes() {
      return top().footprint;
    },
    get fits() {
      return top().fits;
    },
    get closedCost() {
      const frame = top();
      return frame.before + (frame.closed ? costOfGroup(frame) : 0);
    },
    get costIfClosed() {
      const frame = top();
      return frame.before + costOfGroup(frame);
    },
  };
}

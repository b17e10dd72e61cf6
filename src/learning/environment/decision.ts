/**
 * One action of the environment, and the way between a mapping and its actions. DNNFuser (section 4.2) has one action a
 * step: the micro-batch of the step's tensor, or -1 for sync. A full-mode mapping says more: a synced layer has a pass
 * size of its own. So a decision is the pair of both, and the paper's number follows from it.
 */
import { assert } from "../../base/assert.ts";
import type { LayerMapping, Mapping, Output } from "../../mapping/space/mapping.ts";

/** What becomes of the tensor of a step: of the network's input (step 0), or of a layer's output (step 1 is layer 0). */
export interface Decision {
  /** Images a pass makes; for step 0 the images that are staged at a time, the batch where it is not staged. */
  readonly pass: number;
  readonly output: Output;
}

/** Decisions of a whole trajectory as typed arrays, by step. */
export interface DecisionArrays {
  readonly passes: Int32Array;
  /** 1 where the tensor is synced, 0 where it is staged. */
  readonly synced: Int32Array;
}

/** The decisions of a mapping, with the input not staged (mB_0 = -1), which is never worse. O(layers). */
export function decisionsOf(mapping: Mapping, batch: number): DecisionArrays {
  const passes = Int32Array.from([batch, ...mapping.map(({ pass }) => pass)]);
  const synced = Int32Array.from([1, ...mapping.map(({ output }) => (output === "sync" ? 1 : 0))]);
  return { passes, synced };
}

/** The decision of one step. */
export function decisionAt({ passes, synced }: DecisionArrays, step: number): Decision {
  return { pass: passes[step] as number, output: synced[step] === 1 ? "sync" : "stage" };
}

/** The mapping that decisions of all steps stand for; what step 0 says is no part of it. */
export function mappingOfDecisions(decisions: DecisionArrays, cores: number): Mapping {
  assert(decisions.passes.length === decisions.synced.length, "a pass size and an output for every step");
  return Array.from({ length: decisions.passes.length - 1 }, (_, layer): LayerMapping => {
    return { ...decisionAt(decisions, layer + 1), weights: "streamed", cores };
  });
}

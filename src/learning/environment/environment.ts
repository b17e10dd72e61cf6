/**
 * The environment of DNNFuser (section 4.2): N + 1 steps, step 0 for the network's input and step t for layer t, with one
 * decision each. It knows what is decided, what that costs, and what may be decided next. `push` and `pop` are inverse,
 * so that a search can look ahead. O(1) a step in paper mode, O(open group) in full mode.
 *
 * Readings of what the paper leaves open:
 * - The performance after the actions so far is the objective of the vector [a_0 .. a_(t-1), -1, -1, ...]: every later
 *   layer syncs. The layer right after a staged tensor then closes the group, with the pass size staged before it, and
 *   the rest runs layer by layer. So step 0 sees the unfused network, and staging shows what it saves at once. It is a
 *   cost, not a promise that this vector fits.
 * - A decision is allowed when some mapping that goes on from it fits the memory. In paper mode that is exact: a sync
 *   adds no bytes, so whatever fits now can be completed. In full mode a staged tensor obliges the next layer to join the
 *   group; it is allowed if that layer fits with the least that it can ask for, a pass of one image and a sync. That is
 *   exact on the ladder of pass sizes, where no other pass size needs smaller buffers; and whatever it allows can be
 *   completed, as the decision that was looked for is allowed at the next step.
 * - Pass sizes: 1..batch in paper mode, the doubling ladder in full mode, as the teachers have it.
 * - A sync has no pass size of its own in paper mode, nor has the network's input ever: it takes the one staged before
 *   it, or the batch.
 * - Staging the network's input (mB_0) holds bytes in paper mode only, as in the cost model.
 */
import { assert } from "../../base/assert.ts";
import { type CostModel, createCostModel } from "../../mapping/cost/cost-model.ts";
import { createIncrementalCost } from "../../mapping/cost/incremental-cost.ts";
import type { Problem } from "../../mapping/cost/problem.ts";
import { doublingLadder } from "../../mapping/space/pass-sizes.ts";
import { tensorBytes } from "../../mapping/workload/workload.ts";
import type { Decision } from "./decision.ts";
import { createLookFrom, type LookAhead } from "./look-ahead.ts";

export interface Environment {
  readonly model: CostModel;
  /** N + 1. */
  readonly stepCount: number;
  /** The pass sizes that decisions choose from, ascending. */
  readonly passSizes: Int32Array;
  /** Whether any mapping fits; where none does, nothing is allowed. */
  readonly feasible: boolean;
  /** Objective of the unfused network, in the cost model's unit. */
  readonly baselineCost: number;
  /** Decides the next step. The decision need not be allowed. */
  push(decision: Decision): void;
  /** Takes the last decision back. */
  pop(): void;
  /** Steps decided: the index of the next one. */
  readonly step: number;
  /** Objective of the decisions so far with every later layer synced, in the cost model's unit. */
  readonly performance: number;
  /** Objective of the groups that are closed. */
  readonly closedCost: number;
  /** Bytes that the group of the last decided layer holds at least. */
  readonly heldBytes: number;
  /** Layers of the group that the next layer would join; 0 where it opens a group. */
  readonly openLayers: number;
  /** What the group that the next layer joins would be worth if it ended so many layers behind that one; after the last layer, nothing. */
  lookAhead(layers: number): LookAhead;
  /** The pass size that a sync of the next step has in paper mode: what is staged before it, or the batch. */
  readonly impliedPass: number;
  /** Whether what is decided so far fits. */
  readonly fits: boolean;
  /** Whether some mapping that goes on with this decision fits. */
  allows(decision: Decision): boolean;
}

interface Frame {
  readonly impliedPass: number;
  /** First layer of the group that the next layer joins, or the next layer where it opens one. */
  readonly groupFirst: number;
  /** Bytes of the staged network input, while its group is open. */
  readonly inputBytes: number;
  readonly heldBytes: number;
  /** Bytes of weights that the open group's layers stream; 0 where the next layer opens one. */
  readonly weightBytes: number;
  /** The largest footprint of all groups so far fits. */
  readonly fits: boolean;
}

/** O(layers) to set up; environments of one problem may share its cost model. */
export function createEnvironment(
  problem: Problem,
  model: CostModel = createCostModel(problem),
): Environment {
  const { batch, memoryBytes, mode } = model.problem;
  const { layerCount } = model;
  const incremental = createIncrementalCost(model);
  const alone = layerByLayerCosts(model);
  const lookFrom = createLookFrom(model, alone);
  const networkInputBytes = inputBytesOf(model);
  const frames: Frame[] = [
    { impliedPass: batch, groupFirst: 0, inputBytes: 0, heldBytes: 0, weightBytes: 0, fits: true },
  ];
  const top = (): Frame => frames[frames.length - 1] as Frame;

  /** Whether the group first..layer ends after the layer whatever is decided. */
  const mustEnd = (first: number, layer: number): boolean => model.reach(first) === layer;

  const push = ({ pass, output }: Decision): void => {
    const before = top();
    const impliedPass = output === "stage" ? pass : batch;
    if (frames.length === 1) {
      const inputBytes = mode === "paper" && output === "stage" ? pass * networkInputBytes : 0;
      const fits = inputBytes <= memoryBytes;
      frames.push({ impliedPass, groupFirst: 0, inputBytes, heldBytes: inputBytes, weightBytes: 0, fits });
      return;
    }
    const layer = frames.length - 2;
    assert(layer < layerCount, "a decision for every step is already made");
    incremental.push(pass, output);
    const heldBytes = incremental.groupFootprintBytes + before.inputBytes;
    const closed = output === "sync" || mustEnd(before.groupFirst, layer);
    frames.push({
      impliedPass,
      groupFirst: closed ? layer + 1 : before.groupFirst,
      inputBytes: closed ? 0 : before.inputBytes,
      heldBytes,
      weightBytes: closed ? 0 : before.weightBytes + model.weightBytes(layer) * model.passCount(pass),
      fits: before.fits && heldBytes <= memoryBytes,
    });
  };
  const pop = (): void => {
    assert(frames.length > 1, "there is no decision to take back");
    if (frames.length > 2) incremental.pop();
    frames.pop();
  };
  const feasible = mode === "paper" || fitsLayerByLayer(model);

  const allows = (decision: Decision): boolean => {
    const { groupFirst, fits, impliedPass } = top();
    if (!feasible || !fits) return false;
    const layer = frames.length - 2;
    const follows = mode === "paper" || layer < 0;
    if (follows && decision.output === "sync" && decision.pass !== impliedPass) return false;
    push(decision);
    let allowed = top().fits;
    if (
      mode === "full" &&
      allowed &&
      layer >= 0 &&
      decision.output === "stage" &&
      !mustEnd(groupFirst, layer)
    ) {
      push(closing);
      allowed = top().fits;
      pop();
    }
    pop();
    return allowed;
  };

  return {
    model,
    stepCount: layerCount + 1,
    passSizes: Int32Array.from(mode === "full" ? doublingLadder(batch) : upTo(batch)),
    feasible,
    baselineCost: alone[0] as number,
    push,
    pop,
    get step() {
      return frames.length - 1;
    },
    get performance() {
      const layer = Math.max(0, frames.length - 2);
      if (layer === layerCount) return incremental.closedCost;
      incremental.push(top().impliedPass, "sync");
      const cost = incremental.closedCost;
      incremental.pop();
      return cost + (alone[layer + 1] as number);
    },
    get closedCost() {
      return incremental.closedCost;
    },
    get heldBytes() {
      return top().heldBytes;
    },
    get openLayers() {
      return Math.max(0, frames.length - 2 - top().groupFirst);
    },
    lookAhead(layers) {
      // The network's input is followed by the first layer.
      const layer = Math.max(0, frames.length - 2);
      if (layer === layerCount) return nothingAhead;
      const { groupFirst, heldBytes, weightBytes } = top();
      const isOpen = groupFirst < layer;
      const held = isOpen ? heldBytes : 0;
      return lookFrom({ first: groupFirst, weightBytes, heldBytes: held }, layer, layers);
    },
    get impliedPass() {
      return top().impliedPass;
    },
    get fits() {
      return top().fits;
    },
    allows,
  };
}

const nothingAhead: LookAhead = { leastCostShare: 1, imagesThatFit: 0, fittingCostShare: 1 };

/** The least that a layer can ask of the group that it has to join. */
const closing: Decision = { pass: 1, output: "sync" };

const upTo = (batch: number): readonly number[] => Array.from({ length: batch }, (_, index) => index + 1);

/** costs[l]: objective of the layers l, l + 1, .. each alone in one pass. */
function layerByLayerCosts(model: CostModel): Float64Array {
  const costs = new Float64Array(model.layerCount + 1);
  for (let layer = model.layerCount - 1; layer >= 0; layer--) {
    costs[layer] = (costs[layer + 1] as number) + model.cost(layer, layer, model.weightBytes(layer));
  }
  return costs;
}

function inputBytesOf({ problem: { workload } }: CostModel): number {
  const inputs = workload.tensors.flatMap(({ source }, index) =>
    source.kind === "network-input" ? [index] : [],
  );
  return tensorBytes(workload, inputs);
}

function fitsLayerByLayer(model: CostModel): boolean {
  for (let layer = 0; layer < model.layerCount; layer++) {
    if (model.workingSetBytes(layer) > model.problem.memoryBytes) return false;
  }
  return true;
}

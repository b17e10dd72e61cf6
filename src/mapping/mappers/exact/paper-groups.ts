/**
 * Groups under the paper's memory rule. Staged layer i costs pass_i x outputBytes_i of memory and
 * weightBytes_i x ceil(B / pass_i) of traffic, independent of its neighbours: a multiple-choice knapsack, solved by a
 * Pareto front per (first, last). The synced last layer follows the pass size before it.
 *
 * The same code gives the full model a lower bound ("relaxed"): real ring buffers are never smaller than the producer's
 * pass, and a last layer with a pass size of its own streams its weights at least once.
 *
 * O(layers^2 x pass sizes x front length).
 */
import { known } from "../../../base/assert.ts";
import type { CostModel } from "../../cost/cost-model.ts";
import {
  createFrontMerger,
  type Front,
  hasPoint,
  lastAtMost,
  originFront,
  type ShiftedFront,
} from "./front.ts";
import type { GroupRow, GroupSolver, RowLimits } from "./group-solver.ts";

export interface PaperRules {
  readonly passSizes: readonly number[];
  /** "follows" the pass before it (paper), or is "free" to make one pass (relaxed). */
  readonly lastLayer: "follows" | "free";
  /** Bytes of a staged layer's outputs for one image. */
  readonly stagedBytes: (layer: number) => number;
  readonly space: string;
}

/** How a group ends: the last layer whose pass size was chosen, that size, and the point of the front before it. */
interface Closing {
  readonly weights: number;
  readonly layer: number;
  readonly pass: number;
  readonly front: Front;
  readonly index: number;
}

const noClosing: Closing = {
  weights: Number.POSITIVE_INFINITY,
  layer: -1,
  pass: 0,
  front: originFront,
  index: -1,
};

export function createPaperGroups(model: CostModel, rules: PaperRules): GroupSolver {
  let merger = createFrontMerger();
  let visitedBefore = 0;
  const { passSizes } = rules;
  const { batch } = model.problem;
  const weightsOf = model.weightBytes;
  const counts = passSizes.map((pass) => model.passCount(pass));

  const row = (first: number, limits: RowLimits): GroupRow => {
    /** fronts[i]: layers first .. first + i - 1 staged. */
    const fronts: (Front | undefined)[] = [originFront];

    const shifted = (front: Front, layer: number): readonly ShiftedFront[] =>
      passSizes.map((pass, index) => ({
        front,
        footprintBytes: pass * rules.stagedBytes(layer),
        weightBytes: (counts[index] ?? 0) * model.weightBytes(layer),
      }));

    const extendTo = (last: number): void => {
      const roomBytes = limits.roomBytes(last);
      const front = fronts[last - first];
      if (!front || roomBytes < 0 || limits.furthest <= last) return;
      const merged = merger.merge(shifted(front, last), {
        cap: limits.cap,
        bound: limits.bound,
        footprintBytes: roomBytes,
        weightBytes: limits.weightLimit(last),
      });
      fronts[last - first + 1] = merged;
    };

    const leastWeights = (last: number, roomBytes: number): number => {
      if (last === first) return model.weightBytes(last);
      if (rules.lastLayer === "follows") return closing(last, roomBytes).weights;
      const front = fronts[last - first];
      const index = front ? lastAtMost(front.footprint, front.size, roomBytes) : -1;
      return front && index >= 0
        ? (front.weights[index] ?? 0) + model.weightBytes(last)
        : Number.POSITIVE_INFINITY;
    };

    /** The best way to end a group of several layers. */
    const closing = (last: number, roomBytes: number): Closing => {
      // A synced last layer follows the pass size before it.
      const follows = bestChoice(
        fronts[last - first - 1],
        last - 1,
        weightsOf(last - 1) + weightsOf(last),
        roomBytes,
      );
      // Where a group must end anyway its last layer may be staged, to have a pass size of its own: it is still written.
      const own =
        last === model.reach(first)
          ? bestChoice(fronts[last - first], last, weightsOf(last), roomBytes)
          : noClosing;
      return own.weights < follows.weights ? own : follows;
    };

    const bestChoice = (
      front: Front | undefined,
      layer: number,
      perPass: number,
      roomBytes: number,
    ): Closing => {
      let best = noClosing;
      if (!front) return best;
      passSizes.forEach((pass, choice) => {
        const index = lastAtMost(front.footprint, front.size, roomBytes - pass * rules.stagedBytes(layer));
        if (index < 0) return;
        const weights = (front.weights[index] ?? 0) + (counts[choice] ?? 0) * perPass;
        if (weights < best.weights) best = { weights, layer, pass, front, index };
      });
      return best;
    };

    const passes = (last: number, roomBytes: number): readonly number[] => {
      if (last === first) return [batch];
      const { layer: closer, pass: closingPass, front, index } = closing(last, roomBytes);
      const found = closer === last ? [closingPass] : [closingPass, closingPass];
      let footprint = front.footprint[index] ?? 0;
      let weights = front.weights[index] ?? 0;
      for (let layer = closer - 1; layer >= first; layer--) {
        const before = fronts[layer - first] ?? originFront;
        const step = shifted(before, layer).findIndex((part) =>
          hasPoint(before, footprint - part.footprintBytes, weights - part.weightBytes),
        );
        const pass = known(passSizes[step], `the way back from layer ${layer} of group ${first}..${last}`);
        footprint -= pass * rules.stagedBytes(layer);
        weights -= (counts[step] ?? 0) * model.weightBytes(layer);
        found.unshift(pass);
      }
      return found;
    };

    return {
      extendTo,
      leastWeights,
      passes,
      mayGoOn: (last) => fronts[last - first + 1] !== undefined,
    };
  };

  return {
    space: rules.space,
    row,
    takeThinned: () => {
      const { thinned } = merger;
      visitedBefore += merger.visited;
      merger = createFrontMerger();
      return thinned;
    },
    get pointsVisited() {
      return visitedBefore + merger.visited;
    },
  };
}

/**
 * Among equally fast mappings the one that moves the fewest bytes off chip: where a group is bound by compute, latency
 * alone does not tell them apart. Traffic is added to the cost with a weight too small to outweigh any real difference,
 * and a few sweeps look for something better; what they find replaces the optimum only if it is as fast.
 */
import type { CostModel } from "../../cost/cost-model.ts";
import { costOfGroups } from "./begun.ts";
import { sweep } from "./boundaries.ts";
import { type Bounds, isProven, trivialBounds } from "./bounds.ts";
import type { GroupSolver } from "./group-solver.ts";

/** Weight of all traffic of the unfused network, as a share of the optimum. */
const tieShare = 1e-8;

/** Points visited by these sweeps at most: less than the search itself may take. */
const tieEffort = 4_000_000;

/** Makes bounds.lasts and bounds.passes a mapping of the same cost with less traffic, where one is found. */
export function* breakTies(
  model: CostModel,
  bounds: Bounds,
  createSolver: (model: CostModel) => GroupSolver,
  start: (model: CostModel, bounds: Bounds) => void,
): Generator<void> {
  const weighted = withTraffic(model, tieShare * bounds.best);
  const solver = createSolver(weighted);
  const found = trivialBounds(weighted);
  start(weighted, found);
  const known = costOfGroups(weighted, bounds);
  if (known <= found.best) {
    found.best = known;
    found.lasts = bounds.lasts;
    found.passes = bounds.passes;
  }
  for (const cap of [12, 96]) {
    for (const bound of ["upper", "lower"] as const) {
      if (isProven(found)) break;
      for (const _ of sweep(weighted, solver, found, { cap, bound })) {
        yield;
        if (solver.pointsVisited > tieEffort) break;
      }
    }
  }
  if (costOfGroups(model, found) > bounds.best * (1 + 1e-12)) return;
  bounds.lasts = found.lasts;
  bounds.passes = found.passes;
}

/** The model with a little traffic in its cost: `perUnfused` for as much as the unfused network moves. */
function withTraffic(model: CostModel, perUnfused: number): CostModel {
  let unfused = 0;
  for (let layer = 0; layer < model.layerCount; layer++) {
    unfused += model.activationBytes(layer, layer) + model.weightBytes(layer);
  }
  const perByte = perUnfused / Math.max(1, unfused);
  const cost = (first: number, last: number, weights: number): number =>
    model.cost(first, last, weights) + perByte * (model.activationBytes(first, last) + weights);
  return {
    ...model,
    cost,
    weightBudgetBytes: (first, last, limit) => {
      const left = limit - cost(first, last, 0);
      if (left < 0) return Number.NEGATIVE_INFINITY;
      const byCost = model.weightBudgetBytes(
        first,
        last,
        limit - perByte * model.activationBytes(first, last),
      );
      return Math.min(byCost, left / perByte);
    },
  };
}

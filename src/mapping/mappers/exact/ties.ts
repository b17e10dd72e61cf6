/**
 * Among equally fast mappings the one that moves the fewest bytes off chip: where a group is bound by compute, latency
 * alone does not tell them apart. Traffic is added to the cost with a weight too small to outweigh any real difference,
 * and a few sweeps look for something better; what they find replaces the optimum only if it is as fast.
 */
import type { CostModel } from "../../cost/cost-model.ts";
import { costOfGroups } from "./begun.ts";
import { sweep } from "./boundaries.ts";
import { type Bounds, isProven, trivialBounds } from "./bounds.ts";
import type { CoreChoices } from "./core-choices.ts";
import type { GroupSolver } from "./group-solver.ts";

/** Weight of all traffic of the unfused network, as a share of the optimum. */
const tieShare = 1e-8;

/** Points visited by these sweeps at most: less than the search itself may take. */
const tieEffort = 4_000_000;

/** How a search begins on a model. */
export interface SearchStart {
  createSolver(model: CostModel): GroupSolver;
  createChoices(model: CostModel): CoreChoices;
  /** First bounds, in the cost that the model has; returns how many groups' costs were worked out. */
  start(model: CostModel, choices: CoreChoices, bounds: Bounds): number;
}

/** Makes bounds.lasts, passes and cores a mapping of the same cost with less traffic, where one is found. */
export function* breakTies(
  model: CostModel,
  bounds: Bounds,
  { createSolver, createChoices, start }: SearchStart,
): Generator<void> {
  const weighted = withTraffic(model, bytePrice(model, tieShare * bounds.best));
  const solver = createSolver(weighted);
  const choices = createChoices(weighted);
  const found = trivialBounds(weighted, choices);
  start(weighted, choices, found);
  const known = costOfGroups(weighted, bounds);
  if (known <= found.best) {
    found.best = known;
    found.lasts = bounds.lasts;
    found.passes = bounds.passes;
    found.cores = bounds.cores;
  }
  for (const cap of [12, 96]) {
    for (const bound of ["upper", "lower"] as const) {
      if (isProven(found)) break;
      for (const _ of sweep(choices, solver, found, { cap, bound })) {
        yield;
        if (solver.pointsVisited > tieEffort) break;
      }
    }
  }
  if (costOfGroups(model, found) > bounds.best * (1 + 1e-12)) return;
  bounds.lasts = found.lasts;
  bounds.passes = found.passes;
  bounds.cores = found.cores;
}

/** What a byte of traffic costs if as many as the unfused network moves cost so much. */
function bytePrice(model: CostModel, perUnfused: number): number {
  let unfused = 0;
  for (let layer = 0; layer < model.layerCount; layer++) {
    unfused += model.activationBytes(layer, layer) + model.weightBytes(layer);
  }
  return perUnfused / Math.max(1, unfused);
}

/** The model with a little traffic in its cost, on any number of cores. */
function withTraffic(model: CostModel, perByte: number): CostModel {
  const models = new Map<number, CostModel>();
  const cost = (first: number, last: number, weights: number): number =>
    model.cost(first, last, weights) + perByte * (model.activationBytes(first, last) + weights);
  return {
    ...model,
    cost,
    onCores: (cores) => {
      const known = models.get(cores) ?? withTraffic(model.onCores(cores), perByte);
      models.set(cores, known);
      return known;
    },
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

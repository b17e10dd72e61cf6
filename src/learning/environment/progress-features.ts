/** Features that hang on what was decided so far: computed anew at every step. Shares of the unfused cost and of the memory. */
import type { Environment } from "./environment.ts";

type ProgressFeature = (environment: Environment) => number;

/** The feature's function by its name. */
export const progressFeatures: Readonly<Record<string, ProgressFeature>> = {
  performance: ({ performance, baselineCost }) => shareOf(performance, baselineCost),
  closedCostShare: ({ closedCost, baselineCost }) => shareOf(closedCost, baselineCost),
  heldShare: ({ heldBytes, openLayers, model }) =>
    openLayers === 0 ? 0 : heldBytes / model.problem.memoryBytes,
  openLayers: ({ openLayers }) => openLayers,
  stagedImages: ({ openLayers, impliedPass }) => (openLayers === 0 ? 0 : impliedPass),
  stepShare: ({ step, stepCount }) => step / stepCount,
};

/** A network that costs nothing leaves nothing to gain: all of it is done. */
function shareOf(cost: number, baselineCost: number): number {
  return baselineCost > 0 ? cost / baselineCost : 1;
}

/** Features that hang on what was decided so far: computed anew at every step. Shares of the unfused cost and of the memory. */
import type { Environment } from "./environment.ts";
import type { LookAhead } from "./look-ahead.ts";

/** Told the environment, and how to look ahead, which is worked out once for all features of a state. */
type ProgressFeature = (environment: Environment, lookAhead: Environment["lookAhead"]) => number;

/** How many layers behind the next one the open group is looked at as if it ended there. */
export const aheads = [0, 1, 2, 3, 4, 6, 8, 12, 16] as const;

/** "imagesThatFit+4": of the group that ends four layers behind the next one. */
export function aheadFeature(part: keyof LookAhead, layers: (typeof aheads)[number]): string {
  return `${part}+${layers}`;
}

const parts = ["leastCostShare", "imagesThatFit", "fittingCostShare"] as const;

/** The feature's function by its name. */
export const progressFeatures: Readonly<Record<string, ProgressFeature>> = {
  performance: ({ performance, baselineCost }) => shareOf(performance, baselineCost),
  closedCostShare: ({ closedCost, baselineCost }) => shareOf(closedCost, baselineCost),
  heldShare: ({ heldBytes, openLayers, model }) =>
    openLayers === 0 ? 0 : heldBytes / model.problem.memoryBytes,
  openLayers: ({ openLayers }) => openLayers,
  stagedImages: ({ openLayers, impliedPass }) => (openLayers === 0 ? 0 : impliedPass),
  stepShare: ({ step, stepCount }) => step / stepCount,
  ...Object.fromEntries(
    aheads.flatMap((layers) =>
      parts.map((part): [string, ProgressFeature] => [
        aheadFeature(part, layers),
        (_, lookAhead) => lookAhead(layers)[part],
      ]),
    ),
  ),
};

/** A network that costs nothing leaves nothing to gain: all of it is done. */
function shareOf(cost: number, baselineCost: number): number {
  return baselineCost > 0 ? cost / baselineCost : 1;
}

/** The constants of CMA-ES by dimension: the tutorial's table 1 (arXiv 1604.00772), and nevergrad's first step. */

export interface CmaConstants {
  readonly dimension: number;
  /** lambda */
  readonly population: number;
  /** mu */
  readonly parents: number;
  /** w_i by rank: the parents' are positive and sum to one, the others' are not. */
  readonly weights: readonly number[];
  readonly weightSum: number;
  /** mu_eff */
  readonly effectiveParents: number;
  /** c_sigma and d_sigma */
  readonly stepLearning: number;
  readonly stepDamping: number;
  /** c_c */
  readonly pathLearning: number;
  /** c_1 and c_mu */
  readonly rankOneLearning: number;
  readonly rankMuLearning: number;
  /** E |N(0, I)| */
  readonly expectedLength: number;
  /** Generations that share an eigensystem. */
  readonly eigenInterval: number;
  readonly firstStep: number;
}

export function cmaConstants(dimension: number): CmaConstants {
  const n = dimension;
  const population = 4 + Math.floor(3 * Math.log(n));
  const parents = Math.floor(population / 2);
  const raw = Array.from(
    { length: population },
    (_, index) => Math.log((population + 1) / 2) - Math.log(index + 1),
  );
  const effectiveParents = effectiveCount(raw.slice(0, parents));
  const rankOneLearning = 2 / ((n + 1.3) ** 2 + effectiveParents);
  const rankMuLearning = Math.min(
    1 - rankOneLearning,
    (2 * (1 / 4 + effectiveParents + 1 / effectiveParents - 2)) / ((n + 2) ** 2 + effectiveParents),
  );
  const stepLearning = (effectiveParents + 2) / (n + effectiveParents + 5);
  // The negative weights: as strong as they may be while C decays evenly and stays positive definite.
  const others = effectiveCount(raw.slice(parents));
  const negativeSum = Math.min(
    1 + rankOneLearning / rankMuLearning,
    1 + (2 * others) / (others + 2),
    (1 - rankOneLearning - rankMuLearning) / (n * rankMuLearning),
  );
  const total = (sign: number): number => sum(raw.map((weight) => Math.max(0, sign * weight)));
  const weights = raw.map((weight) => (weight >= 0 ? weight / total(1) : (negativeSum * weight) / total(-1)));
  return {
    dimension,
    population,
    parents,
    weights,
    weightSum: sum(weights),
    effectiveParents,
    stepLearning,
    stepDamping: 1 + 2 * Math.max(0, Math.sqrt((effectiveParents - 1) / (n + 1)) - 1) + stepLearning,
    pathLearning: (4 + effectiveParents / n) / (n + 4 + (2 * effectiveParents) / n),
    rankOneLearning,
    rankMuLearning,
    expectedLength: Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
    eigenInterval: 1 / ((rankOneLearning + rankMuLearning) * n * 10),
    firstStep: n < 18 ? 0.3 : 0.15,
  };
}

/** How many equal weights would vary as much: (sum w)^2 / sum w^2. */
function effectiveCount(weights: readonly number[]): number {
  return sum(weights) ** 2 / sum(weights.map((weight) => weight * weight));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

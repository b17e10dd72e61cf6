/**
 * The black-box baselines of DNNFuser's table 1, and two more: general optimisers that know nothing of layers, on the vector
 * [mB_0 .. mB_N] as a box of whole numbers, one for each layer and (in paper mode, where it counts) one for the input. 0 is
 * the paper's -1, a sync; k is the k-th pass size, so in paper mode k images. The middle of the range, where most of them
 * start, stages half the batch everywhere.
 *
 * As in the paper a mapping that does not fit is worth nothing: its loss is Infinity, it is not repaired, and no optimiser is
 * told by how much it misses. Nor are they given the unfused network to start from, so they may find nothing at all. 2,000
 * samples by default, O(layers) each besides the optimiser's own work. docs/baselines.md has constants and measurements.
 */
import { seededRandom } from "../../../base/random.ts";
import { type CostModel, createCostModel } from "../../cost/cost-model.ts";
import type { Problem } from "../../cost/problem.ts";
import { createVectorCost } from "../../cost/vector-cost.ts";
import type { Mapper, SearchOptions, SearchState } from "../mapper.ts";
import { sampleLimit, searchSamples } from "../search-samples.ts";
import { mappingOfVector, passSizesOf } from "../vector-space.ts";
import { cmaEs } from "./optimizers/cma-es.ts";
import { compactGa } from "./optimizers/compact-ga.ts";
import { differentialEvolution } from "./optimizers/differential-evolution.ts";
import type { Box, Optimizer, Vector } from "./optimizers/optimizer.ts";
import { particleSwarm } from "./optimizers/particle-swarm.ts";
import { randomSearch } from "./optimizers/random-search.ts";
import { simulatedAnnealing } from "./optimizers/simulated-annealing.ts";
import { standardGa } from "./optimizers/standard-ga.ts";
import { tbpsa } from "./optimizers/tbpsa.ts";

/** The optimisers by the names of their mappers. */
export const optimizers = {
  random: randomSearch,
  pso: particleSwarm,
  de: differentialEvolution,
  "cma-es": cmaEs,
  tbpsa,
  cga: compactGa(),
  "std-ga": standardGa,
  annealing: simulatedAnnealing,
} as const satisfies Record<string, Optimizer>;

export type BaselineName = keyof typeof optimizers;

/** In the order in which tables show them. */
export const baselineNames = Object.keys(optimizers) as readonly BaselineName[];

/** Samples between two looks at the search. */
const samplesPerTurn = 40;

/** The mapper that searches by the optimiser of that name. */
export function baselineMapper(name: BaselineName): Mapper {
  return { name, search: (problem, options) => search(optimizers[name], problem, options) };
}

function search(
  optimizer: Optimizer,
  problem: Problem,
  options: SearchOptions,
): Generator<SearchState, SearchState> {
  const model = createCostModel(problem);
  const costOf = createVectorCost(model);
  const limit = sampleLimit(options);
  const space = createSpace(model);
  const points = optimizer({ box: space.box, random: seededRandom(options.seed), evaluations: limit });
  let told: number | undefined;
  return searchSamples({ model, limit, samplesPerTurn }, () => {
    const point = told === undefined ? points.next() : points.next(told);
    const { vector, inputImages } = space.decode(point.value);
    const cost = costOf(vector, inputImages);
    told = cost;
    return { cost, mapping: () => mappingOfVector(model, vector, inputImages) };
  });
}

interface VectorSpace {
  readonly box: Box;
  /** The entries of a point of the box; the array is the same each time. */
  readonly decode: (point: Vector) => { readonly vector: Int32Array; readonly inputImages: number };
}

function createSpace(model: CostModel): VectorSpace {
  const entries = [-1, ...passSizesOf(model)];
  const inputs = model.problem.mode === "paper" ? 1 : 0;
  const box = Array.from(
    { length: inputs + model.layerCount },
    () => ({ kind: "integer", low: 0, high: entries.length - 1 }) as const,
  );
  const vector = new Int32Array(model.layerCount);
  const entryAt = (point: Vector, index: number): number => entries[point[index] as number] as number;
  const decode = (point: Vector) => {
    for (let layer = 0; layer < vector.length; layer++) vector[layer] = entryAt(point, inputs + layer);
    return { vector, inputImages: inputs === 1 ? entryAt(point, 0) : -1 };
  };
  return { box, decode };
}

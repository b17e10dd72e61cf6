/**
 * G-Teacher: GAMMA's genetic algorithm extended to layer fusion (DNNFuser, section 4.4.2), population 40 for 50
 * generations, 2,000 samples. A mapping that does not fit is worth nothing and is not repaired, elites survive
 * unchanged, and a genome that was already seen is bred again. Where the accelerator has several cores a genome says those of its
 * groups too (core-genes.ts). O(samples x layers).
 */
import { seededRandom } from "../../../base/random.ts";
import { quietly } from "../../../base/steps.ts";
import { type CostModel, createCostModel } from "../../cost/cost-model.ts";
import { evaluateWith } from "../../cost/evaluate.ts";
import type { Problem } from "../../cost/problem.ts";
import { createVectorCost } from "../../cost/vector-cost.ts";
import type { Mapping } from "../../space/mapping.ts";
import { doublingLadder } from "../../space/pass-sizes.ts";
import type { Mapper, SearchOptions, SearchState } from "../mapper.ts";
import { mappingOfVector, passSizesOf, withCores } from "../vector-space.ts";
import {
  breed,
  coresOf,
  eliteShare,
  type GeneticContext,
  type Genome,
  parentShare,
  passesOf,
  randomGenome,
  unfusedGenome,
} from "./operators.ts";
import { createSeen } from "./seen.ts";

const populationSize = 40;
const defaultGenerations = 50;
/** How often a child that was seen before is bred anew before it is let through. */
const duplicateTries = 4;

interface Individual {
  readonly genome: Genome;
  readonly cost: number;
}

export function gTeacherMapper(): Mapper {
  return { name: "g-teacher", search };
}

function* search(problem: Problem, options: SearchOptions): Generator<SearchState, SearchState> {
  const model = createCostModel(problem);
  // Traffic is the same on any number of cores.
  const choosesCores = model.cores > 1 && model.problem.objective !== "traffic";
  const generations = evolve(model, options, choosesCores);
  let step = generations.next();
  for (; !step.done; step = generations.next()) yield stateOf(model, step.value);
  return stateOf(model, step.value);
}

/**
 * The same search for several mappings, as a learned mapper is taught with (section 4.5.1): those of the last population
 * that fit, distinct, best first, at most `count`. On all cores, as the learned mapper decides no others. Yields after each
 * generation.
 */
export function* searchGTeacherTop(
  problem: Problem,
  options: SearchOptions & { readonly count: number },
): Generator<void, readonly Mapping[]> {
  const model = createCostModel(problem);
  const { population } = yield* quietly(evolve(model, options, false));
  const top = new Map<string, Mapping>();
  for (const { genome, cost } of population) {
    if (!Number.isFinite(cost) || top.size === options.count) break;
    const key = genome.join();
    if (!top.has(key)) top.set(key, mappingOfVector(model, genome));
  }
  return [...top.values()];
}

/** A generation. */
interface Generation {
  /** Best first. */
  readonly population: readonly Individual[];
  readonly evaluations: number;
  readonly limit: number;
}

function* evolve(
  model: CostModel,
  options: SearchOptions,
  choosesCores: boolean,
): Generator<Generation, Generation> {
  const costOf = createVectorCost(model);
  const limit = options.maxEvaluations ?? populationSize * defaultGenerations;
  const context: GeneticContext = {
    random: seededRandom(options.seed),
    passSizes: passSizesOf(model),
    layerCount: model.layerCount,
    coreGenes: choosesCores
      ? { most: model.cores, mustEnd: (layer) => model.reach(layer) === layer }
      : undefined,
  };
  const seen = createSeen();
  let evaluations = 0;
  const evaluate = (genome: Genome): Individual => {
    evaluations++;
    const cost = choosesCores
      ? costOf(passesOf(genome, context), -1, coresOf(genome, context))
      : costOf(genome);
    return { genome, cost };
  };

  // The unfused network is the one mapping that is known to fit wherever any does, on as many cores.
  const start: Genome[] = [];
  const most = Math.min(populationSize, limit);
  for (const cores of choosesCores ? doublingLadder(model.cores).toReversed() : [model.cores])
    if (start.length < Math.max(1, most)) start.push(unfusedGenome(context, cores));
  while (start.length < most) start.push(randomGenome(context));
  let population = start.map(evaluate).sort(byCost);
  const elites = Math.round(eliteShare * populationSize);
  const parents = Math.round(parentShare * populationSize);
  while (evaluations < limit) {
    yield { population, evaluations, limit };
    const next = population.slice(0, elites);
    const parent = (): Genome =>
      (population[context.random.below(Math.min(parents, population.length))] as Individual).genome;
    for (let child = 0; child < populationSize && evaluations < limit; child++) {
      let genome = breed(parent(), parent(), context);
      for (let tries = 0; seen(genome) && tries < duplicateTries; tries++)
        genome = breed(parent(), parent(), context);
      next.push(evaluate(genome));
    }
    population = next.sort(byCost);
  }
  return { population, evaluations, limit };
}

function byCost(a: Individual, b: Individual): number {
  return a.cost === b.cost ? 0 : a.cost - b.cost;
}

function mappingOf(model: CostModel, genome: Genome): Mapping {
  const mapping = mappingOfVector(model, passesOf(genome, model));
  const cores = coresOf(genome, model);
  return cores.length === 0 ? mapping : withCores(model, mapping, cores);
}

function stateOf(model: CostModel, { population, evaluations, limit }: Generation): SearchState {
  const best = population[0];
  const feasible = best !== undefined && Number.isFinite(best.cost);
  return {
    best: feasible ? mappingOf(model, best.genome) : undefined,
    bestCost: feasible ? best.cost * model.costUnit : undefined,
    ...leastRequired(model, best, feasible),
    evaluations,
    progress: Number.isFinite(limit) ? evaluations / limit : undefined,
    proof: { optimal: false, space: "", lowerBound: undefined },
  };
}

/**
 * While nothing fits, the first individual is the unfused network on all cores: nothing is better, the sort is stable, and elites
 * stay. No mapping on as many needs less.
 */
function leastRequired(
  model: CostModel,
  best: Individual | undefined,
  feasible: boolean,
): Pick<SearchState, "leastRequiredBytes"> {
  if (best === undefined || feasible) return {};
  const evaluation = evaluateWith(model, mappingOf(model, best.genome));
  return evaluation.feasible ? {} : { leastRequiredBytes: evaluation.requiredBytes };
}

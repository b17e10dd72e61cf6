/**
 * DLFusion's strategy and those it is compared with, as mappers: each decides blocks and the cores of each block; pass sizes
 * follow one rule (block-costs.ts). docs/cost-model.md has a table of them. The paper's "all cores, no fusion" is the mapper
 * layer-by-layer.
 */
import { sum } from "../../../base/integers.ts";
import { createCostModel } from "../../cost/cost-model.ts";
import { evaluateWith, layerByLayer } from "../../cost/evaluate.ts";
import { costOf } from "../../cost/evaluation.ts";
import type { Problem } from "../../cost/problem.ts";
import type { Mapping } from "../../space/mapping.ts";
import type { TargetCharacteristics } from "../../targets/characteristics.ts";
import type { Mapper, Proof, SearchOptions, SearchState } from "../mapper.ts";
import { type Block, type BlockCosts, createBlockCosts, mappingOfBlocks } from "./block-costs.ts";
import { characterise } from "./characteristics.ts";
import { coresOracle } from "./cores-oracle.ts";
import { dlfusion } from "./dlfusion.ts";
import { reducedBruteForce } from "./reduced-brute-force.ts";
import { fixedBlocks, fuseAll, layerCores, oneCore } from "./simple-strategies.ts";

interface Strategy {
  readonly decide: (
    costs: BlockCosts,
    target?: TargetCharacteristics,
  ) => Generator<void, readonly Block[] | undefined>;
  /** Keeps the unfused network on all cores where that is better. */
  readonly startsUnfused?: boolean;
  /** The space of which it finds the best; "" when it claims nothing. */
  readonly space?: string;
}

const strategies = {
  "one-core": { decide: oneCore },
  "layer-cores": { decide: layerCores },
  "fuse-all": { decide: fuseAll },
  "fixed-blocks": { decide: fixedBlocks },
  dlfusion: {
    decide: (costs, target = characterise(costs.model.problem.accelerator)) => dlfusion(costs, target),
    startsUnfused: true,
  },
  "reduced-brute-force": { decide: reducedBruteForce, startsUnfused: true },
  "cores-oracle": {
    decide: coresOracle,
    startsUnfused: true,
    space: "contiguous groups, one pass size and one number of cores each",
  },
} as const satisfies Record<string, Strategy>;

export type StrategyName = keyof typeof strategies;

/** In the order in which tables show them. */
export const strategyNames = Object.keys(strategies) as readonly StrategyName[];

/**
 * The mapper that decides by the strategy of that name. dlfusion starts from the target's characteristics, which a profile has
 * (`characteristicsOf`); from the cost model's unless given.
 */
export function strategyMapper(name: StrategyName, target?: TargetCharacteristics): Mapper {
  const { decide, ...strategy }: Strategy = strategies[name];
  return {
    name,
    ignoresSeed: true,
    search: (problem, options) =>
      search({ ...strategy, decide: (costs) => decide(costs, target) }, problem, options),
  };
}

/** DLFusion's growth of blocks by itself, without the rounds that look back: what those add shows in the paper's comparison. */
export function growthMapper(): Mapper {
  const strategy: Strategy = {
    decide: (costs) => dlfusion(costs, characterise(costs.model.problem.accelerator), 0),
    startsUnfused: true,
  };
  return {
    name: "dlfusion, growth alone",
    ignoresSeed: true,
    search: (problem, options) => search(strategy, problem, options),
  };
}

const noProof: Proof = { optimal: false, space: "", lowerBound: undefined };

function* search(
  { decide, startsUnfused = false, space = "" }: Strategy,
  problem: Problem,
  { maxEvaluations = Number.POSITIVE_INFINITY }: SearchOptions,
): Generator<SearchState, SearchState> {
  const model = createCostModel(problem);
  const unfused = layerByLayer(problem);
  const start = evaluateWith(model, unfused);
  let best: Mapping | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  if (startsUnfused && start.feasible) {
    best = unfused;
    bestCost = costOf(start, model.problem.objective);
  }
  // The unfused network counts as one.
  const counted = startsUnfused ? 1 : 0;
  const costs = createBlockCosts(model, maxEvaluations - counted);
  const state = (proof: Proof, progress?: number): SearchState => ({
    best,
    bestCost: best && bestCost,
    ...(best === undefined && !start.feasible ? { leastRequiredBytes: start.requiredBytes } : {}),
    evaluations: counted + costs.evaluations,
    progress,
    proof,
  });
  const deciding = decide(costs);
  let step: IteratorResult<void, readonly Block[] | undefined> = { done: false, value: undefined };
  while (!step.done) {
    if (counted + costs.evaluations >= maxEvaluations) return state(noProof);
    yield state(noProof);
    step = deciding.next();
  }
  const blocks = step.value;
  if (blocks !== undefined) {
    const cost = sum(blocks.map((block) => costs.costOf(block))) * model.costUnit;
    if (cost < bestCost) {
      best = mappingOfBlocks(costs, blocks);
      bestCost = cost;
    }
  }
  const proven = space !== "" && best !== undefined && !costs.exhausted;
  return state(proven ? { optimal: true, space, lowerBound: bestCost } : noProof, 1);
}

/**
 * DLFusion's strategy and those it is compared with, as mappers: each decides blocks and the cores of each block; pass sizes
 * follow one rule (block-costs.ts). docs/cost-model.md has a table of them. The paper's "all cores, no fusion" is the mapper
 * layer-by-layer.
 */
import { known } from "../../../base/assert.ts";
import { sum } from "../../../base/integers.ts";
import { finish } from "../../../base/steps.ts";
import { createCostModel } from "../../cost/cost-model.ts";
import { evaluateWith, layerByLayer } from "../../cost/evaluate.ts";
import { costOf } from "../../cost/evaluation.ts";
import type { Problem } from "../../cost/problem.ts";
import type { Mapping } from "../../space/mapping.ts";
import type { TargetCharacteristics } from "../../targets/characteristics.ts";
import type { Mapper, Proof, SearchOptions, SearchState } from "../mapper.ts";
import { type Block, type BlockCosts, createGroupCosts, mappingOfBlocks } from "./block-costs.ts";
import { characterise } from "./characteristics.ts";
import { coresOracle } from "./cores-oracle.ts";
import { dlfusion } from "./dlfusion.ts";
import { addLanes } from "./lanes.ts";
import { reducedBruteForce } from "./reduced-brute-force.ts";
import { allCores, fixedBlocks, fuseAll, layerCores, oneCore } from "./simple-strategies.ts";

interface Strategy {
  /** Told the target's characteristics when it asks for them. */
  readonly decide: (
    costs: BlockCosts,
    target: () => TargetCharacteristics,
  ) => Generator<void, readonly Block[] | undefined>;
  /** Keeps the unfused network on all cores where that is better. */
  readonly startsUnfused?: boolean;
  /** Lets branches of the network run side by side afterwards, where that saves latency. */
  readonly addsLanes?: boolean;
  /** The space of which it finds the best; "" when it claims nothing. */
  readonly space?: string;
}

const strategies = {
  "one-core": { decide: oneCore },
  "layer-cores": { decide: layerCores },
  "fuse-all": { decide: fuseAll },
  "fixed-blocks": { decide: fixedBlocks },
  dlfusion: { decide: (costs, target) => dlfusion(costs, target()), startsUnfused: true, addsLanes: true },
  "reduced-brute-force": { decide: reducedBruteForce, startsUnfused: true },
  "cores-oracle": {
    decide: coresOracle,
    startsUnfused: true,
    space: "contiguous groups, one pass size and one number of cores each, one at a time",
  },
} as const satisfies Record<string, Strategy>;

/** DLFusion's growth of blocks by itself, without the rounds that look back: what those add shows in comparisons. */
const growth: Strategy = { decide: (costs, target) => dlfusion(costs, target(), 0), startsUnfused: true };
const growthName = "dlfusion, growth alone";

/** DLFusion's strategy without its last step: what lanes save shows in comparisons. */
const noLanes: Strategy = { decide: strategies.dlfusion.decide, startsUnfused: true };

export type StrategyName = keyof typeof strategies;

/** In the order in which tables show them. */
export const strategyNames = Object.keys(strategies) as readonly StrategyName[];

/**
 * The mapper that decides by the strategy of that name. dlfusion starts from the target's characteristics, which a profile has
 * (`characteristicsOf`); from the cost model's unless given.
 */
export function strategyMapper(name: StrategyName, target?: TargetCharacteristics): Mapper {
  return mapperOf(name, strategies[name], target);
}

/** DLFusion's growth of blocks by itself. */
export function growthMapper(): Mapper {
  return mapperOf(growthName, growth);
}

/** DLFusion's strategy with one block at a time. */
export function noLanesMapper(): Mapper {
  return mapperOf("dlfusion, no lanes", noLanes);
}

function mapperOf(name: string, strategy: Strategy, target?: TargetCharacteristics): Mapper {
  return {
    name,
    ignoresSeed: true,
    search: (problem, options) => {
      const found = (): TargetCharacteristics => target ?? characterise(problem.accelerator);
      return search(strategy, problem, found, options);
    },
  };
}

/** What is decided by blocks alone: the strategies, and what the mapper layer-by-layer and the growth mapper do. */
const decided: Readonly<Record<string, Strategy>> = {
  "one-core": strategies["one-core"],
  "layer-by-layer": { decide: allCores },
  "layer-cores": strategies["layer-cores"],
  "fuse-all": strategies["fuse-all"],
  "fixed-blocks": strategies["fixed-blocks"],
  [growthName]: growth,
  dlfusion: strategies.dlfusion,
  "reduced-brute-force": strategies["reduced-brute-force"],
  "cores-oracle": strategies["cores-oracle"],
};

/** In the order in which tables show them. */
export const decidedNames: readonly string[] = Object.keys(decided);

/**
 * The blocks that a strategy of `decidedNames` cuts a network into, one at a time, on any target whose blocks have a cost; undefined
 * where it finds none that can run. As the mappers do, those that search keep the unfused network on all cores where that is better.
 */
export function decideBlocks(
  name: string,
  costs: BlockCosts,
  target: TargetCharacteristics,
): readonly Block[] | undefined {
  const { decide, startsUnfused = false } = known(decided[name], `a strategy called ${name}`);
  const blocks = finish(decide(costs, () => target));
  const unfused = startsUnfused ? finish(allCores(costs)) : undefined;
  const total = (some: readonly Block[] | undefined): number =>
    some === undefined ? Number.POSITIVE_INFINITY : sum(some.map((block) => costs.costOf(block)));
  return total(unfused) < total(blocks) ? unfused : blocks;
}

const noProof: Proof = { optimal: false, space: "", lowerBound: undefined };

function* search(
  { decide, startsUnfused = false, addsLanes = false, space = "" }: Strategy,
  problem: Problem,
  target: () => TargetCharacteristics,
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
  const costs = createGroupCosts(model, maxEvaluations - counted);
  const state = (proof: Proof, progress?: number): SearchState => ({
    best,
    bestCost: best && bestCost,
    ...(best === undefined && !start.feasible ? { leastRequiredBytes: start.requiredBytes } : {}),
    evaluations: counted + costs.evaluations,
    progress,
    proof,
  });
  /** Takes the steps as long as evaluations are left; undefined where they end before. */
  function* taken<T>(steps: Generator<void, T>): Generator<SearchState, { readonly end: T } | undefined> {
    for (;;) {
      if (counted + costs.evaluations >= maxEvaluations) return undefined;
      yield state(noProof);
      const step = steps.next();
      if (step.done) return { end: step.value };
    }
  }
  const keep = (blocks: readonly Block[], cost: number): void => {
    if (!(cost * model.costUnit < bestCost)) return;
    best = mappingOfBlocks(costs, blocks);
    bestCost = cost * model.costUnit;
  };
  const decided = yield* taken(decide(costs, target));
  if (decided === undefined) return state(noProof);
  const blocks = decided.end;
  if (blocks !== undefined) {
    keep(blocks, sum(blocks.map((block) => costs.costOf(block))));
    // Side by side costs the energy and the bytes that one after the other does.
    if (addsLanes && model.problem.objective === "latency" && model.cores > 1) {
      const side = yield* taken(addLanes(costs, target(), blocks));
      if (side === undefined) return state(noProof);
      keep(side.end.blocks, side.end.cost);
    }
  }
  const proven = space !== "" && best !== undefined && !costs.exhausted;
  return state(proven ? { optimal: true, space, lowerBound: bestCost } : noProof, 1);
}

/**
 * The exact mapper: the best mapping there is in the space of contiguous groups, with its proof, or the best found with
 * a lower bound when it is stopped. Upper and lower sweeps (boundaries.ts) over groups (paper-groups.ts, full-groups.ts)
 * with ever longer fronts, until the bounds meet. Where the accelerator has several cores each group's number of them is chosen
 * with its pass sizes (core-choices.ts).
 */
import { assert } from "../../../base/assert.ts";
import { type CostModel, createCostModel } from "../../cost/cost-model.ts";
import { layerByLayer } from "../../cost/evaluate.ts";
import type { Problem } from "../../cost/problem.ts";
import type { Mapping } from "../../space/mapping.ts";
import { doublingLadder, smallestPerPassCount } from "../../space/pass-sizes.ts";
import type { Mapper, SearchOptions, SearchState } from "../mapper.ts";
import { startBegun } from "./begun.ts";
import { sweep } from "./boundaries.ts";
import { type Bounds, isProven, longestGroup, trivialBounds } from "./bounds.ts";
import { type CoreChoices, createCoreChoices, createRowRooms } from "./core-choices.ts";
import { createFullGroups } from "./full-groups.ts";
import type { GroupSolver } from "./group-solver.ts";
import { createPaperGroups } from "./paper-groups.ts";
import { breakTies, type SearchStart } from "./ties.ts";
import { startUniform } from "./uniform.ts";

/**
 * Points visited before the search ends by itself with the bounds it has, unless a budget says otherwise: a second or
 * two. Counted in work and not in time, so that the answer is the same on every machine.
 */
const defaultEffort = 60_000_000;

/** Points per front in successive rounds; the last round thins nothing. */
const frontCaps = [12, 96, 768, 6_144, Number.POSITIVE_INFINITY];

/** What of the exact search may be restricted. */
export interface ExactOptions {
  /**
   * The numbers of cores that a group may have, each 1 .. the accelerator's. Left out, all of them, or 1, 2, 4, .. and all in
   * networks so long that all would be too many; the proof's space says which.
   */
  readonly coreNumbers?: readonly number[];
}

export function exactMapper({ coreNumbers }: ExactOptions = {}): Mapper {
  return {
    name: "exact",
    ignoresSeed: true,
    search: (problem, options) => search(problem, options, { begun: [], coreNumbers }),
  };
}

/**
 * The best mapping of the full model that begins with these entries, with its proof: what is left to do in the middle of a mapping, and
 * after mistakes. They must fit, and so must the layer behind them with a pass of one image if they end staged. A group that they
 * begin keeps their cores.
 */
export function completeExactly(
  problem: Problem,
  begun: Mapping,
  { coreNumbers, ...options }: SearchOptions & ExactOptions,
): Generator<SearchState, SearchState> {
  assert((problem.mode ?? "full") === "full", "only mappings of the full model are completed");
  return search(problem, options, { begun, coreNumbers });
}

interface Decided {
  readonly begun: Mapping;
  readonly coreNumbers: readonly number[] | undefined;
}

function* search(
  problem: Problem,
  options: SearchOptions,
  { begun, coreNumbers }: Decided,
): Generator<SearchState, SearchState> {
  const model = createCostModel(problem);
  const { mode, batch, objective } = model.problem;
  const createSolver = (of: CostModel): GroupSolver =>
    mode === "paper" ? paperGroups(of) : createFullGroups(of, begun);
  const createChoices = (of: CostModel): CoreChoices => createCoreChoices(of, coreNumbers, begun);
  const passSizes = mode === "paper" ? smallestPerPassCount(batch) : doublingLadder(batch);
  const solver = createSolver(model);
  const choices = createChoices(model);
  const relaxed = mode === "full" ? relaxedGroups(model) : undefined;
  const bounds = trivialBounds(model, choices);
  const work = { groups: 0, solvers: [solver, ...(relaxed ? [relaxed] : [])] };
  const state = createReporter(model, { bounds, begun, space: spaceOf(model, choices, solver), work });
  if (!fitsLayerByLayer(model, choices)) return state(0);
  const start: SearchStart["start"] = (of, among, known) => {
    const groups = startUniform(of, among, known, passSizes);
    if (begun.length > 0) startBegun(of, among, known, { begun, passSizes });
    return groups;
  };
  work.groups = start(model, choices, bounds);
  yield state(0);

  const effort = options.maxEvaluations ?? defaultEffort;
  const sweeps = [...(relaxed ? relaxedSweeps(relaxed) : []), ...solverSweeps(solver)];
  for (const [index, { solver: groups, cap, bound }] of sweeps.entries()) {
    if (isProven(bounds)) break;
    for (const _ of sweep(choices, groups, bounds, { cap, bound })) {
      const now = state(index / sweeps.length);
      yield now;
      if (now.evaluations >= effort) return now;
    }
  }
  if (objective === "latency" && isProven(bounds)) {
    const createCounted = (weighted: CostModel): GroupSolver => {
      const counted = createSolver(weighted);
      work.solvers.push(counted);
      return counted;
    };
    for (const _ of breakTies(model, bounds, { createSolver: createCounted, createChoices, start }))
      yield state(1);
  }
  return state(1);
}

interface PlannedSweep {
  readonly solver: GroupSolver;
  readonly cap: number;
  readonly bound: "upper" | "lower";
}

function relaxedSweeps(solver: GroupSolver): readonly PlannedSweep[] {
  return frontCaps.slice(0, 2).map((cap) => ({ solver, cap, bound: "lower" }));
}

function solverSweeps(solver: GroupSolver): readonly PlannedSweep[] {
  return frontCaps.flatMap((cap) => [
    { solver, cap, bound: "upper" },
    { solver, cap, bound: "lower" },
  ]);
}

function paperGroups(model: CostModel): GroupSolver {
  return createPaperGroups(model, {
    passSizes: smallestPerPassCount(model.problem.batch),
    lastLayer: "follows",
    stagedBytes: model.outputBytes,
    space: "runs of the chain, every pass size",
  });
}

/** A relaxation of the full model: ring buffers as small as their producer's pass, last layers in one pass. */
function relaxedGroups(model: CostModel): GroupSolver {
  return createPaperGroups(model, {
    passSizes: doublingLadder(model.problem.batch),
    lastLayer: "free",
    stagedBytes: (layer) => bytesReadNext(model, layer),
    space: "relaxation",
  });
}

/** Bytes of a layer's outputs that the next layer reads: those have a ring buffer in every group that goes on. */
function bytesReadNext(model: CostModel, layer: number): number {
  const { layers, tensors } = model.problem.workload;
  let bytes = 0;
  for (const tensor of layers[layer]?.outputs ?? []) {
    if (tensors[tensor]?.consumers.includes(layer + 1)) bytes += tensors[tensor]?.bytes ?? 0;
  }
  return bytes;
}

function spaceOf(model: CostModel, choices: CoreChoices, { space }: GroupSolver): string {
  const longest = longestGroup(model, choices);
  return longest < model.layerCount
    ? `${space}${choices.name}, at most ${longest} layers in a group`
    : `${space}${choices.name}`;
}

/** Whether each layer fits by itself, on some number of cores. */
function fitsLayerByLayer(model: CostModel, choices: CoreChoices): boolean {
  for (let layer = 0; layer < model.layerCount; layer++) {
    if ((createRowRooms(choices, layer, 1).mostRoomBytes[0] ?? -1) < 0) return false;
  }
  return true;
}

interface Reported {
  readonly bounds: Bounds;
  readonly begun: Mapping;
  readonly space: string;
  readonly work: { readonly groups: number; readonly solvers: readonly GroupSolver[] };
}

/** Makes the states that the search yields; the mapping is written out anew only when a better one was found. */
function createReporter(
  model: CostModel,
  { bounds, begun, space, work }: Reported,
): (progress: number) => SearchState {
  let passes: readonly number[] | undefined;
  let mapping: Mapping | undefined;
  return (progress) => {
    if (bounds.passes !== passes && Number.isFinite(bounds.best)) {
      passes = bounds.passes;
      mapping = [...begun, ...mappingOf(model, bounds).slice(begun.length)];
    }
    const cost = bounds.best;
    const optimal = isProven(bounds);
    return {
      best: mapping,
      bestCost: mapping && cost * model.costUnit,
      evaluations: work.solvers.reduce((points, solver) => points + solver.pointsVisited, work.groups),
      progress: optimal ? 1 : progress,
      proof: { optimal, space, lowerBound: mapping && Math.min(bounds.lower, cost) * model.costUnit },
    };
  };
}

function mappingOf(model: CostModel, bounds: Bounds): Mapping {
  const { mode, batch } = model.problem;
  const ends = new Set(bounds.lasts);
  let implied = batch;
  return layerByLayer(model.problem).map((entry, layer) => {
    const pass = bounds.passes[layer] ?? entry.pass;
    // In paper mode a synced layer follows the pass size before it; one with its own is staged, at a forced end.
    const synced = ends.has(layer) && (mode === "full" || pass === implied);
    implied = ends.has(layer) ? batch : pass;
    return {
      ...entry,
      pass,
      output: synced ? "sync" : "stage",
      cores: bounds.cores[layer] ?? entry.cores,
    };
  });
}

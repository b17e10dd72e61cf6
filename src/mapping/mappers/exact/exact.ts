/**
 * The exact mapper: the best mapping there is in the space of contiguous groups, with its proof, or the best found with
 * a lower bound when it is stopped. Upper and lower sweeps (boundaries.ts) over groups (paper-groups.ts, full-groups.ts)
 * with ever longer fronts, until the bounds meet.
 */
import { type CostModel, createCostModel } from "../../cost/cost-model.ts";
import { layerByLayer } from "../../cost/evaluate.ts";
import type { Problem } from "../../cost/problem.ts";
import type { Mapping } from "../../space/mapping.ts";
import { doublingLadder, smallestPerPassCount } from "../../space/pass-sizes.ts";
import type { Mapper, SearchState } from "../mapper.ts";
import { type Bounds, isProven, sweep, trivialBounds } from "./boundaries.ts";
import { createFullGroups } from "./full-groups.ts";
import type { GroupSolver } from "./group-solver.ts";
import { createPaperGroups } from "./paper-groups.ts";
import { startUniform } from "./uniform.ts";

/** Points per front in successive rounds; the last round thins nothing. */
const frontCaps = [12, 96, 768, 6_144, Number.POSITIVE_INFINITY];

export function exactMapper(): Mapper {
  return { name: "exact", search };
}

function* search(problem: Problem): Generator<SearchState, SearchState> {
  const model = createCostModel(problem);
  const mode = model.problem.mode;
  const solver = mode === "paper" ? paperGroups(model) : createFullGroups(model);
  const bounds = trivialBounds(model);
  const work = { solvers: [solver], rounds: 0 };
  if (mode === "full") {
    if (!fitsLayerByLayer(model)) return stateOf(model, bounds, work, solver.space);
  }
  startUniform(
    model,
    bounds,
    mode === "paper" ? smallestPerPassCount(problem.batch) : doublingLadder(problem.batch),
  );
  yield stateOf(model, bounds, work, solver.space);

  if (mode === "full") {
    const relaxed = relaxedGroups(model);
    work.solvers.push(relaxed);
    for (const cap of frontCaps.slice(0, 2)) {
      for (const _ of sweep(model, relaxed, bounds, { cap, bound: "lower" }))
        yield stateOf(model, bounds, work, solver.space);
    }
  }
  for (const cap of frontCaps) {
    for (const bound of ["upper", "lower"] as const) {
      if (isProven(bounds)) break;
      for (const _ of sweep(model, solver, bounds, { cap, bound }))
        yield stateOf(model, bounds, work, solver.space);
    }
    work.rounds++;
  }
  return stateOf(model, bounds, work, solver.space);
}

function paperGroups(model: CostModel): GroupSolver {
  return createPaperGroups(model, {
    passSizes: smallestPerPassCount(model.problem.batch),
    lastLayer: "follows",
    stagedBytes: model.outputBytes,
    reservedBytes: () => 0,
    space: "runs of the chain, every pass size",
  });
}

/** A relaxation of the full model: ring buffers as small as their producer's pass, last layers in one pass. */
function relaxedGroups(model: CostModel): GroupSolver {
  return createPaperGroups(model, {
    passSizes: doublingLadder(model.problem.batch),
    lastLayer: "free",
    stagedBytes: (layer) => bytesReadNext(model, layer),
    reservedBytes: (layer) => model.workingSetBytes(layer),
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

function fitsLayerByLayer(model: CostModel): boolean {
  for (let layer = 0; layer < model.layerCount; layer++) {
    if (model.workingSetBytes(layer) > model.problem.memoryBytes) return false;
  }
  return true;
}

function stateOf(
  model: CostModel,
  bounds: Bounds,
  work: { readonly solvers: readonly GroupSolver[]; readonly rounds: number },
  space: string,
): SearchState {
  const feasible = Number.isFinite(bounds.best);
  const proven = isProven(bounds);
  return {
    best: feasible ? mappingOf(model, bounds) : undefined,
    bestCost: feasible ? bounds.best * model.costUnit : undefined,
    evaluations: work.solvers.reduce((points, solver) => points + solver.pointsMade, 0),
    progress: proven ? 1 : work.rounds / frontCaps.length,
    proof: {
      optimal: proven,
      space,
      lowerBound: feasible ? Math.min(bounds.lower, bounds.best) * model.costUnit : undefined,
    },
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
    return { ...entry, pass, output: synced ? "sync" : "stage" };
  });
}

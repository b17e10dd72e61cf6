/**
 * Where to cut: dynamic programming over group boundaries, best(b + 1) = min over a of best(a) + cost(group a..b), made
 * fast by bounds from both sides; a group costs what it does on its best number of cores. A sweep computes the groups row by row, either exactly or with thinned fronts; an
 * upper sweep keeps real mappings, a lower sweep keeps points that no mapping beats. What a lower sweep leaves, as costs
 * of groups, of prefixes and of suffixes, lets the next sweep skip every group and every partial group through which no
 * mapping can beat the best one known. Sweeps get finer until both bounds meet.
 *
 * All costs are in the objective's unit of the cost model. O(layers^2) groups a sweep, each asked on every number of cores.
 */
import type { CostModel } from "../../cost/cost-model.ts";
import { type Bounds, equalWithin, takePath, updateSuffix } from "./bounds.ts";
import { type CoreChoices, createRowRooms, type RowRooms } from "./core-choices.ts";
import type { GroupRow, GroupSolver, RowLimits } from "./group-solver.ts";

type Precision = Pick<RowLimits, "cap" | "bound">;

/**
 * One sweep over all rows. Yields after each group. A lower sweep raises bounds.lower, lowerRows and suffix; an upper
 * sweep lowers bounds.best, and when no front was thinned proves it.
 */
export function* sweep(
  choices: CoreChoices,
  solver: GroupSolver,
  bounds: Bounds,
  precision: Precision,
): Generator<void> {
  const count = bounds.lowerRows.length;
  const prefix = new Float64Array(count + 1).fill(Number.POSITIVE_INFINITY);
  prefix[0] = 0;
  /** For each boundary, the start of the group before it, that group's cores and its pass sizes. */
  const starts = new Int32Array(count + 1);
  const cores = new Int32Array(count + 1);
  const passes: (readonly number[])[] = new Array(count + 1).fill([]);
  solver.takeThinned();
  for (let first = 0; first < count; first++) {
    yield* sweepRow(choices, solver, bounds, precision, first, { prefix, starts, cores, passes });
  }
  const found = prefix[count] ?? Number.POSITIVE_INFINITY;
  const exact = !solver.takeThinned();
  if (precision.bound === "lower") {
    updateSuffix(bounds);
    bounds.lower = Math.max(bounds.lower, Math.min(bounds.best, found));
    return;
  }
  takePath(bounds, found, { starts, cores, passesOf: (end) => passes[end] ?? [] });
  if (exact) bounds.lower = bounds.best;
}

interface Prefixes {
  readonly prefix: Float64Array;
  readonly starts: Int32Array;
  readonly cores: Int32Array;
  readonly passes: (readonly number[])[];
}

function* sweepRow(
  choices: CoreChoices,
  solver: GroupSolver,
  bounds: Bounds,
  precision: Precision,
  first: number,
  { prefix, starts, cores, passes }: Prefixes,
): Generator<void> {
  const lowerRow = bounds.lowerRows[first] ?? new Float64Array();
  const start = prefix[first] ?? Number.POSITIVE_INFINITY;
  const lowering = precision.bound === "lower";
  const target = bounds.best - equalWithin * bounds.best;
  const slack = (last: number): number => target - start - (bounds.suffix[last + 1] ?? 0);
  let furthest = -1;
  for (let last = first; last < first + lowerRow.length; last++) {
    if ((lowerRow[last - first] as number) < slack(last)) furthest = last;
  }
  if (furthest < 0) {
    if (lowering) lowerRow.fill(Number.POSITIVE_INFINITY);
    return;
  }
  const rooms = createRowRooms(choices, first, furthest - first + 1);
  const weightLimit = weightLimits(rooms, first, furthest, slack);
  const wanted = (last: number): boolean =>
    (lowerRow[last - first] ?? Number.POSITIVE_INFINITY) < slack(last);
  const roomBytes = (last: number): number => rooms.mostRoomBytes[last - first] as number;
  const row = solver.row(first, { ...precision, furthest, wanted, weightLimit, roomBytes });
  let reached = true;
  for (let last = first; last < first + lowerRow.length; last++) {
    let best = nowhere;
    if (reached && last <= furthest) {
      row.extendTo(last);
      yield;
      if (wanted(last)) best = bestOnCores(row, rooms, first, last);
      reached = row.mayGoOn(last);
    }
    const { cost } = best;
    if (lowering) lowerRow[last - first] = Math.max(cost, lowerRow[last - first] as number);
    const total = start + cost;
    if (total < (prefix[last + 1] as number) && total + (bounds.suffix[last + 1] as number) < bounds.best) {
      prefix[last + 1] = total;
      if (lowering) continue;
      starts[last + 1] = first;
      cores[last + 1] = best.cores;
      passes[last + 1] = row.passes(last, best.roomBytes);
    }
  }
}

/** A group on the number of cores on which it costs least. */
interface OnCores {
  readonly cost: number;
  readonly cores: number;
  /** What its staged tensors may take there. */
  readonly roomBytes: number;
}

const nowhere: OnCores = {
  cost: Number.POSITIVE_INFINITY,
  cores: 0,
  roomBytes: Number.NEGATIVE_INFINITY,
};

/** The number of cores on which the group, which the row solved last, costs least, the most of equals. */
function bestOnCores(row: GroupRow, rooms: RowRooms, first: number, last: number): OnCores {
  const mostBytes = rooms.mostRoomBytes[last - first] as number;
  if (mostBytes < 0) return nowhere;
  const leastWeights = row.leastWeights(last, mostBytes);
  if (!Number.isFinite(leastWeights)) return nowhere;
  let best = nowhere;
  for (let index = 0; index < rooms.models.length; index++) {
    const model = rooms.models[index] as CostModel;
    const roomBytes = (rooms.roomBytes[index] as Float64Array)[last - first] as number;
    if (roomBytes < 0) continue;
    let cost = model.cost(first, last, leastWeights);
    if (cost >= best.cost) continue;
    if (roomBytes < mostBytes) {
      const weights = row.leastWeights(last, roomBytes);
      if (weights > leastWeights) cost = model.cost(first, last, weights);
    }
    if (cost < best.cost) best = { cost, cores: model.cores, roomBytes };
  }
  return best;
}

/**
 * weightLimit(i): the most W that layers first..i may have streamed so that some group first..b, b > i, still fits the
 * slack on some number of cores, the layers i + 1..b streaming theirs at least once. O(furthest - first) for each number.
 */
function weightLimits(
  { models }: RowRooms,
  first: number,
  furthest: number,
  slack: (last: number) => number,
): (layer: number) => number {
  const limits = new Float64Array(furthest - first + 1).fill(Number.NEGATIVE_INFINITY);
  for (let last = furthest; last > first; last--) {
    let most = limits[last - first] as number;
    const costLimit = slack(last);
    for (const model of models) most = Math.max(most, model.weightBudgetBytes(first, last, costLimit));
    limits[last - first - 1] = most - (models[0] as CostModel).weightBytes(last);
  }
  return (layer) => limits[layer - first] ?? Number.NEGATIVE_INFINITY;
}

/**
 * Where to cut: dynamic programming over group boundaries, best(b + 1) = min over a of best(a) + cost(group a..b), made
 * fast by bounds from both sides. A sweep computes the groups row by row, either exactly or with thinned fronts; an
 * upper sweep keeps real mappings, a lower sweep keeps points that no mapping beats. What a lower sweep leaves, as costs
 * of groups, of prefixes and of suffixes, lets the next sweep skip every group and every partial group through which no
 * mapping can beat the best one known. Sweeps get finer until both bounds meet.
 *
 * All costs are in the objective's unit of the cost model. O(layers^2) groups a sweep.
 */
import type { CostModel } from "../../cost/cost-model.ts";
import { type Bounds, equalWithin, takePath, updateSuffix } from "./bounds.ts";
import type { GroupSolver, RowLimits } from "./group-solver.ts";

/**
 * One sweep over all rows. Yields after each group. A lower sweep raises bounds.lower, lowerRows and suffix; an upper
 * sweep lowers bounds.best, and when no front was thinned proves it.
 */
export function* sweep(
  model: CostModel,
  solver: GroupSolver,
  bounds: Bounds,
  precision: Pick<RowLimits, "cap" | "bound">,
): Generator<void> {
  const count = model.layerCount;
  const prefix = new Float64Array(count + 1).fill(Number.POSITIVE_INFINITY);
  prefix[0] = 0;
  /** For each boundary, the start of the group before it and that group's pass sizes. */
  const starts = new Int32Array(count + 1);
  const passes: (readonly number[])[] = new Array(count + 1).fill([]);
  solver.takeThinned();
  for (let first = 0; first < count; first++) {
    yield* sweepRow(model, solver, bounds, precision, first, { prefix, starts, passes });
  }
  const found = prefix[count] ?? Number.POSITIVE_INFINITY;
  const exact = !solver.takeThinned();
  if (precision.bound === "lower") {
    updateSuffix(bounds);
    bounds.lower = Math.max(bounds.lower, Math.min(bounds.best, found));
    return;
  }
  takePath(bounds, found, starts, (end) => passes[end] ?? []);
  if (exact) bounds.lower = bounds.best;
}

interface Prefixes {
  readonly prefix: Float64Array;
  readonly starts: Int32Array;
  readonly passes: (readonly number[])[];
}

function* sweepRow(
  model: CostModel,
  solver: GroupSolver,
  bounds: Bounds,
  precision: Pick<RowLimits, "cap" | "bound">,
  first: number,
  { prefix, starts, passes }: Prefixes,
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
  const weightLimit = weightLimits(model, first, furthest, slack);
  const wanted = (last: number): boolean =>
    (lowerRow[last - first] ?? Number.POSITIVE_INFINITY) < slack(last);
  const row = solver.row(first, { ...precision, furthest, wanted, weightLimit });
  let reached = true;
  for (let last = first; last < first + lowerRow.length; last++) {
    let cost = Number.POSITIVE_INFINITY;
    if (reached && last <= furthest) {
      const weights = row.leastWeights(last);
      yield;
      if (wanted(last) && Number.isFinite(weights)) cost = model.cost(first, last, weights);
      reached = row.mayGoOn(last);
    }
    if (lowering) lowerRow[last - first] = Math.max(cost, lowerRow[last - first] as number);
    const total = start + cost;
    if (total < (prefix[last + 1] as number) && total + (bounds.suffix[last + 1] as number) < bounds.best) {
      prefix[last + 1] = total;
      if (lowering) continue;
      starts[last + 1] = first;
      passes[last + 1] = row.passes(last);
    }
  }
}

/**
 * weightLimit(i): the most W that layers first..i may have streamed so that some group first..b, b > i, still fits the
 * slack, the layers i + 1..b streaming theirs at least once. O(furthest - first).
 */
function weightLimits(
  model: CostModel,
  first: number,
  furthest: number,
  slack: (last: number) => number,
): (layer: number) => number {
  const limits = new Float64Array(furthest - first + 1).fill(Number.NEGATIVE_INFINITY);
  for (let last = furthest; last > first; last--) {
    const own = model.weightBudgetBytes(first, last, slack(last));
    const later = limits[last - first] as number;
    limits[last - first - 1] = Math.max(own, later) - model.weightBytes(last);
  }
  return (layer) => limits[layer - first] ?? Number.NEGATIVE_INFINITY;
}

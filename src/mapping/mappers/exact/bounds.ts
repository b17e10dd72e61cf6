/** What an exact search knows from both sides: the best mapping so far, and what no mapping can beat. */
import { known } from "../../../base/assert.ts";
import type { CostModel } from "../../cost/cost-model.ts";
import { type CoreChoices, tableEntries } from "./core-choices.ts";

/** What is known after a sweep. */
export interface Bounds {
  /** Cost of the best mapping known, and for it the groups' last layers, and the pass size and cores of each layer. */
  best: number;
  lasts: readonly number[];
  passes: readonly number[];
  cores: readonly number[];
  /** No mapping of the solver's space costs less. */
  lower: number;
  /** lowerRows[a][b - a]: no group a..b that matters costs less. Infinity: cannot be part of anything better. */
  readonly lowerRows: Float64Array[];
  /** suffix[a]: no way to map layers a.. costs less, among those that matter. */
  readonly suffix: Float64Array;
}

/** Costs closer than this, relatively, count as equal: rounding of sums of doubles. */
export const equalWithin = 1e-12;

/**
 * The most layers that a group may have in the search. All of them in networks of up to 2,828 layers on one core; beyond that
 * the tables of groups would outgrow memory, and the search's space is named accordingly.
 */
export function longestGroup({ layerCount }: CostModel, { count }: CoreChoices): number {
  return Math.max(64, Math.floor(tableEntries / (layerCount * count)));
}

/** Bounds before any search: every group at the cost it would have in unlimited memory, on the best number of cores. */
export function trivialBounds(model: CostModel, choices: CoreChoices): Bounds {
  const count = model.layerCount;
  const longest = longestGroup(model, choices);
  const before = new Float64Array(count + 1);
  for (let layer = 0; layer < count; layer++)
    before[layer + 1] = (before[layer] ?? 0) + model.weightBytes(layer);
  const lowerRows = Array.from({ length: count }, (_, first) => {
    const reach = Math.min(model.reach(first), first + longest - 1);
    const row = new Float64Array(reach - first + 1);
    row.fill(Number.POSITIVE_INFINITY);
    for (const onCores of choices.startingAt(first)) {
      for (let last = first; last <= reach; last++) {
        const cost = onCores.cost(first, last, (before[last + 1] ?? 0) - (before[first] ?? 0));
        if (cost < (row[last - first] as number)) row[last - first] = cost;
      }
    }
    return row;
  });
  const bounds: Bounds = {
    best: Number.POSITIVE_INFINITY,
    lasts: [],
    passes: [],
    cores: [],
    lower: 0,
    lowerRows,
    suffix: new Float64Array(count + 1),
  };
  updateSuffix(bounds);
  bounds.lower = bounds.suffix[0] ?? 0;
  return bounds;
}

/** suffix[a] = min over b of lowerRows[a][b - a] + suffix[b + 1]. */
export function updateSuffix({ lowerRows, suffix }: Bounds): void {
  suffix[lowerRows.length] = 0;
  for (let first = lowerRows.length - 1; first >= 0; first--) {
    const row = lowerRows[first] ?? new Float64Array();
    let least = Number.POSITIVE_INFINITY;
    for (let index = 0; index < row.length; index++) {
      least = Math.min(least, (row[index] as number) + (suffix[first + index + 1] as number));
    }
    suffix[first] = least;
  }
}

/** Whether the best mapping known is proven the best there is. */
export function isProven({ best, lower }: Bounds): boolean {
  return Number.isFinite(best) && lower >= best - equalWithin * best;
}

/** The best ways to boundaries between groups, as a dynamic program over them finds them. */
export interface Path {
  /** For each boundary, the start of the group before it. */
  readonly starts: Int32Array;
  /** That group's cores. */
  readonly cores: Int32Array;
  /** That group's pass sizes. */
  readonly passesOf: (end: number) => readonly number[];
}

/** Makes the groups that lead to the last boundary the best mapping known, if they cost less than it. */
export function takePath(bounds: Bounds, cost: number, path: Path): void {
  if (cost >= bounds.best) return;
  bounds.best = cost;
  Object.assign(bounds, groupsOf(path, 0));
}

/** The groups of a path from a boundary on. */
export function groupsOf(
  { starts, cores, passesOf }: Path,
  from: number,
): Pick<Bounds, "lasts" | "passes" | "cores"> {
  const ends: number[] = [];
  for (let end = starts.length - 1; end > from; end = known(starts[end], "group start")) ends.unshift(end);
  return {
    lasts: ends.map((end) => end - 1),
    passes: ends.flatMap(passesOf),
    cores: ends.flatMap((end) => new Array<number>(end - (starts[end] ?? 0)).fill(cores[end] ?? 1)),
  };
}

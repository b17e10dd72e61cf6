/**
 * The branches of a network side by side: cores dealt out to them, and each branch cut into blocks by dlfusion's own growth on its
 * number of cores. A lane starts from the number of cores that is best for it; where those are more than there are, from its share by
 * MACs. Then cores go from the lane that ends first to the one that ends last as long as that saves, fewer and fewer at a time. Lanes
 * with little to do are joined with a neighbour where that saves, since a lane's cores are idle once it has ended.
 */
import { sum } from "../../../base/integers.ts";
import { finish } from "../../../base/steps.ts";
import { runSideBySide } from "../../cost/fair-share.ts";
import type { Branches } from "../../space/branches.ts";
import type { LayerRange } from "../../space/mapping.ts";
import type { TargetCharacteristics } from "../../targets/characteristics.ts";
import type { Block, BlockCosts, GroupCosts } from "./block-costs.ts";
import { dlfusion } from "./dlfusion.ts";

/** Blocks with what they cost together. */
export interface Scheme {
  readonly blocks: readonly Block[];
  readonly cost: number;
}

/** The blocks of some layers by dlfusion's growth on at most so many cores, in a lane or by themselves; undefined where none fit. */
export type Grow = (range: LayerRange, cores: number, lane: "lane" | "alone") => Scheme | undefined;

/** Rounds that look back in a lane: it is grown on many numbers of cores, and a second round rarely finds anything. */
const laneRounds = 1;

/** `Grow` that remembers. A range is grown by as many evaluations as it has layers, times a constant, once for each number of cores. */
export function createGrow(costs: GroupCosts, target: TargetCharacteristics): Grow {
  const grown = new Map<string, Scheme | undefined>();
  return (range, cores, lane) => {
    const key = `${range.first} ${range.last} ${cores} ${lane}`;
    if (grown.has(key)) return grown.get(key);
    const here = within(costs, range, cores, lane);
    const rounds = lane === "lane" ? laneRounds : undefined;
    const blocks = finish(dlfusion(here, target, rounds))?.map((block) => moved(block, range.first, lane));
    const scheme = blocks && { blocks, cost: sum(blocks.map((block) => costs.costOf(block))) };
    grown.set(key, scheme);
    return scheme;
  };
}

/** The costs of the blocks of a range, as if it were a network on so many cores. */
function within(
  costs: GroupCosts,
  { first, last }: LayerRange,
  cores: number,
  lane: "lane" | "alone",
): BlockCosts {
  return {
    layerCount: last - first + 1,
    coreCount: cores,
    reach: (layer) => Math.min(last, costs.reach(first + layer)) - first,
    macs: (from, to) => costs.macs(first + from, first + to),
    channels: (layer) => costs.channels(first + layer),
    costOf: (block) => costs.costOf(moved(block, first, lane)),
  };
}

/** Any lane will do as long as it is not known which: blocks of all lanes cost the same. */
function moved({ first, last, cores }: Block, by: number, lane: "lane" | "alone"): Block {
  return { first: first + by, last: last + by, cores, ...(lane === "lane" ? { lane: 0 } : {}) };
}

/** Lanes on the cores that they were dealt. */
interface Deal {
  readonly cores: readonly number[];
  readonly lanes: readonly Scheme[];
  /** When each ends, in cycles. */
  readonly ends: readonly number[];
  readonly cost: number;
}

/**
 * The best section found for the branches; undefined where some do not fit, and where a branch takes as long as the limit with all cores
 * to itself. Yields after each deal.
 */
export function* planSection(
  costs: GroupCosts,
  grow: Grow,
  branches: Branches,
  limit: number,
): Generator<void, Scheme | undefined> {
  const macs = ({ first, last }: LayerRange): number => costs.macs(first, last);
  let lanes = branches;
  while (lanes.length > costs.coreCount) lanes = joinLeast(lanes, macs);
  let best = yield* dealCores(costs, grow, lanes, limit);
  while (lanes.length > 2) {
    lanes = joinLeast(lanes, macs);
    const joined = yield* dealCores(costs, grow, lanes, Math.min(limit, best?.cost ?? limit));
    if (joined === undefined || joined.cost >= (best?.cost ?? limit)) break;
    best = joined;
  }
  if (best === undefined) return undefined;
  const blocks = best.lanes.flatMap((lane, number) =>
    lane.blocks.map((block) => ({ ...block, lane: number })),
  );
  return { blocks, cost: best.cost };
}

/** The two neighbours with the fewest MACs as one. */
function joinLeast(lanes: Branches, macs: (range: LayerRange) => number): Branches {
  let least = 0;
  let leastMacs = Number.POSITIVE_INFINITY;
  lanes.slice(1).forEach((right, index) => {
    const both = macs(lanes[index] as LayerRange) + macs(right);
    if (both < leastMacs) [least, leastMacs] = [index, both];
  });
  const [left, right] = [lanes[least], lanes[least + 1]] as [LayerRange, LayerRange];
  return [...lanes.slice(0, least), { first: left.first, last: right.last }, ...lanes.slice(least + 2)];
}

function* dealCores(
  costs: GroupCosts,
  grow: Grow,
  lanes: Branches,
  limit: number,
): Generator<void, Deal | undefined> {
  const wanted: number[] = [];
  for (const lane of lanes) {
    const own = grow(lane, costs.coreCount, "lane");
    yield;
    if (own === undefined || own.cost >= limit) return undefined;
    wanted.push(Math.max(...own.blocks.map(({ cores }) => cores)));
  }
  let best = timed(costs, grow, lanes, startingCores(costs, lanes, wanted));
  yield;
  for (let step = Math.ceil(costs.coreCount / 4); step >= 1; step = step === 1 ? 0 : Math.ceil(step / 2)) {
    while (best !== undefined) {
      const cores = moveCores(costs.coreCount, best, step);
      const next = cores && timed(costs, grow, lanes, cores);
      yield;
      if (next === undefined || next.cost >= best.cost) break;
      best = next;
    }
  }
  return best;
}

/** What each lane would have by itself, or its share by MACs where all together want more than there are. */
function startingCores(
  { coreCount, macs }: GroupCosts,
  lanes: Branches,
  wanted: readonly number[],
): readonly number[] {
  if (sum(wanted) <= coreCount) return wanted;
  const all = Math.max(1, sum(lanes.map(({ first, last }) => macs(first, last))));
  const cores = lanes.map(({ first, last }, lane) =>
    Math.max(1, Math.min(wanted[lane] ?? 1, Math.floor((coreCount * macs(first, last)) / all))),
  );
  while (sum(cores) > coreCount) {
    const most = cores.indexOf(Math.max(...cores));
    cores[most] = (cores[most] ?? 1) - 1;
  }
  return cores;
}

/** So many cores more for the lane that ends last: those that nobody has, then those of the lane that ends first and has enough. */
function moveCores(coreCount: number, { cores, ends }: Deal, step: number): readonly number[] | undefined {
  const last = ends.indexOf(Math.max(...ends));
  const taken = Math.max(0, step - (coreCount - sum(cores)));
  let giver: number | undefined;
  ends.forEach((end, lane) => {
    const gives = lane !== last && (cores[lane] ?? 1) > taken;
    if (gives && (giver === undefined || end < (ends[giver] ?? 0))) giver = lane;
  });
  if (taken > 0 && giver === undefined) return undefined;
  return cores.map((own, lane) => own + (lane === last ? step : lane === giver ? -taken : 0));
}

function timed(costs: GroupCosts, grow: Grow, lanes: Branches, cores: readonly number[]): Deal | undefined {
  const schemes: Scheme[] = [];
  for (const [lane, range] of lanes.entries()) {
    const scheme = grow(range, cores[lane] ?? 1, "lane");
    if (scheme === undefined) return undefined;
    schemes.push(scheme);
  }
  const { accelerator } = costs.model.problem;
  const bytesPerCycle = accelerator.offChipBytesPerSecond / accelerator.frequencyHertz;
  const uses = schemes.map(({ blocks }) => blocks.map((block) => costs.useOf(block)));
  const ends = runSideBySide(uses, bytesPerCycle).map((spans) => spans.at(-1)?.endCycles ?? 0);
  return { cores, lanes: schemes, ends, cost: Math.max(...ends) };
}

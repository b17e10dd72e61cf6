/**
 * Groups under the full model, pass sizes on a ladder. The ring buffers of a source hold the largest pass size among
 * the source and its region, or the source and its one reader (space/ring-buffers.ts), so a partial group is described
 * by that largest size so far for every source whose buffers are still open, and a Pareto front for each such state.
 *
 * Which readers of a fork lie inside depends on where the group ends, so the steps of a group (what opens, is touched,
 * closes at each layer) differ between ends; groups of one row whose first steps agree share those steps' fronts.
 *
 * O(groups x layers x states x pass sizes x front length); states = pass sizes ^ open sources at worst.
 */
import { known } from "../../../base/assert.ts";
import type { CostModel } from "../../cost/cost-model.ts";
import { type GroupGraph, groupGraph } from "../../space/group-graph.ts";
import { doublingLadder } from "../../space/pass-sizes.ts";
import { tensorBytes } from "../../workload/workload.ts";
import { type Begun, choicesOf } from "./begun.ts";
import {
  createFrontMerger,
  type Front,
  hasPoint,
  lastAtMost,
  originFront,
  type ShiftedFront,
} from "./front.ts";
import type { GroupRow, GroupSolver, RowLimits } from "./group-solver.ts";

/** A source while its buffers are open: the state keeps the index of its largest pass size so far. */
interface Slot {
  /** Distinguishes sources within a row, and the same source with more or fewer of its tensors read inside. */
  readonly id: string;
  /** Bytes of its tensors for one image. */
  readonly bytes: number;
}

/** What a layer does to the state: slots that it opens before and after being read, touches and closes. */
interface Step {
  readonly signature: string;
  /** The slots open before the layer; the state's entries in this order. */
  readonly open: readonly Slot[];
  /** Loads that open here with pass size 1 and are touched at once. */
  readonly loads: readonly Slot[];
  /** Whether each of [...open, ...loads] is touched by this layer. */
  readonly touched: readonly boolean[];
  /** Whether each of [...open, ...loads] stays open afterwards. */
  readonly stays: readonly boolean[];
  /** What the layer itself opens, with its own pass size. */
  readonly opened: readonly Slot[];
}

/** The fronts after a step, by state; a state lists, for each open slot, the index of its largest pass size so far. */
type StateFronts = ReadonlyMap<string, { readonly state: readonly number[]; readonly front: Front }>;

/** Where a decision leads: the new state, and what the decision costs. */
interface Move {
  readonly state: readonly number[];
  readonly footprintBytes: number;
  readonly weightBytes: number;
}

/** What leads to each state, before it is merged into a front. */
type Parts = Map<string, { readonly state: readonly number[]; readonly fronts: ShiftedFront[] }>;

/** States that may be open at once, for each point that a front may have. */
const statesPerPoint = 4;

/** A move takes as long as visiting this many points. */
const pointsPerMove = 16;

const originStates: StateFronts = new Map([["", { state: [], front: originFront }]]);

/** `begun` are the entries of the first layers, where those are decided. */
export function createFullGroups(model: CostModel, begun: Begun = []): GroupSolver {
  let merger = createFrontMerger();
  let visitedBefore = 0;
  let statesThinned = false;
  const { batch, workload } = model.problem;
  const ladder = doublingLadder(batch);
  const counts = ladder.map((pass) => model.passCount(pass));
  const choices = choicesOf(ladder, begun);

  /** The effect of mapping `layer` with the choice-th pass size in a state. Buffers are paid as they open and grow. */
  const move = (step: Step, state: readonly number[], layer: number, choice: number): Move => {
    const next: number[] = [];
    let footprintBytes = 0;
    const slots = [...step.open, ...step.loads];
    slots.forEach((slot, index) => {
      const before = state[index] ?? 0;
      const after = step.touched[index] ? Math.max(before, choice) : before;
      const paid = index < step.open.length ? (ladder[before] ?? 0) : 0;
      footprintBytes += ((ladder[after] ?? 0) - paid) * slot.bytes;
      if (step.stays[index]) next.push(after);
    });
    for (const slot of step.opened) {
      footprintBytes += (ladder[choice] ?? 0) * slot.bytes;
      next.push(choice);
    }
    return { state: next, footprintBytes, weightBytes: (counts[choice] ?? 0) * model.weightBytes(layer) };
  };

  /** Keeps the number of states near what the cap allows. */
  const cappedStates = (parts: Parts, limits: RowLimits, roomBytes: number): Parts => {
    const cap = statesPerPoint * limits.cap;
    if (parts.size <= cap) return parts;
    statesThinned = true;
    return limits.bound === "lower"
      ? mergeStates(parts, cap, ladder.length - 1)
      : dropStates(parts, cap, roomBytes);
  };

  const advance = (
    step: Step,
    before: StateFronts,
    layer: number,
    limits: RowLimits,
    roomBytes: number,
  ): StateFronts => {
    const parts: Parts = new Map();
    for (const { state, front } of before.values()) {
      for (const choice of choices(layer)) {
        const { state: next, footprintBytes, weightBytes } = move(step, state, layer, choice);
        visitedBefore += pointsPerMove;
        const key = next.join();
        const part = parts.get(key) ?? { state: next, fronts: [] };
        part.fronts.push({ front, footprintBytes, weightBytes });
        parts.set(key, part);
      }
    }
    const frontLimits = {
      cap: limits.cap,
      bound: limits.bound,
      footprintBytes: roomBytes,
      weightBytes: limits.weightLimit(layer),
    };
    const after = new Map<string, { readonly state: readonly number[]; readonly front: Front }>();
    for (const [key, { state, fronts }] of cappedStates(parts, limits, roomBytes)) {
      const front = merger.merge(fronts, frontLimits);
      if (!front) continue;
      after.set(key, { state, front });
    }
    return after;
  };

  const row = (first: number, limits: RowLimits): GroupRow => {
    /** Fronts by the signatures of the steps so far. */
    const cache = new Map<string, StateFronts>();
    /** Of the group that was solved last. */
    let solved: Front | undefined;

    /** The fronts before each step of the group first..last, and after the last. */
    const frontsAlong = (steps: readonly Step[], last: number): readonly StateFronts[] => {
      const along: StateFronts[] = [originStates];
      let prefix = "";
      let states = originStates;
      steps.forEach((step, index) => {
        const layer = first + index;
        prefix += step.signature;
        // The last layer streams no further weights after it, so what it may stream is not cut by what could follow.
        const ends = layer === last;
        const cached = ends ? undefined : cache.get(prefix);
        states =
          cached ??
          advance(
            step,
            states,
            layer,
            ends ? { ...limits, weightLimit: () => Number.POSITIVE_INFINITY } : limits,
            limits.roomBytes(layer),
          );
        if (!ends) cache.set(prefix, states);
        along.push(states);
      });
      return along;
    };

    const extendTo = (last: number): void => {
      solved = undefined;
      if (limits.roomBytes(last) < 0 || !limits.wanted(last)) return;
      const steps = stepsOf(groupGraph(workload, { first, last }), model);
      solved = frontsAlong(steps, last).at(-1)?.get("")?.front;
    };

    const leastWeights = (_last: number, roomBytes: number): number => {
      const index = solved ? lastAtMost(solved.footprint, solved.size, roomBytes) : -1;
      return solved && index >= 0 ? (solved.weights[index] ?? 0) : Number.POSITIVE_INFINITY;
    };

    const passes = (last: number, roomBytes: number): readonly number[] => {
      const steps = stepsOf(groupGraph(workload, { first, last }), model);
      const along = frontsAlong(steps, last);
      const end = known(along.at(-1)?.get(""), "the front of a group that fits").front;
      const lightest = lastAtMost(end.footprint, end.size, roomBytes);
      let point = {
        key: "",
        footprint: end.footprint[lightest] ?? 0,
        weights: end.weights[lightest] ?? 0,
      };
      const found: number[] = [];
      for (let layer = last; layer >= first; layer--) {
        const step = known(steps[layer - first], "step");
        const back = stepBack(step, known(along[layer - first], "fronts"), layer, point);
        found.unshift(known(ladder[back.choice], "pass size"));
        point = back.point;
      }
      return found;
    };

    const stepBack = (
      step: Step,
      before: StateFronts,
      layer: number,
      point: { readonly key: string; readonly footprint: number; readonly weights: number },
    ) => {
      for (const [key, { state, front }] of before) {
        for (const choice of choices(layer)) {
          const tried = move(step, state, layer, choice);
          if (tried.state.join() !== point.key) continue;
          const footprint = point.footprint - tried.footprintBytes;
          const weights = point.weights - tried.weightBytes;
          if (hasPoint(front, footprint, weights)) return { choice, point: { key, footprint, weights } };
        }
      }
      throw new Error(`internal: no way back from layer ${layer}`);
    };

    return { extendTo, leastWeights, passes, mayGoOn: (last) => limits.roomBytes(last) >= 0 };
  };

  return {
    space: "contiguous groups, pass sizes 1, 2, 4, .. batch",
    row,
    takeThinned: () => {
      const thinned = merger.thinned || statesThinned;
      statesThinned = false;
      visitedBefore += merger.visited;
      merger = createFrontMerger();
      return thinned;
    },
    get pointsVisited() {
      return visitedBefore + merger.visited;
    },
  };
}

/**
 * Fewer states for a lower bound: sizes are rounded up to ever coarser steps of the ladder without being paid for. What
 * a rounded state still pays as its buffers grow is never more than what the states in it would.
 */
function mergeStates(parts: Parts, cap: number, top: number): Parts {
  let merged = parts;
  for (let grain = 2; merged.size > cap && grain <= 2 * top; grain *= 2) {
    merged = new Map();
    for (const { state, fronts } of parts.values()) {
      const rounded = state.map((index) => Math.min(top, Math.ceil(index / grain) * grain));
      const key = rounded.join();
      const into = merged.get(key);
      if (into) into.fronts.push(...fronts);
      else merged.set(key, { state: rounded, fronts: [...fronts] });
    }
  }
  return merged;
}

/** Fewer states for an upper bound: the ones with the least sum of footprint and weights, both scaled to one. */
function dropStates(parts: Parts, cap: number, roomBytes: number): Parts {
  let heaviest = 1;
  for (const { fronts } of parts.values()) {
    for (const { front, weightBytes } of fronts)
      heaviest = Math.max(heaviest, (front.weights[0] ?? 0) + weightBytes);
  }
  const scored = [...parts].map(([key, part]) => ({
    key,
    part,
    score: scoreOf(part.fronts, roomBytes, heaviest),
  }));
  scored.sort((a, b) => a.score - b.score);
  return new Map(scored.slice(0, cap).map(({ key, part }) => [key, part]));
}

function scoreOf(fronts: readonly ShiftedFront[], roomBytes: number, heaviest: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { front, footprintBytes, weightBytes } of fronts) {
    for (let index = 0; index < front.size; index++) {
      const footprint = ((front.footprint[index] ?? 0) + footprintBytes) / roomBytes;
      if (footprint <= 1)
        least = Math.min(least, footprint + ((front.weights[index] ?? 0) + weightBytes) / heaviest);
    }
  }
  return least;
}

/** What each layer of a group does to the open buffers. */
function stepsOf(graph: GroupGraph, model: CostModel): readonly Step[] {
  const { workload } = model.problem;
  const lives = graph.sources.map(({ producer, tensors, readers, region }) => {
    const touches = new Set(readers.length > 1 ? region : readers);
    const bytes = tensorBytes(workload, tensors);
    const slot: Slot = { id: `${producer ?? `t${tensors[0]}`}=${bytes}`, bytes };
    const closes = Math.max(...touches);
    return { slot, producer, opens: producer ?? Math.min(...touches), closes, touches };
  });
  let open: typeof lives = [];
  const steps: Step[] = [];
  for (let layer = graph.range.first; layer <= graph.range.last; layer++) {
    const loads = lives.filter((life) => life.producer === undefined && life.opens === layer);
    const opened = lives.filter((life) => life.producer === layer);
    const all = [...open, ...loads];
    const touched = all.map((life) => life.touches.has(layer));
    const stays = all.map((life) => life.closes > layer);
    const ids = all.map(
      (life, index) => `${life.slot.id}${touched[index] ? "!" : ""}${stays[index] ? "" : "."}`,
    );
    steps.push({
      signature: `${ids.join()}|${opened.map((life) => life.slot.id).join()};`,
      open: open.map((life) => life.slot),
      loads: loads.map((life) => life.slot),
      touched,
      stays,
      opened: opened.map((life) => life.slot),
    });
    open = [...all.filter((_, index) => stays[index]), ...opened];
  }
  return steps;
}

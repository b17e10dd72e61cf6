/**
 * Lanes side by side on one off-chip channel, as a fluid: a group starts and waits for its cores, in which time it moves nothing, and
 * then works. At full speed its bytes spread evenly over its work. Where all that work at a time ask for more than the channel has,
 * it is shared max-min fairly: nobody gets more than it asks for, and whoever gets less gets as much as every other that does. A
 * group slows in the proportion in which it gets less. Shares change only where a group starts to work or ends, so time goes on from
 * one such event to the next: O(groups x lanes log lanes).
 */
import { known } from "../../base/assert.ts";

/** A group as the channel sees it. */
export interface ChannelUse {
  /** Cycles to start the group and to wait for its cores. */
  readonly overheadCycles: number;
  /** Cycles that it works when it has the channel to itself. */
  readonly workCycles: number;
  readonly offChipBytes: number;
}

/** When a group runs, from the start of its section. */
export interface CycleSpan {
  readonly startCycles: number;
  readonly endCycles: number;
}

/** What a lane is at. */
interface Running {
  readonly uses: readonly ChannelUse[];
  readonly spans: CycleSpan[];
  startCycles: number;
  works: boolean;
  /** Of the overhead or the work: cycles that are left at full speed. */
  leftCycles: number;
  /** Bytes per cycle at full speed. */
  demand: number;
  speed: number;
}

/** The spans of the groups of each lane, `lanes` having the groups of each in order. */
export function runSideBySide(
  lanes: readonly (readonly ChannelUse[])[],
  bytesPerCycle: number,
): readonly (readonly CycleSpan[])[] {
  const all = lanes.map(
    (uses): Running => ({
      ...{ uses, spans: [], startCycles: 0, works: false, demand: 0, speed: 1 },
      leftCycles: uses[0]?.overheadCycles ?? 0,
    }),
  );
  let active = all.filter(({ uses }) => uses.length > 0);
  for (let now = 0; active.length > 0; ) {
    setSpeeds(active, bytesPerCycle);
    let step = Number.POSITIVE_INFINITY;
    for (const { leftCycles, speed } of active) step = Math.min(step, leftCycles / speed);
    now += step;
    for (const lane of active) {
      // The lane that the step was taken for is at its end, whatever rounding leaves.
      if (lane.leftCycles / lane.speed <= step) goOn(lane, now, bytesPerCycle);
      else lane.leftCycles = Math.max(0, lane.leftCycles - step * lane.speed);
    }
    active = active.filter(({ uses, spans }) => spans.length < uses.length);
  }
  return all.map(({ spans }) => spans);
}

/** From the overhead to the work, and from the work to the next group. */
function goOn(lane: Running, now: number, bytesPerCycle: number): void {
  const { workCycles, offChipBytes } = known(lane.uses[lane.spans.length], "a group that runs");
  lane.works = !lane.works;
  if (lane.works) {
    lane.leftCycles = workCycles;
    // Rounding must not let a group that the channel bounds ask for more than there is.
    lane.demand = workCycles > 0 ? Math.min(bytesPerCycle, offChipBytes / workCycles) : 0;
    return;
  }
  lane.spans.push({ startCycles: lane.startCycles, endCycles: now });
  lane.startCycles = now;
  lane.demand = 0;
  lane.leftCycles = lane.uses[lane.spans.length]?.overheadCycles ?? 0;
}

/** Water-filling: in the order of what they ask for, each is given that, as long as an equal part of what is left is enough. */
function setSpeeds(active: readonly Running[], bytesPerCycle: number): void {
  const asking = active.filter(({ demand }) => demand > 0).sort((a, b) => a.demand - b.demand);
  for (const lane of active) lane.speed = 1;
  let left = bytesPerCycle;
  // What each is given that asks for more; the same to the last bit, so that the order of lanes says nothing.
  let level = Number.POSITIVE_INFINITY;
  asking.forEach((lane, index) => {
    if (level === Number.POSITIVE_INFINITY) {
      const even = left / (asking.length - index);
      if (lane.demand > even) level = even;
      else left -= lane.demand;
    }
    lane.speed = Math.min(1, level / lane.demand);
  });
}

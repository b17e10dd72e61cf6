/**
 * When a group runs and on which cores: its place in time, to the last bit, and a track for each core, on which stand the groups that
 * it takes part in. A group by itself runs on the first cores; the lanes of a section have theirs one beside the other.
 * O(groups x cores).
 */
import { known } from "../base/assert.ts";
import type { FeasibleEvaluation, GroupCost } from "../mapping/cost/evaluation.ts";
import type { Problem } from "../mapping/cost/problem.ts";
import { counter, type NamedTrack, type TraceEvent } from "./trace-events.ts";

export interface Place {
  readonly number: number;
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** A group ends where the next of its lane starts, to the last bit. */
export function placesOf({ groups, sections, latencySeconds }: FeasibleEvaluation): readonly Place[] {
  const ends = groups.map(({ startSeconds, latencySeconds: seconds }) => startSeconds + seconds);
  sections.forEach((section, at) => {
    for (const lane of section)
      lane.slice(1).forEach((next, index) => {
        ends[lane[index] ?? 0] = groups[next]?.startSeconds ?? 0;
      });
    const [[only = 0] = []] = section;
    const [[next = groups.length] = []] = sections[at + 1] ?? [];
    if (section.length === 1) ends[only] = groups[next]?.startSeconds ?? latencySeconds;
  });
  return groups.map(({ startSeconds }, index) => {
    return { number: index + 1, startSeconds, endSeconds: ends[index] ?? latencySeconds };
  });
}

/** When a group begins to work. By itself it is drawn at work from its start on, whenever it waits. */
export function workBegin({ lane, overheadSeconds }: GroupCost, { startSeconds }: Place): number {
  return lane === undefined ? startSeconds : startSeconds + overheadSeconds;
}

/** What the groups that run at a time reserve together. */
export function reservedCounter(
  groups: readonly GroupCost[],
  places: readonly Place[],
): readonly TraceEvent[] {
  const changes = new Map<number, number>();
  const change = (seconds: number, bytes: number): void => {
    changes.set(seconds, (changes.get(seconds) ?? 0) + bytes);
  };
  groups.forEach(({ footprintBytes }, index) => {
    const { startSeconds, endSeconds } = known(places[index], "the place of a group");
    change(startSeconds, footprintBytes);
    change(endSeconds, -footprintBytes);
  });
  let bytes = 0;
  return [...changes]
    .sort(([a], [b]) => a - b)
    .map(([seconds, by]) => {
      bytes += by;
      return counter("on-chip bytes reserved", seconds, bytes);
    });
}

export interface CoreTrack extends NamedTrack {
  /** Indices of its groups, in order. */
  readonly runs: readonly number[];
}

/** The tracks, numbered from `firstTid` on; none where there is one core, as its track would be that of the compute array. */
export function coreTracks(
  { accelerator }: Problem,
  { groups, sections }: FeasibleEvaluation,
  firstTid: number,
): readonly CoreTrack[] {
  if (accelerator.cores === 1) return [];
  const runs = Array.from({ length: accelerator.cores }, (): number[] => []);
  for (const section of sections) {
    let firstCore = 0;
    for (const lane of section) {
      const coresOf = lane.map((group) => known(groups[group], "a group of a lane").cores);
      lane.forEach((group, index) => {
        for (const core of runs.slice(firstCore, firstCore + (coresOf[index] ?? 0))) core.push(group);
      });
      firstCore += Math.max(...coresOf);
    }
  }
  return runs.map((of, core) => ({ tid: firstTid + core, name: `core ${core}`, runs: of }));
}

/**
 * The pull schedule as a Chrome trace (Trace Event Format), to open in Perfetto or chrome://tracing: one track per
 * resource, and counters of on-chip memory.
 *
 * The times are the analytic model's: within a group each resource works through the firings in pull order, back to
 * back, from the start of the group; the next group starts when the slowest resource is done. Waiting of one resource
 * for another (fill and drain) is not in the model and so not in the picture. Times are rounded to the nanosecond, the
 * resolution of viewers; the args hold exact bytes and MACs. O(passes).
 */
import { ceilDiv, sum } from "../base/integers.ts";
import { peakMacsPerCycle } from "../mapping/accelerator/accelerator.ts";
import type { FeasibleEvaluation, GroupCost } from "../mapping/cost/evaluation.ts";
import { completeProblem, type Problem } from "../mapping/cost/problem.ts";
import { layerName } from "./layer-names.ts";
import { groupSteps, mergeSteps, type Step } from "./trace-steps.ts";

/** One event of the format; `ts` and `dur` in microseconds. */
export interface TraceEvent {
  readonly name: string;
  /** X: a slice, C: a counter, M: metadata. */
  readonly ph: "X" | "C" | "M";
  readonly pid: number;
  readonly tid?: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly args: Readonly<Record<string, number | string>>;
}

export interface ChromeTrace {
  readonly displayTimeUnit: "ns";
  readonly traceEvents: readonly TraceEvent[];
  readonly otherData: Readonly<Record<string, number | string | boolean>>;
}

/** Firings drawn one by one; of a longer schedule, windows are drawn with the firings of each layer in one slice. */
const firingLimit = 20_000;
const pid = 1;

/** A resource: its track, and what it does in a step. */
interface Track {
  readonly tid: number;
  readonly name: string;
  /** Work (MACs or bytes) per second. */
  readonly rate: number;
  readonly pieces: (step: Step) => readonly Piece[];
}

interface Piece {
  readonly name: string;
  readonly work: number;
  readonly args: Readonly<Record<string, number | string>>;
}

/** The trace of a mapping that fits, `evaluation` being its cost. */
export function chromeTrace(problem: Problem, evaluation: FeasibleEvaluation): ChromeTrace {
  const { memoryBytes, batch } = completeProblem(problem);
  const tracks = resourceTracks(problem);
  const firings = sum(evaluation.groups.map((group) => firingCount(group, batch)));
  const share = Math.min(1, firingLimit / firings);
  const events: TraceEvent[] = metadata(problem, tracks);
  let startSeconds = 0;
  evaluation.groups.forEach((group, index) => {
    const window = share === 1 ? 1 : windowOf(group, batch, share);
    const steps = [...mergeSteps(groupSteps(problem, group), window)];
    const place = { number: index + 1, startSeconds, endSeconds: startSeconds + group.latencySeconds };
    for (const track of tracks) pushAll(events, trackSlices(problem, track, group, steps, place));
    const bounding = tracks[{ compute: 0, "off-chip": 1, "on-chip": 2 }[group.bound]];
    if (bounding) pushAll(events, occupancyCounter(problem, bounding, group, steps, place));
    events.push(counter("on-chip bytes reserved", startSeconds, group.footprintBytes));
    startSeconds = place.endSeconds;
  });
  for (const at of [0, startSeconds]) events.push(counter("on-chip bytes limit", at, memoryBytes));
  events.push(
    counter("on-chip bytes live", startSeconds, 0),
    counter("on-chip bytes reserved", startSeconds, 0),
  );
  return {
    displayTimeUnit: "ns",
    traceEvents: events,
    otherData: summary(problem, evaluation, firings, share),
  };
}

interface Place {
  readonly number: number;
  readonly startSeconds: number;
  readonly endSeconds: number;
}

function resourceTracks({ accelerator }: Problem): readonly Track[] {
  return [
    {
      tid: 1,
      name: "compute array",
      rate: peakMacsPerCycle(accelerator) * accelerator.frequencyHertz,
      pieces: (step) => [
        { name: step.name, work: step.macs, args: { macs: step.macs, ...whichImages(step) } },
      ],
    },
    {
      tid: 2,
      name: "off-chip channel",
      rate: accelerator.offChipBytesPerSecond,
      pieces: (step) =>
        step.transfers.map(({ name, bytes }) => ({
          name: `${step.name}: ${name}`,
          work: bytes,
          args: { offChipBytes: bytes, ...whichImages(step) },
        })),
    },
    {
      tid: 3,
      name: "on-chip buffer port",
      rate: accelerator.onChipBytesPerSecond,
      pieces: (step) => [
        {
          name: step.name,
          work: step.onChipBytes,
          args: { onChipBytes: step.onChipBytes, ...whichImages(step) },
        },
      ],
    },
  ];
}

function whichImages({ firstImage, images, passes }: Step): Readonly<Record<string, number>> {
  return { firstImage, images, passes };
}

/** The group's slice and, inside it, one slice per piece of work. */
function trackSlices(
  problem: Problem,
  track: Track,
  group: GroupCost,
  steps: readonly Step[],
  place: Place,
): readonly TraceEvent[] {
  const [start, end] = [nanoseconds(place.startSeconds), nanoseconds(place.endSeconds)];
  const slices: TraceEvent[] = [
    slice(track, groupName(problem, group, place.number), start, end, groupArgs(group)),
  ];
  const rate = rateIn(problem, track, group, steps);
  let work = 0;
  let from = start;
  for (const piece of steps.flatMap(track.pieces)) {
    if (piece.work === 0) continue;
    work += piece.work;
    const to = Math.min(end, nanoseconds(place.startSeconds + work / rate));
    slices.push(slice(track, piece.name, from, to, piece.args));
    from = to;
  }
  return slices;
}

/**
 * Work per second of a track in a group: of several cores not all may take part, nor have the same to do. Of rows that two
 * cores make only one is drawn, in their time.
 */
function rateIn({ accelerator }: Problem, track: Track, group: GroupCost, steps: readonly Step[]): number {
  const { cores, channelGranularity } = accelerator;
  if (track.name === "off-chip channel" || (group.cores === cores && channelGranularity === undefined))
    return track.rate;
  if (track.name === "on-chip buffer port") return track.rate * (group.cores / cores);
  const macs = sum(steps.map((step) => step.macs));
  return macs === 0 ? track.rate : macs / group.computeSeconds;
}

/** Live bytes after each step, at the time that the resource which bounds the group has done the step. */
function occupancyCounter(
  problem: Problem,
  track: Track,
  group: GroupCost,
  steps: readonly Step[],
  place: Place,
): readonly TraceEvent[] {
  const rate = rateIn(problem, track, group, steps);
  let work = 0;
  return steps.map((step) => {
    work += sum(track.pieces(step).map((piece) => piece.work));
    const at = Math.min(place.endSeconds, place.startSeconds + work / rate);
    return counter("on-chip bytes live", at, step.liveBytes);
  });
}

function slice(track: Track, name: string, from: number, to: number, args: TraceEvent["args"]): TraceEvent {
  return {
    name,
    ph: "X",
    cat: track.name,
    pid,
    tid: track.tid,
    ts: from / 1_000,
    dur: (to - from) / 1_000,
    args,
  };
}

function counter(name: string, seconds: number, bytes: number): TraceEvent {
  return { name, ph: "C", pid, ts: nanoseconds(seconds) / 1_000, args: { bytes } };
}

function groupName(problem: Problem, group: GroupCost, number: number): string {
  const names = group.layers.map((layer) => layerName(problem.workload, layer));
  const ends = names.length === 1 ? names[0] : `${names[0]} .. ${names.at(-1)}`;
  return `group ${number}: ${ends}`;
}

function groupArgs(group: GroupCost): TraceEvent["args"] {
  const { footprintBytes, latencySeconds, energyJoules, bound, layers, passes } = group;
  return {
    layers: layers.length,
    passes: passes.join(" "),
    bound,
    footprintBytes,
    latencySeconds,
    energyJoules,
  };
}

/** Passes of all layers; shared inputs are loaded an image at a time on top, and not counted here. */
function firingCount(group: GroupCost, batch: number): number {
  return sum(group.passes.map((pass) => ceilDiv(batch, pass)));
}

/** Firings to a window, so that the group's slices are about its share of the limit: a slice per layer and window. */
function windowOf(group: GroupCost, batch: number, share: number): number {
  const firings = firingCount(group, batch);
  const windows = Math.max(1, Math.floor((firings * share) / group.layers.length));
  return ceilDiv(firings, windows);
}

function metadata(problem: Problem, tracks: readonly Track[]): TraceEvent[] {
  const name = `${problem.workload.name} on ${problem.accelerator.name}`;
  const process: TraceEvent = { name: "process_name", ph: "M", pid, args: { name } };
  const threads = tracks.flatMap(({ tid, name }): TraceEvent[] => [
    { name: "thread_name", ph: "M", pid, tid, args: { name } },
    { name: "thread_sort_index", ph: "M", pid, tid, args: { sort_index: tid } },
  ]);
  return [process, ...threads];
}

function summary(
  { workload, accelerator, batch }: Problem,
  evaluation: FeasibleEvaluation,
  firings: number,
  share: number,
): ChromeTrace["otherData"] {
  return {
    schema: "laminate.trace/1",
    model: workload.name,
    accelerator: accelerator.name,
    batch,
    latencySeconds: evaluation.latencySeconds,
    offChipBytes: evaluation.offChipBytes,
    firings,
    merged: share < 1,
    ...(share < 1 ? { note: `firings of a layer are drawn in runs: ${firings} are too many to draw` } : {}),
  };
}

/** Spreading a long array into push overflows the stack. */
function pushAll(events: TraceEvent[], more: readonly TraceEvent[]): void {
  for (const event of more) events.push(event);
}

function nanoseconds(seconds: number): number {
  return Math.round(seconds * 1e9);
}

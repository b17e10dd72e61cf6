/**
 * The pull schedule as a Chrome trace (Trace Event Format), to open in Perfetto or chrome://tracing: one track per
 * resource and lane, one per core where there are several (trace-places.ts), and counters of on-chip memory.
 *
 * The times are the analytic model's: within a group each resource works through the firings in pull order, back to
 * back, from the start of the group; the next group starts when the slowest resource is done. Waiting of one resource
 * for another (fill and drain) is not in the model and so not in the picture. A group beside others first starts and waits for its
 * cores, as its share of the off-chip channel counts from there on; what it waits for the channel is spread evenly over its work.
 * The args hold exact bytes and MACs. O(passes + groups x cores).
 */
import { known } from "../base/assert.ts";
import { ceilDiv, sum } from "../base/integers.ts";
import { peakMacsPerCycle } from "../mapping/accelerator/accelerator.ts";
import type { FeasibleEvaluation, GroupCost } from "../mapping/cost/evaluation.ts";
import { completeProblem, type Problem } from "../mapping/cost/problem.ts";
import { layerName } from "./layer-names.ts";
import { counter, type NamedTrack, nanoseconds, pid, slice, type TraceEvent } from "./trace-events.ts";
import { coreTracks, type Place, placesOf, reservedCounter, workBegin } from "./trace-places.ts";
import { groupSteps, mergeSteps, type Step } from "./trace-steps.ts";

export type { TraceEvent } from "./trace-events.ts";

export interface ChromeTrace {
  readonly displayTimeUnit: "ns";
  readonly traceEvents: readonly TraceEvent[];
  readonly otherData: Readonly<Record<string, number | string | boolean>>;
}

/** Firings drawn one by one; of a longer schedule, windows are drawn with the firings of each layer in one slice. */
const firingLimit = 20_000;

/** A resource: its track, and what it does in a step. */
interface Track extends NamedTrack {
  readonly resource: "compute" | "off-chip" | "on-chip";
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
  const { groups, sections } = evaluation;
  const lanes = Math.max(...sections.map((section) => section.length));
  const tracks = Array.from({ length: lanes }, (_, lane) => resourceTracks(problem, lane));
  const firings = sum(groups.map((group) => firingCount(group, batch)));
  const share = Math.min(1, firingLimit / firings);
  const places = placesOf(evaluation);
  const cores = coreTracks(problem, evaluation, 3 * lanes + 1);
  const events: TraceEvent[] = metadata(problem, [...tracks.flat(), ...cores]);
  groups.forEach((group, index) => {
    const window = share === 1 ? 1 : windowOf(group, batch, share);
    const steps = [...mergeSteps(groupSteps(problem, group), window)];
    const place = known(places[index], "the place of a group");
    const own = known(tracks[group.lane ?? 0], "the tracks of a lane");
    for (const track of own) pushAll(events, trackSlices(problem, track, group, steps, place));
    const bounding = own.find(({ resource }) => resource === group.bound);
    if (bounding) pushAll(events, occupancyCounter(problem, bounding, group, steps, place));
    // Where another lane goes on, or this one waits for the others.
    if (group.lane !== undefined) events.push(counter(liveName(group), place.endSeconds, 0));
  });
  for (const { tid, name, runs } of cores) {
    for (const index of runs) {
      const [group, place] = [known(groups[index], "a group"), known(places[index], "its place")];
      const [start, end] = [nanoseconds(place.startSeconds), nanoseconds(place.endSeconds)];
      events.push(
        slice({ tid, name }, groupName(problem, group, place.number), start, end, groupArgs(group)),
      );
    }
  }
  pushAll(events, reservedCounter(groups, places));
  const end = evaluation.latencySeconds;
  for (const at of [0, end]) events.push(counter("on-chip bytes limit", at, memoryBytes));
  events.push(counter("on-chip bytes live", end, 0));
  return {
    displayTimeUnit: "ns",
    traceEvents: events,
    otherData: summary(problem, evaluation, firings, share),
  };
}

/** Those of lane 0 are also those of all that runs by itself. */
function resourceTracks({ accelerator }: Problem, lane: number): readonly Track[] {
  const of = lane === 0 ? "" : `, lane ${lane}`;
  return [
    {
      tid: 3 * lane + 1,
      name: `compute array${of}`,
      resource: "compute",
      rate: peakMacsPerCycle(accelerator) * accelerator.frequencyHertz,
      pieces: (step) => [
        { name: step.name, work: step.macs, args: { macs: step.macs, ...whichImages(step) } },
      ],
    },
    {
      tid: 3 * lane + 2,
      name: `off-chip channel${of}`,
      resource: "off-chip",
      rate: accelerator.offChipBytesPerSecond,
      pieces: (step) =>
        step.transfers.map(({ name, bytes }) => ({
          name: `${step.name}: ${name}`,
          work: bytes,
          args: { offChipBytes: bytes, ...whichImages(step) },
        })),
    },
    {
      tid: 3 * lane + 3,
      name: `on-chip buffer port${of}`,
      resource: "on-chip",
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
  const beginSeconds = workBegin(group, place);
  let work = 0;
  let from = nanoseconds(beginSeconds);
  for (const piece of steps.flatMap(track.pieces)) {
    if (piece.work === 0) continue;
    work += piece.work;
    const to = Math.min(end, nanoseconds(beginSeconds + work / rate));
    slices.push(slice(track, piece.name, from, to, piece.args));
    from = to;
  }
  return slices;
}

/** Work per second of a track in a group, slowed by what the group waits for the off-chip channel. */
function rateIn(problem: Problem, track: Track, group: GroupCost, steps: readonly Step[]): number {
  const { latencySeconds, overheadSeconds, contentionSeconds } = group;
  const rate = fullRateIn(problem, track, group, steps);
  return contentionSeconds === 0 ? rate : rate * (1 - contentionSeconds / (latencySeconds - overheadSeconds));
}

/**
 * Work per second of a track in a group that has the channel to itself: of several cores not all may take part, nor have the same to do. Of rows that two
 * cores make only one is drawn, in their time.
 */
function fullRateIn(
  { accelerator }: Problem,
  track: Track,
  group: GroupCost,
  steps: readonly Step[],
): number {
  const { cores, channelGranularity } = accelerator;
  if (track.resource === "off-chip" || (group.cores === cores && channelGranularity === undefined))
    return track.rate;
  if (track.resource === "on-chip") return track.rate * (group.cores / cores);
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
    const at = Math.min(place.endSeconds, workBegin(group, place) + work / rate);
    return counter(liveName(group), at, step.liveBytes);
  });
}

/** A counter for each lane; that of lane 0 is also that of all that runs by itself. */
const liveName = ({ lane = 0 }: GroupCost): string =>
  `on-chip bytes live${lane === 0 ? "" : `, lane ${lane}`}`;

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

function metadata(problem: Problem, tracks: readonly NamedTrack[]): TraceEvent[] {
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

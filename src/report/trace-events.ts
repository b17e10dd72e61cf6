/** The events of a Chrome trace (Trace Event Format). Times are rounded to the nanosecond, the resolution of viewers. */

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

/** A row of the picture. */
export interface NamedTrack {
  readonly tid: number;
  readonly name: string;
}

/** All tracks are of one process. */
export const pid = 1;

/** From and to in nanoseconds. */
export function slice(
  track: NamedTrack,
  name: string,
  from: number,
  to: number,
  args: TraceEvent["args"],
): TraceEvent {
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

export function counter(name: string, seconds: number, bytes: number): TraceEvent {
  return { name, ph: "C", pid, ts: nanoseconds(seconds) / 1_000, args: { bytes } };
}

export function nanoseconds(seconds: number): number {
  return Math.round(seconds * 1e9);
}

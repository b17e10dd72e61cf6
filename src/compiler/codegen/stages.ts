/**
 * Which threads run a step, and before which steps they must wait for each other. A barrier is needed only where a step
 * meets, in memory, one that another thread may still be at: it reads what that one writes, or writes where that one reads
 * or writes. O(steps x steps between two barriers).
 */
import { known } from "../../base/assert.ts";
import type { ProgramPlace, Step } from "./program.ts";

/** A step and how threads come to it. */
export interface Stage {
  readonly step: Step;
  /** Whether all threads run a part of it, or thread 0 runs all of it. */
  readonly isShared: boolean;
  /** Whether threads must have ended the steps before. */
  readonly waits: boolean;
}

/** The first step needs no barrier, as thread 0 begins the run. */
export function stagesOf(
  steps: readonly Step[],
  places: readonly ProgramPlace[],
  leastSharedWork: number,
): readonly Stage[] {
  const meet = meetings(places);
  let running: { readonly step: Step; readonly isShared: boolean }[] = [];
  return steps.map((step) => {
    const isShared = step.units > 1 && step.work >= leastSharedWork;
    // Thread 0 comes to its own steps one after another anyway.
    const waits = running.some((other) => (isShared || other.isShared) && meet(other.step, step));
    if (waits) running = [];
    running.push({ step, isShared });
    return { step, isShared, waits };
  });
}

/**
 * Whether a step must come after another. Within one place only reading what was written counts: each element of a value
 * is written once, so steps that write to one place write different parts of it.
 */
function meetings(places: readonly ProgramPlace[]): (first: Step, second: Step) => boolean {
  const overlaps = (a: number, b: number): boolean => {
    const [one, other] = [known(places[a], "place"), known(places[b], "place")];
    return (
      a !== b &&
      one.byteOffset < other.byteOffset + other.byteLength &&
      other.byteOffset < one.byteOffset + one.byteLength
    );
  };
  const anyOverlap = (some: readonly number[], others: readonly number[]): boolean =>
    some.some((a) => others.some((b) => overlaps(a, b)));
  return (first, second) =>
    first.writes.some((place) => second.reads.includes(place)) ||
    anyOverlap(first.writes, second.reads) ||
    anyOverlap(first.writes, second.writes) ||
    anyOverlap(first.reads, second.writes);
}

/**
 * Which numbers of steps networks are compiled for. Trajectories are padded to the length of their bucket, so few buckets waste
 * work, and many take time to compile; a batch is of one bucket. The best ends of k buckets are found exactly, by dynamic
 * programming over the lengths that there are: O(k lengths^2).
 */
import { known } from "../../base/assert.ts";
import { stepsOf as allStepsOf, type TrainingProblem } from "./training-data.ts";

export interface Bucket {
  /** The length that its trajectories are padded to; that of the longest, or the window. */
  readonly steps: number;
  readonly problems: readonly TrainingProblem[];
}

const mostBuckets = 4;

/** With this share of padding, another bucket is not worth its compilation, nor batches without the other networks. */
const littlePadding = 0.2;

/** Buckets by rising length, as few as have little padding, and at most four. Of longer trajectories parts of `window` steps are learned. */
export function bucketsOf(problems: readonly TrainingProblem[], window: number): readonly Bucket[] {
  const stepsOf = (problem: TrainingProblem): number => Math.min(window, allStepsOf(problem));
  const lengths = [...new Set(problems.map(stepsOf))].sort((a, b) => a - b);
  const counts = lengths.map((length) => problems.filter((problem) => stepsOf(problem) === length).length);
  const whole = lengths.reduce((total, length, at) => total + length * known(counts[at], "count"), 0);
  let ends: readonly number[] = [];
  for (let count = 1; count <= Math.min(mostBuckets, lengths.length); count++) {
    const best = bestEnds(lengths, counts, count);
    ends = best.ends;
    if (best.padded <= (1 + littlePadding) * whole) break;
  }
  return ends.map((steps, at) => {
    const above = ends[at - 1] ?? 0;
    const inside = problems.filter((problem) => stepsOf(problem) > above && stepsOf(problem) <= steps);
    return { steps, problems: inside };
  });
}

interface Ends {
  /** Steps of one trajectory of every problem, padded. */
  readonly padded: number;
  readonly ends: readonly number[];
}

/** So many buckets with the fewest padded steps. */
function bestEnds(lengths: readonly number[], counts: readonly number[], buckets: number): Ends {
  /** For the first `until` lengths. */
  let best: Ends[] = lengths.map((_, last) => oneBucket(0, last));
  for (let count = 2; count <= buckets; count++) {
    const before = best;
    best = lengths.map((_, last) => {
      let least = known(before[last], "ends");
      for (let first = 1; first <= last; first++) {
        const left = known(before[first - 1], "ends");
        const right = oneBucket(first, last);
        const padded = left.padded + right.padded;
        if (padded < least.padded) least = { padded, ends: [...left.ends, ...right.ends] };
      }
      return least;
    });
  }
  return known(best.at(-1), "a length");

  function oneBucket(first: number, last: number): Ends {
    const steps = known(lengths[last], "length");
    const inside = counts.slice(first, last + 1).reduce((total, count) => total + count, 0);
    return { padded: steps * inside, ends: [steps] };
  }
}

/**
 * Pareto fronts of (footprint bytes, streamed weight bytes): the ways to map a part of a group of which none is better
 * in both. Sorted by footprint ascending, so weights descend. Merging is linear; a front may be thinned to a cap, either
 * by dropping points (what is left can be reached: upper bounds) or by merging neighbours into points better than both
 * (nothing is better than what is left: lower bounds).
 */

export interface Front {
  readonly footprint: Float64Array;
  readonly weights: Float64Array;
  readonly size: number;
}

/** A front whose every point is moved by the cost of one more decision. */
export interface ShiftedFront {
  readonly front: Front;
  readonly footprintBytes: number;
  readonly weightBytes: number;
}

/** How fronts are thinned, and what they need not hold. */
export interface FrontLimits {
  /** Points a front may keep. */
  readonly cap: number;
  readonly bound: "upper" | "lower";
  /** Larger footprints are cut off. */
  readonly footprintBytes: number;
  /** Larger weights are cut off: no completion could beat what is known. */
  readonly weightBytes: number;
}

/** The front of an empty group. */
export const originFront: Front = { footprint: new Float64Array(1), weights: new Float64Array(1), size: 1 };

/** Merges fronts; owns scratch space that grows with what it has to hold. */
export interface FrontMerger {
  /** The front of all points of all parts within the limits; undefined when there is none. */
  merge(parts: readonly ShiftedFront[], limits: FrontLimits): Front | undefined;
  /** Whether any merge had to thin a front since the merger was made. */
  readonly thinned: boolean;
  /** Points visited since the merger was made: what merging costs, alike on every machine. */
  readonly visited: number;
}

export function createFrontMerger(): FrontMerger {
  let current = scratch(1_024);
  let next = scratch(1_024);
  let thinned = false;
  let visited = 0;
  return {
    get thinned() {
      return thinned;
    },
    get visited() {
      return visited;
    },
    merge(parts, limits) {
      let size = 0;
      for (const part of parts) {
        if (next.footprint.length < size + part.front.size) next = scratch(2 * (size + part.front.size));
        visited += size + part.front.size;
        size = mergeShifted(current, size, part, limits, next);
        [current, next] = [next, current];
      }
      if (size === 0) return undefined;
      if (size > limits.cap) thinned = true;
      return size > limits.cap ? thin(current, size, limits) : copy(current, size);
    },
  };
}

interface Points {
  readonly footprint: Float64Array;
  readonly weights: Float64Array;
}

function scratch(length: number): Points {
  return { footprint: new Float64Array(length), weights: new Float64Array(length) };
}

function copy(points: Points, size: number): Front {
  return { footprint: points.footprint.slice(0, size), weights: points.weights.slice(0, size), size };
}

/** Merges a shifted front into the first `size` points of `into`; returns how many points `out` holds. */
function mergeShifted(
  into: Points,
  size: number,
  part: ShiftedFront,
  limits: FrontLimits,
  out: Points,
): number {
  const { front, footprintBytes: dFootprint, weightBytes: dWeights } = part;
  const { footprint: aFootprint, weights: aWeights } = into;
  const { footprint: bFootprint, weights: bWeights } = front;
  let b = firstAtMost(bWeights, front.size, limits.weightBytes - dWeights);
  const bEnd = lastAtMost(bFootprint, front.size, limits.footprintBytes - dFootprint) + 1;
  let a = 0;
  let count = 0;
  let least = Number.POSITIVE_INFINITY;
  while (a < size || b < bEnd) {
    const aBytes = a < size ? (aFootprint[a] as number) : Number.POSITIVE_INFINITY;
    const bBytes = b < bEnd ? (bFootprint[b] as number) + dFootprint : Number.POSITIVE_INFINITY;
    let bytes: number;
    let weight: number;
    if (aBytes <= bBytes) {
      bytes = aBytes;
      weight = aWeights[a++] as number;
    } else {
      bytes = bBytes;
      weight = (bWeights[b++] as number) + dWeights;
    }
    if (weight >= least) continue;
    // Of two points with the same footprint the later, lighter one stays.
    if (count > 0 && out.footprint[count - 1] === bytes) count--;
    least = weight;
    out.footprint[count] = bytes;
    out.weights[count++] = weight;
  }
  return count;
}

/** Keeps `cap` points: evenly chosen ones, or for lower bounds the best of both coordinates of even runs. */
function thin(points: Points, size: number, { cap, bound }: FrontLimits): Front {
  const footprint = new Float64Array(cap);
  const weights = new Float64Array(cap);
  for (let index = 0; index < cap; index++) {
    const from = Math.floor((index * size) / cap);
    const to = Math.floor(((index + 1) * size) / cap) - 1;
    // A run's lightest point is its last, its smallest its first.
    footprint[index] = points.footprint[bound === "lower" || index === 0 ? from : to] as number;
    weights[index] = points.weights[bound === "lower" || index > 0 ? to : from] as number;
  }
  return { footprint, weights, size: cap };
}

/** Index of the first point with at most this weight (weights descend). */
function firstAtMost(weights: Float64Array, size: number, limit: number): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((weights[middle] as number) <= limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Index of the last point with at most this footprint, -1 if there is none. */
export function lastAtMost(footprint: Float64Array, size: number, limit: number): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((footprint[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Whether the front has exactly this point. */
export function hasPoint(front: Front, footprintBytes: number, weightBytes: number): boolean {
  const index = lastAtMost(front.footprint, front.size, footprintBytes);
  return index >= 0 && front.footprint[index] === footprintBytes && front.weights[index] === weightBytes;
}

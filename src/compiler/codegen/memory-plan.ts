/**
 * Where values lie in memory, when each lives only for some steps: values that are never alive together may share
 * bytes. Offline bin packing in time and space, which is NP-hard (Sekiyama et al. 2018); greedy by size with the best
 * fitting gap (Pisarchyk and Lee 2020, section 5) comes within a few per cent of the bound on networks. Each value is
 * held against those that overlap it in time only: O(n log n + overlapping pairs), sorted.
 */

export interface PlannedValue {
  readonly name: string;
  readonly bytes: number;
  /** The step that writes it; inputs come before the first. */
  readonly firstStep: number;
  /** The last step that reads or writes it; for outputs, the last of all. */
  readonly lastStep: number;
  /** A power of two; one cache line, unless given. */
  readonly alignment?: number;
  /** Where it must lie. Such values come first, and must not meet. */
  readonly offset?: number;
}

export interface MemoryPlan {
  /** The first byte of each value, from 0. */
  readonly offsets: ReadonlyMap<string, number>;
  readonly totalBytes: number;
  /** The most bytes that are alive at one step: no plan needs less. */
  readonly mostLiveBytes: number;
}

const cacheLineBytes = 64;

/** Places the values by the best of three orders; where they are equal, by the first. */
export function planMemory(values: readonly PlannedValue[]): MemoryPlan {
  const mostLiveBytes = mostLive(values);
  const life = ({ firstStep, lastStep }: PlannedValue): number => lastStep - firstStep + 1;
  const orders: readonly ((a: PlannedValue, b: PlannedValue) => number)[] = [
    (a, b) => b.bytes - a.bytes || life(b) - life(a) || a.firstStep - b.firstStep,
    (a, b) => b.bytes * life(b) - a.bytes * life(a) || a.firstStep - b.firstStep,
    (a, b) => life(b) - life(a) || b.bytes - a.bytes || a.firstStep - b.firstStep,
  ];
  let best: Placed | undefined;
  for (const order of orders) {
    const isFixed = ({ offset }: PlannedValue): number => (offset === undefined ? 1 : 0);
    const placed = place(
      values.filter(({ bytes }) => bytes > 0).toSorted((a, b) => isFixed(a) - isFixed(b) || order(a, b)),
    );
    if (best === undefined || placed.totalBytes < best.totalBytes) best = placed;
    if (best.totalBytes <= mostLiveBytes) break;
  }
  const { offsets = new Map<string, number>(), totalBytes = 0 } = best ?? {};
  return {
    offsets: new Map(values.map(({ name }) => [name, offsets.get(name) ?? 0])),
    totalBytes,
    mostLiveBytes,
  };
}

interface Placed {
  readonly offsets: ReadonlyMap<string, number>;
  readonly totalBytes: number;
}

interface Block {
  readonly firstStep: number;
  readonly lastStep: number;
  readonly offset: number;
  readonly end: number;
}

function place(ordered: readonly PlannedValue[]): Placed {
  const timeline = new Timeline(ordered.map(({ firstStep }) => firstStep));
  const offsets = new Map<string, number>();
  let totalBytes = 0;
  for (const { name, bytes, firstStep, lastStep, alignment = cacheLineBytes, offset: fixed } of ordered) {
    const neighbours = timeline.overlapping(firstStep, lastStep).sort((a, b) => a.offset - b.offset);
    const offset = fixed ?? bestGap(neighbours, bytes, alignment);
    timeline.add({ firstStep, lastStep, offset, end: offset + bytes });
    offsets.set(name, offset);
    totalBytes = Math.max(totalBytes, offset + bytes);
  }
  return { offsets, totalBytes };
}

/** The start of the smallest gap between the blocks that is large enough; above all of them, if none is. */
function bestGap(sorted: readonly Block[], bytes: number, alignment: number): number {
  let best: number | undefined;
  let bestWaste = Number.POSITIVE_INFINITY;
  let top = 0;
  for (const { offset, end } of sorted) {
    const start = aligned(top, alignment);
    const waste = offset - start - bytes;
    if (waste >= 0 && waste < bestWaste) {
      best = start;
      bestWaste = waste;
    }
    top = Math.max(top, end);
  }
  return best ?? aligned(top, alignment);
}

function aligned(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

/**
 * Blocks by time: a segment tree over the steps at which values begin. A block stands in the O(log n) nodes that make
 * up its life; those that overlap a span are the ones alive at its start and the ones that begin within it.
 */
class Timeline {
  private readonly steps: readonly number[];
  private readonly alive: Block[][];
  private readonly beginning: Block[][];
  private readonly size: number;

  constructor(starts: readonly number[]) {
    this.steps = [...new Set(starts)].sort((a, b) => a - b);
    this.size = Math.max(1, this.steps.length);
    this.alive = Array.from({ length: 2 * this.size }, () => []);
    this.beginning = Array.from({ length: this.size }, () => []);
  }

  add(block: Block): void {
    const first = this.indexAfter(block.firstStep - 1);
    this.beginning[first]?.push(block);
    // Bottom-up over the half-open range of leaves.
    let [low, high] = [first + this.size, this.indexAfter(block.lastStep) + this.size];
    for (; low < high; low >>= 1, high >>= 1) {
      if (low % 2 === 1) this.alive[low++]?.push(block);
      if (high % 2 === 1) this.alive[--high]?.push(block);
    }
  }

  overlapping(firstStep: number, lastStep: number): Block[] {
    const first = this.indexAfter(firstStep - 1);
    const found: Block[] = [];
    for (let node = first + this.size; node > 0; node >>= 1) found.push(...(this.alive[node] ?? []));
    const end = this.indexAfter(lastStep);
    for (let index = first + 1; index < end; index++) found.push(...(this.beginning[index] ?? []));
    return found;
  }

  /** The index of the first begin after the step. */
  private indexAfter(step: number): number {
    let [low, high] = [0, this.steps.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.steps[middle] ?? 0) <= step) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A sweep over begins and ends. */
function mostLive(values: readonly PlannedValue[]): number {
  const events = values.flatMap(({ firstStep, lastStep, bytes }) => [
    { step: firstStep, change: bytes },
    { step: lastStep + 1, change: -bytes },
  ]);
  events.sort((a, b) => a.step - b.step || a.change - b.change);
  let live = 0;
  let most = 0;
  for (const { change } of events) {
    live += change;
    most = Math.max(most, live);
  }
  return most;
}

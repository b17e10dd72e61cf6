/**
 * How many images a ring buffer must hold, in closed form.
 *
 * One reader: with producer pass p and reader pass c the reader waits for c images while p arrive at a time, so the
 * high-water mark is max over k >= 0, k p < B, of ((k p mod c) + min(p, B - k p)).
 *
 * Several readers: a fork is pulled for all that one pass of the rejoining layer will draw. On a ladder of pass sizes
 * (pass-sizes.ts) drawing D images through layers of several pass sizes makes D rounded up to the largest of them, so
 * the mark is the largest pass size among the fork and its region. Where the ways never rejoin, the sinks are asked
 * image by image, which is a rejoining layer of pass size 1. Tests hold both forms equal to the walked schedule.
 */
import type { BufferedSource, GroupGraph } from "./group-graph.ts";
import { walkedRingImages } from "./pull-schedule.ts";

/** Images of the ring buffer between one producer and one reader. O(batch / producerPass), less where they repeat. */
export function pairRingImages(producerPass: number, readerPass: number, batch: number): number {
  let high = 0;
  for (let made = 0; made < batch; made += producerPass) {
    const waiting = made % readerPass;
    high = Math.max(high, waiting + Math.min(producerPass, batch - made));
    // From here on the pattern repeats, up to a last pass that is no larger.
    if (made > 0 && waiting === 0) break;
  }
  return high;
}

/** Whether of any two of the sizes the smaller divides the larger or the larger is the whole batch. */
export function onOneLadder(sizes: Iterable<number>, batch: number): boolean {
  const sorted = [...new Set(sizes)].filter((size) => size < batch).sort((a, b) => a - b);
  return sorted.every((size, index) => index === 0 || size % (sorted[index - 1] ?? 1) === 0);
}

/**
 * Images of the ring buffers of each source of a group, by index into group.sources: the closed forms where they hold,
 * otherwise the walked schedule.
 */
export function ringImages(
  group: GroupGraph,
  passOf: (layer: number) => number,
  batch: number,
): readonly number[] {
  const { first, last } = group.range;
  if (group.sources.some((source) => source.readers.length > 1)) {
    const sizes = new Set<number>();
    for (let layer = first; layer <= last; layer++) sizes.add(passOf(layer));
    if (!onOneLadder(sizes, batch)) return walkedRingImages(group, passOf, batch);
  }
  return group.sources.map((source) => closedForm(source, passOf, batch));
}

function closedForm(source: BufferedSource, passOf: (layer: number) => number, batch: number): number {
  const producerPass = source.producer === undefined ? 1 : passOf(source.producer);
  const [reader] = source.readers;
  if (source.readers.length === 1 && reader !== undefined) {
    return pairRingImages(producerPass, passOf(reader), batch);
  }
  let largest = producerPass;
  for (const layer of source.region) largest = Math.max(largest, passOf(layer));
  return Math.min(batch, largest);
}

/**
 * The grid of given networks: which memories and batches each of them is asked for on each machine. Drawn from a seed; every memory
 * and every batch comes equally often, or once less, whatever part of the grid is taken. O(cells). Pure.
 */
import { known } from "../../src/base/assert.ts";
import { seededRandom } from "../../src/base/random.ts";

/** On-chip memories in MB and batches of the grid. Training draws neither networks nor these pairs from it. */
export const gridMegabytes: readonly number[] = [3, 12, 40, 100];
export const gridBatches: readonly number[] = [1, 24, 64, 200];

export interface Cell {
  readonly megabytes: number;
  readonly batch: number;
}

export interface GridOptions {
  readonly megabytes: readonly number[];
  readonly batches: readonly number[];
  /** Cells that are taken, at most all. */
  readonly count: number;
  readonly seed: number;
}

/**
 * Cells without repetition, for each of `places` (a network on a machine) others: a Latin square's diagonals one after the other, rows
 * and columns shuffled, so that the first as many as there are memories have each memory and each batch once.
 */
export function drawCells(
  places: number,
  { megabytes, batches, count, seed }: GridOptions,
): readonly (readonly Cell[])[] {
  const random = seededRandom(seed);
  const shuffled = <T>(items: readonly T[]): readonly T[] => {
    const order = items.map((item) => ({ item, key: random.uniform() }));
    return order.sort((a, b) => a.key - b.key).map(({ item }) => item);
  };
  return Array.from({ length: places }, () => {
    const rows = shuffled(megabytes);
    const columns = shuffled(batches);
    const cells = columns.flatMap((_, diagonal) =>
      rows.map((megabytes, row): Cell => {
        const batch = columns[(row + diagonal) % columns.length];
        return { megabytes, batch: known(batch, "a batch") };
      }),
    );
    return cells.slice(0, count);
  });
}

/** The tiles that the figures of tile.ts lead to. */
import { expect, test } from "vitest";
import { defaultTile } from "./tile.ts";

test.each([
  // Fourteen pixels are seven pairs, but four tiles of four.
  [
    { width: 14, filters: 256 },
    { rows: 2, vectors: 4 },
  ],
  // One pixel waits for memory, which is read at two places.
  [
    { width: 1, filters: 1000 },
    { rows: 1, vectors: 3 },
  ],
  // Nine accumulators would need a register for the product, if it is not fused.
  [
    { width: 3, filters: 768 },
    { rows: 3, vectors: 2 },
  ],
  // One vector of filters.
  [
    { width: 56, filters: 3 },
    { rows: 6, vectors: 1 },
  ],
])("%j", (question, tile) => {
  expect(defaultTile(question)).toEqual(tile);
});

test("accumulators, operands and a product fit the registers", () => {
  for (let width = 1; width < 30; width++)
    for (let filters = 1; filters < 130; filters++) {
      const { rows, vectors } = defaultTile({ width, filters });
      expect(rows * vectors + rows + vectors + 1).toBeLessThanOrEqual(15);
    }
});

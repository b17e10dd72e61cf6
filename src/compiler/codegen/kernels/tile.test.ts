/** The tiles that the figures of tile.ts lead to. */
import { expect, test } from "vitest";
import { defaultTile } from "./tile.ts";

test.each([
  // Fourteen pixels are seven pairs, but four tiles of four.
  [
    { relaxed: false, width: 14, filters: 256 },
    { rows: 2, vectors: 4 },
  ],
  [
    { relaxed: true, width: 14, filters: 256 },
    { rows: 2, vectors: 4 },
  ],
  // One pixel: many columns hide the latency of additions.
  [
    { relaxed: true, width: 1, filters: 1000 },
    { rows: 1, vectors: 7 },
  ],
  // Nine accumulators need fused multiply-add, or a register for the product.
  [
    { relaxed: true, width: 3, filters: 768 },
    { rows: 3, vectors: 3 },
  ],
  [
    { relaxed: false, width: 3, filters: 768 },
    { rows: 3, vectors: 2 },
  ],
  // One vector of filters.
  [
    { relaxed: true, width: 56, filters: 3 },
    { rows: 7, vectors: 1 },
  ],
])("%j", (question, tile) => {
  expect(defaultTile(question)).toEqual(tile);
});

test("operands and accumulators fit the registers", () => {
  for (const relaxed of [false, true])
    for (let width = 1; width < 30; width++)
      for (let filters = 1; filters < 130; filters++) {
        const { rows, vectors } = defaultTile({ relaxed, width, filters });
        expect(rows * vectors + rows + vectors + (relaxed ? 0 : 1)).toBeLessThanOrEqual(15);
      }
});

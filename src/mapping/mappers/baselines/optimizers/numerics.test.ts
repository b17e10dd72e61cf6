/** The normal distribution and the eigensystem against their definitions. */
import { expect, test } from "vitest";
import { normalDraws, normalQuantile, normalShareBelow } from "../../../../base/normal.ts";
import { seededRandom } from "../../../../base/random.ts";
import { symmetricEigen } from "./symmetric-eigen.ts";

test("shares of the normal distribution are those of the tables", () => {
  expect(normalShareBelow(0)).toBe(0.5);
  expect(normalShareBelow(1)).toBeCloseTo(0.841344746068543, 14);
  expect(normalShareBelow(-1.959963984540054)).toBeCloseTo(0.025, 14);
  expect(normalShareBelow(4)).toBeCloseTo(0.999968328758167, 14);
});

test("a quantile is the inverse of a share, also far out", () => {
  for (const x of [-6, -3, -0.7, 0, 1e-9, 0.5, 2, 4.5]) {
    const share = normalShareBelow(x);
    expect(Math.abs(normalShareBelow(normalQuantile(share)) - share)).toBeLessThan(1e-15);
    expect(normalQuantile(share)).toBeCloseTo(x, 6);
  }
  expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12);
  // The end of the last of 500 shares, drawn with 32 bits: 4.66e-13 lie above.
  expect(normalQuantile((499 + (2 ** 32 - 1) / 2 ** 32) / 500)).toBeCloseTo(7.14, 2);
});

test("10,000 draws have the mean, variance and tails of N(0, 1)", () => {
  const draws = normalDraws(10_000, seededRandom(1));
  const mean = draws.reduce((total, x) => total + x, 0) / draws.length;
  const variance = draws.reduce((total, x) => total + (x - mean) ** 2, 0) / draws.length;
  // Four standard errors: 4 / sqrt(10,000), 4 sqrt(2 / 10,000) and 4 sqrt(0.05 x 0.95 / 10,000).
  expect(Math.abs(mean)).toBeLessThan(0.04);
  expect(Math.abs(variance - 1)).toBeLessThan(0.0566);
  const outside = draws.filter((x) => Math.abs(x) > 1.96).length / draws.length;
  expect(Math.abs(outside - 0.05)).toBeLessThan(0.0088);
});

test("[[2, 1], [1, 2]] has 1 along (1, -1) and 3 along (1, 1)", () => {
  const { values, vectors } = symmetricEigen(Float64Array.of(2, 1, 1, 2), 2);
  const order = [0, 1].sort((a, b) => (values[a] as number) - (values[b] as number));
  expect(order.map((k) => values[k])).toEqual([expect.closeTo(1, 12), expect.closeTo(3, 12)]);
  const products = order.map((k) => (vectors[k] as number) * (vectors[2 + k] as number));
  expect(products).toEqual([expect.closeTo(-0.5, 12), expect.closeTo(0.5, 12)]);
});

test("V diag(values) V^T gives the matrix back, and V^T V the unit matrix", () => {
  for (const n of [1, 2, 5, 20]) {
    const random = seededRandom(n);
    const matrix = new Float64Array(n * n);
    for (let row = 0; row < n; row++)
      for (let column = 0; column <= row; column++)
        matrix[row * n + column] = matrix[column * n + row] = random.uniform() - 0.5;
    const { values, vectors } = symmetricEigen(matrix, n);
    const v = (row: number, k: number): number => vectors[row * n + k] as number;
    const total = (term: (k: number) => number): number => values.reduce((sum, _, k) => sum + term(k), 0);
    for (let row = 0; row < n; row++)
      for (let column = 0; column < n; column++) {
        const entry = total((k) => v(row, k) * (values[k] as number) * v(column, k));
        expect(entry).toBeCloseTo(matrix[row * n + column] as number, 11);
        expect(total((k) => v(k, row) * v(k, column))).toBeCloseTo(row === column ? 1 : 0, 11);
      }
  }
});

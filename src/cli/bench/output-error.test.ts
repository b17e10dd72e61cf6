import { expect, test } from "vitest";
import { tensorFromDoubles } from "../../graph/ir/runtime-value.ts";
import { rangeError } from "./output-error.ts";

const outputs = (numbers: readonly number[], shape = [numbers.length]) =>
  new Map([["y", tensorFromDoubles("float32", shape, numbers)]]);

test("an error counts as a part of the output's range", () => {
  // Off by 1 where the expected numbers reach from -4 to 4.
  expect(rangeError(outputs([-4, 1, 4]), outputs([-4, 0, 4]))).toBe(1 / 8);
  expect(rangeError(outputs([1, 2]), outputs([1, 2]))).toBe(0);
});

test("an output without range counts as it is", () => {
  expect(rangeError(outputs([5.5, 5]), outputs([5, 5]))).toBe(0.5);
});

test("NaN, another shape and a missing output are infinitely far", () => {
  expect(rangeError(outputs([Number.NaN, 1]), outputs([0, 1]))).toBe(Number.POSITIVE_INFINITY);
  expect(rangeError(outputs([1, 2], [2, 1]), outputs([1, 2], [1, 2]))).toBe(Number.POSITIVE_INFINITY);
  expect(rangeError(new Map(), outputs([1]))).toBe(Number.POSITIVE_INFINITY);
});

test("NaN and infinity where they are expected are right", () => {
  const odd = outputs([Number.NaN, Number.POSITIVE_INFINITY, 1, 2]);
  expect(rangeError(odd, odd)).toBe(0);
});

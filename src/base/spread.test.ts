import { expect, test } from "vitest";
import { spreadOf } from "./spread.ts";

test("the middle of three, and of four between the middle two", () => {
  expect(spreadOf([3, 1, 2], "highest")).toEqual({ median: 2, least: 1, most: 3 });
  expect(spreadOf([4, 1, 2, 3], "highest")).toEqual({ median: 2.5, least: 1, most: 4 });
});

test("missing figures stand beyond the worst end, and the middle moves towards it", () => {
  // Speed-ups: -, -, 2, 3, 4 have 2 in the middle and no least. Evaluations: 10, 20, 30, -, - have 30, and no most.
  expect(spreadOf([2, undefined, 4, null, 3], "lowest")).toEqual({ median: 2, least: null, most: 4 });
  expect(spreadOf([20, undefined, 10, undefined, 30], "highest")).toEqual({
    ...{ median: 30, least: 10, most: null },
  });
});

test("where half is missing there is no middle", () => {
  expect(spreadOf([1, undefined], "highest")).toEqual({ median: null, least: 1, most: null });
  expect(spreadOf([undefined, 2, undefined], "lowest")).toEqual({ median: null, least: null, most: 2 });
});

test("no figures at all have no spread", () => {
  expect(spreadOf([], "lowest")).toEqual({ median: null, least: null, most: null });
  expect(spreadOf([undefined], "highest")).toEqual({ median: null, least: null, most: null });
});

import { expect, test } from "vitest";
import { discountedReturns } from "./returns.ts";

const on = (reward: number) => ({ reward, ends: false });
const end = (reward: number) => ({ reward, ends: true });

test("a return is the reward and what follows it, discounted, up to what the critic expects behind the last step", () => {
  // 3 + 0.5 x 8 = 7; 2 + 0.5 x 7 = 5.5; 1 + 0.5 x 5.5 = 3.75.
  expect(discountedReturns([on(1), on(2), on(3)], 8, 0.5)).toEqual([3.75, 5.5, 7]);
});

test("nothing follows the end of an episode, and the next one begins afresh", () => {
  // 4 + 0.5 x 6 = 7 | 2; 1 + 0.5 x 2 = 2.
  expect(discountedReturns([on(1), end(2), on(4)], 6, 0.5)).toEqual([2, 2, 7]);
  expect(discountedReturns([on(1), end(2)], 1_000, 0.5)).toEqual([2, 2]);
});

import { expect, test } from "vitest";
import { finish, quietly } from "./steps.ts";

function* counted(to: number, seen: number[]): Generator<number, string> {
  for (let at = 0; at < to; at++) {
    seen.push(at);
    yield at;
  }
  return "done";
}

test("all steps are taken, and what they come to is the answer", () => {
  const seen: number[] = [];
  expect(finish(counted(3, seen))).toBe("done");
  expect(seen).toEqual([0, 1, 2]);
});

test("quiet steps are as many, one at a time, and tell nothing", () => {
  const seen: number[] = [];
  const steps = quietly(counted(2, seen));
  expect(steps.next()).toEqual({ done: false, value: undefined });
  expect(seen).toEqual([0]);
  expect([steps.next(), steps.next()]).toEqual([
    { done: false, value: undefined },
    { done: true, value: "done" },
  ]);
});

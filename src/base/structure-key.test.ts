import { expect, test } from "vitest";
import { structureKey } from "./structure-key.ts";

test("equal data has the same key, wherever it lies", () => {
  const data = () => ({ kind: "add", operands: [{ value: 1.5 }, "x", true, undefined, 3n] });
  expect(structureKey(data())).toBe(structureKey(data()));
});

test("what differs in a value, a kind of value or a name has another", () => {
  const different = [
    1,
    -0,
    0,
    Number.NaN,
    "1",
    1n,
    true,
    "true",
    undefined,
    [1],
    [[1]],
    [1, 1],
    { a: 1 },
    { b: 1 },
    {},
    [],
  ];
  expect(new Set(different.map(structureKey)).size).toBe(different.length);
  expect(structureKey(["a b"])).not.toBe(structureKey(["a", "b"]));
  expect(structureKey([["a"], "b"])).not.toBe(structureKey([["a", "b"]]));
});

test("sharing counts: one sum used twice is not two equal sums", () => {
  const sum = { kind: "sum" };
  expect(structureKey([sum, sum])).not.toBe(structureKey([sum, { ...sum }]));
  // Shared forty times over, it would be 2^40 objects if each use were written out.
  let deep: unknown = sum;
  for (let level = 0; level < 40; level++) deep = [deep, deep];
  expect(structureKey(deep).length).toBeLessThan(1000);
});

test("functions and objects of a class are an error of ours", () => {
  expect(() => structureKey([() => 1])).toThrow("internal: a function has no structure");
  expect(() => structureKey(new Map())).toThrow("internal: only plain objects");
});

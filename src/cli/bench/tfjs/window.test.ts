import { expect, test } from "vitest";
import type { Attribute, OpNode } from "../../../graph/ir/graph.ts";
import { paddingOf, windowOf } from "./window.ts";

function node(attributes: Readonly<Record<string, readonly number[] | string>>): OpNode {
  const entries = Object.entries(attributes).map(([name, value]): readonly [string, Attribute] => [
    name,
    typeof value === "string" ? { kind: "string", value } : { kind: "ints", value: value.map(BigInt) },
  ]);
  const rest = { name: "c", operator: "Conv", domain: "", opset: 17, inputs: [], outputs: [] };
  return { ...rest, attributes: new Map(entries) };
}

test("padding may differ from side to side", () => {
  // 32 with a window of 3 by steps of 2 gives 16 with one element of padding, at the end.
  const window = windowOf(node({ strides: [2, 2], pads: [0, 0, 1, 1] }), [3, 3], [32, 32], [16, 16]);
  expect(paddingOf(window)).toEqual([
    [0, 0],
    [0, 1],
    [0, 1],
    [0, 0],
  ]);
});

test("automatic padding puts the odd element at the end, or at the beginning", () => {
  const upper = windowOf(node({ auto_pad: "SAME_UPPER", strides: [2, 2] }), [3, 3], [32, 32], [16, 16]);
  const lower = windowOf(node({ auto_pad: "SAME_LOWER", strides: [2, 2] }), [3, 3], [32, 32], [16, 16]);
  expect(upper.pads).toEqual([
    [0, 1],
    [0, 1],
  ]);
  expect(lower.pads).toEqual([
    [1, 0],
    [1, 0],
  ]);
});

test("rounding up pads at the end", () => {
  // A window of 3 by steps of 2 over 6 fits twice; rounded up it starts a third time, one element over the end.
  expect(windowOf(node({ strides: [2, 2] }), [3, 3], [6, 6], [3, 3]).pads[0]).toEqual([0, 1]);
});

test("a sequence is an image of one row", () => {
  const window = windowOf(node({ strides: [2], pads: [1, 1] }), [3], [8], [4]);
  expect(window).toMatchObject({
    kernel: [1, 3],
    strides: [1, 2],
    pads: [
      [0, 0],
      [1, 0],
    ],
  });
});

test("no padding is tfjs's valid", () => {
  expect(paddingOf(windowOf(node({}), [1, 1], [8, 8], [8, 8]))).toBe("valid");
});

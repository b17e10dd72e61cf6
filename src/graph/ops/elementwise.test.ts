import { describe } from "vitest";
import { constant, int64s } from "../../../test/one-node.ts";
import { testBadRows, testRows } from "../../../test/row-cases.ts";

describe("elementwise operators", () => {
  testRows([
    { operator: "Relu", inputs: ["f32[1,3,8,8]"], outputs: ["f32[1,3,8,8]"] },
    { operator: "Gelu", inputs: ["f16[N,4]"], opset: 20, outputs: ["f16[N,4]"] },
    { operator: "Clip", inputs: ["f32[2]", "f32[]", "f32[]"], outputs: ["f32[2]"] },
    {
      operator: "Clip",
      inputs: ["f32[2]"],
      attributes: { min: 0.5, max: 6.5 },
      opset: 6,
      outputs: ["f32[2]"],
    },
    { operator: "PRelu", inputs: ["f32[1,3,8]", "f32[3,1]"], outputs: ["f32[1,3,8]"] },
    { operator: "Dropout", inputs: ["f32[4]", "f32[]", "bool[]"], outputs: ["f32[4]", "bool[4]"] },
    { operator: "Dropout", inputs: ["f32[4]"], opset: 7, outputs: ["f32[4]", "f32[4]"] },
    { operator: "IsNaN", inputs: ["f32[4]"], outputs: ["bool[4]"] },
    { operator: "Cast", inputs: ["f32[4]"], attributes: { to: 7 }, outputs: ["i64[4]"] },
    { operator: "Cast", inputs: ["f32[4]"], attributes: { to: "INT64" }, opset: 1, outputs: ["i64[4]"] },
    { operator: "CastLike", inputs: ["f32[4]", "bool[1]"], outputs: ["bool[4]"] },
  ]);
});

describe("broadcasting", () => {
  testRows([
    { operator: "Add", inputs: ["f32[2,3,4]", "f32[4]"], outputs: ["f32[2,3,4]"] },
    { operator: "Mul", inputs: ["f32[3,1]", "f32[2,1,5]"], outputs: ["f32[2,3,5]"] },
    { operator: "Sub", inputs: ["f32[]", "f32[0,1]"], outputs: ["f32[0,1]"] },
    { operator: "Add", inputs: ["f32[N,4]", "f32[N,1]"], outputs: ["f32[N,4]"] },
    // A symbol against a number above 1 is that number or 1.
    { operator: "Add", inputs: ["f32[N,4]", "f32[8,1]"], outputs: ["f32[8,4]"] },
    { operator: "Add", inputs: ["f32[N]", "f32[M]"], outputs: ["f32[either(M,N)]"] },
    { operator: "Add", inputs: ["f32[N]", "f32"], outputs: ["f32"] },
    { operator: "Equal", inputs: ["i64[2,1]", "i64[3]"], outputs: ["bool[2,3]"] },
    { operator: "Where", inputs: ["bool[3,1]", "f32[4]", "f32[]"], outputs: ["f32[3,4]"] },
    { operator: "Max", inputs: ["f32[3,1]", "f32[4]", "f32[2,1,1]"], outputs: ["f32[2,3,4]"] },
    {
      operator: "Add",
      inputs: ["f32[1,3,8,8]", "f32[3]"],
      attributes: { broadcast: 1, axis: 1 },
      opset: 6,
      outputs: ["f32[1,3,8,8]"],
    },
    {
      operator: "Mul",
      inputs: ["f32[2,3]", "f32[]"],
      attributes: { broadcast: 1 },
      opset: 6,
      outputs: ["f32[2,3]"],
    },
  ]);
  testBadRows([
    {
      operator: "Add",
      inputs: ["f32[2,3]", "f32[4]"],
      says: /"x0" \[2,3\], "x1" \[4\] do not broadcast: 3 against 4/,
    },
    {
      operator: "Add",
      inputs: ["f32[1,3,8,8]", "f32[4]"],
      attributes: { broadcast: 1, axis: 1 },
      opset: 6,
      says: /does not broadcast/,
    },
    { operator: "Add", inputs: ["f32[2]"], says: /1 inputs are given, 2 are needed/ },
    { operator: "Relu", inputs: [""], says: /1 are needed/ },
    { operator: "Cast", inputs: ["f32[2]"], attributes: { to: 99 }, says: /no element type/ },
  ]);
});

describe("folding of elementwise operators", () => {
  testRows([
    { operator: "Div", inputs: [int64s(7, -7), int64s(2, 2)], outputs: ["i64[2]"], values: [3, -3] },
    { operator: "Mod", inputs: [int64s(7, -7), int64s(3)], outputs: ["i64[2]"], values: [1, 2] },
    {
      operator: "Mod",
      inputs: [int64s(-7), int64s(3)],
      attributes: { fmod: 1 },
      outputs: ["i64[1]"],
      values: [-1],
    },
    { operator: "Equal", inputs: [int64s(1, -1), int64s(-1)], outputs: ["bool[2]"], values: [0, 1] },
    {
      operator: "Round",
      inputs: [constant("float32", [3], [0.5, 1.5, 2.5])],
      outputs: ["f32[3]"],
      values: [0, 2, 2],
    },
    {
      operator: "Cast",
      inputs: [constant("float32", [2], [2.9, -2.9])],
      attributes: { to: 7 },
      outputs: ["i64[2]"],
      values: [2, -2],
    },
    // The sum of 2^24 and 1 is not a float32.
    {
      operator: "Add",
      inputs: [constant("float32", [1], [16777216]), constant("float32", [], [1])],
      outputs: ["f32[1]"],
      values: [16777216],
    },
    {
      operator: "Where",
      inputs: [constant("bool", [2], [1, 0]), int64s(5), int64s(6)],
      outputs: ["i64[2]"],
      values: [5, 6],
    },
  ]);
});

import { describe } from "vitest";
import { constant, int64s } from "../../../test/one-node.ts";
import { testBadRows, testRows } from "../../../test/row-cases.ts";

describe("indexing", () => {
  testRows([
    { operator: "Gather", inputs: ["f32[30522,768]", "i64[1,128]"], outputs: ["f32[1,128,768]"] },
    { operator: "Gather", inputs: ["f32[5,4]", "i64[]"], attributes: { axis: 1 }, outputs: ["f32[5]"] },
    {
      operator: "Gather",
      inputs: [int64s(5, 6, 7), constant("int64", [], [-1])],
      outputs: ["i64[]"],
      values: [7],
    },
    { operator: "GatherElements", inputs: ["f32[5,4]", "i64[2,4]"], outputs: ["f32[2,4]"] },
    { operator: "GatherND", inputs: ["f32[2,3,4]", "i64[5,2]"], outputs: ["f32[5,4]"] },
    {
      operator: "GatherND",
      inputs: ["f32[2,3,4]", "i64[2,1]"],
      attributes: { batch_dims: 1 },
      outputs: ["f32[2,4]"],
    },
    { operator: "ScatterND", inputs: ["f32[8]", "i64[4,1]", "f32[4]"], outputs: ["f32[8]"] },
    {
      operator: "ScatterND",
      inputs: [int64s(1, 2, 3, 4), constant("int64", [2, 1], [3, 0]), int64s(8, 9)],
      outputs: ["i64[4]"],
      values: [9, 2, 3, 8],
    },
    {
      operator: "ScatterElements",
      inputs: [int64s(1, 2, 3), int64s(2), int64s(9)],
      outputs: ["i64[3]"],
      values: [1, 2, 9],
    },
    {
      operator: "OneHot",
      inputs: ["i64[2,3]", constant("int64", [], [10]), "f32[2]"],
      outputs: ["f32[2,3,10]"],
    },
    {
      operator: "OneHot",
      inputs: ["i64[2,3]", constant("int64", [], [10]), "f32[2]"],
      attributes: { axis: 1 },
      outputs: ["f32[2,10,3]"],
    },
    { operator: "ReverseSequence", inputs: ["f32[4,2]", "i64[2]"], outputs: ["f32[4,2]"] },
  ]);
  testBadRows([
    {
      operator: "Gather",
      inputs: ["f32[5,4]", int64s(5)],
      says: /index 5 is out of range for an axis of size 5/,
    },
    { operator: "GatherND", inputs: ["f32[5,4]", "i64[2,3]"], says: /address 3 axes/ },
    { operator: "GatherElements", inputs: ["f32[5,4]", "i64[2]"], says: /rank/ },
  ]);
});

describe("making values", () => {
  testRows([
    {
      operator: "Constant",
      inputs: [],
      attributes: { value_ints: [3, 4] },
      outputs: ["i64[2]"],
      values: [3, 4],
    },
    {
      operator: "Constant",
      inputs: [],
      attributes: { value: { kind: "tensor", value: int64s(7) } },
      outputs: ["i64[1]"],
      values: [7],
    },
    { operator: "ConstantOfShape", inputs: [int64s(2, 3)], outputs: ["f32[2,3]"] },
    {
      operator: "ConstantOfShape",
      inputs: [int64s(2)],
      attributes: { value: { kind: "tensor", value: int64s(7) } },
      outputs: ["i64[2]"],
      values: [7, 7],
    },
    // Claims are not allocated.
    { operator: "ConstantOfShape", inputs: [int64s(2 ** 40)], outputs: ["f32[1099511627776]"] },
    {
      operator: "Range",
      inputs: [constant("int64", [], [1]), constant("int64", [], [8]), constant("int64", [], [3])],
      outputs: ["i64[3]"],
      values: [1, 4, 7],
    },
    {
      operator: "Range",
      inputs: [constant("int64", [], [0]), constant("int64", [], [2 ** 50]), constant("int64", [], [1])],
      outputs: ["i64[1125899906842624]"],
    },
    { operator: "EyeLike", inputs: ["i32[3,3]"], attributes: { dtype: 1 }, outputs: ["f32[3,3]"] },
    { operator: "RandomNormal", inputs: [], attributes: { shape: [2, 3] }, outputs: ["f32[2,3]"] },
    { operator: "Bernoulli", inputs: ["f32[2]"], outputs: ["f32[2]"] },
    { operator: "Multinomial", inputs: ["f32[2,5]"], attributes: { sample_size: 4 }, outputs: ["i32[2,4]"] },
    { operator: "HannWindow", inputs: [constant("int64", [], [10])], outputs: ["f32[10]"] },
    {
      operator: "STFT",
      inputs: ["f32[1,128,1]", constant("int64", [], [8]), "f32[16]"],
      outputs: ["f32[1,15,9,2]"],
    },
    { operator: "DFT", inputs: ["f32[1,10,10,1]"], attributes: { onesided: 1 }, outputs: ["f32[1,6,10,2]"] },
    {
      operator: "MelWeightMatrix",
      inputs: [8, 16, 8192, 0, 4096].map((value) => constant("int64", [], [value])),
      outputs: ["f32[9,8]"],
    },
  ]);
  testBadRows([
    { operator: "ConstantOfShape", inputs: [int64s(2, -3)], says: /size -3/ },
    { operator: "ConstantOfShape", inputs: [int64s(2 ** 40, 2 ** 40)], says: /more than 2\^53 elements/ },
    {
      operator: "Range",
      inputs: [constant("int64", [], [0]), constant("int64", [], [3]), constant("int64", [], [0])],
      says: /delta of 0/,
    },
  ]);
});

describe("sequences, optional values and strings", () => {
  testRows([
    { operator: "SequenceConstruct", inputs: ["f32[2]", "f32[3]"], outputs: ["f32"] },
    { operator: "SequenceLength", inputs: ["f32"], outputs: ["i64[]"] },
    { operator: "OptionalHasElement", inputs: ["f32[2]"], outputs: ["bool[]"] },
    { operator: "StringConcat", inputs: ["string[2]", "string[2]"], opset: 20, outputs: ["string[2]"] },
    { operator: "StringSplit", inputs: ["string[2]"], opset: 20, outputs: ["string[2,?]", "i64[2]"] },
    {
      operator: "TfIdfVectorizer",
      inputs: ["i32[2,9]"],
      attributes: { ngram_indexes: [0, 4, 2] },
      outputs: ["f32[2,5]"],
    },
  ]);
});

import { describe } from "vitest";
import { constant, int64s } from "../../../test/one-node.ts";
import { testBadRows, testRows } from "../../../test/row-cases.ts";

describe("reductions", () => {
  testRows([
    { operator: "ReduceMean", inputs: ["f32[2,3,4]"], attributes: { axes: [-1] }, outputs: ["f32[2,3,1]"] },
    {
      operator: "ReduceMean",
      inputs: ["f32[2,3,4]"],
      attributes: { axes: [0, 2], keepdims: 0 },
      outputs: ["f32[3]"],
    },
    { operator: "ReduceMean", inputs: ["f32[2,3,4]", int64s(1)], opset: 18, outputs: ["f32[2,1,4]"] },
    { operator: "ReduceSum", inputs: ["f32[2,3]"], outputs: ["f32[1,1]"] },
    {
      operator: "ReduceSum",
      inputs: ["f32[2,3]", int64s()],
      attributes: { noop_with_empty_axes: 1 },
      outputs: ["f32[2,3]"],
    },
    {
      operator: "ReduceSum",
      inputs: ["f32[2,3]", "i64[1]"],
      attributes: { keepdims: 0 },
      outputs: ["f32[?]"],
    },
    {
      operator: "ReduceProd",
      inputs: [int64s(2, 3, 4)],
      attributes: { keepdims: 0 },
      outputs: ["i64[]"],
      values: [24],
    },
    {
      operator: "ReduceMax",
      inputs: [constant("int64", [2, 2], [1, 5, 7, 2])],
      attributes: { axes: [0], keepdims: 0 },
      outputs: ["i64[2]"],
      values: [7, 5],
    },
    {
      operator: "ArgMax",
      inputs: ["f32[2,3,4]"],
      attributes: { axis: -1, keepdims: 0 },
      outputs: ["i64[2,3]"],
    },
    { operator: "Softmax", inputs: ["f32[2,3,4]"], outputs: ["f32[2,3,4]"] },
    { operator: "Softmax", inputs: ["f32[2,3]"], attributes: { axis: 2 }, opset: 11, outputs: ["f32[2,3]"] },
    { operator: "TopK", inputs: ["f32[2,9]", int64s(4)], outputs: ["f32[2,4]", "i64[2,4]"] },
    {
      operator: "TopK",
      inputs: ["f32[9,2]"],
      attributes: { k: 4, axis: 0 },
      opset: 1,
      outputs: ["f32[4,2]", "i64[4,2]"],
    },
    { operator: "TopK", inputs: ["f32[2,9]", "i64[1]"], outputs: ["f32[2,?]", "i64[2,?]"] },
    { operator: "CumSum", inputs: ["f32[2,9]", int64s(1)], outputs: ["f32[2,9]"] },
    { operator: "NonZero", inputs: ["f32[2,9]"], outputs: ["i64[2,?]"] },
    { operator: "NonZero", inputs: [int64s(0, 3, 0, 4)], outputs: ["i64[1,2]"], values: [1, 3] },
    { operator: "Unique", inputs: ["f32[2,9]"], outputs: ["f32[?]", "i64[?]", "i64[18]", "i64[?]"] },
    {
      operator: "NegativeLogLikelihoodLoss",
      inputs: ["f32[2,5,7]", "i64[2,7]"],
      attributes: { reduction: "none" },
      outputs: ["f32[2,7]"],
    },
    { operator: "SoftmaxCrossEntropyLoss", inputs: ["f32[2,5]", "i64[2]"], outputs: ["f32[]", "f32[2,5]"] },
  ]);
  testBadRows([
    {
      operator: "ReduceMean",
      inputs: ["f32[2,3]"],
      attributes: { axes: [2] },
      says: /axis 2 is out of range for "x0" \[2,3\]/,
    },
    { operator: "Softmax", inputs: ["f32[2,3]"], attributes: { axis: 5 }, says: /axis 5/ },
    { operator: "TopK", inputs: ["f32[2,3]", int64s(4)], says: /k is 4/ },
  ]);
});

describe("normalisations", () => {
  testRows([
    {
      operator: "BatchNormalization",
      inputs: ["f32[2,3,8]", "f32[3]", "f32[3]", "f32[3]", "f32[3]"],
      outputs: ["f32[2,3,8]"],
    },
    {
      operator: "BatchNormalization",
      inputs: ["f32[2,3,8]", "f32[3]", "f32[3]", "f32[3]", "f32[3]"],
      opset: 9,
      outputs: ["f32[2,3,8]", "f32[3]", "f32[3]", "f32[3]", "f32[3]"],
    },
    {
      operator: "LayerNormalization",
      inputs: ["f16[2,3,8]", "f16[8]", "f16[8]"],
      outputs: ["f16[2,3,8]", "f32[2,3,1]", "f32[2,3,1]"],
    },
    {
      operator: "GroupNormalization",
      inputs: ["f32[2,6,8]", "f32[2]", "f32[2]"],
      opset: 18,
      outputs: ["f32[2,6,8]"],
    },
    {
      operator: "InstanceNormalization",
      inputs: ["f32[2,6,8]", "f32[6]", "f32[6]"],
      outputs: ["f32[2,6,8]"],
    },
    { operator: "LRN", inputs: ["f32[2,6,8,8]"], outputs: ["f32[2,6,8,8]"] },
  ]);
  testBadRows([
    {
      operator: "BatchNormalization",
      inputs: ["f32[2,3,8]", "f32[4]", "f32[3]", "f32[3]", "f32[3]"],
      says: /"x1" \[4\] should have 3 entries/,
    },
  ]);
});

describe("quantization", () => {
  testRows([
    { operator: "QuantizeLinear", inputs: ["f32[2,3]", "f32[]", "i8[]"], outputs: ["i8[2,3]"] },
    { operator: "QuantizeLinear", inputs: ["f32[2,3]", "f32[]"], outputs: ["u8[2,3]"] },
    {
      operator: "QuantizeLinear",
      inputs: ["f32[2,3]", "f32[]"],
      attributes: { output_dtype: 22 },
      opset: 21,
      outputs: ["int4[2,3]"],
    },
    { operator: "DequantizeLinear", inputs: ["u8[2,3]", "f16[]", "u8[]"], opset: 19, outputs: ["f16[2,3]"] },
    { operator: "DynamicQuantizeLinear", inputs: ["f32[2,3]"], outputs: ["u8[2,3]", "f32[]", "u8[]"] },
  ]);
});

import { describe } from "vitest";
import { constant, int64s } from "../../../test/one-node.ts";
import { testBadRows, testRows } from "../../../test/row-cases.ts";

describe("reshapes", () => {
  testRows([
    { operator: "Reshape", inputs: ["f32[2,3,4]", int64s(0, -1)], outputs: ["f32[2,12]"] },
    {
      operator: "Reshape",
      inputs: ["f32[0,3]", int64s(3, 0)],
      attributes: { allowzero: 1 },
      outputs: ["f32[3,0]"],
    },
    {
      operator: "Reshape",
      inputs: ["f32[2,3,4]"],
      attributes: { shape: [6, 4] },
      opset: 1,
      outputs: ["f32[6,4]"],
    },
    { operator: "Reshape", inputs: ["f32[N,3,4]", int64s(0, -1)], outputs: ["f32[N,12]"] },
    { operator: "Reshape", inputs: ["f32[N,S,64]", int64s(-1, 64)], outputs: ["f32[N*S,64]"] },
    { operator: "Reshape", inputs: ["f32[N,S,64]", int64s(0, 0, 8, 8)], outputs: ["f32[N,S,8,8]"] },
    { operator: "Reshape", inputs: ["f32[2,3]", "i64[4]"], outputs: ["f32[?,?,?,?]"] },
    { operator: "Reshape", inputs: ["f32[2,3]", "i64[?]"], outputs: ["f32"] },
    { operator: "Flatten", inputs: ["f32[2,3,4]"], outputs: ["f32[2,12]"] },
    { operator: "Flatten", inputs: ["f32[2,3,4]"], attributes: { axis: 0 }, outputs: ["f32[1,24]"] },
    { operator: "Flatten", inputs: ["f32[2,3,4]"], attributes: { axis: 3 }, outputs: ["f32[24,1]"] },
    { operator: "Squeeze", inputs: ["f32[1,3,1]"], outputs: ["f32[3]"] },
    { operator: "Squeeze", inputs: ["f32[1,3,1]", int64s(-1)], outputs: ["f32[1,3]"] },
    {
      operator: "Squeeze",
      inputs: ["f32[1,3,1]"],
      attributes: { axes: [0] },
      opset: 11,
      outputs: ["f32[3,1]"],
    },
    { operator: "Squeeze", inputs: ["f32[N,3,1]"], outputs: ["f32"] },
    { operator: "Unsqueeze", inputs: ["f32[3,4]", int64s(0, -1)], outputs: ["f32[1,3,4,1]"] },
    {
      operator: "Unsqueeze",
      inputs: ["f32[3]"],
      attributes: { axes: [1] },
      opset: 11,
      outputs: ["f32[3,1]"],
    },
  ]);
  testBadRows([
    {
      operator: "Reshape",
      inputs: ["f32[2,3]", int64s(4)],
      says: /"x0" \[2,3\] has 6 elements, the new shape \[4\] has 4/,
    },
    { operator: "Reshape", inputs: ["f32[2,3]", int64s(-1, 4)], says: /6 elements, which do not divide/ },
    { operator: "Reshape", inputs: ["f32[2,3]", int64s(-1, -1)], says: /more than one -1/ },
    { operator: "Reshape", inputs: ["f32[2,3]", int64s(-2, 3)], says: /size -2/ },
    { operator: "Reshape", inputs: ["f32[6]", int64s(2, 3, 0)], says: /copies an axis/ },
    { operator: "Squeeze", inputs: ["f32[2,3]", int64s(0)], says: /size 2 and cannot be squeezed/ },
    { operator: "Unsqueeze", inputs: ["f32[2,3]", int64s(0, 0)], says: /name one twice/ },
    { operator: "Flatten", inputs: ["f32[2,3]"], attributes: { axis: 4 }, says: /axis 4/ },
  ]);
});

describe("moving elements", () => {
  testRows([
    { operator: "Transpose", inputs: ["f32[2,3,4]"], outputs: ["f32[4,3,2]"] },
    {
      operator: "Transpose",
      inputs: ["f32[N,3,4]"],
      attributes: { perm: [0, 2, 1] },
      outputs: ["f32[N,4,3]"],
    },
    {
      operator: "Transpose",
      inputs: [constant("int64", [2, 2], [1, 2, 3, 4])],
      outputs: ["i64[2,2]"],
      values: [1, 3, 2, 4],
    },
    {
      operator: "DepthToSpace",
      inputs: ["f32[1,12,2,3]"],
      attributes: { blocksize: 2 },
      outputs: ["f32[1,3,4,6]"],
    },
    {
      operator: "SpaceToDepth",
      inputs: ["f32[1,3,4,6]"],
      attributes: { blocksize: 2 },
      outputs: ["f32[1,12,2,3]"],
    },
    { operator: "Shape", inputs: ["f32[2,3,4]"], outputs: ["i64[3]"], values: [2, 3, 4] },
    {
      operator: "Shape",
      inputs: ["f32[2,3,4]"],
      attributes: { start: -2, end: 10 },
      opset: 15,
      outputs: ["i64[2]"],
      values: [3, 4],
    },
    { operator: "Size", inputs: ["f32[2,3,4]"], outputs: ["i64[]"], values: [24] },
    { operator: "Trilu", inputs: ["f32[4,4]"], outputs: ["f32[4,4]"] },
  ]);
  testBadRows([
    { operator: "Transpose", inputs: ["f32[2,3]"], attributes: { perm: [0, 0] }, says: /perm \[0,0\]/ },
    {
      operator: "DepthToSpace",
      inputs: ["f32[1,10,2,3]"],
      attributes: { blocksize: 2 },
      says: /does not divide by 4/,
    },
  ]);
});

describe("cutting and joining", () => {
  testRows([
    { operator: "Concat", inputs: ["f32[2,3]", "f32[2,4]"], attributes: { axis: -1 }, outputs: ["f32[2,7]"] },
    {
      operator: "Concat",
      inputs: ["f32[N,3]", "f32[2,3]"],
      attributes: { axis: 0 },
      outputs: ["f32[N+2,3]"],
    },
    { operator: "Split", inputs: ["f32[6,2]"], outputs: ["f32[3,2]", "f32[3,2]"] },
    { operator: "Split", inputs: ["f32[6,2]", int64s(2, 4)], outputs: ["f32[2,2]", "f32[4,2]"] },
    {
      operator: "Split",
      inputs: ["f32[6,2]"],
      attributes: { split: [1, 5] },
      opset: 11,
      outputs: ["f32[1,2]", "f32[5,2]"],
    },
    {
      operator: "Split",
      inputs: ["f32[7]"],
      attributes: { num_outputs: 3 },
      opset: 18,
      outputs: ["f32[3]", "f32[3]", "f32[1]"],
    },
    { operator: "Slice", inputs: ["f32[20,10]", int64s(0, 0), int64s(3, -1)], outputs: ["f32[3,9]"] },
    {
      operator: "Slice",
      inputs: ["f32[20,10]", int64s(1), int64s(2 ** 53), int64s(1), int64s(2)],
      outputs: ["f32[20,5]"],
    },
    {
      operator: "Slice",
      inputs: ["f32[5]", int64s(-1), int64s(-(2 ** 53)), int64s(0), int64s(-1)],
      outputs: ["f32[5]"],
    },
    { operator: "Slice", inputs: ["f32[5]", int64s(9), int64s(3)], outputs: ["f32[0]"] },
    {
      operator: "Slice",
      inputs: ["f32[20,10]"],
      attributes: { starts: [1], ends: [3], axes: [1] },
      opset: 9,
      outputs: ["f32[20,2]"],
    },
    { operator: "Slice", inputs: ["f32[N]", int64s(1), int64s(2 ** 53)], outputs: ["f32[N-1]"] },
    { operator: "Slice", inputs: ["f32[N]", int64s(0), int64s(-1)], outputs: ["f32[N-1]"] },
    { operator: "Slice", inputs: ["f32[4,5]", "i64[1]", "i64[1]", int64s(1)], outputs: ["f32[4,?]"] },
    {
      operator: "Slice",
      inputs: [int64s(1, 2, 3, 4), int64s(-1), int64s(-9), int64s(0), int64s(-2)],
      outputs: ["i64[2]"],
      values: [4, 2],
    },
    { operator: "Pad", inputs: ["f32[2,3]", int64s(1, 0, 2, 4)], outputs: ["f32[5,7]"] },
    {
      operator: "Pad",
      inputs: ["f32[2,3]"],
      attributes: { pads: [0, -1, 0, 0] },
      opset: 2,
      outputs: ["f32[2,2]"],
    },
    { operator: "Pad", inputs: ["f32[2,3]", int64s(1, 1), "", int64s(-1)], opset: 18, outputs: ["f32[2,5]"] },
    { operator: "Tile", inputs: ["f32[2,3]", int64s(2, 1)], outputs: ["f32[4,3]"] },
    { operator: "Expand", inputs: ["f32[3,1]", int64s(2, 1, 6)], outputs: ["f32[2,3,6]"] },
    {
      operator: "CenterCropPad",
      inputs: ["f32[9,9,3]", int64s(5, 12)],
      attributes: { axes: [0, 1] },
      opset: 18,
      outputs: ["f32[5,12,3]"],
    },
    { operator: "Compress", inputs: ["f32[4,5]", "bool[4]"], attributes: { axis: 0 }, outputs: ["f32[?,5]"] },
  ]);
  testBadRows([
    {
      operator: "Concat",
      inputs: ["f32[2,3]", "f32[3,3]"],
      attributes: { axis: 1 },
      says: /axis 0 of the joined tensors: 2 and 3 differ/,
    },
    { operator: "Split", inputs: ["f32[6]", int64s(2, 3)], says: /do not add up/ },
    { operator: "Slice", inputs: ["f32[6]", int64s(0), int64s(3), int64s(0), int64s(0)], says: /step of 0/ },
    { operator: "Slice", inputs: ["f32[6]", int64s(0), int64s(3), int64s(4)], says: /axis 4/ },
    { operator: "Pad", inputs: ["f32[2]", int64s(-2, -1)], says: /size -1/ },
    { operator: "Expand", inputs: ["f32[3]", int64s(4)], says: /does not stretch/ },
    { operator: "Tile", inputs: ["f32[2,3]", int64s(2)], says: /1 repeats/ },
  ]);
});

describe("resizing", () => {
  const scales = constant("float32", [4], [1, 1, 2, 0.6]);
  testRows([
    // 3 x 0.6 in float32 is 1.8000001: one row.
    { operator: "Resize", inputs: ["f32[1,3,4,3]", "", scales], outputs: ["f32[1,3,8,1]"] },
    { operator: "Resize", inputs: ["f32[1,3,4,3]", scales], opset: 10, outputs: ["f32[1,3,8,1]"] },
    { operator: "Resize", inputs: ["f32[1,3,4,4]", "", "", int64s(1, 3, 7, 9)], outputs: ["f32[1,3,7,9]"] },
    {
      operator: "Resize",
      inputs: ["f32[1,3,4,4]", "", "", int64s(7, 9)],
      attributes: { axes: [2, 3] },
      opset: 18,
      outputs: ["f32[1,3,7,9]"],
    },
    {
      operator: "Resize",
      inputs: ["f32[1,3,4,8]", "", "", int64s(8, 8)],
      attributes: { axes: [2, 3], keep_aspect_ratio_policy: "not_larger" },
      opset: 18,
      outputs: ["f32[1,3,4,8]"],
    },
    { operator: "Resize", inputs: ["f32[1,3,4,4]", "", "f32[4]"], outputs: ["f32[?,?,?,?]"] },
    { operator: "Upsample", inputs: ["f32[1,3,4,4]", scales], opset: 9, outputs: ["f32[1,3,8,2]"] },
    {
      operator: "Upsample",
      inputs: ["f32[1,3,4,4]"],
      attributes: { scales: { kind: "floats", value: [1, 1, 2, 2] } },
      opset: 7,
      outputs: ["f32[1,3,8,8]"],
    },
    {
      operator: "Upsample",
      inputs: ["f32[1,3,4,4]"],
      attributes: { height_scale: { kind: "float", value: 2 }, width_scale: { kind: "float", value: 3 } },
      opset: 1,
      outputs: ["f32[1,3,8,12]"],
    },
  ]);
  testBadRows([
    {
      operator: "Resize",
      inputs: ["f32[1,3,4,4]", "", constant("float32", [2], [1, 2])],
      says: /2 scales are given for 4 axes/,
    },
    { operator: "Resize", inputs: ["f32[1,3,4,4]"], says: /neither scales nor sizes/ },
  ]);
});

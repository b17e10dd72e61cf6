import { describe } from "vitest";
import { testBadRows, testRows } from "../../../test/row-cases.ts";

describe("convolutions", () => {
  testRows([
    // (224 + 2 x 3 - 7) / 2 + 1 = 112; 112 x 112 x 64 outputs of 3 x 7 x 7 products.
    {
      operator: "Conv",
      inputs: ["f32[1,3,224,224]", "f32[64,3,7,7]", "f32[64]"],
      attributes: { strides: [2, 2], pads: [3, 3, 3, 3] },
      outputs: ["f32[1,64,112,112]"],
      macs: 118013952,
    },
    // Depthwise: 8 x 8 x 6 outputs of 9 products.
    {
      operator: "Conv",
      inputs: ["f32[1,6,8,8]", "f32[6,1,3,3]"],
      attributes: { group: 6, pads: [1, 1, 1, 1] },
      outputs: ["f32[1,6,8,8]"],
      macs: 3456,
    },
    {
      operator: "Conv",
      inputs: ["f32[1,3,10]", "f32[4,3,3]"],
      attributes: { dilations: [2] },
      outputs: ["f32[1,4,6]"],
    },
    { operator: "Conv", inputs: ["f32[2,3,4,6,6]", "f32[4,3,3,3,3]"], outputs: ["f32[2,4,2,4,4]"] },
    {
      operator: "Conv",
      inputs: ["f32[1,3,7,7]", "f32[4,3,3,3]"],
      attributes: { auto_pad: "SAME_UPPER", strides: [2, 2] },
      outputs: ["f32[1,4,4,4]"],
    },
    {
      operator: "Conv",
      inputs: ["f32[1,3,7,7]", "f32[4,3,3,3]"],
      attributes: { auto_pad: "VALID", strides: [2, 2] },
      outputs: ["f32[1,4,3,3]"],
    },
    {
      operator: "Conv",
      inputs: ["f32[N,3,H,W]", "f32[4,3,3,3]"],
      attributes: { strides: [2, 2], pads: [1, 1, 1, 1] },
      outputs: ["f32[N,4,floor((H-1)/2)+1,floor((W-1)/2)+1]"],
    },
    { operator: "Conv", inputs: ["f32", "f32[4,3,3,3]"], outputs: ["f32"] },
    {
      operator: "ConvInteger",
      inputs: ["u8[1,3,8,8]", "u8[4,3,3,3]"],
      outputs: ["i32[1,4,6,6]"],
      macs: 3888,
    },
    {
      operator: "QLinearConv",
      inputs: ["u8[1,3,8,8]", "f32[]", "u8[]", "i8[4,3,3,3]", "f32[]", "i8[]", "f32[]", "i8[]"],
      outputs: ["i8[1,4,6,6]"],
      macs: 3888,
    },
    {
      operator: "DeformConv",
      inputs: ["f32[1,3,8,8]", "f32[4,3,3,3]", "f32[1,18,6,6]"],
      opset: 19,
      outputs: ["f32[1,4,6,6]"],
    },
  ]);
  testBadRows([
    {
      operator: "Conv",
      inputs: ["f32[1,4,8,8]", "f32[8,3,3,3]"],
      says: /"x0" \[1,4,8,8\] has 4 channels, the filter "x1" \[8,3,3,3\] wants 3/,
    },
    { operator: "Conv", inputs: ["f32[1,3,8,8]", "f32[8,3,3]"], says: /different ranks/ },
    {
      operator: "Conv",
      inputs: ["f32[1,4,8,8]", "f32[5,2,3,3]"],
      attributes: { group: 2 },
      says: /5 output channels do not divide into 2 groups/,
    },
    { operator: "Conv", inputs: ["f32[1,3,2,2]", "f32[8,3,3,3]"], says: /a window of 3 does not fit into 2/ },
    { operator: "Conv", inputs: ["f32[1,3,8,8]", "f32[8,3,3,3]", "f32[7]"], says: /should have 8 entries/ },
    {
      operator: "Conv",
      inputs: ["f32[1,3,8,8]", "f32[8,3,3,3]"],
      attributes: { kernel_shape: [5, 5] },
      says: /kernel_shape \[5,5\]/,
    },
    {
      operator: "Conv",
      inputs: ["f32[1,3,8,8]", "f32[8,3,3,3]"],
      attributes: { strides: [0, 1] },
      says: /an entry below 1/,
    },
    {
      operator: "Conv",
      inputs: ["f32[1,3,8,8]", "f32[8,3,3,3]"],
      attributes: { pads: [1, 1] },
      says: /should have 4 entries/,
    },
    {
      operator: "Conv",
      inputs: ["f32[1,3,8,8]", "f32[8,3,3,3]"],
      attributes: { auto_pad: "SOME" },
      says: /auto_pad "SOME"/,
    },
  ]);
});

describe("transposed convolutions", () => {
  testRows([
    // 2 x (4 - 1) + 2 = 8; 4 x 4 x 6 inputs of 3 x 2 x 2 products.
    {
      operator: "ConvTranspose",
      inputs: ["f32[1,6,4,4]", "f32[6,3,2,2]"],
      attributes: { strides: [2, 2] },
      outputs: ["f32[1,3,8,8]"],
      macs: 1152,
    },
    {
      operator: "ConvTranspose",
      inputs: ["f32[1,6,4,4]", "f32[6,3,3,3]"],
      attributes: { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1], group: 2 },
      outputs: ["f32[1,6,8,8]"],
    },
    {
      operator: "ConvTranspose",
      inputs: ["f32[1,6,4,4]", "f32[6,3,3,3]"],
      attributes: { strides: [3, 2], output_shape: [10, 8] },
      outputs: ["f32[1,3,10,8]"],
    },
    {
      operator: "ConvTranspose",
      inputs: ["f32[1,6,4,4]", "f32[6,3,3,3]"],
      attributes: { strides: [2, 2], auto_pad: "SAME_UPPER" },
      outputs: ["f32[1,3,8,8]"],
    },
    {
      operator: "ConvTranspose",
      inputs: ["f32[1,6,4]", "f32[6,3,3]"],
      attributes: { dilations: [2] },
      outputs: ["f32[1,3,8]"],
    },
  ]);
  testBadRows([
    { operator: "ConvTranspose", inputs: ["f32[1,5,4,4]", "f32[6,3,2,2]"], says: /has 5 channels/ },
  ]);
});

describe("pooling", () => {
  testRows([
    {
      operator: "MaxPool",
      inputs: ["f32[1,3,7,7]"],
      attributes: { kernel_shape: [2, 2], strides: [2, 2] },
      outputs: ["f32[1,3,3,3]", "i64[1,3,3,3]"],
    },
    {
      operator: "MaxPool",
      inputs: ["f32[1,3,7,7]"],
      attributes: { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 },
      outputs: ["f32[1,3,4,4]"],
    },
    // ceil((4 + 1 - 1) / 3) + 1 = 3 windows, but the third would start at 6, in the padding behind 1 + 4.
    {
      operator: "MaxPool",
      inputs: ["f32[1,3,4]"],
      attributes: { kernel_shape: [1], strides: [3], pads: [1, 1], ceil_mode: 1 },
      outputs: ["f32[1,3,2]"],
    },
    {
      operator: "AveragePool",
      inputs: ["f32[1,3,7,7]"],
      attributes: { kernel_shape: [3, 3], auto_pad: "SAME_LOWER", strides: [2, 2] },
      outputs: ["f32[1,3,4,4]"],
    },
    {
      operator: "LpPool",
      inputs: ["f32[1,3,7,7]"],
      attributes: { kernel_shape: [3, 3] },
      outputs: ["f32[1,3,5,5]"],
    },
    { operator: "GlobalAveragePool", inputs: ["f32[N,3,H,W]"], outputs: ["f32[N,3,1,1]"] },
    {
      operator: "MaxUnpool",
      inputs: ["f32[1,1,2,2]", "i64[1,1,2,2]"],
      attributes: { kernel_shape: [2, 2], strides: [2, 2] },
      outputs: ["f32[1,1,4,4]"],
    },
    {
      operator: "RoiAlign",
      inputs: ["f32[1,256,50,50]", "f32[R,4]", "i64[R]"],
      attributes: { output_height: 7, output_width: 7 },
      outputs: ["f32[R,256,7,7]"],
    },
    {
      operator: "MaxRoiPool",
      inputs: ["f32[1,3,8,8]", "f32[5,5]"],
      attributes: { pooled_shape: [2, 2] },
      outputs: ["f32[5,3,2,2]"],
    },
    { operator: "NonMaxSuppression", inputs: ["f32[1,10,4]", "f32[1,2,10]"], outputs: ["i64[?,3]"] },
    { operator: "GridSample", inputs: ["f32[1,3,8,8]", "f32[1,5,6,2]"], outputs: ["f32[1,3,5,6]"] },
  ]);
  testBadRows([
    {
      operator: "MaxPool",
      inputs: ["f32[1,3,7,7]"],
      attributes: { kernel_shape: [2] },
      says: /kernel_shape \[2\] does not fit/,
    },
    { operator: "MaxPool", inputs: ["f32[1,3,7,7]"], says: /"kernel_shape" is missing/ },
  ]);
});

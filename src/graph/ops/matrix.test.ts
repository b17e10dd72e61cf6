import { describe } from "vitest";
import { testBadRows, testRows } from "../../../test/row-cases.ts";

describe("matrix products", () => {
  testRows([
    { operator: "MatMul", inputs: ["f32[2,3]", "f32[3,4]"], outputs: ["f32[2,4]"], macs: 24 },
    { operator: "MatMul", inputs: ["f32[5,1,2,3]", "f32[6,3,4]"], outputs: ["f32[5,6,2,4]"], macs: 720 },
    { operator: "MatMul", inputs: ["f32[3]", "f32[3,4]"], outputs: ["f32[4]"], macs: 12 },
    { operator: "MatMul", inputs: ["f32[2,3]", "f32[3]"], outputs: ["f32[2]"], macs: 6 },
    { operator: "MatMul", inputs: ["f32[3]", "f32[3]"], outputs: ["f32[]"], macs: 3 },
    { operator: "MatMul", inputs: ["f32[N,S,64]", "f32[64,32]"], outputs: ["f32[N,S,32]"] },
    {
      operator: "Gemm",
      inputs: ["f32[3,2]", "f32[4,3]", "f32[4]"],
      attributes: { transA: 1, transB: 1 },
      outputs: ["f32[2,4]"],
      macs: 24,
    },
    { operator: "Gemm", inputs: ["f32[N,2048]", "f32[2048,1000]", "f32[]"], outputs: ["f32[N,1000]"] },
    { operator: "MatMulInteger", inputs: ["u8[2,3]", "i8[3,4]"], outputs: ["i32[2,4]"], macs: 24 },
    {
      operator: "QLinearMatMul",
      inputs: ["u8[2,3]", "f32[]", "u8[]", "u8[3,4]", "f32[]", "u8[]", "f32[]", "u8[]"],
      outputs: ["u8[2,4]"],
      macs: 24,
    },
    {
      operator: "Einsum",
      inputs: ["f32[2,3,4]", "f32[2,4,5]"],
      attributes: { equation: "bij, bjk -> bik" },
      outputs: ["f32[2,3,5]"],
      macs: 120,
    },
    {
      operator: "Einsum",
      inputs: ["f32[7,2,3]", "f32[3,5]"],
      attributes: { equation: "...ij,jk" },
      outputs: ["f32[7,2,5]"],
      macs: 210,
    },
    {
      operator: "Einsum",
      inputs: ["f32[3,3]"],
      attributes: { equation: "ii->i" },
      outputs: ["f32[3]"],
      macs: 0,
    },
  ]);
  testBadRows([
    {
      operator: "MatMul",
      inputs: ["f32[2,3]", "f32[4,5]"],
      says: /"x0" \[2,3\] and "x1" \[4,5\] cannot be multiplied: 3 columns against 4 rows/,
    },
    { operator: "MatMul", inputs: ["f32[]", "f32[4,5]"], says: /is a scalar/ },
    { operator: "Gemm", inputs: ["f32[2,3]", "f32[4,5]"], says: /3 and 4 differ/ },
    { operator: "Gemm", inputs: ["f32[2,3]", "f32[3,5]", "f32[4]"], says: /C "x2" \[4\] does not stretch/ },
    { operator: "Gemm", inputs: ["f32[2,3,1]", "f32[3,5]"], says: /rank 2/ },
    { operator: "Einsum", inputs: ["f32[2,3]"], attributes: { equation: "ijk->i" }, says: /does not fit/ },
    { operator: "Einsum", inputs: ["f32[2,3]"], attributes: { equation: "ij->k" }, says: /out of nothing/ },
    {
      operator: "Einsum",
      inputs: ["f32[2,3]", "f32[4,5]"],
      attributes: { equation: "ij,jk->ik" },
      says: /axis "j"/,
    },
  ]);
});

describe("recurrent layers", () => {
  testRows([
    // 5 steps x 2 sequences x (4 x 3 x 7 input + 4 x 3 x 3 recurrence weights).
    {
      operator: "LSTM",
      inputs: ["f32[5,2,7]", "f32[1,12,7]", "f32[1,12,3]"],
      attributes: { hidden_size: 3 },
      outputs: ["f32[5,1,2,3]", "f32[1,2,3]", "f32[1,2,3]"],
      macs: 1200,
    },
    {
      operator: "GRU",
      inputs: ["f32[5,2,7]", "f32[2,9,7]", "f32[2,9,3]"],
      attributes: { direction: "bidirectional" },
      outputs: ["f32[5,2,2,3]", "f32[2,2,3]"],
      macs: 1800,
    },
    {
      operator: "RNN",
      inputs: ["f32[2,5,7]", "f32[1,3,7]", "f32[1,3,3]"],
      attributes: { layout: 1, hidden_size: 3 },
      outputs: ["f32[2,5,1,3]", "f32[2,1,3]"],
    },
  ]);
  testBadRows([
    {
      operator: "LSTM",
      inputs: ["f32[5,2,7]", "f32[1,12,8]", "f32[1,12,3]"],
      says: /do not take the features/,
    },
    {
      operator: "LSTM",
      inputs: ["f32[5,2,7]", "f32[1,9,7]", "f32[1,12,3]"],
      attributes: { hidden_size: 3 },
      says: /4 x hidden_size 3 rows/,
    },
  ]);
});

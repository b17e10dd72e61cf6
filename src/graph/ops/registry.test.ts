import { expect, test } from "vitest";
import { findRow, supportedOperators } from "./registry.ts";

test("every operator of standard ONNX up to opset 22 has a row", () => {
  // Counted in the operator schemas of onnx 1.23: 193 names with a version of 22 or below.
  expect(supportedOperators()).toHaveLength(193);
});

test("the list is sorted, and its versions ascend within 1 to 22", () => {
  const names = supportedOperators().map(({ operator }) => operator);
  expect(names).toEqual([...names].sort());
  for (const { sinceVersions } of supportedOperators()) {
    expect(sinceVersions).toEqual([...sinceVersions].sort((a, b) => a - b));
    expect(sinceVersions.at(0)).toBeGreaterThanOrEqual(1);
    expect(sinceVersions.at(-1)).toBeLessThanOrEqual(22);
  }
});

test.each([
  ["Gelu", "", 17, "Gelu is supported from opset 20, not at 17"],
  ["Rope", "", 17, "Rope is no operator of ONNX opset 1 to 22"],
  ["Silu", "com.example", 1, 'operators of the domain "com.example" are not known'],
  ["Relu", "", 23, "opset 23 is not supported; 1 to 22 are"],
])("%s of domain %j at opset %d has no row, and the reason is said", (operator, domain, opset, reason) => {
  expect(findRow({ operator, domain, opset })).toEqual({ kind: "unsupported", reason });
});

test("the heavy operators are those with MACs that a block may hold one of", () => {
  const heavy = supportedOperators()
    .map(({ operator }) => findRow({ operator, domain: "", opset: 22 }))
    .flatMap((lookup) => (lookup.kind === "row" && lookup.row.heavy ? [lookup.row] : []));
  expect(heavy.every((row) => row.macs !== undefined)).toBe(true);
  expect(heavy.map(({ operator }) => operator).sort()).toEqual([
    "Conv",
    "ConvInteger",
    "ConvTranspose",
    "DeformConv",
    "Einsum",
    "GRU",
    "Gemm",
    "LSTM",
    "MatMul",
    "MatMulInteger",
    "QLinearConv",
    "QLinearMatMul",
    "RNN",
  ]);
});

/** Temporary. */
import type { OpNode } from "../../graph/ir/graph.ts";

const heavy = new Set([
  "Conv",
  "ConvTranspose",
  "ConvInteger",
  "QLinearConv",
  "DeformConv",
  "Gemm",
  "MatMul",
  "MatMulInteger",
  "QLinearMatMul",
  "Einsum",
  "LSTM",
  "GRU",
  "RNN",
]);
export function isHeavy(node: OpNode): boolean {
  return node.domain === "" && heavy.has(node.operator);
}

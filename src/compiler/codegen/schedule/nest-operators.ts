/**
 * Operators with plain loop nests, by name, and heavy operators that tiles do not take: elements that are no float32,
 * convolutions whose weights are computed. All their operands are read from memory.
 */

import type { OpNode } from "../../../graph/ir/graph.ts";
import { isStandard } from "../../../graph/ir/node-attributes.ts";
import type { BlockState } from "./block.ts";
import {
  convolutionNest,
  gemmNest,
  lowerEinsum,
  lowerPowerPool,
  matMulNest,
  maxPoolNest,
} from "./contractions.ts";
import type { Memory } from "./memory.ts";
import {
  lowerGroupNormalization,
  lowerLocalResponse,
  lowerLpNormalization,
  lowerMeanVariance,
} from "./normalizations.ts";
import { lowerArgument, lowerCumSum, lowerHardmax, lowerTopK } from "./ordering.ts";
import { lowerGru, lowerLstm, lowerRnn } from "./recurrent.ts";
import { lowerScatterElements, lowerScatterNd } from "./scatter.ts";

type Lower = (state: BlockState, node: OpNode, label: string) => void;

const nests: Readonly<Record<string, Lower>> = {
  ArgMax: lowerArgument,
  ArgMin: lowerArgument,
  CumSum: lowerCumSum,
  Einsum: lowerEinsum,
  GlobalLpPool: lowerPowerPool,
  GRU: lowerGru,
  GroupNormalization: lowerGroupNormalization,
  Hardmax: lowerHardmax,
  LRN: lowerLocalResponse,
  LSTM: lowerLstm,
  LpNormalization: lowerLpNormalization,
  LpPool: lowerPowerPool,
  MeanVarianceNormalization: lowerMeanVariance,
  RNN: lowerRnn,
  Scatter: lowerScatterElements,
  ScatterElements: lowerScatterElements,
  ScatterND: lowerScatterNd,
  TopK: lowerTopK,
};

/** Instead of tiles. */
const untiled: Readonly<Record<string, Lower>> = {
  AveragePool: lowerPowerPool,
  Conv: convolutionNest,
  Gemm: gemmNest,
  MatMul: matMulNest,
  MaxPool: maxPoolNest,
};

/** How an operator is lowered that has a plain nest. */
export function nestOf(memory: Memory, node: OpNode): Lower | undefined {
  if (!isStandard(node)) return undefined;
  const nest = nests[node.operator];
  if (nest !== undefined) return nest;
  const instead = untiled[node.operator];
  if (instead === undefined) return undefined;
  const values = [...node.inputs, ...node.outputs].filter((name) => name !== "");
  const isTiled =
    values.every((name) => memory.storedType(name) === "float32") &&
    (node.operator !== "MaxPool" || (node.outputs[1] ?? "") === "") &&
    (node.operator !== "Conv" ||
      node.inputs.slice(1).every((name) => name === "" || memory.isConstant(name)));
  return isTiled ? undefined : instead;
}

/** All rows of all families, found by operator and domain, and which opsets they cover. */

import { assert } from "../../base/assert.ts";
import type { OpNode } from "../ir/graph.ts";
import { isStandard } from "../ir/node-attributes.ts";
import { newestOpset } from "../ir/standard.ts";
import { controlFlowRows } from "./control-flow.ts";
import { convolutionRows } from "./convolution.ts";
import { elementwiseRows } from "./elementwise.ts";
import { samplingRows } from "./image-sampling.ts";
import { indexingRows } from "./indexing.ts";
import { layoutRows } from "./layout.ts";
import { matrixRows } from "./matrix.ts";
import { normalizationRows } from "./normalization.ts";
import { poolingRows } from "./pooling.ts";
import { quantizationRows } from "./quantization.ts";
import { constantRows } from "./random-and-constant.ts";
import { recurrentRows } from "./recurrent.ts";
import { reductionRows } from "./reduction.ts";
import { reshapingRows } from "./reshaping.ts";
import { resizingRows } from "./resizing.ts";
import type { OperatorRow } from "./row.ts";
import { sequenceRows } from "./sequences.ts";
import { signalRows } from "./signal.ts";
import { slicingRows } from "./slicing.ts";
import { stretchingRows } from "./stretching.ts";
import { stringRows } from "./strings.ts";

const allRows: readonly OperatorRow[] = [
  ...constantRows,
  ...controlFlowRows,
  ...convolutionRows,
  ...elementwiseRows,
  ...indexingRows,
  ...layoutRows,
  ...matrixRows,
  ...normalizationRows,
  ...poolingRows,
  ...quantizationRows,
  ...recurrentRows,
  ...reductionRows,
  ...reshapingRows,
  ...resizingRows,
  ...samplingRows,
  ...sequenceRows,
  ...signalRows,
  ...slicingRows,
  ...stretchingRows,
  ...stringRows,
];

const rowsByName: ReadonlyMap<string, OperatorRow> = indexRows(allRows);

function indexRows(rows: readonly OperatorRow[]): ReadonlyMap<string, OperatorRow> {
  const index = new Map<string, OperatorRow>();
  for (const row of rows) {
    const key = keyOf(row.domain, row.operator);
    assert(!index.has(key), `two rows for ${key}`);
    index.set(key, row);
  }
  return index;
}

/** "ai.onnx" is another spelling of the empty domain. */
function keyOf(domain: string, operator: string): string {
  return `${domain === "ai.onnx" ? "" : domain}:${operator}`;
}

/** A node's row, or why there is none. */
export type RowLookup =
  | { readonly kind: "row"; readonly row: OperatorRow }
  | { readonly kind: "unsupported"; readonly reason: string };

/** The row of an operator; undefined where there is none at any opset. */
export function rowOf(node: Pick<OpNode, "operator" | "domain">): OperatorRow | undefined {
  return rowsByName.get(keyOf(node.domain, node.operator));
}

/** The row that describes a node at its opset. */
export function findRow(node: Pick<OpNode, "operator" | "domain" | "opset">): RowLookup {
  const row = rowOf(node);
  if (row === undefined) {
    const reason = isStandard(node)
      ? `${node.operator} is no operator of ONNX opset 1 to ${newestOpset}`
      : `operators of the domain "${node.domain}" are not known`;
    return { kind: "unsupported", reason };
  }
  const oldest = row.versions[0] ?? 1;
  if (node.opset < oldest) {
    return {
      kind: "unsupported",
      reason: `${node.operator} is supported from opset ${oldest}, not at ${node.opset}`,
    };
  }
  if (row.domain === "" && node.opset > newestOpset) {
    return { kind: "unsupported", reason: `opset ${node.opset} is not supported; 1 to ${newestOpset} are` };
  }
  return { kind: "row", row };
}

/** One line of the list of supported operators. */
export interface SupportedOperator {
  readonly operator: string;
  readonly domain: string;
  /** The opsets at which its definition changed; all forms from the first on are supported. */
  readonly sinceVersions: readonly number[];
}

/** All operators with a row, by name. */
export function supportedOperators(): readonly SupportedOperator[] {
  return allRows
    .map(({ operator, domain, versions }) => ({ operator, domain, sinceVersions: versions }))
    .sort((a, b) => (a.domain + a.operator < b.domain + b.operator ? -1 : 1));
}

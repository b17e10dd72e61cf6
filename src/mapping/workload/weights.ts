/**
 * Bytes of the constants that a block reads. A constant counts in every block that uses it, once; a computed one
 * (transposed weights) counts as what it is when it is used. Two exceptions:
 * - Shapes, axes and indices (64-bit integers of rank 0 or 1, and shapes that are known without running) are arguments
 *   of operators, not data: they count nothing.
 * - A table from which rows are gathered by an index that the network computes (an embedding) counts the rows that one
 *   image gathers, not the table.
 */
import { known } from "../../base/assert.ts";
import { product, sum } from "../../base/integers.ts";
import type { DataFlow } from "../../compiler/fusion/data-flow.ts";
import type { OpNode, TypedGraph } from "../../graph/ir/graph.ts";
import type { BlockView } from "./block-view.ts";
import type { Sizes } from "./sizes.ts";

/** Operators that read their first input only where an index points. */
const gatherers: ReadonlySet<string> = new Set(["Gather", "GatherElements", "GatherND"]);

export function weightBytes(typed: TypedGraph, flow: DataFlow, block: BlockView, sizes: Sizes): number {
  const bytesOf = new Map<string, number>();
  for (const index of block.nodes) {
    const node = known(typed.graph.nodes[index], "node");
    for (const value of known(flow.reads[index], "reads")) {
      if (!flow.constants.has(value) || isArgument(typed, value)) continue;
      bytesOf.set(value, Math.max(bytesOf.get(value) ?? 0, bytesRead(node, value, sizes)));
    }
  }
  return sum(bytesOf.values());
}

function isArgument(typed: TypedGraph, value: string): boolean {
  const type = typed.graph.constants.get(value) ?? typed.types.get(value);
  return type?.elementType === "int64" && (type.shape?.length ?? 0) <= 1;
}

function bytesRead(node: OpNode, value: string, sizes: Sizes): number {
  const whole = sizes.wholeBytes(value);
  if (!gatherers.has(node.operator) || node.inputs[0] !== value) return whole;
  const gathered = product(sizes.shape(known(node.outputs[0], "output"))) / sizes.images;
  return Math.min(whole, sizes.elementsToBytes(value, gathered));
}

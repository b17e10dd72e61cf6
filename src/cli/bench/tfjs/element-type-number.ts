/** The element type that an attribute names by ONNX's number. */
import type { OpNode } from "../../../graph/ir/graph.ts";
import { intOf } from "../../../graph/ir/node-attributes.ts";
import { elementTypesByNumber } from "../../../graph/ir/standard.ts";
import type { ElementType } from "../../../graph/ir/tensor.ts";

export function elementTypeNumber(node: OpNode, name: string): ElementType {
  return elementTypesByNumber[intOf(node, name, 0)] ?? "undefined";
}

/** A Transpose of a Transpose is one, or none; a Transpose that moves nothing is none. O(nodes). */
import type { OpNode } from "../../../graph/ir/graph.ts";
import { intsAttribute, isStandard } from "../../../graph/ir/node-attributes.ts";
import type { GraphEditor } from "./graph-editor.ts";
import { composed, isIdentity, permutationOf } from "./permutations.ts";

/** The order of a node that is a Transpose of known rank. */
export function transposeOrder(editor: GraphEditor, node: OpNode | undefined): readonly number[] | undefined {
  if (node?.operator !== "Transpose" || !isStandard(node)) return undefined;
  const rank = editor.type(node.inputs[0])?.shape?.length;
  return rank === undefined ? undefined : permutationOf(node, rank);
}

export function mergeTransposes(editor: GraphEditor): void {
  for (const node of editor.nodes()) {
    const order = transposeOrder(editor, node);
    if (order === undefined) continue;
    const before = editor.producer(node.inputs[0]);
    const first = transposeOrder(editor, before);
    const from = first === undefined ? node.inputs[0] : before?.inputs[0];
    const whole = first === undefined ? order : composed(first, order);
    if (from === undefined) continue;
    if (isIdentity(whole)) editor.forward(node, from);
    else if (first !== undefined) {
      const attributes = new Map([["perm", intsAttribute(whole)]]);
      editor.replace(node, { operator: "Transpose", opset: node.opset, inputs: [from], attributes });
    }
  }
}

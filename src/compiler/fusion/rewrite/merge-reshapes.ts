/**
 * Operators that keep the elements in their order: Reshape, Squeeze, Unsqueeze, Flatten, a Transpose that moves axes of
 * size 1 only, an Expand that repeats nothing. Where the shape of the result is known each becomes one Reshape of the
 * value at the start of the chain, or nothing. O(nodes).
 */
import { product } from "../../../base/integers.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { isStandard } from "../../../graph/ir/node-attributes.ts";
import { tensorFromBigInts } from "../../../graph/ir/tensor-values.ts";
import type { GraphEditor } from "./graph-editor.ts";
import { permutationOf } from "./permutations.ts";

const reshapes: ReadonlySet<string> = new Set(["Reshape", "Squeeze", "Unsqueeze", "Flatten"]);

export function mergeReshapes(editor: GraphEditor): void {
  for (const node of editor.nodes()) {
    if (!keepsOrder(editor, node)) continue;
    const [result = ""] = node.outputs;
    const shape = editor.shape(result);
    // A 0 in the new shape would stand for the old size.
    if (shape === undefined || shape.includes(0)) continue;
    const from = startOfChain(editor, node);
    if (editor.shape(from)?.join() === shape.join()) editor.forward(node, from);
    else if (!isPlain(editor, node, from, shape)) reshape(editor, node, from, shape);
  }
}

function keepsOrder(editor: GraphEditor, node: OpNode): boolean {
  if (!isStandard(node)) return false;
  if (reshapes.has(node.operator)) return true;
  const [from, to] = [editor.shape(node.inputs[0]), editor.shape(node.outputs[0])];
  if (from === undefined || to === undefined) return false;
  if (node.operator === "Expand") return product(from) === product(to);
  if (node.operator !== "Transpose") return false;
  const moved = permutationOf(node, from.length).filter((axis) => from[axis] !== 1);
  return moved.every((axis, place) => place === 0 || axis > (moved[place - 1] ?? 0));
}

function startOfChain(editor: GraphEditor, node: OpNode): string {
  let [from = ""] = node.inputs;
  for (
    let before = editor.producer(from);
    before !== undefined && keepsOrder(editor, before);
    before = editor.producer(from)
  )
    from = before.inputs[0] ?? "";
  return from;
}

/** Whether the node is what it would become. */
function isPlain(editor: GraphEditor, node: OpNode, from: string, shape: readonly number[]): boolean {
  if (node.operator !== "Reshape" || node.inputs[0] !== from) return false;
  return editor.numbers(node.inputs[1])?.join() === shape.join();
}

/** Since opset 5 the shape is an input. */
function reshape(editor: GraphEditor, node: OpNode, from: string, shape: readonly number[]): void {
  const sizes = editor.addConstant(
    tensorFromBigInts("int64", [shape.length], shape.map(BigInt)),
    `${node.name}.shape`,
  );
  editor.replace(node, { operator: "Reshape", opset: Math.max(node.opset, 5), inputs: [from, sizes] });
}

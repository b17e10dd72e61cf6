/**
 * Operators that change nothing are taken out: Identity, Dropout outside of training, a Cast to the type that is there,
 * and cuts, joins, paddings and repetitions that leave their input as it is. O(nodes).
 */
import type { OpNode } from "../../../graph/ir/graph.ts";
import { intOf, intsOf, isStandard } from "../../../graph/ir/node-attributes.ts";
import { elementTypesByNumber } from "../../../graph/ir/standard.ts";
import { isRandom } from "./fold-constants.ts";
import type { GraphEditor } from "./graph-editor.ts";

/** Whether the node's first output is its first input, given that both have one type. */
type Test = (node: OpNode, editor: GraphEditor) => boolean;

const always: Test = () => true;
const all = (values: ArrayLike<number> | undefined, wanted: number): boolean =>
  values !== undefined && Array.from(values).every((value) => value === wanted);

const tests: Readonly<Record<string, Test>> = {
  Identity: always,
  // A mask that somebody reads is made all the same.
  Dropout: (node, editor) => {
    const mask = node.outputs[1] ?? "";
    const trains = isRandom(node) && !all(editor.numbers(node.inputs[2]), 0);
    return !trains && (mask === "" || (editor.readers(mask).length === 0 && !editor.isOutput(mask)));
  },
  Cast: (node, editor) => {
    const to = intOf(node, "to", 0);
    return to !== 0 && elementTypesByNumber[to] === editor.type(node.inputs[0])?.elementType;
  },
  CastLike: always,
  Concat: (node) => node.inputs.length === 1,
  Sum: (node) => node.inputs.length === 1,
  Max: (node) => node.inputs.length === 1,
  Min: (node) => node.inputs.length === 1,
  Mean: (node) => node.inputs.length === 1,
  Split: (node) => node.outputs.length === 1,
  Expand: always,
  Tile: (node, editor) => all(editor.numbers(node.inputs[1]), 1),
  // Backwards it would keep the shape too.
  Slice: (node, editor) => (node.inputs[4] ?? "") === "" || all(editor.numbers(node.inputs[4]), 1),
  Pad: (node, editor) =>
    all(
      node.opset < 11 ? (intsOf(node, "pads") ?? intsOf(node, "paddings")) : editor.numbers(node.inputs[1]),
      0,
    ),
};

export function removeIdentities(editor: GraphEditor): void {
  for (const node of editor.nodes()) {
    const test = isStandard(node) ? tests[node.operator] : undefined;
    const [from = "", to = ""] = [node.inputs[0], node.outputs[0]];
    if (test === undefined || from === "" || to === "") continue;
    const isSame = node.operator === "Identity" || haveOneType(editor, from, to);
    if (isSame && test(node, editor)) editor.substitute(to, from);
  }
}

/** A size that is not known may differ from itself in the next run only, so equal symbols are equal sizes. */
function haveOneType(editor: GraphEditor, a: string, b: string): boolean {
  const [left, right] = [editor.type(a), editor.type(b)];
  if (left?.shape === undefined || right?.shape === undefined || left.elementType !== right.elementType)
    return false;
  return left.elementType !== "undefined" && left.shape.join() === right.shape.join();
}

/**
 * Layer normalisation that an exporter wrote as its nine operators becomes the one operator LayerNormalization again
 * (opset 17, whatever the network's is): the same up to rounding, and a kernel that reads its input once can be made for
 * it. Only where nothing else reads what is in between.
 */
import { known } from "../../../base/assert.ts";
import type { Attribute, OpNode } from "../../../graph/ir/graph.ts";
import { floatAttribute, intAttribute } from "../../../graph/ir/node-attributes.ts";
import { isFloatType } from "../../../graph/ir/runtime-value.ts";
import { type Application, parseExpression } from "./expression.ts";
import type { GraphEditor } from "./graph-editor.ts";
import { type Match, matches } from "./match.ts";
import { removable } from "./rewriting.ts";

const centered = "(A - ReduceMean(A))";
const squares = [`Square(${centered})`, `Pow(${centered}, 2)`];
const normal = squares.flatMap((square) => {
  const deviation = `Sqrt(ReduceMean(${square}) + e)`;
  return [`${centered} / ${deviation}`, `${centered} * Reciprocal(${deviation})`];
});

/** With a bias first: what it takes up must not be taken without it. */
const forms: readonly (readonly Application[])[] = [
  normal.map((text) => parsed(`(${text}) * G + H`)),
  normal.map((text) => parsed(`(${text}) * G`)),
];

function parsed(text: string): Application {
  const expression = parseExpression(text);
  return known(expression.kind === "call" ? expression : undefined, text);
}

export function recognizeLayerNormalization(editor: GraphEditor): void {
  for (const expressions of forms) {
    for (const node of editor.nodes()) {
      for (const expression of expressions.filter(({ operator }) => operator === node.operator)) {
        const found = matches(editor, expression, node).find((match) =>
          isLayerNormalization(editor, node, match),
        );
        if (found === undefined) continue;
        replace(editor, node, found);
        break;
      }
    }
  }
}

/** The axes are the last ones, and scale and bias have their sizes. */
function isLayerNormalization(editor: GraphEditor, root: OpNode, match: Match): boolean {
  const type = editor.type(match.values.get("A"));
  const reduction = match.carried.get("Reduce");
  if (type?.shape === undefined || reduction?.kind !== "reduction" || !isFloatType(type.elementType))
    return false;
  const { axes, keepsAxes } = reduction;
  if (!keepsAxes || axes.some((axis, place) => axis !== place - axes.length)) return false;
  const sizes = type.shape.slice(-axes.length).join();
  const parameters = ["G", "H"].flatMap((name) => match.values.get(name) ?? []);
  if (parameters.some((name) => editor.type(name)?.shape?.join() !== sizes)) return false;
  if (editor.type(root.outputs[0])?.shape?.join() !== type.shape.join()) return false;
  if (editor.numbers(match.values.get("e"), 1)?.length !== 1) return false;
  return removable(editor, root, match.nodes).size === match.nodes.length;
}

function replace(editor: GraphEditor, root: OpNode, { values, carried }: Match): void {
  const reduction = known(carried.get("Reduce"), "the axes");
  const axes = reduction.kind === "reduction" ? reduction.axes.length : 1;
  const epsilon = editor.numbers(values.get("e"), 1)?.[0];
  const attributes = new Map<string, Attribute>([
    ["axis", intAttribute(-axes)],
    ["epsilon", floatAttribute(known(epsilon, "epsilon"))],
  ]);
  const inputs = ["A", "G", "H"].flatMap((name) => values.get(name) ?? []);
  editor.replace(root, {
    operator: "LayerNormalization",
    opset: Math.max(root.opset, 17),
    inputs,
    attributes,
  });
}

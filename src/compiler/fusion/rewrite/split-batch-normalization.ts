/**
 * A BatchNormalization that no Conv takes up becomes x scale + shift with constants: two operators that fuse with
 * their neighbours and take part in the rewrite rules. O(channels).
 */
import { tensorOfValue } from "../../../graph/ir/runtime-tensor.ts";
import { tensorFromDoubles } from "../../../graph/ir/runtime-value.ts";
import { readBatchNormalization } from "./fold-affine.ts";
import type { GraphEditor } from "./graph-editor.ts";

export function splitBatchNormalization(editor: GraphEditor): void {
  for (const node of editor.nodes()) {
    const [result = ""] = node.outputs;
    const type = editor.type(result);
    const rank = type?.shape?.length ?? 0;
    if (type === undefined || rank < 2 || (type.elementType !== "float32" && type.elementType !== "float64"))
      continue;
    const affine = readBatchNormalization(editor, node);
    if (affine?.scale === undefined || affine.shift === undefined) continue;
    const { scale, shift } = affine;
    if (![...scale, ...shift].every(Number.isFinite)) continue;
    const shape = [scale.length, ...new Array<number>(rank - 2).fill(1)];
    const constant = (numbers: Float64Array, name: string): string =>
      editor.addConstant(
        tensorOfValue(tensorFromDoubles(type.elementType, shape, numbers)),
        `${node.name}.${name}`,
      );
    // Before opset 7 operands were not stretched to each other.
    const opset = Math.max(node.opset, 7);
    const product = { operator: "Mul", opset, inputs: [affine.from, constant(scale, "scale")] };
    const scaled = editor.insert(node, product, node.name, type);
    editor.replace(node, { operator: "Add", opset, inputs: [scaled, constant(shift, "shift")] });
  }
}

/**
 * What an operator of a rule has besides its data operands: attributes, and further inputs such as the indices of a
 * Gather. Reductions are kept as what they mean, since opsets write their axes as attributes or as an input, and not
 * all reductions at the same opset.
 */
import type { Attribute, OpNode } from "../../../graph/ir/graph.ts";
import { intAttribute, intOf, intsAttribute, intsOf, isStandard } from "../../../graph/ir/node-attributes.ts";
import type { Tensor } from "../../../graph/ir/tensor.ts";
import { tensorFromBigInts } from "../../../graph/ir/tensor-values.ts";
import type { GraphEditor } from "./graph-editor.ts";

export type Carried =
  | {
      readonly kind: "plain";
      /** The operator, or Arg for ArgMax and ArgMin. */
      readonly key: string;
      readonly attributes: ReadonlyMap<string, Attribute>;
      readonly inputs: readonly string[];
      readonly opset: number;
    }
  | {
      readonly kind: "reduction";
      readonly key: "Reduce";
      /** Counted from the end, -1 the last one, ascending. */
      readonly axes: readonly number[];
      /** The sizes of these axes before they are reduced. */
      readonly sizes: readonly (number | string)[];
      readonly keepsAxes: boolean;
      readonly opset: number;
    };

/** Operators that are turned into each other carry the same. */
export function carriedKey(operator: string): string {
  if (isReduction(operator)) return "Reduce";
  return operator.startsWith("Arg") ? "Arg" : operator;
}

export function isReduction(operator: string): boolean {
  return operator.startsWith("Reduce");
}

/** Before opset 7 operands were not stretched to each other, and much else was different. */
export function applicableOpset(node: OpNode): boolean {
  return isStandard(node) && node.opset >= 7 && node.outputs.slice(1).every((name) => name === "");
}

/** Operators whose further inputs are no data: limits, indices, sizes. */
const withParameters: ReadonlySet<string> = new Set([
  "Clip",
  "CumSum",
  "Expand",
  "Gather",
  "Resize",
  "Slice",
  "Tile",
]);

/** What the node carries, if so many of its inputs are data; undefined where that cannot be. */
export function carriedBy(editor: GraphEditor, node: OpNode, operands: number): Carried | undefined {
  if (isReduction(node.operator)) return reductionOf(editor, node);
  if (node.inputs.length < operands) return undefined;
  const inputs = node.inputs.slice(operands);
  if (inputs.length > 0 && !withParameters.has(node.operator)) return undefined;
  return {
    kind: "plain",
    key: carriedKey(node.operator),
    attributes: node.attributes,
    inputs,
    opset: node.opset,
  };
}

function reductionOf(editor: GraphEditor, node: OpNode): Carried | undefined {
  const shape = editor.type(node.inputs[0])?.shape;
  const given = (node.inputs[1] ?? "") === "" ? intsOf(node, "axes") : editor.numbers(node.inputs[1]);
  if (shape === undefined || ((node.inputs[1] ?? "") !== "" && given === undefined)) return undefined;
  const listed = Array.from(given ?? []);
  if (listed.length === 0 && intOf(node, "noop_with_empty_axes", 0) !== 0) return undefined;
  const all = shape.map((_, axis) => axis - shape.length);
  const axes =
    listed.length === 0
      ? all
      : listed.map((axis) => (axis < 0 ? axis : axis - shape.length)).sort((a, b) => a - b);
  return {
    kind: "reduction",
    key: "Reduce",
    axes,
    sizes: axes.map((axis) => shape[axis + shape.length] ?? 1),
    keepsAxes: intOf(node, "keepdims", 1) !== 0,
    opset: node.opset,
  };
}

/** Whether two occurrences of an operator in a rule are alike in what they carry. */
export function isSameCarried(a: Carried, b: Carried): boolean {
  if (a.kind === "reduction" && b.kind === "reduction") {
    return (
      a.axes.join() === b.axes.join() && a.sizes.join() === b.sizes.join() && a.keepsAxes === b.keepsAxes
    );
  }
  if (a.kind === "reduction" || b.kind === "reduction") return false;
  if (a.inputs.join() !== b.inputs.join() || a.attributes.size !== b.attributes.size) return false;
  return [...a.attributes].every(([name, attribute]) => isSameAttribute(attribute, b.attributes.get(name)));
}

/** Tensors and graphs are the same only where they are one. */
function isSameAttribute(a: Attribute, b: Attribute | undefined): boolean {
  if (a === b) return true;
  const [left, right] = [plainText(a), b === undefined ? undefined : plainText(b)];
  return left !== undefined && left === right;
}

function plainText(attribute: Attribute): string | undefined {
  switch (attribute.kind) {
    case "float":
    case "int":
    case "string":
    case "floats":
    case "ints":
    case "strings":
      return `${attribute.kind} ${String(attribute.value)}`;
    default:
      return undefined;
  }
}

/** A reduction's attributes, and its axes where its operator takes them as an input at the opset. */
export function reductionParts(
  operator: string,
  { axes, keepsAxes, opset }: Extract<Carried, { kind: "reduction" }>,
): { readonly axes: Tensor | undefined; readonly attributes: ReadonlyMap<string, Attribute> } {
  const attributes = new Map<string, Attribute>([["keepdims", intAttribute(keepsAxes ? 1 : 0)]]);
  if (opset < (operator === "ReduceSum" ? 13 : 18)) {
    return { axes: undefined, attributes: attributes.set("axes", intsAttribute(axes)) };
  }
  return { axes: tensorFromBigInts("int64", [axes.length], axes.map(BigInt)), attributes };
}

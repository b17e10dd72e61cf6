/**
 * What can be said of a value's sign without running the network: proofs that rules ask for. A value is shown not to be
 * negative by what makes it (a square, a mean of squares, an absolute value, an exponential), by constants, and by
 * operators that keep the property. NaN counts as neither. O(nodes looked at), bounded.
 */
import type { OpNode } from "../../../graph/ir/graph.ts";
import { floatOf, isStandard } from "../../../graph/ir/node-attributes.ts";
import type { GraphEditor } from "./graph-editor.ts";

/** A proof looks no further up than this. */
const deepest = 12;

/*
 * Div and Reciprocal are in neither list: 1 / -0 is negative, and -0 counts as not negative.
 */

/** Never negative, whatever the operands are. */
const always: ReadonlySet<string> = new Set([
  "Abs",
  "Acos",
  "Acosh",
  "Cosh",
  "Exp",
  "HardSigmoid",
  "ReduceL1",
  "ReduceL2",
  "ReduceSumSquare",
  "Relu",
  "Shape",
  "Sigmoid",
  "Size",
  "Softmax",
  "Softplus",
  "Sqrt",
]);

/** Not negative where all operands that are data are not. */
const keeping: ReadonlySet<string> = new Set([
  "Add",
  "Cast",
  "Ceil",
  "Concat",
  "Expand",
  "Erf",
  "Flatten",
  "Floor",
  "Gather",
  "GlobalAveragePool",
  "GlobalMaxPool",
  "Identity",
  "MatMul",
  "MaxPool",
  "Mean",
  "Min",
  "ReduceMax",
  "ReduceMean",
  "ReduceMin",
  "ReduceProd",
  "ReduceSum",
  "Reshape",
  "Round",
  "Sign",
  "Sinh",
  "Slice",
  "Split",
  "Squeeze",
  "Sum",
  "Tanh",
  "Tile",
  "Transpose",
  "Unsqueeze",
]);

/** Only the first input is data. */
const ofFirst: ReadonlySet<string> = new Set([
  "Expand",
  "Gather",
  "ReduceMax",
  "ReduceMean",
  "ReduceMin",
  "ReduceProd",
  "ReduceSum",
  "Reshape",
  "Slice",
  "Split",
  "Squeeze",
  "Tile",
  "Unsqueeze",
]);

/** Whether no element of the value is below 0. */
export function isNonNegative(editor: GraphEditor, value: string, depth = 0): boolean {
  if (editor.constant(value) !== undefined)
    return editor.numbers(value, 4096)?.every((each) => each >= 0) ?? false;
  const type = editor.type(value)?.elementType;
  if (type === "bool" || type?.startsWith("uint")) return true;
  const node = editor.producer(value);
  if (node === undefined || !isStandard(node) || depth > deepest) return false;
  // Whole numbers wrap: the sum of two large ones is negative.
  if (!type?.startsWith("float") && type !== "bfloat16") return false;
  return isMadeNonNegative(editor, node, (name) => isNonNegative(editor, name, depth + 1));
}

function isMadeNonNegative(editor: GraphEditor, node: OpNode, holds: (value: string) => boolean): boolean {
  const { operator, inputs } = node;
  const [first = "", second = "", third = ""] = inputs;
  if (always.has(operator)) return true;
  switch (operator) {
    case "Mul":
      return first === second || (holds(first) && holds(second));
    case "Pow":
      return isEven(editor, second) || holds(first);
    case "Max":
      return inputs.some(holds);
    case "Clip":
      return (holds(first) || isLimit(editor, node, "min", second)) && isLimit(editor, node, "max", third);
    case "Where":
      return holds(second) && holds(third);
    case "AveragePool":
    case "LeakyRelu":
      return holds(first);
    default:
      return keeping.has(operator) && (ofFirst.has(operator) ? holds(first) : inputs.every(holds));
  }
}

/** Whether a limit of a Clip, an attribute before opset 11, leaves what is not negative so; no upper one does. */
function isLimit(editor: GraphEditor, node: OpNode, name: "min" | "max", value: string): boolean {
  const otherwise = name === "max";
  if (node.opset < 11) return floatOf(node, name, otherwise ? 0 : -1) >= 0;
  return value === "" ? otherwise : isNonNegative(editor, value);
}

function isEven(editor: GraphEditor, exponent: string): boolean {
  return editor.numbers(exponent, 4096)?.every((each) => each % 2 === 0) ?? false;
}

/** Whether every element of the value is above 0: constants, and sums with them of what is not negative. */
export function isPositive(editor: GraphEditor, value: string, depth = 0): boolean {
  if (editor.constant(value) !== undefined)
    return editor.numbers(value, 4096)?.every((each) => each > 0) ?? false;
  const node = editor.producer(value);
  if (node === undefined || !isStandard(node) || depth > deepest) return false;
  const type = editor.type(value)?.elementType;
  if (!type?.startsWith("float") && type !== "bfloat16") return false;
  const [first = "", second = ""] = node.inputs;
  const positive = (name: string): boolean => isPositive(editor, name, depth + 1);
  switch (node.operator) {
    case "Add":
      return (
        (positive(first) && isNonNegative(editor, second)) ||
        (positive(second) && isNonNegative(editor, first))
      );
    case "Max":
      return node.inputs.some(positive);
    case "Cosh":
      return true;
    case "Sqrt":
    case "Identity":
    case "Reshape":
    case "Transpose":
    case "Unsqueeze":
    case "Squeeze":
    case "Flatten":
      return positive(first);
    default:
      return false;
  }
}

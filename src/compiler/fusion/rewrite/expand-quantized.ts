/**
 * Operators on quantized numbers as what they stand for: QLinearConv and QLinearMatMul become a Conv or MatMul of whole
 * numbers in float32 and a QuantizeLinear of its sums by y_scale / (x_scale w_scale); ConvInteger and MatMulInteger a Cast of
 * them. Whole numbers and their products are exact in float32, and so are sums up to 2^24; beyond that they lose their last
 * digits, relative to a result that is then rounded to 8 bits or has more than 24.
 */
import type { OpNode } from "../../../graph/ir/graph.ts";
import type { ElementType, TensorType } from "../../../graph/ir/tensor.ts";
import { tensorFromBigInts } from "../../../graph/ir/tensor-values.ts";
import type { GraphEditor } from "./graph-editor.ts";

/** Sub, Cast, Conv and their like are the same from 13 to 22. */
const opset = 13;

/** Where a quantized operator has its inputs. */
interface Operands {
  readonly x: number;
  readonly xZero: number;
  readonly w: number;
  readonly wZero: number;
  /** Of the quantized result; the integer operators give their sums. */
  readonly scales?: { readonly x: number; readonly w: number; readonly y: number; readonly yZero: number };
  readonly bias?: number;
  readonly by: "Conv" | "MatMul";
}

const quantized: Readonly<Record<string, Operands>> = {
  QLinearConv: {
    x: 0,
    xZero: 2,
    w: 3,
    wZero: 5,
    scales: { x: 1, w: 4, y: 6, yZero: 7 },
    bias: 8,
    by: "Conv",
  },
  QLinearMatMul: { x: 0, xZero: 2, w: 3, wZero: 5, scales: { x: 1, w: 4, y: 6, yZero: 7 }, by: "MatMul" },
  ConvInteger: { x: 0, w: 1, xZero: 2, wZero: 3, by: "Conv" },
  MatMulInteger: { x: 0, w: 1, xZero: 2, wZero: 3, by: "MatMul" },
};

export function expandQuantized(editor: GraphEditor): void {
  for (const node of editor.nodes()) {
    const operands = node.domain === "" ? quantized[node.operator] : undefined;
    if (operands !== undefined) expand(editor, node, operands);
  }
}

function expand(editor: GraphEditor, node: OpNode, operands: Operands): void {
  const shape = editor.shape(node.outputs[0]);
  const given = (at: number | undefined): string => (at === undefined ? "" : (node.inputs[at] ?? ""));
  const isConvolution = operands.by === "Conv";
  // Of a matrix on the left, a scale or zero point for each row; of one on the right, and of filters, for each column.
  const x = centred(
    editor,
    node,
    given(operands.x),
    given(operands.xZero),
    isConvolution ? undefined : "rows",
  );
  const w = centred(
    editor,
    node,
    given(operands.w),
    given(operands.wZero),
    isConvolution ? "filters" : "columns",
  );
  const { scales } = operands;
  const isPerRow = scales !== undefined && (editor.shape(given(scales.x))?.length ?? 0) > 0;
  if (
    shape === undefined ||
    x === undefined ||
    w === undefined ||
    (isPerRow && !isScalar(editor, given(scales.x)))
  )
    return;
  const sums = type("float32", shape);
  const bias = given(operands.bias);
  const added = bias === "" ? [] : [cast(editor, node, bias, "float32")];
  const sum = editor.insert(
    node,
    {
      operator: operands.by,
      opset,
      inputs: [x, w, ...added],
      attributes: isConvolution ? node.attributes : new Map(),
    },
    node.name,
    sums,
  );
  if (scales === undefined) {
    editor.replace(node, { operator: "Cast", opset, inputs: [sum], attributes: castTo("int32") });
    return;
  }
  const wScaleType = type("float32", editor.shape(given(scales.w)) ?? []);
  const both = binary(editor, node, "Mul", given(scales.x), given(scales.w), wScaleType);
  const scale = binary(editor, node, "Div", given(scales.y), both, wScaleType);
  // A scale for each channel wants a zero point for each, and the axis that they are of.
  const count = wScaleType.shape?.reduce<number>((product, size) => product * Number(size), 1) ?? 1;
  const zero = count > 1 ? stretched(editor, node, given(scales.yZero), count) : given(scales.yZero);
  editor.replace(node, {
    operator: "QuantizeLinear",
    opset,
    inputs: [sum, scale, zero],
    attributes: new Map([
      ["axis", { kind: "int", value: BigInt(isConvolution ? 1 : Math.max(shape.length - 1, 0)) }],
    ]),
  });
}

/** The elements minus their zero point, as float32; undefined where sizes are not known. */
function centred(
  editor: GraphEditor,
  node: OpNode,
  value: string,
  zero: string,
  perAxis: "filters" | "rows" | "columns" | undefined,
): string | undefined {
  const shape = editor.shape(value);
  if (shape === undefined) return undefined;
  const floats = cast(editor, node, value, "float32");
  if (zero === "") return floats;
  let at = cast(editor, node, zero, "float32");
  const zeroShape = editor.shape(zero) ?? [];
  if (zeroShape.length === 1 && zeroShape[0] !== 1) {
    if (perAxis === "filters")
      at = reshaped(editor, node, at, [-1, ...shape.slice(1).map(() => 1)], zeroShape);
    if (perAxis === "rows") at = reshaped(editor, node, at, [-1, 1], zeroShape);
  }
  return binary(editor, node, "Sub", floats, at, type("float32", shape));
}

function reshaped(
  editor: GraphEditor,
  node: OpNode,
  value: string,
  to: readonly number[],
  from: readonly number[],
): string {
  const wanted = editor.addConstant(
    tensorFromBigInts("int64", [to.length], to.map(BigInt)),
    `${node.name}.shape`,
  );
  const shape = to.map((size) => (size === -1 ? (from[0] ?? 1) : size));
  const inputs = [value, wanted];
  return editor.insert(node, { operator: "Reshape", opset, inputs }, node.name, type("float32", shape));
}

/** A zero point once for every channel. */
function stretched(editor: GraphEditor, node: OpNode, zero: string, count: number): string {
  const shape = editor.addConstant(tensorFromBigInts("int64", [1], [BigInt(count)]), `${node.name}.channels`);
  const elementType = editor.type(zero)?.elementType ?? "uint8";
  const inputs = [zero, shape];
  return editor.insert(node, { operator: "Expand", opset, inputs }, node.name, type(elementType, [count]));
}

function isScalar(editor: GraphEditor, value: string): boolean {
  return (editor.shape(value) ?? []).every((size) => size === 1);
}

function cast(editor: GraphEditor, node: OpNode, value: string, to: "float32"): string {
  const inputs = [value];
  const shape = editor.shape(value) ?? [];
  const added = { operator: "Cast", opset, inputs, attributes: castTo(to) };
  return editor.insert(node, added, node.name, type(to, shape));
}

/** Numbers of TensorProto.DataType. */
const typeNumbers = { float32: 1n, int32: 6n } as const;

function castTo(to: keyof typeof typeNumbers): ReadonlyMap<string, { kind: "int"; value: bigint }> {
  return new Map([["to", { kind: "int", value: typeNumbers[to] }]]);
}

function binary(
  editor: GraphEditor,
  node: OpNode,
  operator: string,
  a: string,
  b: string,
  result: TensorType,
): string {
  return editor.insert(node, { operator, opset, inputs: [a, b] }, node.name, result);
}

function type(elementType: ElementType, shape: readonly number[]): TensorType {
  return { elementType, shape };
}

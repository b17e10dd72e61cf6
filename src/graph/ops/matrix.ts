/** Matrix products: Gemm, MatMul, their integer forms, and Einsum. */
import type { Dimension, Shape } from "../ir/tensor.ts";
import { elementCount } from "../ir/tensor.ts";
import { describeInput, describeInputs, input, int, string } from "./call.ts";
import type { Fact } from "./fact.ts";
import { tensorFact } from "./fact.ts";
import type { Call, OperatorRow, TypedCall } from "./row.ts";
import { row } from "./row.ts";
import { broadcast, expectRank, sameDimension } from "./shapes.ts";

/** numpy.matmul: a vector is a row on the left and a column on the right; what is in front of the matrices broadcasts. */
function productShape(call: Call, left: number, right: number): Shape | undefined {
  const a = input(call, left).shape;
  const b = input(call, right).shape;
  if (a === undefined || b === undefined) return undefined;
  if (a.length === 0 || b.length === 0)
    throw call.error(`${describeInput(call, a.length === 0 ? left : right)} is a scalar`);
  const inner = [a.at(-1) ?? 0, (b.length === 1 ? b[0] : b.at(-2)) ?? 0] as const;
  if (typeof inner[0] === "number" && typeof inner[1] === "number" && inner[0] !== inner[1]) {
    throw call.error(
      `${describeInput(call, left)} and ${describeInput(call, right)} cannot be multiplied: ${inner[0]} columns against ${inner[1]} rows`,
      "the last axis of the first must equal the last but one of the second",
    );
  }
  const batch = broadcast(call, [a.slice(0, -2), b.slice(0, -2)]) ?? [];
  const rows = a.length === 1 ? [] : a.slice(-2, -1);
  const columns = b.length === 1 ? [] : b.slice(-1);
  return [...batch, ...rows, ...columns];
}

function matrixProduct(
  operator: string,
  versions: readonly number[],
  arity: readonly [number, number],
  places: {
    readonly left: number;
    readonly right: number;
    readonly elementType: (call: Call) => Fact["elementType"];
  },
): OperatorRow {
  return row({
    operator,
    versions,
    arity,
    heavy: true,
    infer: (call) => [tensorFact(places.elementType(call), productShape(call, places.left, places.right))],
    macs: (call) => macsPerElement(call, call.inputs[places.left]?.shape?.at(-1)),
  });
}

/** Output elements times the length of the sum behind each. */
function macsPerElement(call: TypedCall, inner: Dimension | undefined): number | undefined {
  const shape = call.outputs[0]?.shape;
  const count = shape === undefined ? undefined : elementCount(shape);
  return count === undefined || typeof inner !== "number" ? undefined : count * inner;
}

/** Rows and columns of a Gemm operand, after its transposition. */
function operand(
  call: Call,
  index: number,
  transposed: boolean,
): readonly [Dimension, Dimension] | undefined {
  const { shape } = input(call, index);
  if (shape === undefined) return undefined;
  expectRank(call, index, 2);
  const [rows = 0, columns = 0] = shape;
  return transposed ? [columns, rows] : [rows, columns];
}

const gemm = row({
  operator: "Gemm",
  versions: [1, 6, 7, 9, 11, 13],
  arity: [2, 3],
  heavy: true,
  infer: (call) => {
    const { elementType } = input(call, 0);
    const a = operand(call, 0, int(call, "transA", 0) !== 0);
    const b = operand(call, 1, int(call, "transB", 0) !== 0);
    if (a !== undefined && b !== undefined) {
      sameDimension(call, a[1], b[0], "the columns of A and the rows of B");
    }
    const shape = [a?.[0] ?? call.symbols.fresh(), b?.[1] ?? call.symbols.fresh()];
    checkAddend(call, shape);
    return [tensorFact(elementType, shape)];
  },
  macs: (call) => {
    const transposed = call.node.attributes.get("transA");
    const a = call.inputs[0]?.shape;
    const isTransposed = transposed?.kind === "int" && transposed.value !== 0n;
    return macsPerElement(call, isTransposed ? a?.[0] : a?.[1]);
  },
});

/** C stretches to the product, never the other way. */
function checkAddend(call: Call, shape: Shape): void {
  const addend = call.inputs[2]?.shape;
  if (addend === undefined) return;
  const shift = shape.length - addend.length;
  const fits = addend.every((size, axis) => {
    const wanted = shape[axis + shift];
    return size === 1 || size === wanted || typeof size === "string" || typeof wanted === "string";
  });
  if (shift < 0 || !fits) {
    throw call.error(
      `C ${describeInput(call, 2)} does not stretch to the product [${shape.join(",")}] of ${describeInputs(call)}`,
    );
  }
}

/** An Einsum equation with "..." written out. */
interface Equation {
  readonly operands: readonly (readonly string[])[];
  readonly result: readonly string[];
}

/** Labels of the axes that "..." stands for: "0" is its last one, since it aligns at the right. */
function parseEquation(call: {
  readonly text: string;
  readonly ranks: readonly number[];
}): Equation | undefined {
  const [left = "", right] = call.text.replaceAll(/\s/g, "").split("->");
  const terms = left.split(",");
  if (terms.length !== call.ranks.length) return undefined;
  const operands = terms.map((term, index) => labelsOf(term, call.ranks[index] ?? 0));
  const all = operands.flatMap((labels) => labels ?? []);
  const dots = [...new Set(all.filter((label) => /^\d+$/.test(label)))].sort((a, b) => Number(b) - Number(a));
  const once = [...new Set(all)].filter(
    (label) => !/^\d+$/.test(label) && all.indexOf(label) === all.lastIndexOf(label),
  );
  const result =
    right === undefined
      ? [...dots, ...once.sort()]
      : labelsOf(right, dots.length + right.replace("...", "").length);
  const complete = operands.filter((labels) => labels !== undefined);
  if (complete.length !== operands.length || result === undefined) return undefined;
  return { operands: complete, result };
}

function labelsOf(term: string, rank: number): readonly string[] | undefined {
  const [head = "", tail] = term.split("...");
  if (!/^[a-zA-Z]*$/.test(head + (tail ?? ""))) return undefined;
  const hidden = rank - head.length - (tail ?? "").length;
  if (hidden < 0 || (tail === undefined && hidden !== 0)) return undefined;
  return [
    ...head,
    ...Array.from({ length: hidden }, (_, axis) => String(hidden - 1 - axis)),
    ...(tail ?? ""),
  ];
}

function labelSizes(
  equation: Equation,
  shapes: readonly Shape[],
  conflict: (label: string, a: Dimension, b: Dimension) => Dimension,
): ReadonlyMap<string, Dimension> {
  const sizes = new Map<string, Dimension>();
  equation.operands.forEach((labels, operandIndex) => {
    labels.forEach((label, axis) => {
      const size = shapes[operandIndex]?.[axis] ?? 1;
      const old = sizes.get(label) ?? 1;
      sizes.set(label, old === 1 || old === size ? size : size === 1 ? old : conflict(label, old, size));
    });
  });
  return sizes;
}

const einsum = row({
  operator: "Einsum",
  versions: [12],
  arity: [1, Number.POSITIVE_INFINITY],
  heavy: true,
  infer: (call) => {
    const { elementType } = input(call, 0);
    const text = string(call, "equation", "");
    const shapes = call.inputs.flatMap((fact) => (fact?.shape === undefined ? [] : [fact.shape]));
    if (shapes.length < call.inputs.length) return [tensorFact(elementType, undefined)];
    const equation = parseEquation({ text, ranks: shapes.map((shape) => shape.length) });
    if (equation === undefined) {
      throw call.error(`the equation "${text}" does not fit ${describeInputs(call)}`);
    }
    const sizes = labelSizes(equation, shapes, (label, a, b) =>
      sameDimension(call, a, b, `axis "${label}" of the equation "${text}"`),
    );
    const shape = equation.result.map((label) => {
      const size = sizes.get(label);
      if (size === undefined)
        throw call.error(`the equation "${text}" makes the axis "${label}" out of nothing`);
      return size;
    });
    return [tensorFact(elementType, shape)];
  },
  // One multiplication per point of the whole index space, for two operands or more.
  macs: (call) => {
    const equation = call.node.attributes.get("equation");
    const shapes = call.inputs.flatMap((type) => (type?.shape === undefined ? [] : [type.shape]));
    if (equation?.kind !== "string" || shapes.length < call.inputs.length) return undefined;
    if (shapes.length < 2) return 0;
    const parsed = parseEquation({ text: equation.value, ranks: shapes.map((shape) => shape.length) });
    if (parsed === undefined) return undefined;
    const points = elementCount([
      ...labelSizes(parsed, shapes, (_, a, b) => (typeof a === "number" ? a : b)).values(),
    ]);
    return points === undefined ? undefined : points * (shapes.length - 1);
  },
});

const firstType = (call: Call): Fact["elementType"] => input(call, 0).elementType;

export const matrixRows: readonly OperatorRow[] = [
  einsum,
  gemm,
  matrixProduct("MatMul", [1, 9, 13], [2, 2], { left: 0, right: 1, elementType: firstType }),
  matrixProduct("MatMulInteger", [10], [2, 4], { left: 0, right: 1, elementType: () => "int32" }),
  matrixProduct("QLinearMatMul", [10, 21], [8, 8], {
    left: 0,
    right: 3,
    elementType: (call) => input(call, 7).elementType,
  }),
];

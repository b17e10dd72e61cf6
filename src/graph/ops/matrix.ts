/** Matrix products: Gemm, MatMul, their integer forms, and Einsum. */
import type { Dimension, Shape } from "../ir/tensor.ts";
import { elementCount } from "../ir/tensor.ts";
import { describeInput, describeInputs, input, int, string } from "./call.ts";
import { labelSizes, parseEquation } from "./einsum-equation.ts";
import type { Fact } from "./fact.ts";
import { tensorFact } from "./fact.ts";
import { einsumKernel } from "./kernels/einsum.ts";
import { withKernels } from "./kernels/kernel.ts";
import { matrixKernels } from "./kernels/matrix.ts";
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

export const matrixRows: readonly OperatorRow[] = withKernels(
  [
    einsum,
    gemm,
    matrixProduct("MatMul", [1, 9, 13], [2, 2], { left: 0, right: 1, elementType: firstType }),
    matrixProduct("MatMulInteger", [10], [2, 4], { left: 0, right: 1, elementType: () => "int32" }),
    matrixProduct("QLinearMatMul", [10, 21], [8, 8], {
      left: 0,
      right: 3,
      elementType: (call) => input(call, 7).elementType,
    }),
  ],
  { ...matrixKernels, Einsum: einsumKernel },
);

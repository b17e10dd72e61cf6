/**
 * ONNX's reductions as expressions: what is done to each element, how elements are joined, and what is done to the total.
 * The reference kernels add up in doubles; here floats are added in their own type.
 */

import type { OpNode } from "../../../graph/ir/graph.ts";
import { isStandard } from "../../../graph/ir/node-attributes.ts";
import type { ElementType } from "../../../graph/ir/tensor.ts";
import { constant, type Expr, numberTypeOf, type StoredType, select, unary } from "../loops/expr.ts";
import type { ReduceOperator } from "../loops/nest.ts";
import { storedTypeOf } from "./stored-type.ts";
import {
  add,
  castTo,
  converted,
  divide,
  exp,
  inRange,
  integerRanges,
  isFloat,
  less,
  like,
  multiply,
  subtract,
} from "./values.ts";

export interface Reduction {
  /** A reduction of the same elements that runs first; `prepare` and `finish` get its finished value. */
  readonly before?: Reduction;
  readonly operator: ReduceOperator;
  /** The total of no elements. */
  readonly start: number;
  /** What is joined of an element; its register type is the total's. */
  readonly prepare: (element: Expr, before: Expr | undefined) => Expr;
  /** The result, in the register type of the elements, from the total of `count` elements. */
  readonly finish: (total: Expr, count: number, before: Expr | undefined) => Expr;
}

type Row = (type: StoredType) => Reduction | undefined;

const isFloatType = (type: StoredType): boolean => isFloat(numberTypeOf[type]);

/** Integers wrap as additions and multiplications do. */
function wrapping(operator: "add" | "multiply", prepare: (x: Expr) => Expr = (x) => x): Row {
  return (type) => ({
    operator,
    start: operator === "add" ? 0 : 1,
    prepare,
    finish: (total) => inRange(total, type),
  });
}

/** A function of a sum of floats, approximated in float32. */
const logOfSum: Row = (type) =>
  type === "float32"
    ? { operator: "add", start: 0, prepare: (x) => x, finish: (total) => unary("log", total) }
    : undefined;

/** Integers are added in 64 bits, and the mean is cut off. */
const mean: Row = (type) => ({
  operator: "add",
  start: 0,
  prepare: (x) => (isFloatType(type) ? x : converted("i64", x)),
  finish: (total, count) => {
    if (isFloatType(type)) return divide(total, like(total, count));
    return castTo(divide(total, like(total, Math.max(count, 1))), "int64", type);
  },
});

const square = (x: Expr): Expr => multiply(x, x);

/** Integers are squared in doubles, as the root may have a fraction. */
const norm: Row = (type) => ({
  operator: "add",
  start: 0,
  prepare: (x) => square(isFloatType(type) ? x : converted("f64", x)),
  finish: (total) => {
    const root = unary("squareRoot", total);
    return isFloatType(type) ? root : castTo(root, "float64", type);
  },
});

const maximum: Row = (type) => ({
  operator: "maximum",
  start: integerRanges[type]?.[0] ?? Number.NEGATIVE_INFINITY,
  prepare: (x) => x,
  finish: (total) => total,
});

/** Of int64 as the complement of the largest complement, as its largest number is no double that `start` could hold. */
const minimum: Row = (type) => {
  if (type === "int64") {
    const complement = (x: Expr): Expr => unary("bitNot", x);
    return { operator: "maximum", start: -(2 ** 63), prepare: complement, finish: complement };
  }
  return {
    operator: "minimum",
    start: integerRanges[type]?.[1] ?? Number.POSITIVE_INFINITY,
    prepare: (x) => x,
    finish: (total) => total,
  };
};

/** ln(sum of e^x), with the largest x taken out first so that nothing overflows; not where it is infinite. */
const logSumExp: Row = (type) => {
  const before = maximum(type);
  if (type !== "float32" || before === undefined) return undefined;
  const shiftOf = (most: Expr | undefined): Expr => {
    const largest = most ?? constant("f32", 0);
    const zero = like(largest, 0);
    return select(less(unary("absolute", largest), like(largest, Number.POSITIVE_INFINITY)), largest, zero);
  };
  return {
    before,
    operator: "add",
    start: 0,
    prepare: (x, most) => exp(subtract(x, shiftOf(most))),
    finish: (total, _, most) => add(unary("log", total), shiftOf(most)),
  };
};

const rows: Readonly<Record<string, Row>> = {
  ReduceL1: wrapping("add", (x) => unary("absolute", x)),
  ReduceL2: norm,
  ReduceLogSum: logOfSum,
  ReduceLogSumExp: logSumExp,
  ReduceMax: maximum,
  ReduceMean: mean,
  ReduceMin: minimum,
  ReduceProd: wrapping("multiply"),
  ReduceSum: wrapping("add"),
  ReduceSumSquare: wrapping("add", square),
};

/** The reductions that there are. */
export const reductionOperators: readonly string[] = Object.keys(rows);

/** Undefined where the node is no such reduction, or is not compiled in this type. */
export function reductionOf(node: OpNode, elementType: ElementType): Reduction | undefined {
  const type = storedTypeOf(elementType);
  if (type === undefined || !isStandard(node) || !Object.hasOwn(rows, node.operator)) return undefined;
  return rows[node.operator]?.(type);
}

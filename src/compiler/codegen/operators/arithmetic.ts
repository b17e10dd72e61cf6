/**
 * Arithmetic of two and more operands, bits and shifts as expressions. Integers wrap where they leave their range; where
 * an instruction would trap (division by 0) the result is what the reference kernels give, 0.
 */

import { intOf, stringOf } from "../../../graph/ir/node-attributes.ts";
import { binary, compare, type Expr, numberTypeOf, select, unary } from "../loops/expr.ts";
import { powerOf } from "./power.ts";
import { type ElementwiseCall, type ElementwiseRow, type ElementwiseRows, two } from "./row.ts";
import {
  add,
  castTo,
  constantOf,
  converted,
  divide,
  equal,
  inRange,
  isFloat,
  less,
  like,
  multiply,
  subtract,
  times,
} from "./values.ts";

/** An operator whose integer results wrap. */
const wrapping = (make: (a: Expr, b: Expr) => Expr): ElementwiseRow =>
  two((a, b, { type }) => inRange(make(a, b), type));

/** Combines any number of operands from the left. */
function variadic(
  combine: (a: Expr, b: Expr, call: ElementwiseCall) => Expr,
  finish: (total: Expr, count: number, call: ElementwiseCall) => Expr | undefined = (total) => total,
): ElementwiseRow {
  return (call) => {
    const [first, ...rest] = call.operands.filter((operand) => operand !== undefined);
    if (first === undefined) return undefined;
    const total = rest.reduce((a, b) => combine(a, b, call), first);
    return finish(total, rest.length + 1, call);
  };
}

/** NaN if one of them is. */
const largerOf = (a: Expr, b: Expr): Expr => binary("maximum", a, b);
const smallerOf = (a: Expr, b: Expr): Expr => binary("minimum", a, b);

/** A divisor that no instruction traps at, and where the result is 0 because it is 0. */
function safeDivisor(b: Expr): { readonly isZero: Expr; readonly divisor: Expr } {
  const isZero = equal(b, like(b, 0));
  return { isZero, divisor: select(isZero, like(b, 1), b) };
}

/** Towards zero. The least integer divided by -1 wraps, where the instruction would trap. */
function integerQuotient(a: Expr, b: Expr, { type }: ElementwiseCall): Expr {
  const known = constantOf(b);
  if (known !== undefined && known !== 0 && known !== -1) return divide(a, b);
  const { isZero, divisor } = safeDivisor(b);
  const whole = (by: Expr): Expr => select(isZero, like(a, 0), divide(a, by));
  if (type !== "int32" && type !== "int64") return inRange(whole(divisor), type);
  const isNegation = equal(b, like(b, -1));
  return select(isNegation, unary("negate", a), whole(select(isNegation, like(b, 1), divisor)));
}

function modulo(a: Expr, b: Expr, { node }: ElementwiseCall): Expr | undefined {
  const followsDividend = intOf(node, "fmod", 0) !== 0;
  if (a.type === "f64") return followsDividend ? undefined : floorModulo(a, b);
  if (a.type === "f32") {
    if (followsDividend) return binary("remainder", a, b);
    return converted("f32", floorModulo(converted("f64", a), converted("f64", b)));
  }
  const known = constantOf(b);
  const { isZero, divisor } = safeDivisor(b);
  const isKnown = known !== undefined && known !== 0;
  const rest = binary("remainder", a, isKnown ? b : divisor);
  const followed = followsDividend ? rest : withSignOf(b, rest);
  return isKnown ? followed : select(isZero, like(a, 0), followed);
}

/** As numbers with the divisor's sign; ONNX has it for integers only. */
function floorModulo(a: Expr, b: Expr): Expr {
  return subtract(a, multiply(b, unary("floor", divide(a, b))));
}

function withSignOf(b: Expr, rest: Expr): Expr {
  const zero = like(rest, 0);
  const differ = compare("notEqual", less(rest, zero), less(b, zero));
  const moves = binary("and", differ, compare("notEqual", rest, zero));
  return select(moves, add(rest, b), rest);
}

/** Shifts by the width of the type and more give 0; instructions take the amount modulo the register's width. */
function shift(a: Expr, b: Expr, { node, type }: ElementwiseCall): Expr {
  const isLeft = stringOf(node, "direction", "LEFT") === "LEFT";
  const shifted = binary(isLeft ? "shiftLeft" : "shiftRight", a, b);
  const width = a.type === "i64" ? 64 : 32;
  const whole = select(less(b, like(b, width)), shifted, like(a, 0));
  return isLeft ? inRange(whole, type) : whole;
}

/** The mean of floats; powers of two divide exactly by multiplying. */
function meanOf(total: Expr, count: number): Expr | undefined {
  if (!isFloat(total.type)) return undefined;
  const isPowerOfTwo = Number.isInteger(Math.log2(count));
  return isPowerOfTwo ? times(total, 1 / count) : divide(total, like(total, count));
}

const sumOf: (a: Expr, b: Expr, call: ElementwiseCall) => Expr = (a, b, { type }) => inRange(add(a, b), type);

/** The exponent may be of another type than the base, which the result has. */
const power: ElementwiseRow = two((x, y, { type, inputTypes: [, exponentType] }) => {
  if (exponentType === undefined) return undefined;
  if (isFloat(x.type) && numberTypeOf[exponentType] !== x.type) {
    return powerOf(x, castTo(y, exponentType, x.type === "f32" ? "float32" : "float64"), type);
  }
  return powerOf(x, y, type);
});

/** Limits are attributes before opset 11 and scalar inputs from then on. */
const clip: ElementwiseRow = ({ node, operands: [x, low, high] }) => {
  if (x === undefined) return undefined;
  const limit = (name: string): Expr | undefined => {
    const found = node.attributes.get(name);
    return found?.kind === "float" && isFloat(x.type) ? like(x, found.value) : undefined;
  };
  const [least, most] = [low ?? limit("min"), high ?? limit("max")];
  const raised = least === undefined ? x : largerOf(x, least);
  return most === undefined ? raised : smallerOf(raised, most);
};

export const arithmeticRows: ElementwiseRows = {
  Add: wrapping(add),
  Sub: wrapping(subtract),
  Mul: wrapping(multiply),
  Div: two((a, b, call) => (isFloat(a.type) ? divide(a, b) : integerQuotient(a, b, call))),
  Mod: two(modulo),
  Pow: power,
  BitShift: two(shift),
  BitwiseAnd: two((a, b) => binary("and", a, b)),
  BitwiseOr: two((a, b) => binary("or", a, b)),
  BitwiseXor: two((a, b) => binary("xor", a, b)),
  Max: variadic(largerOf),
  Min: variadic(smallerOf),
  Sum: variadic(sumOf),
  Mean: variadic(sumOf, meanOf),
  Clip: clip,
};

/**
 * Expressions that rows of operators share. Register types are those of loops/expr.ts; integers narrower than their
 * register are kept in their range, so what could leave it goes through `inRange`.
 */
import {
  binary,
  compare,
  constant,
  convert,
  type Expr,
  type NumberType,
  numberTypeOf,
  type StoredType,
  unary,
} from "../loops/expr.ts";

export const add = (a: Expr, b: Expr): Expr => binary("add", a, b);
export const subtract = (a: Expr, b: Expr): Expr => binary("subtract", a, b);
export const multiply = (a: Expr, b: Expr): Expr => binary("multiply", a, b);
export const divide = (a: Expr, b: Expr): Expr => binary("divide", a, b);
export const less = (a: Expr, b: Expr): Expr => compare("less", a, b);
export const equal = (a: Expr, b: Expr): Expr => compare("equal", a, b);

/** A constant of the expression's type. */
export const like = (expr: Expr, value: number): Expr => constant(expr.type, value);
export const plus = (a: Expr, value: number): Expr => (value === 0 ? a : add(a, like(a, value)));
export const times = (a: Expr, value: number): Expr => (value === 1 ? a : multiply(a, like(a, value)));

/** The number that an expression is, where it is a constant. */
export function constantOf(expr: Expr | undefined): number | undefined {
  return expr?.kind === "constant" ? expr.value : undefined;
}

/** The larger of x and the limit; NaN where x is. One instruction on lanes, as the limit is a constant. */
export function atLeast(x: Expr, limit: number): Expr {
  return limit === Number.NEGATIVE_INFINITY ? x : binary("maximum", x, like(x, limit));
}

/** The smaller of x and the limit; NaN where x is. */
export function atMost(x: Expr, limit: number): Expr {
  return limit === Number.POSITIVE_INFINITY ? x : binary("minimum", x, like(x, limit));
}

export function isFloat(type: NumberType): boolean {
  return type === "f32" || type === "f64";
}

/** The least and the largest number of integer types; the largest int64 is the double next to it. */
export const integerRanges: Readonly<Partial<Record<StoredType, readonly [number, number]>>> = {
  int64: [-(2 ** 63), 2 ** 63],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  uint16: [0, 2 ** 16 - 1],
  int8: [-128, 127],
  uint8: [0, 255],
  bool: [0, 1],
};

/** An integer in a register as the type holds it: what goes beyond wraps, as two's complement does. */
export function inRange(expr: Expr, type: StoredType): Expr {
  switch (type) {
    case "int8":
      return signExtended(expr, 24);
    case "int16":
      return signExtended(expr, 16);
    case "uint8":
    case "uint16":
    case "uint32":
      return binary("and", expr, like(expr, (integerRanges[type] ?? [0, 0])[1]));
    case "bool":
      return compare("notEqual", expr, like(expr, 0));
    case "float32":
    case "float64":
    case "int64":
    case "int32":
      return expr;
    default:
      return type satisfies never;
  }
}

function signExtended(expr: Expr, bits: number): Expr {
  const by = like(expr, bits);
  return binary("shiftRight", binary("shiftLeft", expr, by), by);
}

/** The value in another register type; constants are converted now. */
export function converted(type: NumberType, expr: Expr): Expr {
  if (expr.kind !== "constant" || expr.type === type) return convert(type, expr);
  const { value } = expr;
  if (type === "f64") return constant(type, value);
  if (type === "f32") return constant(type, Math.fround(value));
  const whole = Math.trunc(value);
  return Math.abs(whole) < 2 ** 31 ? constant(type, whole) : convert(type, expr);
}

/**
 * The value in another type. Integers wrap. From floats fractions are cut off and NaN is 0; what a register does not hold
 * saturates (ONNX leaves that open; the interpreter wraps it, but for int64).
 */
export function castTo(expr: Expr, from: StoredType, to: StoredType): Expr {
  if (from === to) return expr;
  if (to === "bool") return compare("notEqual", expr, like(expr, 0));
  const inRegister = converted(numberTypeOf[to], expr);
  return holds(to, from) ? inRegister : inRange(inRegister, to);
}

/** Whether every number of `from` is in the range of `to`. */
function holds(to: StoredType, from: StoredType): boolean {
  const [outer, inner] = [integerRanges[to], integerRanges[from]];
  if (outer === undefined) return true;
  return inner !== undefined && outer[0] <= inner[0] && inner[1] <= outer[1];
}

export const exp = (x: Expr): Expr => unary("exp", x);
/** e^x - 1. Close to 0 it has the absolute error of e^x, 6e-8, and not a relative one. */
export const expLessOne = (x: Expr): Expr => plus(exp(x), -1);

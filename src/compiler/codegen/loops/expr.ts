/**
 * Values inside a loop nest: expressions over elements of buffers. They form a graph, and what is shared by being the
 * same object is computed once. Data only; nest.ts says where they are stored, lower.ts makes WebAssembly of them.
 */
import type { Affine } from "./affine.ts";

/** What a value is in a machine's register. bool is i32 with 0 or 1. */
export type NumberType = "f32" | "f64" | "i32" | "i64";

/** What an element is in memory. */
export type StoredType =
  | "float32"
  | "float64"
  | "int64"
  | "int32"
  | "uint32"
  | "int16"
  | "uint16"
  | "int8"
  | "uint8"
  | "bool";

/** The type in a register of what is stored so. */
export const numberTypeOf: Readonly<Record<StoredType, NumberType>> = {
  float32: "f32",
  float64: "f64",
  int64: "i64",
  int32: "i32",
  uint32: "i64",
  int16: "i32",
  uint16: "i32",
  int8: "i32",
  uint8: "i32",
  bool: "i32",
};

export const storedBytes: Readonly<Record<StoredType, number>> = {
  float32: 4,
  float64: 8,
  int64: 8,
  int32: 4,
  uint32: 4,
  int16: 2,
  uint16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** Memory that a kernel is given the address of. Two buffers are the same only if they are the same object. */
export interface Buffer {
  readonly name: string;
  readonly elementType: StoredType;
}

/** Functions of one operand; the type is kept. sqrt and those after it are for floats, `not` for 0 and 1. */
export type UnaryOperator =
  | "negate"
  | "absolute"
  | "squareRoot"
  | "floor"
  | "ceil"
  /** To the nearest whole number, halves to the even one. */
  | "nearest"
  | "truncate"
  | "not"
  | "bitNot"
  | MathFunction;

/** Functions that vector-math.ts approximates, for f32. */
export type MathFunction =
  | "exp"
  | "log"
  | "tanh"
  | "erf"
  | "sin"
  | "cos"
  | "tan"
  | "asin"
  | "acos"
  | "atan"
  | "sinh"
  | "cosh"
  | "asinh"
  | "acosh"
  | "atanh";

/**
 * minimum and maximum give NaN if an operand is NaN. power is for f32 and f64, remainder has the sign of the dividend, as
 * C's fmod and %. Bit operators and shifts are for integers; shiftRight keeps the sign.
 */
export type BinaryOperator =
  | "add"
  | "subtract"
  | "multiply"
  | "divide"
  | "minimum"
  | "maximum"
  | "power"
  | "remainder"
  | "and"
  | "or"
  | "xor"
  | "shiftLeft"
  | "shiftRight";

export type CompareOperator = "equal" | "notEqual" | "less" | "lessOrEqual" | "greater" | "greaterOrEqual";

export type Expr =
  | { readonly kind: "constant"; readonly type: NumberType; readonly value: number }
  | { readonly kind: "load"; readonly type: NumberType; readonly buffer: Buffer; readonly index: Affine }
  /** An index as an i32. */
  | { readonly kind: "index"; readonly type: "i32"; readonly index: Affine }
  | {
      readonly kind: "unary";
      readonly type: NumberType;
      readonly operator: UnaryOperator;
      readonly operand: Expr;
    }
  | {
      readonly kind: "binary";
      readonly type: NumberType;
      readonly operator: BinaryOperator;
      readonly left: Expr;
      readonly right: Expr;
    }
  /** 1 or 0; both operands have the same type. */
  | {
      readonly kind: "compare";
      readonly type: "i32";
      readonly operator: CompareOperator;
      readonly left: Expr;
      readonly right: Expr;
    }
  /** Both sides are computed. */
  | {
      readonly kind: "select";
      readonly type: NumberType;
      readonly condition: Expr;
      readonly yes: Expr;
      readonly no: Expr;
    }
  /** Floats to integers toward zero, saturating, NaN to 0; integers wrap. */
  | { readonly kind: "convert"; readonly type: NumberType; readonly operand: Expr }
  /** The result of a reduction that ran before, at its place in the nest. */
  | { readonly kind: "result"; readonly type: NumberType; readonly name: string }
  /** What a tile of a matrix kernel holds in registers where the epilogue runs. */
  | { readonly kind: "accumulator"; readonly type: "f32" };

export const constant = (type: NumberType, value: number): Expr => ({ kind: "constant", type, value });

export const loadOf = (buffer: Buffer, index: Affine): Expr => ({
  kind: "load",
  type: numberTypeOf[buffer.elementType],
  buffer,
  index,
});

export const indexOf = (index: Affine): Expr => ({ kind: "index", type: "i32", index });

export const unary = (operator: UnaryOperator, operand: Expr): Expr => ({
  kind: "unary",
  type: operand.type,
  operator,
  operand,
});

export const binary = (operator: BinaryOperator, left: Expr, right: Expr): Expr => ({
  kind: "binary",
  type: left.type,
  operator,
  left,
  right,
});

export const compare = (operator: CompareOperator, left: Expr, right: Expr): Expr => ({
  kind: "compare",
  type: "i32",
  operator,
  left,
  right,
});

export const select = (condition: Expr, yes: Expr, no: Expr): Expr => ({
  kind: "select",
  type: yes.type,
  condition,
  yes,
  no,
});

/** Nothing where the type is that already. */
export const convert = (type: NumberType, operand: Expr): Expr =>
  operand.type === type ? operand : { kind: "convert", type, operand };

/** The expressions that an expression is made of, those of indices too. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "constant":
    case "result":
    case "accumulator":
      return [];
    case "load":
    case "index":
      return valuesIn(expr.index);
    case "unary":
    case "convert":
      return [expr.operand];
    case "binary":
    case "compare":
      return [expr.left, expr.right];
    case "select":
      return [expr.condition, expr.yes, expr.no];
    default:
      return expr satisfies never;
  }
}

function valuesIn(index: Affine): readonly Expr[] {
  return index.terms.flatMap(({ factor }) => {
    if (factor.kind === "loop") return [];
    return factor.kind === "value" ? [factor.value] : valuesIn(factor.of);
  });
}

/** The instructions of each operator, for one element and for four lanes. */
import { type Code, f32, f32x4, f64, i32, i32x4, i64, laneOp, op } from "../wasm/code.ts";
import type {
  BinaryOperator,
  CompareOperator,
  Expr,
  MathFunction,
  NumberType,
  UnaryOperator,
} from "./expr.ts";
import type { VectorFunction } from "./vector-math.ts";

type Operation = Extract<Expr, { kind: "unary" | "binary" | "compare" | "select" | "convert" }>;
type Emit = (expr: Expr) => Code;
/** The value of a function that has no instruction, of four floats. */
type Apply = (name: VectorFunction, operands: readonly Code[]) => Code;

const floatNames: Partial<Record<UnaryOperator | BinaryOperator, string>> = {
  negate: "neg",
  absolute: "abs",
  squareRoot: "sqrt",
  floor: "floor",
  ceil: "ceil",
  nearest: "nearest",
  truncate: "trunc",
  add: "add",
  subtract: "sub",
  multiply: "mul",
  divide: "div",
  minimum: "min",
  maximum: "max",
};

const integerNames: Partial<Record<BinaryOperator, string>> = {
  add: "add",
  subtract: "sub",
  multiply: "mul",
  divide: "div_s",
  remainder: "rem_s",
  and: "and",
  or: "or",
  xor: "xor",
  shiftLeft: "shl",
  shiftRight: "shr_s",
};

const floatComparisons: Readonly<Record<CompareOperator, string>> = {
  equal: "eq",
  notEqual: "ne",
  less: "lt",
  lessOrEqual: "le",
  greater: "gt",
  greaterOrEqual: "ge",
};

const isFloat = (type: NumberType): boolean => type === "f32" || type === "f64";

const comparison = (type: NumberType, operator: CompareOperator): string => {
  const name = floatComparisons[operator];
  return isFloat(type) || name === "eq" || name === "ne" ? name : `${name}_s`;
};

/** One element. */
export function scalarOf(expr: Operation, emit: Emit, apply: Apply): Code {
  switch (expr.kind) {
    case "unary":
      return scalarUnary(expr.type, expr.operator, emit(expr.operand), apply);
    case "binary":
      return scalarBinary(expr, emit, apply);
    case "compare":
      return op(
        `${expr.left.type}.${comparison(expr.left.type, expr.operator)}`,
        emit(expr.left),
        emit(expr.right),
      );
    case "select":
      return { kind: "select", condition: emit(expr.condition), yes: emit(expr.yes), no: emit(expr.no) };
    case "convert":
      return converted(expr.operand.type, expr.type, emit(expr.operand));
    default:
      return expr satisfies never;
  }
}

function scalarUnary(type: NumberType, operator: UnaryOperator, operand: Code, apply: Apply): Code {
  if (operator === "not") return op(`${type}.eqz`, operand);
  if (isFloat(type)) {
    const name = floatNames[operator];
    if (name !== undefined) return op(`${type}.${name}`, operand);
    return throughLanes(type, apply(operator as MathFunction, [lanesOf(type, operand)]));
  }
  const number = type === "i32" ? i32 : (value: number) => i64(BigInt(value));
  switch (operator) {
    case "negate":
      return op(`${type}.sub`, number(0), operand);
    case "bitNot":
      return op(`${type}.xor`, operand, number(-1));
    case "absolute":
      return {
        kind: "select",
        condition: op(`${type}.lt_s`, operand, number(0)),
        yes: op(`${type}.sub`, number(0), operand),
        no: operand,
      };
    case "floor":
    case "ceil":
    case "nearest":
    case "truncate":
      return operand;
    default:
      throw new Error(`internal: ${operator} of ${type}`);
  }
}

/** Approximations exist for four floats; doubles lose digits on the way, which docs/compiler.md says. */
function lanesOf(type: NumberType, code: Code): Code {
  return op("f32x4.splat", type === "f64" ? op("f32.demote_f64", code) : code);
}

function throughLanes(type: NumberType, code: Code): Code {
  const lane = laneOp("f32x4.extract_lane", 0, code);
  return type === "f64" ? op("f64.promote_f32", lane) : lane;
}

function scalarBinary(expr: Extract<Expr, { kind: "binary" }>, emit: Emit, apply: Apply): Code {
  const { type, operator } = expr;
  const [left, right] = [emit(expr.left), emit(expr.right)];
  if (isFloat(type)) {
    const name = floatNames[operator];
    if (name !== undefined) return op(`${type}.${name}`, left, right);
    return throughLanes(type, apply(operator as VectorFunction, [lanesOf(type, left), lanesOf(type, right)]));
  }
  if (operator === "minimum" || operator === "maximum") {
    const test = op(`${type}.${operator === "minimum" ? "lt_s" : "gt_s"}`, left, right);
    return { kind: "select", condition: test, yes: left, no: right };
  }
  const name = integerNames[operator];
  if (name === undefined) throw new Error(`internal: ${operator} of ${type}`);
  return op(`${type}.${name}`, left, right);
}

/** A number of one type as another. */
export function converted(from: NumberType, to: NumberType, code: Code): Code {
  if (from === to) return code;
  if (from === "i32" && to === "i64") return op("i64.extend_i32_s", code);
  if (from === "i64" && to === "i32") return op("i32.wrap_i64", code);
  if (from === "f32" && to === "f64") return op("f64.promote_f32", code);
  if (from === "f64" && to === "f32") return op("f32.demote_f64", code);
  return op(isFloat(to) ? `${to}.convert_${from}_s` : `${to}.trunc_sat_${from}_s`, code);
}

/** Four lanes of f32 or i32; undefined where there is no instruction for four. */
export function vectorOf(expr: Operation, emit: Emit, apply: Apply): Code | undefined {
  switch (expr.kind) {
    case "unary":
      return vectorUnary(expr, emit, apply);
    case "binary":
      return vectorBinary(expr, emit, apply);
    case "compare":
      return has32Bits(expr.left) ? op("v128.and", maskOf(expr, emit), i32x4(1)) : undefined;
    case "select":
      return op("v128.bitselect", emit(expr.yes), emit(expr.no), maskOf(expr.condition, emit));
    case "convert":
      if (!has32Bits(expr.operand)) return undefined;
      return op(
        expr.type === "f32" ? "f32x4.convert_i32x4_s" : "i32x4.trunc_sat_f32x4_s",
        emit(expr.operand),
      );
    default:
      return expr satisfies never;
  }
}

const has32Bits = ({ type }: Expr): boolean => type === "f32" || type === "i32";

/** All ones where the condition holds. */
function maskOf(condition: Expr, emit: Emit): Code {
  if (condition.kind === "compare" && has32Bits(condition.left)) {
    const { left, right, operator } = condition;
    const shape = left.type === "f32" ? "f32x4" : "i32x4";
    return op(`${shape}.${comparison(left.type, operator)}`, emit(left), emit(right));
  }
  return op("i32x4.ne", emit(condition), i32x4(0));
}

function vectorUnary(expr: Extract<Expr, { kind: "unary" }>, emit: Emit, apply: Apply): Code | undefined {
  const { type, operator } = expr;
  if (type === "f32") {
    const name = floatNames[operator];
    const operand = emit(expr.operand);
    return name === undefined ? apply(operator as MathFunction, [operand]) : op(`f32x4.${name}`, operand);
  }
  if (operator === "not") return op("v128.xor", emit(expr.operand), i32x4(1));
  if (operator === "bitNot") return op("v128.not", emit(expr.operand));
  if (operator === "negate" || operator === "absolute") {
    return op(`i32x4.${operator === "negate" ? "neg" : "abs"}`, emit(expr.operand));
  }
  return undefined;
}

const integerLanes: Partial<Record<BinaryOperator, string>> = {
  add: "i32x4.add",
  subtract: "i32x4.sub",
  multiply: "i32x4.mul",
  minimum: "i32x4.min_s",
  maximum: "i32x4.max_s",
  and: "v128.and",
  or: "v128.or",
  xor: "v128.xor",
};

function vectorBinary(expr: Extract<Expr, { kind: "binary" }>, emit: Emit, apply: Apply): Code | undefined {
  const { type, operator } = expr;
  if (type !== "f32") {
    // Lanes shift by one amount only.
    if ((operator === "shiftLeft" || operator === "shiftRight") && expr.right.kind === "constant") {
      return op(`i32x4.${integerNames[operator]}`, emit(expr.left), i32(expr.right.value));
    }
    const name = integerLanes[operator];
    return name === undefined ? undefined : op(name, emit(expr.left), emit(expr.right));
  }
  const bounded = boundedByConstant(expr);
  if (bounded !== undefined) {
    const { name, variable, bound } = bounded;
    return op(name, emit(variable), f32x4(bound));
  }
  const name = floatNames[operator];
  const operands = [emit(expr.left), emit(expr.right)];
  return name === undefined ? apply(operator as VectorFunction, operands) : op(`f32x4.${name}`, ...operands);
}

/**
 * The larger or smaller of a value and a constant takes one instruction: pmin and pmax keep their first operand where the
 * comparison fails, so NaN stays NaN.
 */
function boundedByConstant({
  operator,
  left,
  right,
}: Extract<Expr, { kind: "binary" }>):
  | { readonly name: string; readonly variable: Expr; readonly bound: number }
  | undefined {
  if (operator !== "minimum" && operator !== "maximum") return undefined;
  const name = operator === "minimum" ? "f32x4.pmin" : "f32x4.pmax";
  if (right.kind === "constant" && !Number.isNaN(right.value))
    return { name, variable: left, bound: right.value };
  if (left.kind === "constant" && !Number.isNaN(left.value))
    return { name, variable: right, bound: left.value };
  return undefined;
}

/** A constant in a register. */
export function numberCode(type: NumberType, value: number): Code {
  if (type === "f32") return f32(value);
  if (type === "f64") return f64(value);
  return type === "i32" ? i32(value) : i64(BigInt(value));
}

/**
 * Evaluates expressions in plain JavaScript, for tests: what WebAssembly made of an expression must give. i64 are
 * bigints, i32 and floats numbers; every f32 is rounded. Traps where an instruction would: integers divided by 0, the
 * least integer divided by -1.
 */
import { known } from "../../../base/assert.ts";
import { roundHalfEven } from "../../../graph/ir/small-floats.ts";
import { erf } from "../../../graph/ops/kernels/scalar-functions.ts";
import type { Affine, Loop } from "../loops/affine.ts";
import type {
  BinaryOperator,
  Buffer,
  CompareOperator,
  Expr,
  NumberType,
  UnaryOperator,
} from "../loops/expr.ts";

/** What a register holds. */
export type RegisterValue = number | bigint;

export interface Surroundings {
  /** The element of a buffer, already as it is in a register. */
  readonly load: (buffer: Buffer, index: number) => RegisterValue;
  readonly counters?: ReadonlyMap<Loop, number>;
  /** Values of results of reductions and of accumulators. */
  readonly values?: ReadonlyMap<Expr, RegisterValue>;
}

/** A value as the type holds it: integers wrap. */
export function asRegister(type: NumberType, value: RegisterValue): RegisterValue {
  switch (type) {
    case "f32":
      return Math.fround(Number(value));
    case "f64":
      return Number(value);
    case "i32":
      return typeof value === "bigint" ? Number(BigInt.asIntN(32, value)) : value | 0;
    case "i64":
      return BigInt.asIntN(64, BigInt(value));
    default:
      return type satisfies never;
  }
}

/** The value of an expression; what is shared by being the same object is computed once. */
export function evaluateExpr(expr: Expr, around: Surroundings): RegisterValue {
  const done = new Map<Expr, RegisterValue>();
  const at = (inner: Expr): RegisterValue => {
    const old = done.get(inner);
    if (old !== undefined) return old;
    const value = asRegister(inner.type, compute(inner));
    done.set(inner, value);
    return value;
  };
  const index = (affine: Affine): number =>
    affine.terms.reduce((sum, { factor, stride }) => {
      if (factor.kind === "loop")
        return sum + stride * known(around.counters?.get(factor.loop), factor.loop.name);
      if (factor.kind === "value") return sum + stride * Number(at(factor.value));
      const of = index(factor.of);
      return sum + stride * (factor.kind === "quotient" ? Math.floor(of / factor.by) : of % factor.by);
    }, affine.offset);
  const compute = (inner: Expr): RegisterValue => {
    switch (inner.kind) {
      case "constant":
        return inner.value;
      case "load":
        return around.load(inner.buffer, index(inner.index));
      case "index":
        return index(inner.index);
      case "unary":
        return computeUnary(inner.operator, inner.type, at(inner.operand));
      case "binary":
        return computeBinary(inner.operator, inner.type, at(inner.left), at(inner.right));
      case "compare":
        return holds(inner.operator, at(inner.left), at(inner.right)) ? 1 : 0;
      case "select": {
        // Both sides are computed, as generated code does.
        const [yes, no] = [at(inner.yes), at(inner.no)];
        return at(inner.condition) === 0 ? no : yes;
      }
      case "convert":
        return convertTo(inner.type, inner.operand.type, at(inner.operand));
      case "result":
      case "accumulator":
        return known(around.values?.get(inner), inner.kind);
      default:
        return inner satisfies never;
    }
  };
  return at(expr);
}

function holds(operator: CompareOperator, a: RegisterValue, b: RegisterValue): boolean {
  switch (operator) {
    case "equal":
      return a === b;
    case "notEqual":
      return a !== b;
    case "less":
      return a < b;
    case "lessOrEqual":
      return a <= b;
    case "greater":
      return a > b;
    case "greaterOrEqual":
      return a >= b;
    default:
      return operator satisfies never;
  }
}

/** Toward zero, saturating, NaN to 0; integers are wrapped by whoever asks. */
function convertTo(to: NumberType, from: NumberType, value: RegisterValue): RegisterValue {
  const isWhole = to === "i32" || to === "i64";
  if (!isWhole || from === "i32" || from === "i64") return value;
  const bits = to === "i32" ? 31n : 63n;
  const [least, most] = [-(1n << bits), (1n << bits) - 1n];
  const number = Number(value);
  if (Number.isNaN(number)) return 0;
  if (!Number.isFinite(number)) return number > 0 ? most : least;
  const whole = BigInt(Math.trunc(number));
  return whole < least ? least : whole > most ? most : whole;
}

const functions: Readonly<
  Record<Exclude<UnaryOperator, "not" | "bitNot" | "negate" | "absolute">, (x: number) => number>
> = {
  squareRoot: Math.sqrt,
  floor: Math.floor,
  ceil: Math.ceil,
  nearest: roundHalfEven,
  truncate: Math.trunc,
  exp: Math.exp,
  log: Math.log,
  tanh: Math.tanh,
  erf,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
};

function computeUnary(operator: UnaryOperator, type: NumberType, x: RegisterValue): RegisterValue {
  switch (operator) {
    case "not":
      return x === 0 ? 1 : 0;
    case "bitNot":
      return ~x;
    case "negate":
      return -x;
    case "absolute":
      return x < 0 || Object.is(x, -0) ? -x : x;
    default:
      if (typeof x === "bigint" || type === "i32") throw new Error(`${operator} of an integer`);
      return functions[operator](x);
  }
}

/** C's pow: JavaScript's, but for 1 to a power that is no number or infinite. */
function power(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}

function computeBinary(
  operator: BinaryOperator,
  type: NumberType,
  a: RegisterValue,
  b: RegisterValue,
): RegisterValue {
  if (typeof a === "bigint" && typeof b === "bigint") return ofBigInts(operator, a, b, 64n);
  if (typeof a === "bigint" || typeof b === "bigint") throw new Error(`${operator} of different types`);
  if (type === "i32") return ofBigInts(operator, BigInt(a), BigInt(b), 32n);
  switch (operator) {
    case "add":
      return a + b;
    case "subtract":
      return a - b;
    case "multiply":
      return a * b;
    case "divide":
      return a / b;
    case "minimum":
      return Math.min(a, b);
    case "maximum":
      return Math.max(a, b);
    case "power":
      return power(a, b);
    case "remainder":
      return a % b;
    case "and":
    case "or":
    case "xor":
    case "shiftLeft":
    case "shiftRight":
      throw new Error(`${operator} of floats`);
    default:
      return operator satisfies never;
  }
}

function ofBigInts(operator: BinaryOperator, a: bigint, b: bigint, bits: bigint): bigint {
  switch (operator) {
    case "add":
      return a + b;
    case "subtract":
      return a - b;
    case "multiply":
      return a * b;
    case "divide":
      if (b === 0n || (b === -1n && a === -(1n << (bits - 1n))))
        throw new Error("trap: an integer is divided");
      return a / b;
    case "remainder":
      if (b === 0n) throw new Error("trap: the remainder of a division by 0");
      return a % b;
    case "minimum":
      return a < b ? a : b;
    case "maximum":
      return a > b ? a : b;
    case "and":
      return a & b;
    case "or":
      return a | b;
    case "xor":
      return a ^ b;
    case "shiftLeft":
      return a << (b & (bits - 1n));
    case "shiftRight":
      return a >> (b & (bits - 1n));
    case "power":
      throw new Error("the power of integers");
    default:
      return operator satisfies never;
  }
}

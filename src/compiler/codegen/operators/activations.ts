/**
 * Activations and functions of one operand as expressions: the formulas of the reference kernels, in float32, written so
 * that large operands overflow to what the limit is and never to NaN.
 */

import { floatOf, intOf, stringOf } from "../../../graph/ir/node-attributes.ts";
import { compare, type Expr, select, unary } from "../loops/expr.ts";
import { type ElementwiseCall, type ElementwiseRows, float32Only, floatsOnly, one, two } from "./row.ts";
import {
  add,
  atLeast,
  atMost,
  divide,
  equal,
  exp,
  expLessOne,
  inRange,
  less,
  like,
  multiply,
  plus,
  times,
} from "./values.ts";

/** 1 / (1 + e^-x): an infinite e^-x gives 0. */
function sigmoid(x: Expr): Expr {
  return divide(like(x, 1), plus(exp(unary("negate", x)), 1));
}

/** ln((1 + s) / (1 - s)) / s as a polynomial in s^2 (Remez; relative error 4e-9), for s <= 1 / 3. */
const logarithm = [
  2, 0.666664183139801, 0.40021437406539917, 0.28003016114234924, 0.2800688147544861,
] as const;

/**
 * ln(1 + e^x) = max(x, 0) + ln(1 + t) with t = e^-|x|, and ln(1 + t) = ln((1 + s) / (1 - s)) with s = t / (t + 2): t is
 * at most 1, so a few terms do what the general logarithm takes twice the time for, and small t lose no digits.
 */
function softplus(x: Expr): Expr {
  const t = exp(unary("negate", unary("absolute", x)));
  const s = divide(t, plus(t, 2));
  const square = multiply(s, s);
  const series = logarithm
    .slice(0, -1)
    .reduceRight<Expr>((sum, term) => plus(multiply(sum, square), term), like(x, logarithm.at(-1) ?? 0));
  return add(atLeast(x, 0), multiply(s, series));
}

/**
 * tanh(ln(1 + e^x)) = n / (n + 2) with n = e^x (e^x + 2), which is one exponential in place of three functions. Beyond 20
 * the quotient is 1 in float32.
 */
export function tanhOfSoftplus(x: Expr): Expr {
  const power = exp(atMost(x, 20));
  const n = multiply(power, plus(power, 2));
  return divide(n, plus(n, 2));
}

function mish(x: Expr): Expr {
  return multiply(x, tanhOfSoftplus(x));
}

function gelu(x: Expr, { node }: ElementwiseCall): Expr {
  const half = times(x, 0.5);
  if (stringOf(node, "approximate", "none") !== "tanh") {
    return multiply(half, plus(unary("erf", times(x, Math.SQRT1_2)), 1));
  }
  const cubic = times(multiply(multiply(x, x), x), 0.044715);
  return multiply(half, plus(unary("tanh", times(add(x, cubic), Math.sqrt(2 / Math.PI))), 1));
}

const isNan = (x: Expr): Expr => compare("notEqual", x, x);

function isInfinite(x: Expr, { node }: ElementwiseCall): Expr {
  const positive = intOf(node, "detect_positive", 1) !== 0;
  const negative = intOf(node, "detect_negative", 1) !== 0;
  if (positive && negative) return equal(unary("absolute", x), like(x, Infinity));
  if (!positive && !negative) return like(equal(x, x), 0);
  return equal(x, like(x, positive ? Infinity : -Infinity));
}

/** A function of an operand that has its own operator; integers may leave their range. */
const plain = (operator: "absolute" | "negate" | "bitNot") =>
  one((x, { type }) => inRange(unary(operator, x), type));

export const activationRows: ElementwiseRows = {
  Abs: plain("absolute"),
  Acos: float32Only((x) => unary("acos", x)),
  Acosh: float32Only((x) => unary("acosh", x)),
  Asin: float32Only((x) => unary("asin", x)),
  Asinh: float32Only((x) => unary("asinh", x)),
  Atan: float32Only((x) => unary("atan", x)),
  Atanh: float32Only((x) => unary("atanh", x)),
  BitwiseNot: plain("bitNot"),
  Ceil: floatsOnly((x) => unary("ceil", x)),
  Celu: float32Only((x, { node }) => {
    const alpha = floatOf(node, "alpha", 1);
    return select(less(like(x, 0), x), x, times(expLessOne(times(x, 1 / alpha)), alpha));
  }),
  Cos: float32Only((x) => unary("cos", x)),
  Cosh: float32Only((x) => unary("cosh", x)),
  Elu: float32Only((x, { node }) =>
    select(less(x, like(x, 0)), times(expLessOne(x), floatOf(node, "alpha", 1)), x),
  ),
  Erf: float32Only((x) => unary("erf", x)),
  Exp: float32Only(exp),
  Floor: floatsOnly((x) => unary("floor", x)),
  Gelu: float32Only(gelu),
  HardSigmoid: floatsOnly((x, { node }) => {
    const line = plus(times(x, floatOf(node, "alpha", 0.2)), floatOf(node, "beta", 0.5));
    return atLeast(atMost(line, 1), 0);
  }),
  HardSwish: floatsOnly((x) => multiply(x, atLeast(atMost(plus(times(x, 1 / 6), 0.5), 1), 0))),
  IsInf: floatsOnly(isInfinite),
  IsNaN: floatsOnly(isNan),
  LeakyRelu: floatsOnly((x, { node }) =>
    select(less(x, like(x, 0)), times(x, floatOf(node, "alpha", 0.01)), x),
  ),
  Log: float32Only((x) => unary("log", x)),
  Mish: float32Only(mish),
  Neg: plain("negate"),
  PRelu: two((x, slope, { type }) => select(less(x, like(x, 0)), inRange(multiply(x, slope), type), x)),
  Reciprocal: floatsOnly((x) => divide(like(x, 1), x)),
  Relu: one((x) => atLeast(x, 0)),
  Round: floatsOnly((x) => unary("nearest", x)),
  Selu: float32Only((x, { node }) => {
    const alpha = floatOf(node, "alpha", 1.6732631921768188);
    const gamma = floatOf(node, "gamma", 1.0507010221481323);
    return select(less(like(x, 0), x), times(x, gamma), times(expLessOne(x), gamma * alpha));
  }),
  Shrink: floatsOnly((x, { node }) => {
    const [bias, lambda] = [floatOf(node, "bias", 0), floatOf(node, "lambd", 0.5)];
    const inside = select(isNan(x), x, like(x, 0));
    const above = select(less(like(x, lambda), x), plus(x, -bias), inside);
    return select(less(x, like(x, -lambda)), plus(x, bias), above);
  }),
  Sigmoid: float32Only(sigmoid),
  // Zeros and NaN are what they are.
  Sign: one((x) => select(less(like(x, 0), x), like(x, 1), select(less(x, like(x, 0)), like(x, -1), x))),
  Sin: float32Only((x) => unary("sin", x)),
  Sinh: float32Only((x) => unary("sinh", x)),
  Softplus: float32Only(softplus),
  Softsign: floatsOnly((x) => divide(x, plus(unary("absolute", x), 1))),
  Sqrt: floatsOnly((x) => unary("squareRoot", x)),
  Tan: float32Only((x) => unary("tan", x)),
  Tanh: float32Only((x) => unary("tanh", x)),
  ThresholdedRelu: floatsOnly((x, { node }) => {
    const alpha = floatOf(node, "alpha", 1);
    return select(compare("lessOrEqual", x, like(x, alpha)), like(x, 0), x);
  }),
};

/**
 * Circular functions and their inverses on four float32 lanes. The quotient by pi / 2 is taken in doubles, with pi / 2 in
 * two parts, so that results are right close to the multiples of pi / 2 as well. All is exact to a few ulp up to
 * |x| = 1.6e6 (2^20 quarters); beyond, the argument is off by up to |x| 2^-52, and from 2^51 on results are only some number from -1 to 1.
 * Polynomials are of the least largest relative error (Remez).
 */
import { type Code, i32, op, shuffle32 } from "../wasm/code.ts";
import type { Lanes } from "./lanes.ts";

/** pi / 2 in two parts; the first has 33 digits, so that its products with 20-bit numbers are exact. */
const quarterHigh = 1.5707963267341256;
const quarterLow = 6.077100506506192e-11;
/** Just over pi / 4: a limit for arguments that are too large to be reduced. */
const mostRest = 0.7855;
const roundingBias = 1.5 * 2 ** 52;

interface Reduced {
  /** Within pi / 4 of 0. */
  readonly rest: Code;
  /** Whole quarters that were taken off, modulo 2^32: four integers. */
  readonly quarters: Code;
}

function reduce(lanes: Lanes, x: Code): Reduced {
  const halves = [x, shuffle32(x, x, [2, 3, 2, 3])].map((half) => {
    const wide = lanes.keep("wide", op("f64x2.promote_low_f32x4", half));
    const quotient = op("f64x2.mul", wide, lanes.double(2 / Math.PI));
    const shifted = lanes.keep("shifted", op("f64x2.add", quotient, lanes.double(roundingBias)));
    const n = lanes.keep("n", op("f64x2.sub", shifted, lanes.double(roundingBias)));
    const high = op("f64x2.sub", wide, op("f64x2.mul", n, lanes.double(quarterHigh)));
    const rest = op("f64x2.sub", high, op("f64x2.mul", n, lanes.double(quarterLow)));
    return { shifted, rest: lanes.keep("rest", op("f32x4.demote_f64x2_zero", rest)) };
  });
  const [low, high] = halves;
  if (low === undefined || high === undefined) throw new Error("internal: two halves");
  const rest = shuffle32(low.rest, high.rest, [0, 1, 4, 5]);
  return {
    rest: lanes.keep("rest", lanes.atMost(lanes.atLeast(rest, -mostRest), mostRest)),
    quarters: lanes.keep("quarters", shuffle32(low.shifted, high.shifted, [0, 2, 4, 6])),
  };
}

/** (sin r - r) / r^3, (cos r - 1 + r^2 / 2) / r^4, (tan r - r) / r^3 as polynomials in r^2. */
const sineTail = [-0.16666655242443085, 0.008332187309861183, -0.00019517895998433232] as const;
const cosineTail = [0.04166664555668831, -0.0013887309469282627, 2.4432327336398885e-5] as const;
const tangentTail = [
  0.33333155512809753, 0.1333884596824646, 0.053406864404678345, 0.024447260424494743, 0.003090804209932685,
  0.009403422474861145,
] as const;

/** r + r^3 P(r^2). */
function emitOdd(lanes: Lanes, r: Code, square: Code, coefficients: readonly number[]): Code {
  return lanes.multiplyAdd(lanes.polynomial(square, coefficients), op("f32x4.mul", square, r), r);
}

/** All ones where the bit is set. */
function hasBit(lanes: Lanes, numbers: Code, bit: number): Code {
  return op("i32x4.eq", op("v128.and", numbers, lanes.bits(bit)), lanes.bits(bit));
}

/** sin(x + ahead pi / 2). */
function emitWave(lanes: Lanes, value: Code, ahead: number): Code {
  const { rest, quarters: behind } = reduce(lanes, lanes.keep("x", value));
  const quarters = ahead === 0 ? behind : lanes.keep("quarters", op("i32x4.add", behind, lanes.bits(ahead)));
  const square = lanes.keep("square", op("f32x4.mul", rest, rest));
  // As a product, so that the sine of -0 is -0.
  const sine = op("f32x4.mul", lanes.polynomial(square, [1, ...sineTail]), rest);
  const fourth = op("f32x4.mul", square, square);
  const start = lanes.subtractProduct(lanes.float(1), square, lanes.float(0.5));
  const cosine = lanes.keep("cosine", lanes.multiplyAdd(lanes.polynomial(square, cosineTail), fourth, start));
  const sign = op("i32x4.shl", op("v128.and", quarters, lanes.bits(2)), i32(30));
  return op("v128.xor", lanes.choose(hasBit(lanes, quarters, 1), cosine, sine), sign);
}

export function emitSin(lanes: Lanes, value: Code): Code {
  return emitWave(lanes, value, 0);
}

export function emitCos(lanes: Lanes, value: Code): Code {
  return emitWave(lanes, value, 1);
}

export function emitTan(lanes: Lanes, value: Code): Code {
  const { rest, quarters } = reduce(lanes, lanes.keep("x", value));
  const square = lanes.keep("square", op("f32x4.mul", rest, rest));
  const tangent = lanes.keep("tangent", emitOdd(lanes, rest, square, tangentTail));
  const inverse = op("f32x4.div", lanes.float(-1), tangent);
  return lanes.choose(hasBit(lanes, quarters, 1), inverse, tangent);
}

/** (asin a - a) / a^3 for a <= 1/2. */
const arcsineTail = [
  0.16666753590106964, 0.07495247572660446, 0.045477259904146194, 0.024142788723111153, 0.04223304241895676,
] as const;

interface Arcsine {
  readonly x: Code;
  /** Where |x| > 1/2: there `angle` is asin sqrt((1 - |x|) / 2), which is half of acos |x|; else it is asin |x|. */
  readonly isLarge: Code;
  readonly angle: Code;
}

function emitArcsine(lanes: Lanes, value: Code): Arcsine {
  const x = lanes.keep("x", value);
  const magnitude = lanes.keep("magnitude", lanes.magnitude(x));
  const isLarge = lanes.keep("is_large", op("f32x4.gt", magnitude, lanes.float(0.5)));
  const fromOne = op("f32x4.mul", op("f32x4.sub", lanes.float(1), magnitude), lanes.float(0.5));
  const square = lanes.keep("square", lanes.choose(isLarge, fromOne, op("f32x4.mul", x, x)));
  const a = lanes.keep("a", lanes.choose(isLarge, op("f32x4.sqrt", square), magnitude));
  return { x, isLarge, angle: lanes.keep("angle", emitOdd(lanes, a, square, arcsineTail)) };
}

const pi = Math.fround(Math.PI);
/** What float32 lacks of pi / 2. */
const quarterRest = Math.PI / 2 - pi / 2;

/** NaN beyond 1, by the square root. */
export function emitAsin(lanes: Lanes, value: Code): Code {
  const { x, isLarge, angle } = emitArcsine(lanes, value);
  const double = op("f32x4.sub", op("f32x4.add", angle, angle), lanes.float(quarterRest));
  const large = op("f32x4.sub", lanes.float(pi / 2), double);
  return op("v128.or", lanes.choose(isLarge, large, angle), lanes.sign(x));
}

export function emitAcos(lanes: Lanes, value: Code): Code {
  const { x, isLarge, angle } = emitArcsine(lanes, value);
  const isNegative = lanes.keep("is_negative", op("f32x4.lt", x, lanes.float(0)));
  const double = lanes.keep("double", op("f32x4.add", angle, angle));
  const fromPi = op("f32x4.sub", lanes.float(pi), op("f32x4.sub", double, lanes.float(2 * quarterRest)));
  const large = lanes.choose(isNegative, fromPi, double);
  const signed = op("v128.xor", angle, lanes.sign(x));
  const small = op("f32x4.sub", lanes.float(pi / 2), op("f32x4.sub", signed, lanes.float(quarterRest)));
  return lanes.choose(isLarge, large, small);
}

/** (atan t - t) / t^3 for t <= 1. */
const arctangentTail = [
  -0.33333298563957214, 0.1999852955341339, -0.1426401436328888, 0.10950861126184464, -0.08399207890033722,
  0.05787887051701546, -0.0310935340821743, 0.010866271331906319, -0.0017821441870182753,
] as const;

/** atan a = pi / 2 - atan(1 / a) beyond 1. */
export function emitAtan(lanes: Lanes, value: Code): Code {
  const x = lanes.keep("x", value);
  const magnitude = lanes.keep("magnitude", lanes.magnitude(x));
  const isLarge = lanes.keep("is_large", op("f32x4.gt", magnitude, lanes.float(1)));
  const inverse = op("f32x4.div", lanes.float(1), magnitude);
  const t = lanes.keep("t", lanes.choose(isLarge, inverse, magnitude));
  const square = lanes.keep("square", op("f32x4.mul", t, t));
  const angle = lanes.keep("angle", emitOdd(lanes, t, square, arctangentTail));
  const large = op("f32x4.sub", lanes.float(pi / 2), op("f32x4.sub", angle, lanes.float(quarterRest)));
  return op("v128.or", lanes.choose(isLarge, large, angle), lanes.sign(x));
}

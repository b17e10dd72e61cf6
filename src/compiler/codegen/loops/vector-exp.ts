/**
 * exp and what is made of it on four float32 lanes. x = n ln 2 + r with |r| <= (ln 2) / 2, and e^r by a polynomial with
 * the least largest relative error (Remez; 3e-9). n comes from adding 1.5 x 2^23, which leaves it in the low bits of a
 * float; shifted by 23 those are the exponent of 2^n, so no conversion is needed.
 */
import { type Code, i32, op } from "../wasm/code.ts";
import type { Lanes } from "./lanes.ts";

/** (e^r - 1 - r) / r^2. */
const tail = [
  0.4999999403953552, 0.16666516661643982, 0.04166810214519501, 0.00836916547268629, 0.00138379936106503,
] as const;

/** ln 2 in two parts; the first has few digits, so that its products with n are exact. */
const ln2High = 0.693359375;
const ln2Low = -0.00021219444005469057;
const roundingBias = 1.5 * 2 ** 23;

interface Reduced {
  /** x - n ln 2. */
  readonly rest: Code;
  /** 2^(n - less). */
  readonly scale: Code;
}

/** Splits x, which lies in [-88, 89], or is NaN. `less` must keep the exponent n - less + 127 within 0 and 254. */
function reduce(lanes: Lanes, x: Code, less: number): Reduced {
  const bias = roundingBias + 127 - less;
  const shifted = lanes.keep("shifted", lanes.multiplyAdd(x, lanes.float(Math.LOG2E), lanes.float(bias)));
  const n = lanes.keep("n", op("f32x4.sub", shifted, lanes.float(bias)));
  const high = lanes.subtractProduct(x, n, lanes.float(ln2High));
  const rest = lanes.keep("rest", lanes.subtractProduct(high, n, lanes.float(ln2Low)));
  return { rest, scale: op("i32x4.shl", shifted, i32(23)) };
}

/**
 * e^x within 1 ulp. Results below 2^-126 become 0 (from x = -87.68 down), those beyond the largest float infinity. The
 * polynomial is twice e^r and the scale half of 2^n: so n = 128, where results may still be finite, needs no exponent
 * that floats lack, and n = -126 gets the exponent of 0.
 */
export function emitExp(lanes: Lanes, value: Code): Code {
  const x = lanes.keep("x", lanes.atMost(lanes.atLeast(value, -87.68), 89));
  const { rest, scale } = reduce(lanes, x, 1);
  return op("f32x4.mul", lanes.polynomial(rest, [2, 2, ...tail.map((factor) => 2 * factor)]), scale);
}

/** e^x / 2 for x >= 0 up to 89.4, where e^x itself is beyond all floats. */
function emitHalfExp(lanes: Lanes, value: Code): Code {
  const x = lanes.keep("x", lanes.atMost(value, 90));
  const { rest, scale } = reduce(lanes, x, 2);
  return op("f32x4.mul", lanes.polynomial(rest, [2, 2, ...tail.map((factor) => 2 * factor)]), scale);
}

/** (sinh x - x) / x^3 as a polynomial in x^2, for |x| <= 1. */
const sinhTail = [0.1666671633720398, 0.008330270648002625, 0.00020373340521473438] as const;

export function emitSinh(lanes: Lanes, value: Code): Code {
  const x = lanes.keep("x", value);
  const magnitude = lanes.keep("magnitude", lanes.magnitude(x));
  const half = lanes.keep("half", emitHalfExp(lanes, magnitude));
  const large = op("f32x4.sub", half, op("f32x4.div", lanes.float(0.25), half));
  const square = lanes.keep("square", op("f32x4.mul", magnitude, magnitude));
  const cube = op("f32x4.mul", square, magnitude);
  const small = lanes.multiplyAdd(lanes.polynomial(square, sinhTail), cube, magnitude);
  const positive = lanes.choose(op("f32x4.gt", magnitude, lanes.float(1)), large, small);
  return op("v128.or", positive, lanes.sign(x));
}

export function emitCosh(lanes: Lanes, value: Code): Code {
  const half = lanes.keep("half", emitHalfExp(lanes, lanes.magnitude(value)));
  return op("f32x4.add", half, op("f32x4.div", lanes.float(0.25), half));
}

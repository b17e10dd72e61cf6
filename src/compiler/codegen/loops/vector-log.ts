/**
 * log and what is made of it on four float32 lanes. x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), and log(1 + f)
 * by a polynomial with the least largest relative error (Remez; 7e-9), as in Cephes' logf.
 */
import { type Code, get, i32, op, set } from "../wasm/code.ts";
import type { Lanes } from "./lanes.ts";

/** (log(1 + f) - f) / f^2. */
const tail = [
  -0.5, 0.3333333134651184, -0.250008225440979, 0.20001260936260223, -0.1662331521511078, 0.14200922846794128,
  -0.1315990835428238, 0.1276528239250183, -0.07636997848749161,
] as const;

/** The bits of sqrt(1/2): what is taken off the bits of x to round its exponent. */
const rootHalfBits = 0x3f3504f3;
const ln2High = 0.693359375;
const ln2Low = -0.00021219444005469057;
const leastNormalBits = 0x800000;
const infinityBits = 0x7f800000;

/** log x + 23 ln 2 x (tiny) + more for positive normal x; what it gives for others is of no use. */
function emitNormalLog(lanes: Lanes, x: Code, more?: Code, tiny?: Code): Code {
  const bits = lanes.keep("bits", op("i32x4.sub", x, lanes.bits(rootHalfBits)));
  const exponent = op("i32x4.shr_s", bits, i32(23));
  const scaled =
    tiny === undefined ? exponent : op("i32x4.sub", exponent, op("v128.and", tiny, lanes.bits(23)));
  const e = lanes.keep("e", op("f32x4.convert_i32x4_s", scaled));
  const mantissa = op("i32x4.add", op("v128.and", bits, lanes.bits(0x7fffff)), lanes.bits(rootHalfBits));
  const f = lanes.keep("f", op("f32x4.sub", mantissa, lanes.float(1)));
  const square = lanes.keep("square", op("f32x4.mul", f, f));
  const low =
    more === undefined
      ? op("f32x4.mul", e, lanes.float(ln2Low))
      : lanes.multiplyAdd(e, lanes.float(ln2Low), more);
  const small = lanes.multiplyAdd(lanes.polynomial(f, tail), square, low);
  return lanes.multiplyAdd(e, lanes.float(ln2High), op("f32x4.add", f, small));
}

/** log x + more for all x: denormal numbers are scaled up; -Infinity at 0, NaN below, infinity and NaN as they are. */
function emitAnyLog(lanes: Lanes, x: Code, more?: Code): Code {
  const tiny = lanes.keep("tiny", op("f32x4.lt", x, lanes.float(2 ** -126)));
  const normal = lanes.choose(tiny, op("f32x4.mul", x, lanes.float(2 ** 23)), x);
  const result = emitNormalLog(lanes, lanes.keep("normal", normal), more, tiny);
  const finite = lanes.choose(op("f32x4.lt", x, lanes.float(Number.POSITIVE_INFINITY)), result, x);
  const defined = op("v128.or", finite, op("f32x4.lt", x, lanes.float(0)));
  const isZero = op("f32x4.eq", x, lanes.float(0));
  return lanes.choose(isZero, lanes.float(Number.NEGATIVE_INFINITY), defined);
}

/** log x + more. What is special takes a branch of its own, which four lanes rarely need: a third of the time is saved. */
function emitLogWith(lanes: Lanes, x: Code, more?: Code): Code {
  const { builder } = lanes;
  const result = builder.let("v128", "logarithm", emitNormalLog(lanes, x, more));
  // Patterns from 2^-126 to infinity are the positive normal numbers; all others are beyond once 2^-126 is taken off.
  const beyond = op("i32x4.sub", x, lanes.bits(leastNormalBits));
  const isSpecial = op("i32x4.ge_u", beyond, lanes.bits(infinityBits - leastNormalBits));
  builder.when(op("v128.any_true", isSpecial), () => {
    builder.emit(set(result, emitAnyLog(lanes, x, more)));
  });
  return get(result);
}

/** log x within 1 ulp. */
export function emitLog(lanes: Lanes, value: Code): Code {
  return emitLogWith(lanes, lanes.keep("x", value));
}

/**
 * log(1 + u): the rounding error of w = 1 + u is made good by (u - (w - 1)) / w, where w is not so large that it is
 * nothing, or infinite.
 */
function emitLogOfOnePlus(lanes: Lanes, value: Code): Code {
  const u = lanes.keep("u", value);
  const w = lanes.keep("w", op("f32x4.add", u, lanes.float(1)));
  const lost = op("f32x4.div", op("f32x4.sub", u, op("f32x4.sub", w, lanes.float(1))), w);
  const correction = op("v128.and", lost, op("f32x4.lt", w, lanes.float(2 ** 30)));
  return emitLogWith(lanes, w, lanes.keep("correction", correction));
}

/** From here on asinh x, acosh x and log(2 x) are one in float32, and log(1 + x / 2) is log(x / 2). */
const large = 2 ** 26;

/** log(1 + u) where x is not large, else log(2 x) as log(x / 2) + log 4, so that 2 x does not overflow. */
function emitAreaFunction(lanes: Lanes, x: Code, u: Code): Code {
  const isLarge = lanes.keep("is_large", op("f32x4.gt", x, lanes.float(large)));
  const reduced = lanes.choose(isLarge, op("f32x4.mul", x, lanes.float(0.5)), u);
  const shift = op("v128.and", isLarge, lanes.float(2 * Math.LN2));
  return op("f32x4.add", emitLogOfOnePlus(lanes, reduced), shift);
}

/** asinh |x| = log(1 + |x| + x^2 / (1 + sqrt(1 + x^2))). */
export function emitAsinh(lanes: Lanes, value: Code): Code {
  const x = lanes.keep("x", value);
  const magnitude = lanes.keep("magnitude", lanes.magnitude(x));
  const square = lanes.keep("square", op("f32x4.mul", magnitude, magnitude));
  const one = lanes.float(1);
  const root = op("f32x4.sqrt", op("f32x4.add", square, one));
  const u = op("f32x4.add", magnitude, op("f32x4.div", square, op("f32x4.add", root, one)));
  return op("v128.or", emitAreaFunction(lanes, magnitude, u), lanes.sign(x));
}

/** acosh x = log(1 + t + sqrt(t (x + 1))) with t = x - 1; NaN below 1. */
export function emitAcosh(lanes: Lanes, value: Code): Code {
  const x = lanes.keep("x", value);
  const one = lanes.float(1);
  const t = lanes.keep("t", op("f32x4.sub", x, one));
  const root = op("f32x4.mul", op("f32x4.sqrt", t), op("f32x4.sqrt", op("f32x4.add", x, one)));
  return emitAreaFunction(lanes, x, op("f32x4.add", t, root));
}

/** atanh |x| = log(1 + 2 |x| / (1 - |x|)) / 2. */
export function emitAtanh(lanes: Lanes, value: Code): Code {
  const x = lanes.keep("x", value);
  const magnitude = lanes.keep("magnitude", lanes.magnitude(x));
  const u = op(
    "f32x4.div",
    op("f32x4.add", magnitude, magnitude),
    op("f32x4.sub", lanes.float(1), magnitude),
  );
  const positive = op("f32x4.mul", emitLogOfOnePlus(lanes, u), lanes.float(0.5));
  return op("v128.or", positive, lanes.sign(x));
}

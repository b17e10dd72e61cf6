/**
 * power and remainder on four float32 lanes, computed in doubles, two lanes at a time: the logarithm of x^y needs more
 * digits than a float has.
 */
import { type Code, get, i32, label, op, set, shuffle32 } from "../wasm/code.ts";
import type { Lanes } from "./lanes.ts";

/** Two lanes at a time, as doubles. */
function inDoubles(lanes: Lanes, operands: readonly Code[], compute: (wide: readonly Code[]) => Code): Code {
  const half = (parts: readonly Code[]): Code => {
    const wide = parts.map((part) => lanes.keep("wide", op("f64x2.promote_low_f32x4", part)));
    return lanes.keep("half", op("f32x4.demote_f64x2_zero", compute(wide)));
  };
  const low = half(operands);
  const high = half(operands.map((operand) => shuffle32(operand, operand, [2, 3, 2, 3])));
  return shuffle32(low, high, [0, 1, 4, 5]);
}

/** log2((1 + s) / (1 - s)) / s as a polynomial in s^2 (Remez; relative error 3e-14). */
const logarithm = [
  2.88539008177785, 0.9617966941134011, 0.5770779423465968, 0.4122092543457356, 0.31990561119236827,
  0.2829014545304185,
] as const;

/** 2^r for |r| <= 1/2 (Remez; relative error 8e-13). */
const exponential = [
  0.999999999999762, 0.6931471805464925, 0.2402265069888421, 0.055504109394303044, 0.009618128542317243,
  0.001333345197633708, 0.00015403851937968998, 1.5309760480315756e-5, 1.3175853769494413e-6,
] as const;

const infinity = Number.POSITIVE_INFINITY;
const roundingBias = 1.5 * 2 ** 52;
/** log2 x of doubles x >= 0 that are floats; -Infinity at 0, infinite and NaN as they are. */
function emitLog2(lanes: Lanes, x: Code): Code {
  // The exponent of x / sqrt(1/2), as a double: the upper bits over those of 2^52, less 2^52 and the bias 1023.
  const bits = lanes.keep("bits", op("i64x2.sub", x, lanes.double(Math.SQRT1_2)));
  const mantissaBits = op("v128.andnot", bits, lanes.longs(0xfff0_0000_0000_0000n));
  const mantissa = lanes.keep("mantissa", op("i64x2.add", mantissaBits, lanes.double(Math.SQRT1_2)));
  const biased = op("i64x2.shr_u", op("i64x2.add", bits, lanes.longs(1023n << 52n)), i32(52));
  const exponent = op(
    "f64x2.sub",
    op("v128.or", biased, lanes.double(2 ** 52)),
    lanes.double(2 ** 52 + 1023),
  );
  const one = lanes.double(1);
  const s = lanes.keep("s", op("f64x2.div", op("f64x2.sub", mantissa, one), op("f64x2.add", mantissa, one)));
  const square = lanes.keep("square", op("f64x2.mul", s, s));
  const log = op("f64x2.add", op("f64x2.mul", lanes.polynomialOfDoubles(square, logarithm), s), exponent);
  const finite = lanes.choose(op("f64x2.lt", x, lanes.double(infinity)), log, x);
  return lanes.choose(op("f64x2.eq", x, lanes.double(0)), lanes.double(-infinity), finite);
}

/** 2^t; 0 and infinity once they are demoted, where t is beyond what floats hold. */
function emitExp2(lanes: Lanes, value: Code): Code {
  const within = op("f64x2.pmin", op("f64x2.pmax", value, lanes.double(-300)), lanes.double(300));
  const t = lanes.keep("t", within);
  const shifted = lanes.keep("shifted", op("f64x2.add", t, lanes.double(roundingBias)));
  const n = op("f64x2.sub", shifted, lanes.double(roundingBias));
  const rest = lanes.keep("rest", op("f64x2.sub", t, n));
  const scale = op("i64x2.add", op("i64x2.shl", shifted, i32(52)), lanes.double(1));
  return op("f64x2.mul", lanes.polynomialOfDoubles(rest, exponential), scale);
}

/**
 * x^y as C's pow has it: 1 for y = 0 and x = 1, whatever the other is, and for (-1)^(+-Infinity); NaN for a negative x
 * and a fraction y; the sign of x for odd y. Rounded once, so within 0.51 ulp, denormal results too.
 */
export function emitPower(lanes: Lanes, base: Code, exponent: Code): Code {
  const [x, y] = [lanes.keep("x", base), lanes.keep("y", exponent)];
  const [zero, one] = [lanes.float(0), lanes.float(1)];
  const magnitude = lanes.keep("magnitude", lanes.magnitude(x));
  const positive = inDoubles(lanes, [magnitude, y], ([wideX = x, wideY = y]) =>
    emitExp2(lanes, op("f64x2.mul", emitLog2(lanes, wideX), wideY)),
  );
  const isWhole = lanes.keep("is_whole", op("f32x4.eq", op("f32x4.nearest", y), y));
  const half = lanes.keep("half_y", op("f32x4.mul", y, lanes.float(0.5)));
  const isOdd = op("v128.and", isWhole, op("f32x4.ne", op("f32x4.nearest", half), half));
  const signed = op("v128.or", positive, op("v128.and", lanes.sign(x), isOdd));
  const isNegative = op("v128.and", op("f32x4.lt", x, zero), op("f32x4.gt", x, lanes.float(-infinity)));
  const isUndefined = op("v128.andnot", isNegative, isWhole);
  const isUnit = op(
    "v128.and",
    op("f32x4.eq", magnitude, one),
    op("f32x4.eq", lanes.magnitude(y), lanes.float(infinity)),
  );
  const isOne = op("v128.or", op("v128.or", op("f32x4.eq", x, one), op("f32x4.eq", y, zero)), isUnit);
  return lanes.choose(isOne, one, op("v128.or", signed, isUndefined));
}

/**
 * The remainder of x / y with the sign of x, exact, as C's fmod: x less y times the quotient's 26 leading bits, whose
 * product with y a double holds, as often as needed. Once is enough up to quotients of 2^26.
 */
export function emitRemainder(lanes: Lanes, dividend: Code, divisor: Code): Code {
  const [x, y] = [lanes.keep("x", dividend), lanes.keep("y", divisor)];
  const positive = inDoubles(lanes, [lanes.magnitude(x), lanes.magnitude(y)], ([a = x, b = y]) => {
    const rest = lanes.builder.let("v128", "rest", a);
    const again = label(`${rest.name}_again`);
    const quotient = op("f64x2.div", get(rest), b);
    const leading = op("v128.and", quotient, lanes.longs(0xffff_ffff_f800_0000n));
    const less = op("f64x2.sub", get(rest), op("f64x2.mul", op("f64x2.trunc", leading), b));
    // NaN is not at least y, so the loop ends.
    const isMore = op("v128.any_true", op("f64x2.ge", get(rest), b));
    lanes.builder.emit({
      kind: "loop",
      label: again,
      body: [set(rest, less), { kind: "branch", label: again, condition: isMore }],
    });
    return lanes.choose(op("f64x2.lt", a, b), a, get(rest));
  });
  return op("v128.or", positive, lanes.sign(x));
}

/**
 * tanh and erf on four float32 lanes: x P(x^2) / Q(x^2) with P and Q of the least largest relative error (Remez on
 * rational functions; 2e-8), up to where the result is 1 in float32. All coefficients are positive, so nothing cancels
 * and 0 keeps its sign. One division costs less than the two branches of an approach by exp. Near 1 rounding errors are
 * what counts, up to 5 ulp: the terms are added in pairs, which rounds less often in a row than Horner's rule, and the
 * coefficients were moved by a few units in the last place until the largest error of the float32 arithmetic was least.
 */
import { type Code, op } from "../wasm/code.ts";
import type { Lanes } from "./lanes.ts";

interface Rational {
  /** Beyond it the result is that at it, which is 1. */
  readonly limit: number;
  readonly above: readonly number[];
  readonly below: readonly number[];
}

const tanh: Rational = {
  limit: 9.02,
  above: [1.21907616, 0.163109034, 0.00425950345, 2.50929752e-5, 1.62372018e-8],
  below: [1.21907616, 0.569467545, 0.0315388441, 0.000400235527, 9.46257387e-7],
};

const erf: Rational = {
  limit: 3.93,
  above: [1.45738578, 0.246412635, 0.0681827366, 0.00488169584, 0.000367852888, 2.6373516e-6],
  below: [1.2915746, 0.648901582, 0.147572562, 0.019370405, 0.00150497141, 4.90851053e-5],
};

function emitRational(lanes: Lanes, value: Code, { limit, above, below }: Rational): Code {
  const x = lanes.keep("x", lanes.atMost(lanes.atLeast(value, -limit), limit));
  const square = lanes.keep("square", op("f32x4.mul", x, x));
  const fourth = lanes.keep("fourth", op("f32x4.mul", square, square));
  const numerator = op("f32x4.mul", x, lanes.polynomialByPairs(square, fourth, above));
  const quotient = op("f32x4.div", numerator, lanes.polynomialByPairs(square, fourth, below));
  return lanes.atMost(lanes.atLeast(quotient, -1), 1);
}

export function emitTanh(lanes: Lanes, value: Code): Code {
  return emitRational(lanes, value, tanh);
}

export function emitErf(lanes: Lanes, value: Code): Code {
  return emitRational(lanes, value, erf);
}

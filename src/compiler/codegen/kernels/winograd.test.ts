/** Winograd's convolution against plain loops in double precision, and its error beside the direct kernel's. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ConvolutionShape,
  convolutionByLoops,
  convolutionInput,
  convolutionOutput,
  shapeArbitrary,
  sizesOf,
  weightCount,
} from "./testing/convolution-case.ts";
import { expectFloats } from "./testing/expect-floats.ts";
import { randomFloats } from "./testing/random-floats.ts";
import { prepareDirect, prepareWinograd, runPrepared } from "./testing/run-convolution.ts";
import { canUseWinograd, prefersWinograd } from "./winograd.ts";

function dataOf(shape: ConvolutionShape) {
  return {
    input: randomFloats(convolutionInput(shape).length, 1),
    weights: randomFloats(weightCount(shape), 2),
    bias: randomFloats(shape.filtersPerGroup, 3),
    relu: false,
    relaxed: false,
  };
}

const shapes = fc
  .tuple(shapeArbitrary, fc.integer({ min: 4, max: 14 }), fc.integer({ min: 4, max: 14 }))
  .map(([shape, height, width]): ConvolutionShape => {
    const channelsPerGroup = 4 * shape.channelsPerGroup;
    const filtersPerGroup = 4 * shape.filtersPerGroup;
    const plain = { taps: [1, 3, 3], strides: [1, 1, 1], dilations: [1, 1, 1], groups: 1 } as const;
    return { ...shape, ...plain, channelsPerGroup, filtersPerGroup, extents: [1, height, width] };
  });

test("any shape computes what loops compute", () => {
  const small = fc.integer({ min: 1, max: 3 });
  const lines = fc.option(small, { nil: undefined });
  const property = fc.property(shapes, fc.boolean(), small, lines, (shape, relu, parts, bandLines) => {
    expect(canUseWinograd(sizesOf(shape))).toBe(true);
    const data = { ...dataOf(shape), relu };
    const actual = runPrepared(prepareWinograd(shape, data, bandLines), parts);
    const loops = convolutionByLoops(shape, data.input, data.weights, data.bias);
    const wanted = relu ? loops.map((value) => (value < 0 ? 0 : value)) : loops;
    const pixelStep = convolutionOutput(shape).strides.x;
    expectFloats(actual, wanted, { pixelStep, channels: shape.filtersPerGroup, tolerance: 2e-4 });
  });
  fc.assert(property, { numRuns: 50 });
});

test("its error is a few times that of the direct kernel", () => {
  const shape: ConvolutionShape = {
    batch: 1,
    extents: [1, 8, 8],
    taps: [1, 3, 3],
    strides: [1, 1, 1],
    dilations: [1, 1, 1],
    groups: 1,
    channelsPerGroup: 128,
    filtersPerGroup: 16,
    inputGap: 0,
    outputGap: 0,
  };
  const data = dataOf(shape);
  const wanted = convolutionByLoops(shape, data.input, data.weights, data.bias);
  const rms = (errors: Float64Array): number =>
    Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
  const errorOf = (actual: Float32Array): number => rms(wanted.map((value, at) => value - (actual[at] ?? 0)));
  const winograd = errorOf(runPrepared(prepareWinograd(shape, data), 1)) / rms(wanted);
  const direct = errorOf(runPrepared(prepareDirect(shape, data), 1)) / rms(wanted);
  // Relative to the size of the results: 6.0e-7 and 1.1e-6 when this was written.
  expect(direct).toBeLessThan(1e-6);
  expect(winograd).toBeLessThan(2e-6);
});

test("it is preferred unless few tiles would read many weights", () => {
  const prefers = (size: number, channels: number): boolean => {
    const one = [1, 1, 1] as const;
    const plain = { batch: 1, strides: one, dilations: one, groups: 1, inputGap: 0, outputGap: 0 };
    const counts = { channelsPerGroup: channels, filtersPerGroup: channels };
    const extents = [1, size, size] as const;
    return prefersWinograd(sizesOf({ ...plain, ...counts, extents, taps: [1, 3, 3] }));
  };
  expect(prefers(56, 64)).toBe(true);
  expect(prefers(14, 256)).toBe(true);
  // 36 x 128 x 128 floats are 2.4 MB, 36 x 512 x 512 are 38 MB, for four tiles each.
  expect(prefers(7, 128)).toBe(true);
  expect(prefers(7, 512)).toBe(false);
  expect(prefers(3, 64)).toBe(false);
  expect(prefers(56, 6)).toBe(false);
});

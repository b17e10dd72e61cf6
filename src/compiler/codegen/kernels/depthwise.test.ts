/** The depthwise kernel against plain loops in double precision. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type DepthwiseSizes, depthwise, packDepthwise } from "./depthwise.ts";
import { plainEpilogue } from "./plain-epilogue.ts";
import {
  type ConvolutionShape,
  convolutionByLoops,
  convolutionInput,
  convolutionOutput,
  shapeArbitrary,
  weightCount,
} from "./testing/convolution-case.ts";
import { expectFloats } from "./testing/expect-floats.ts";
import { KernelMemory } from "./testing/kernel-memory.ts";
import { randomFloats } from "./testing/random-floats.ts";

interface Choice {
  readonly bias: boolean;
  readonly relu: boolean;
  readonly parts: number;
}

function run(shape: ConvolutionShape, { bias, relu, parts }: Choice, input: Float32Array) {
  const weights = randomFloats(weightCount(shape), 2);
  const biases = randomFloats(shape.groups, 3);
  const output = convolutionOutput(shape);
  const sizes: DepthwiseSizes = {
    ...shape,
    channels: shape.groups,
    inputStrides: convolutionInput(shape).strides,
    inputOffset: 0,
  };
  const kernel = depthwise({
    ...sizes,
    relaxed: false,
    name: "depthwise",
    ...plainEpilogue({ strides: output.strides, bias, relu }),
  });
  const memory = new KernelMemory(4 * (input.length + 2 * output.length + weights.length) + 65536);
  const inputs = memory.floats(input);
  const packed = memory.floats(packDepthwise(sizes, weights));
  const results = memory.guarded(output.length);
  const start = memory.floats(biases);
  const addresses = [inputs.address, packed.address, results.address, ...(bias ? [start.address] : [])];
  memory.run(kernel, addresses, parts);
  const wanted = convolutionByLoops(shape, input, weights, bias ? biases : undefined);
  return { actual: results.floats, wanted: relu ? wanted.map((value) => (value < 0 ? 0 : value)) : wanted };
}

const shapes = fc
  .tuple(shapeArbitrary, fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 13, 70, 130))
  .map(([shape, groups]) => ({ ...shape, groups, channelsPerGroup: 1, filtersPerGroup: 1 }));
const choices = fc.record({
  bias: fc.boolean(),
  relu: fc.boolean(),
  parts: fc.integer({ min: 1, max: 3 }),
});

test("any shape computes what loops compute", () => {
  const property = fc.property(shapes, choices, (shape, choice) => {
    const input = randomFloats(convolutionInput(shape).length, 1);
    const { actual, wanted } = run(shape, choice, input);
    expectFloats(actual, wanted, { pixelStep: convolutionOutput(shape).strides.x, channels: shape.groups });
  });
  fc.assert(property, { numRuns: 250 });
});

test("not-a-number stays in its channel and passes a ReLU", () => {
  const shape: ConvolutionShape = {
    batch: 1,
    extents: [1, 5, 9],
    taps: [1, 3, 3],
    strides: [1, 1, 1],
    dilations: [1, 1, 1],
    groups: 6,
    channelsPerGroup: 1,
    filtersPerGroup: 1,
    inputGap: 0,
    outputGap: 0,
  };
  const input = randomFloats(convolutionInput(shape).length, 1);
  input[1] = Number.NaN;
  const { actual } = run(shape, { bias: true, relu: true, parts: 1 }, input);
  const results = [...actual.slice(0, 5 * 9 * 6)];
  expect(results.flatMap((value, at) => (Number.isNaN(value) ? [at] : []))).toEqual([1]);
});

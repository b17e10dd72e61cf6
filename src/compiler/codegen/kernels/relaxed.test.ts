/** The kernels with fused multiply-add, where the engine has it: the same results within rounding. */
import { setFlagsFromString } from "node:v8";
import { expect, test } from "vitest";
import {
  type ConvolutionShape,
  convolutionByLoops,
  convolutionInput,
  weightCount,
} from "./testing/convolution-case.ts";
import { expectFloats } from "./testing/expect-floats.ts";
import { hasRelaxedSimd } from "./testing/kernel-memory.ts";
import { randomFloats } from "./testing/random-floats.ts";
import { prepareDirect, prepareWinograd, runPrepared } from "./testing/run-convolution.ts";

// Node 20 has relaxed SIMD behind a flag, which counts until an engine first looks at it.
setFlagsFromString("--experimental-wasm-relaxed-simd");

test.skipIf(!hasRelaxedSimd()).each([
  ["directly", prepareDirect],
  ["by Winograd", prepareWinograd],
] as const)("a convolution with fused multiply-add, %s", (_, prepare) => {
  const shape: ConvolutionShape = {
    batch: 2,
    extents: [1, 9, 14],
    taps: [1, 3, 3],
    strides: [1, 1, 1],
    dilations: [1, 1, 1],
    groups: 1,
    channelsPerGroup: 12,
    filtersPerGroup: 28,
    inputGap: 3,
    outputGap: 1,
  };
  const input = randomFloats(convolutionInput(shape).length, 1);
  const weights = randomFloats(weightCount(shape), 2);
  const bias = randomFloats(shape.filtersPerGroup, 3);
  const actual = runPrepared(prepare(shape, { input, weights, bias, relu: false, relaxed: true }), 2);
  expectFloats(actual, convolutionByLoops(shape, input, weights, bias), { pixelStep: 29, channels: 28 });
  expect(actual[0]).not.toBe(0);
});

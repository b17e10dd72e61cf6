/** Transposed convolution by phases against the definition: each input pixel spreads over the output. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { convolution } from "./convolution.ts";
import { packedFloats } from "./convolution-spec.ts";
import { packFilters } from "./pack-filters.ts";
import type { Triple } from "./place.ts";
import { plainEpilogue } from "./plain-epilogue.ts";
import { denseTensor } from "./testing/convolution-case.ts";
import { expectFloats } from "./testing/expect-floats.ts";
import { KernelMemory } from "./testing/kernel-memory.ts";
import { randomFloats } from "./testing/random-floats.ts";
import { type TransposedSizes, transposedConvolution } from "./transposed-convolution.ts";

type Case = Omit<TransposedSizes, "inputStrides" | "inputOffset">;

/** All index triples below the extents. */
function positions([depth, height, width]: Triple): readonly Triple[] {
  return Array.from({ length: depth * height * width }, (_, at) => {
    return [Math.floor(at / height / width), Math.floor(at / width) % height, at % width];
  });
}

function spread(shape: Case, input: Float32Array, weights: Float32Array, bias: Float32Array): Float64Array {
  const { groups, channelsPerGroup, filtersPerGroup, extents, inputExtents, taps } = shape;
  const [channels, filters] = [groups * channelsPerGroup, groups * filtersPerGroup];
  const from = denseTensor(shape.batch, inputExtents, channels, 0);
  const to = denseTensor(shape.batch, extents, filters, 0);
  const output = Float64Array.from({ length: to.length }, (_, at) => bias[at % filters] ?? 0);
  const tapCount = taps[0] * taps[1] * taps[2];
  for (let batch = 0; batch < shape.batch; batch++)
    for (const pixel of positions(inputExtents))
      positions(taps).forEach((tap, tapAt) => {
        const target = pixel.map(
          (value, axis) =>
            value * (shape.strides[axis] ?? 0) +
            (tap[axis] ?? 0) * (shape.dilations[axis] ?? 0) -
            (shape.padsBegin[axis] ?? 0),
        );
        if (target.some((value, axis) => value < 0 || value >= (extents[axis] ?? 0))) return;
        const [z = 0, y = 0, x = 0] = target;
        const out = batch * to.strides.batch + z * to.strides.z + y * to.strides.y + x * to.strides.x;
        const { strides } = from;
        const at = batch * strides.batch + pixel[0] * strides.z + pixel[1] * strides.y + pixel[2] * strides.x;
        for (let channel = 0; channel < channels; channel++)
          for (let filter = 0; filter < filtersPerGroup; filter++) {
            const weight = weights[(channel * filtersPerGroup + filter) * tapCount + tapAt] ?? 0;
            const where = out + Math.floor(channel / channelsPerGroup) * filtersPerGroup + filter;
            output[where] = (output[where] ?? 0) + (input[at + channel] ?? 0) * weight;
          }
      });
  return output;
}

/** The input with the zeros around it that the phases ask for. */
function withHalo(shape: Case, input: Float32Array, begin: Triple, end: Triple) {
  const channels = shape.groups * shape.channelsPerGroup;
  const padded = shape.inputExtents.map((size, axis) => size + (begin[axis] ?? 0) + (end[axis] ?? 0));
  const [depth = 0, height = 0, width = 0] = padded;
  const { strides, length } = denseTensor(shape.batch, [depth, height, width], channels, 0);
  const offset = begin[0] * strides.z + begin[1] * strides.y + begin[2] * strides.x;
  const floats = new Float32Array(length);
  const from = denseTensor(shape.batch, shape.inputExtents, channels, 0).strides;
  for (let batch = 0; batch < shape.batch; batch++)
    for (const [z, y, x] of positions(shape.inputExtents)) {
      const at = batch * from.batch + z * from.z + y * from.y + x * from.x;
      const to = offset + batch * strides.batch + z * strides.z + y * strides.y + x * strides.x;
      floats.set(input.subarray(at, at + channels), to);
    }
  return { floats, strides, offset };
}

const upTo = (most: number) => fc.integer({ min: 1, max: most });
const cases: fc.Arbitrary<Case> = fc
  .record({
    batch: upTo(2),
    inputExtents: fc.tuple(fc.constantFrom(1, 1, 2), upTo(4), upTo(7)),
    taps: fc.tuple(fc.constantFrom(1, 1, 2), upTo(4), upTo(5)),
    strides: fc.tuple(upTo(2), upTo(3), upTo(4)),
    dilations: fc.tuple(upTo(2), upTo(2), upTo(3)),
    pads: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)),
    extra: fc.tuple(fc.nat(1), fc.nat(1), fc.nat(2)),
    groups: fc.constantFrom(1, 1, 2),
    channelsPerGroup: fc.constantFrom(1, 3, 4, 5),
    filtersPerGroup: fc.constantFrom(1, 2, 5, 8, 9),
  })
  .map(({ pads, extra, ...shape }) => {
    const reach = (axis: 0 | 1 | 2): number =>
      (shape.inputExtents[axis] - 1) * shape.strides[axis] +
      (shape.taps[axis] - 1) * shape.dilations[axis] +
      1;
    const extent = (axis: 0 | 1 | 2): number => Math.max(1, reach(axis) - 2 * pads[axis] + extra[axis]);
    return { ...shape, padsBegin: pads, extents: [extent(0), extent(1), extent(2)] };
  });

test("the phases together are the transposed convolution", () => {
  const property = fc.property(cases, upTo(3), (shape, parts) => {
    const [channels, filters] = [shape.groups * shape.channelsPerGroup, shape.groups * shape.filtersPerGroup];
    const input = randomFloats(denseTensor(shape.batch, shape.inputExtents, channels, 0).length, 1);
    const taps = shape.taps[0] * shape.taps[1] * shape.taps[2];
    const weights = randomFloats(channels * shape.filtersPerGroup * taps, 2);
    const bias = randomFloats(filters, 3);
    const dense = denseTensor(shape.batch, shape.inputExtents, channels, 0).strides;
    const { halo } = transposedConvolution({ ...shape, inputStrides: dense, inputOffset: 0 });
    const padded = withHalo(shape, input, halo.begin, halo.end);
    const { phases } = transposedConvolution({
      ...shape,
      inputStrides: padded.strides,
      inputOffset: padded.offset,
    });
    const output = denseTensor(shape.batch, shape.extents, filters, 0);
    const memory = new KernelMemory(4 * (padded.floats.length + 8 * weights.length + output.length) + 65536);
    const [inputs, start] = [memory.floats(padded.floats), memory.floats(bias)];
    const results = memory.guarded(output.length);
    for (const { sizes, filters: view } of phases) {
      const packed = memory.floats(packFilters(sizes, view(weights)));
      expect(packed.floats).toHaveLength(packedFloats(sizes));
      const epilogue = plainEpilogue({ strides: output.strides, bias: true, relu: false });
      const kernel = convolution({ ...sizes, name: "phase", relaxed: false, ...epilogue });
      memory.run(kernel, [inputs.address, packed.address, results.address, start.address], parts);
    }
    expectFloats(results.floats, spread(shape, input, weights, bias), {
      pixelStep: filters,
      channels: filters,
    });
  });
  fc.assert(property, { numRuns: 200 });
});

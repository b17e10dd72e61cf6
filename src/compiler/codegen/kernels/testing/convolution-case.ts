/** A convolution with data, and what plain loops in double precision make of it. */
import fc from "fast-check";
import { type ConvolutionSizes, packedFloats } from "../convolution-spec.ts";
import type { Strides, Triple } from "../place.ts";

export interface ConvolutionShape {
  readonly batch: number;
  readonly extents: Triple;
  readonly taps: Triple;
  readonly strides: Triple;
  readonly dilations: Triple;
  readonly groups: number;
  readonly channelsPerGroup: number;
  readonly filtersPerGroup: number;
  /** Channels of other tensors beside each input pixel and each output pixel. */
  readonly inputGap: number;
  readonly outputGap: number;
}

export interface DenseTensor {
  readonly strides: Strides;
  readonly length: number;
}

/** A channels-last tensor whose pixels lie `gap` floats apart. */
export function denseTensor(
  batch: number,
  [depth, height, width]: Triple,
  channels: number,
  gap: number,
): DenseTensor {
  const x = channels + gap;
  const strides = { x, y: x * width, z: x * width * height, batch: x * width * height * depth };
  return { strides, length: strides.batch * batch };
}

/** The input's extents, halo included: just what the last tap of the last pixel needs. */
export function inputExtents(
  shape: Pick<ConvolutionShape, "extents" | "taps" | "strides" | "dilations">,
): Triple {
  const axis = (at: 0 | 1 | 2): number =>
    (shape.extents[at] - 1) * shape.strides[at] + (shape.taps[at] - 1) * shape.dilations[at] + 1;
  return [axis(0), axis(1), axis(2)];
}

export function convolutionInput(shape: ConvolutionShape): DenseTensor {
  return denseTensor(shape.batch, inputExtents(shape), shape.groups * shape.channelsPerGroup, shape.inputGap);
}

export function convolutionOutput(shape: ConvolutionShape): DenseTensor {
  return denseTensor(shape.batch, shape.extents, shape.groups * shape.filtersPerGroup, shape.outputGap);
}

export function sizesOf(shape: ConvolutionShape): ConvolutionSizes {
  return { ...shape, inputStrides: convolutionInput(shape).strides, inputOffset: 0 };
}

export function weightCount(shape: ConvolutionShape): number {
  const taps = shape.taps[0] * shape.taps[1] * shape.taps[2];
  return shape.groups * shape.filtersPerGroup * shape.channelsPerGroup * taps;
}

/** Multiply-accumulates. */
export function macsOf(shape: ConvolutionShape): number {
  return shape.batch * shape.extents[0] * shape.extents[1] * shape.extents[2] * weightCount(shape);
}

export function convolutionByLoops(
  shape: ConvolutionShape,
  input: Float32Array,
  weights: Float32Array,
  bias: Float32Array | undefined,
): Float64Array {
  const { strides: from } = convolutionInput(shape);
  const { strides: to, length } = convolutionOutput(shape);
  const output = new Float64Array(length);
  const { taps, channelsPerGroup: channels, filtersPerGroup: filters } = shape;
  const [depth, height, width] = shape.extents;
  for (let batch = 0; batch < shape.batch; batch++)
    for (let z = 0; z < depth; z++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          for (let filter = 0; filter < shape.groups * filters; filter++) {
            const group = Math.floor(filter / filters);
            let total = bias?.[filter] ?? 0;
            for (let dz = 0; dz < taps[0]; dz++)
              for (let dy = 0; dy < taps[1]; dy++)
                for (let dx = 0; dx < taps[2]; dx++)
                  for (let channel = 0; channel < channels; channel++) {
                    const at =
                      batch * from.batch +
                      (z * shape.strides[0] + dz * shape.dilations[0]) * from.z +
                      (y * shape.strides[1] + dy * shape.dilations[1]) * from.y +
                      (x * shape.strides[2] + dx * shape.dilations[2]) * from.x +
                      group * channels +
                      channel;
                    const tap = (dz * taps[1] + dy) * taps[2] + dx;
                    const weight = (filter * channels + channel) * taps[0] * taps[1] * taps[2] + tap;
                    total += (input[at] ?? 0) * (weights[weight] ?? 0);
                  }
            output[batch * to.batch + z * to.z + y * to.y + x * to.x + filter] = total;
          }
  return output;
}

/** Bytes that a test of this shape needs. */
export function bytesOf(shape: ConvolutionShape): number {
  const floats = convolutionInput(shape).length + convolutionOutput(shape).length;
  return 4 * (floats + packedFloats(sizesOf(shape)) + shape.groups * shape.filtersPerGroup) + 65536;
}

function upTo(most: number): fc.Arbitrary<number> {
  return fc.integer({ min: 1, max: most });
}

/** Small shapes with everything that can be odd about them. */
export const shapeArbitrary: fc.Arbitrary<ConvolutionShape> = fc.record({
  batch: upTo(2),
  extents: fc.tuple(fc.constantFrom(1, 1, 2, 3), upTo(4), upTo(17)),
  taps: fc.tuple(fc.constantFrom(1, 1, 2), fc.constantFrom(1, 2, 3), fc.constantFrom(1, 2, 3, 5)),
  strides: fc.tuple(upTo(3), upTo(3), upTo(3)),
  dilations: fc.tuple(upTo(2), upTo(2), upTo(2)),
  groups: fc.constantFrom(1, 1, 2, 3),
  channelsPerGroup: fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 13),
  filtersPerGroup: fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 13, 16, 21),
  inputGap: fc.constantFrom(0, 0, 3),
  outputGap: fc.constantFrom(0, 0, 1, 4),
});

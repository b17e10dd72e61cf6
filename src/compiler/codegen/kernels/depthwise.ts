/**
 * Depthwise convolution: each channel has a filter of its own. Channels are innermost, so every access is a vector of
 * neighbours; a few pixels of a line share their loads of weights and of input. Taps along x are unrolled, the others
 * are loops, as V8 11.3 loads what an unrolled body needs before it computes, and registers end.
 */
import { type Code, f32x4, get, i32, increase, type Local, load, set } from "../wasm/code.ts";
import { FunctionBuilder } from "../wasm/function-builder.ts";
import { multiplyAdd, repeat, sum, times } from "./address.ts";
import { eachLine, eachTile, eachVector, evenRows, lineAddress, lineUnits } from "./lines.ts";
import type { Kernel, KernelHead, Strides, Triple } from "./place.ts";

export interface DepthwiseSizes {
  readonly batch: number;
  /** Output extents. */
  readonly extents: Triple;
  readonly taps: Triple;
  readonly strides: Triple;
  readonly dilations: Triple;
  readonly channels: number;
  readonly inputStrides: Strides;
  /** Elements from the input's address to the first tap of the first pixel. */
  readonly inputOffset: number;
}

/**
 * Addresses: input, packed filters, then those of the epilogue. With fewer than four channels up to 12 bytes after the
 * input and the filters are read.
 */
export interface DepthwiseSpec extends DepthwiseSizes, KernelHead {}

/** Weights of ONNX (channel, 1, taps) with the channels innermost. */
export function packDepthwise(
  { channels, taps }: DepthwiseSizes,
  weights: Float32Array,
  packed: Float32Array = new Float32Array(taps[0] * taps[1] * taps[2] * channels),
): Float32Array {
  const count = taps[0] * taps[1] * taps[2];
  for (let channel = 0; channel < channels; channel++) {
    for (let tap = 0; tap < count; tap++) {
      packed[tap * channels + channel] = weights[channel * count + tap] ?? 0;
    }
  }
  return packed;
}

export function depthwise(spec: DepthwiseSpec): Kernel {
  const builder = new FunctionBuilder(spec.name);
  const input = builder.parameter("i32", "input");
  const filters = builder.parameter("i32", "filters");
  const addresses = spec.addresses.map((name) => builder.parameter("i32", name));
  const range = [builder.parameter("i32", "from"), builder.parameter("i32", "to")] as const;
  const epilogue = spec.epilogue(builder, addresses);
  const units = lineUnits(spec.batch, spec.extents, spec.channels);
  const width = spec.extents[2];
  const pixels = pixelsOf(spec);
  const { rows } = pixels;
  eachLine(builder, units, range, (line) => {
    const lineAt = lineAddress(builder, input, line, spec);
    eachTile(builder, { first: 0, after: width, rows }, (x) => {
      const step = 4 * spec.strides[2] * spec.inputStrides.x;
      const tileAt = builder.let("i32", "tile_at", sum(get(lineAt), times(get(x), step)));
      const xDepth = builder.depth;
      eachVector(builder, spec.channels, line, (filter, lanes) => {
        const { batch, z, y, depth } = line;
        const depths = { batch: depth, z: depth, y: depth, x: xDepth, filter: builder.depth };
        const place = { batch, z, y, x, filter, vector: 0, depths };
        const start = epilogue.emitStart({ ...place, row: 0 }, lanes) ?? f32x4(0);
        const inputAt = builder.let("i32", "in", sum(get(tileAt), times(get(filter), 4)));
        const filtersAt = builder.let("i32", "weights", sum(get(filters), times(get(filter), 4)));
        const sums = emitSums(builder, spec, pixels, { inputAt, filtersAt, start });
        sums.forEach((value, row) => {
          epilogue.emitStore({ ...place, row }, get(value), lanes);
        });
      });
    });
  });
  const overlaps = width % rows !== 0 || (spec.channels > 4 && spec.channels % 4 !== 0);
  return { function: builder.build(true), units: units.units, overlaps };
}

interface Pixels {
  readonly rows: number;
  /** Whether taps along x are unrolled and share their inputs. */
  readonly unrolled: boolean;
}

/** Of 16 vector registers V8 keeps one; a product that is not fused needs one. */
const registers = 15;
const mostRows = 6;

function pixelsOf({ extents, taps, strides, dilations, relaxed }: DepthwiseSpec): Pixels {
  const width = extents[2];
  for (let rows = Math.min(mostRows, width); rows > 1; rows--) {
    const inputs = inputPixels(rows, taps[2], strides[2], dilations[2]).length;
    const needed = rows + inputs + taps[2] + (relaxed ? 0 : 1);
    if (needed <= registers) return { rows: evenRows(width, rows), unrolled: true };
  }
  return { rows: evenRows(width, mostRows), unrolled: false };
}

/** The different input pixels that the taps along x of some pixels touch. */
function inputPixels(rows: number, taps: number, stride: number, dilation: number): readonly number[] {
  const touched = new Set<number>();
  for (let row = 0; row < rows; row++) {
    for (let tap = 0; tap < taps; tap++) touched.add(row * stride + tap * dilation);
  }
  return [...touched].toSorted((left, right) => left - right);
}

/** The sums of the tile's pixels, for four channels. */
function emitSums(
  builder: FunctionBuilder,
  spec: DepthwiseSpec,
  { rows, unrolled }: Pixels,
  { inputAt, filtersAt, start }: { inputAt: Local; filtersAt: Local; start: Code },
): readonly Local[] {
  const { taps, strides, dilations, inputStrides } = spec;
  const first = builder.let("v128", "sum", start);
  const sums = [first];
  for (let row = 1; row < rows; row++) sums.push(builder.let("v128", "sum", get(first)));
  const pixel = (at: number): Code => load("v128.load", get(inputAt), 4 * at * inputStrides.x);
  const add = (row: number, value: Code, weight: Local): void => {
    const total = sums[row];
    if (total === undefined) return;
    builder.emit(set(total, multiplyAdd(spec.relaxed, value, get(weight), get(total))));
  };
  const unrolledLine = (): void => {
    const inputs = new Map<number, Local>();
    for (const at of inputPixels(rows, taps[2], strides[2], dilations[2])) {
      inputs.set(at, builder.let("v128", "pixel", pixel(at)));
    }
    for (let tap = 0; tap < taps[2]; tap++) {
      const weight = builder.let(
        "v128",
        "weight",
        load("v128.load", get(filtersAt), 4 * tap * spec.channels),
      );
      for (let row = 0; row < rows; row++) {
        const value = inputs.get(row * strides[2] + tap * dilations[2]);
        if (value !== undefined) add(row, get(value), weight);
      }
    }
    builder.emit(increase(filtersAt, i32(4 * taps[2] * spec.channels)));
  };
  const loopedLine = (): void =>
    repeat(builder, "tap_x", taps[2], () => {
      const weight = builder.let("v128", "weight", load("v128.load", get(filtersAt)));
      for (let row = 0; row < rows; row++) add(row, pixel(row * strides[2]), weight);
      builder.emit(increase(inputAt, i32(4 * dilations[2] * inputStrides.x)));
      builder.emit(increase(filtersAt, i32(4 * spec.channels)));
    });
  const walkedX = unrolled ? 0 : taps[2] * dilations[2] * inputStrides.x;
  const stepY = dilations[1] * inputStrides.y;
  const stepZ = dilations[0] * inputStrides.z;
  repeat(builder, "tap_z", taps[0], () => {
    repeat(builder, "tap_y", taps[1], () => {
      if (unrolled) unrolledLine();
      else loopedLine();
      builder.emit(increase(inputAt, i32(4 * (stepY - walkedX))));
    });
    builder.emit(increase(inputAt, i32(4 * (stepZ - taps[1] * stepY))));
  });
  return sums;
}

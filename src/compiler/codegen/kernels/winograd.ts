/**
 * Winograd's convolution F(4x4, 3x3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016): 36
 * products make 16 results of a 3 x 3 filter, where the definition needs 144. Filters are transformed once
 * (winograd-filters.ts); then three steps with scratch memory between them: input tiles are transformed, 36 matrices are multiplied (by the convolution kernel), products are transformed
 * back. The points are 0, +-1/sqrt 2, +-sqrt 2 and infinity, whose errors are smaller than those of 0, +-1, +-2.
 *
 * The last tile of a line or column overlaps the one before it, so no input is read that a plain convolution would not
 * read; what lies there would not cancel in floating point.
 */
import { type Code, f32x4, get, i32, increase, type Local, load, op, set, store } from "../wasm/code.ts";
import { FunctionBuilder } from "../wasm/function-builder.ts";
import { multiplyAdd, remainder, repeat, smaller, sum, times } from "./address.ts";
import { type ConvolutionSizes, packedFloats } from "./convolution-spec.ts";
import { eachLine, eachVector, lineUnits } from "./lines.ts";
import type { Kernel, KernelHead } from "./place.ts";

/** Outputs and inputs of a tile along an axis. */
const outputs = 4;
const inputs = 6;
const planes = inputs * inputs;

/** Whether the three steps compute this convolution. Tiles are changed in place, so vectors must not overlap. */
export function canUseWinograd(sizes: ConvolutionSizes): boolean {
  const is = (triple: readonly number[], wanted: readonly number[]): boolean =>
    triple.join() === wanted.join();
  const isPlain = is(sizes.taps, [1, 3, 3]) && is(sizes.strides, [1, 1, 1]) && is(sizes.dilations, [1, 1, 1]);
  const [depth, height, width] = sizes.extents;
  const hasTiles = depth === 1 && height >= outputs && width >= outputs;
  const hasVectors = sizes.channelsPerGroup % 4 === 0 && sizes.filtersPerGroup % 4 === 0;
  const isAlone = sizes.groups === 1 && sizes.filterStrides === undefined && sizes.outputGrid === undefined;
  return isPlain && hasTiles && hasVectors && isAlone;
}

/** Packed weights beyond these bytes should be used by more tiles than a small image has. */
const heavyWeights = 4 * 2 ** 20;
const tilesForHeavyWeights = 9;

/**
 * Whether the three steps are much faster than the direct kernel: measured, from 8 channels on; but 36 numbers are
 * stored for 9 weights, and with few tiles most of the time goes into reading them.
 */
export function prefersWinograd(sizes: ConvolutionSizes): boolean {
  if (!canUseWinograd(sizes) || Math.min(sizes.channelsPerGroup, sizes.filtersPerGroup) < 8) return false;
  const { tilesDown, tilesAcross, packedFloats: floats } = planWinograd(sizes);
  return sizes.batch * tilesDown * tilesAcross >= tilesForHeavyWeights || 4 * floats <= heavyWeights;
}

/** Units of the first and the third step that belong to one band of tiles. */
export interface WinogradBand {
  readonly input: UnitRange;
  readonly output: UnitRange;
}

export interface UnitRange {
  readonly firstUnit: number;
  readonly units: number;
}

/**
 * Where the steps keep what they hand on. Large images are done in bands of whole lines of tiles, one after another, so
 * that a band's scratch memory stays in the caches. The steps are the same for all bands: a line of tiles lies at its
 * number modulo the lines of a band.
 */
export interface WinogradPlan {
  readonly tilesDown: number;
  readonly tilesAcross: number;
  /** Lines of tiles of a band, over all images, and its tiles. */
  readonly bandLines: number;
  readonly bandTiles: number;
  readonly bands: readonly WinogradBand[];
  /** Floats from one of the 36 matrices to the next: of transformed inputs, and of products. */
  readonly inputPlane: number;
  readonly productPlane: number;
  /** Scratch memory of a band. */
  readonly transformedFloats: number;
  readonly productFloats: number;
  /** The product of the matrices, for `convolution`: addresses transformed, filters, products. */
  readonly product: ConvolutionSizes;
  readonly packedFloats: number;
}

export function planWinograd(sizes: ConvolutionSizes): WinogradPlan {
  const tilesDown = Math.ceil(sizes.extents[1] / outputs);
  const tilesAcross = Math.ceil(sizes.extents[2] / outputs);
  const lines = sizes.batch * tilesDown;
  const bandLines = bandLinesOf(sizes, lines, tilesAcross);
  const tiles = bandLines * tilesAcross;
  const inputPlane = planeFloats(tiles * sizes.channelsPerGroup);
  const matrix: ConvolutionSizes = {
    ...sizes,
    batch: 1,
    extents: [planes, 1, tiles],
    taps: [1, 1, 1],
    inputStrides: { batch: 0, z: inputPlane, y: 0, x: sizes.channelsPerGroup },
    inputOffset: 0,
  };
  const packed = packedFloats(matrix);
  const productPlane = planeFloats(tiles * sizes.filtersPerGroup);
  const rangeOf = (channels: number, first: number): UnitRange => {
    const { units } = lineUnits(sizes.batch, [tilesDown, tilesAcross, 1], channels);
    const perLine = units / lines;
    return { firstUnit: first * perLine, units: Math.min(bandLines, lines - first) * perLine };
  };
  return {
    tilesDown,
    tilesAcross,
    bandLines,
    bandTiles: tiles,
    bands: Array.from({ length: Math.ceil(lines / bandLines) }, (_, band) => ({
      input: rangeOf(sizes.channelsPerGroup, band * bandLines),
      output: rangeOf(sizes.filtersPerGroup, band * bandLines),
    })),
    inputPlane,
    productPlane,
    transformedFloats: planes * inputPlane,
    productFloats: planes * productPlane,
    product: { ...matrix, filterStrides: { batch: 0, z: packed } },
    packedFloats: planes * packed,
  };
}

/** What a level-2 cache holds, as scratch memory of a band. */
const bandBytes = 2 * 2 ** 20;

/**
 * Bands fit the cache, but have so many tiles that reading all filters again for each band costs less than half of what the
 * scratch memory would.
 */
function bandLinesOf(sizes: ConvolutionSizes, lines: number, tilesAcross: number): number {
  if (sizes.winogradLines !== undefined) return Math.min(lines, sizes.winogradLines);
  const { channelsPerGroup: channels, filtersPerGroup: filters } = sizes;
  const fitting = bandBytes / (4 * planes * (channels + filters));
  const tiles = Math.max(fitting, (channels * filters) / (channels + filters));
  const most = Math.ceil(tiles / tilesAcross);
  return lines < 2 * most ? lines : Math.ceil(lines / Math.floor(lines / most));
}

/** An odd number of cache lines, so that the 36 planes do not fall into the same sets of a cache. */
function planeFloats(floats: number): number {
  const lines = Math.ceil(floats / 16);
  return 16 * (lines % 2 === 0 ? lines + 1 : lines);
}

const root = Math.SQRT2;

/** Addresses: input, transformed. A unit is a tile with a part of its channels. */
export function winogradInput(name: string, sizes: ConvolutionSizes, relaxed: boolean): Kernel {
  const plan = planWinograd(sizes);
  const { inputStrides, extents, channelsPerGroup: channels } = sizes;
  const builder = new FunctionBuilder(name);
  const input = builder.parameter("i32", "input");
  const transformed = builder.parameter("i32", "transformed");
  const range = [builder.parameter("i32", "from"), builder.parameter("i32", "to")] as const;
  const units = lineUnits(sizes.batch, [plan.tilesDown, plan.tilesAcross, 1], channels);
  const plane = 4 * plan.inputPlane;
  eachLine(builder, units, range, (tile) => {
    const y = clamped(builder, "top", tile.z, extents[1]);
    const x = clamped(builder, "left", tile.y, extents[2]);
    const tileAt = builder.let(
      "i32",
      "tile_at",
      sum(
        get(input),
        i32(4 * sizes.inputOffset),
        times(get(tile.batch), 4 * inputStrides.batch),
        times(get(y), 4 * inputStrides.y),
        times(get(x), 4 * inputStrides.x),
      ),
    );
    const number = tileNumber(plan, tile);
    const matrixAt = builder.let("i32", "matrix_at", sum(get(transformed), times(number, 4 * channels)));
    eachVector(builder, channels, tile, (channel) => {
      const from = builder.let("i32", "in", sum(get(tileAt), times(get(channel), 4)));
      const start = builder.let("i32", "first", sum(get(matrixAt), times(get(channel), 4)));
      const to = builder.let("i32", "out", get(start));
      // Down the columns into the planes, then along the rows in place.
      repeat(builder, "column", inputs, () => {
        const values = loadSix(builder, from, 4 * inputStrides.y);
        storeAll(builder, to, transformInput(builder, values, relaxed), inputs * plane);
        builder.emit(increase(from, i32(4 * inputStrides.x)), increase(to, i32(plane)));
      });
      repeat(builder, "row", inputs, () => {
        const values = loadSix(builder, start, plane);
        storeAll(builder, start, transformInput(builder, values, relaxed), plane);
        builder.emit(increase(start, i32(inputs * plane)));
      });
    });
  });
  return { function: builder.build(true), units: units.units, overlaps: false };
}

/** Addresses: products, which it changes, then those of the epilogue. A unit is a tile with a part of its filters. */
export function winogradOutput(sizes: ConvolutionSizes, head: KernelHead): Kernel {
  const plan = planWinograd(sizes);
  const filters = sizes.filtersPerGroup;
  const builder = new FunctionBuilder(head.name);
  const products = builder.parameter("i32", "products");
  const addresses = head.addresses.map((name) => builder.parameter("i32", name));
  const range = [builder.parameter("i32", "from"), builder.parameter("i32", "to")] as const;
  const epilogue = head.epilogue(builder, addresses);
  const units = lineUnits(sizes.batch, [plan.tilesDown, plan.tilesAcross, 1], filters);
  const plane = 4 * plan.productPlane;
  eachLine(builder, units, range, (tile) => {
    const top = clamped(builder, "top", tile.z, sizes.extents[1]);
    const x = clamped(builder, "left", tile.y, sizes.extents[2]);
    const z = builder.let("i32", "z", i32(0));
    const number = tileNumber(plan, tile);
    const matrixAt = builder.let("i32", "matrix_at", sum(get(products), times(number, 4 * filters)));
    const tileDepth = builder.depth;
    eachVector(builder, filters, tile, (filter, lanes) => {
      const start = builder.let("i32", "first", sum(get(matrixAt), times(get(filter), 4)));
      const at = builder.let("i32", "at", get(start));
      repeat(builder, "column", inputs, () => {
        const values = loadSix(builder, at, inputs * plane);
        storeAll(builder, at, transformOutput(builder, values, head.relaxed), inputs * plane);
        builder.emit(increase(at, i32(plane)));
      });
      const y = builder.let("i32", "y", get(top));
      const filterDepth = builder.depth;
      repeat(builder, "row", outputs, () => {
        const depths = {
          batch: tileDepth,
          z: tileDepth,
          y: builder.depth,
          x: tileDepth,
          filter: filterDepth,
        };
        const place = { batch: tile.batch, z, y, x, filter, vector: 0, depths };
        const values = loadSix(builder, start, plane);
        const results = transformOutput(builder, values, head.relaxed);
        const bias = epilogue.emitStart({ ...place, row: 0 }, lanes);
        results.forEach((result, row) => {
          if (bias !== undefined) builder.emit(set(result, op("f32x4.add", get(result), bias)));
          epilogue.emitStore({ ...place, row }, get(result), lanes);
        });
        builder.emit(increase(start, i32(inputs * plane)), increase(y, i32(1)));
      });
    });
  });
  return { function: builder.build(true), units: units.units, overlaps: true };
}

function clamped(builder: FunctionBuilder, name: string, tile: Local, extent: number): Local {
  const at = builder.let("i32", name, times(get(tile), outputs));
  builder.emit(set(at, smaller(get(at), i32(extent - outputs))));
  return at;
}

function tileNumber(plan: WinogradPlan, { batch, z, y }: { batch: Local; z: Local; y: Local }): Code {
  const line = sum(times(get(batch), plan.tilesDown), get(z));
  const inBand = plan.bands.length === 1 ? line : remainder(line, plan.bandLines);
  return sum(times(inBand, plan.tilesAcross), get(y));
}

type Six = readonly [Code, Code, Code, Code, Code, Code];

function loadSix(builder: FunctionBuilder, from: Local, step: number): Six {
  const value = (at: number): Code =>
    get(builder.let("v128", "value", load("v128.load", get(from), at * step)));
  return [value(0), value(1), value(2), value(3), value(4), value(5)];
}

function storeAll(builder: FunctionBuilder, to: Local, values: readonly Local[], step: number): void {
  values.forEach((value, at) => {
    builder.emit(store("v128.store", get(to), get(value), at * step));
  });
}

/** B^T of the paper times six values. */
function transformInput(builder: FunctionBuilder, six: Six, relaxed: boolean): readonly Local[] {
  const [a, b, c, d, e, f] = six;
  const keep = (value: Code): Local => builder.let("v128", "t", value);
  const scaled = (value: Code, factor: number, plus: Code): Code =>
    multiplyAdd(relaxed, value, f32x4(factor), plus);
  const product = (value: Code, factor: number): Code => op("f32x4.mul", value, f32x4(factor));
  const even = keep(scaled(c, -2, e));
  const odd = keep(scaled(b, -root, product(d, root / 2)));
  const evenHalf = keep(scaled(c, -0.5, e));
  const oddHalf = keep(scaled(b, -root / 2, product(d, root)));
  return [
    keep(scaled(c, -2.5, op("f32x4.add", a, e))),
    keep(op("f32x4.add", get(even), get(odd))),
    keep(op("f32x4.sub", get(even), get(odd))),
    keep(op("f32x4.add", get(evenHalf), get(oddHalf))),
    keep(op("f32x4.sub", get(evenHalf), get(oddHalf))),
    keep(scaled(d, -2.5, op("f32x4.add", b, f))),
  ];
}

/** A^T of the paper times six values. */
function transformOutput(builder: FunctionBuilder, six: Six, relaxed: boolean): readonly Local[] {
  const [a, b, c, d, e, f] = six;
  const keep = (value: Code): Local => builder.let("v128", "t", value);
  const scaled = (value: Local, factor: number, plus: Code): Code =>
    multiplyAdd(relaxed, get(value), f32x4(factor), plus);
  const product = (value: Local, factor: number): Code => op("f32x4.mul", get(value), f32x4(factor));
  const even = keep(op("f32x4.add", b, c));
  const odd = keep(op("f32x4.sub", b, c));
  const evenTwice = keep(op("f32x4.add", d, e));
  const oddTwice = keep(op("f32x4.sub", d, e));
  return [
    keep(op("f32x4.add", op("f32x4.add", a, get(even)), get(evenTwice))),
    keep(scaled(oddTwice, root, product(odd, root / 2))),
    keep(scaled(evenTwice, 2, product(even, 0.5))),
    keep(op("f32x4.add", scaled(oddTwice, 2 * root, product(odd, root / 4)), f)),
  ];
}

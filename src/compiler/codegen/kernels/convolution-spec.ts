/**
 * Sizes of a convolution kernel: its tiles, its panels of filters, and how the work is cut into units. The panel
 * layout of the weights follows from these, so packing and kernel read the same numbers.
 *
 * A unit is a block of tiles times a group of panels. Inside it panels are the outer loop, so that a panel is read
 * from far once for the whole block and then stays near, and the block is small enough for its inputs to stay in
 * the level-2 cache while panels change. Without blocks along k: a panel streams from L2 at 8 bytes a cycle
 * and more, and a tile of 4 x 8 asks for at most 32 bytes in 4 cycles.
 */

import type { KernelHead, Strides, Triple } from "./place.ts";
import { defaultTile, type Tile } from "./tile.ts";

export interface ConvolutionSizes {
  readonly batch: number;
  /** Output extents. */
  readonly extents: Triple;
  readonly taps: Triple;
  readonly strides: Triple;
  readonly dilations: Triple;
  readonly groups: number;
  readonly channelsPerGroup: number;
  readonly filtersPerGroup: number;
  /** Elements of the input from one image, plane, line, pixel to the next. */
  readonly inputStrides: Strides;
  /** Elements from the input's address to the first tap of the first pixel, which may lie in the halo. */
  readonly inputOffset: number;
  /** Elements of packed weights from one image, plane to the next: where the right-hand matrix has batches too. */
  readonly filterStrides?: { readonly batch: number; readonly z: number };
  /** Where results lie among those of the whole output, if these pixels are every n-th of it. */
  readonly outputGrid?: OutputGrid;
  /** Rows and vectors of the accumulators; what is not given is chosen. */
  readonly tile?: Tile;
  /** Lines of Winograd's tiles that are in scratch memory at once; chosen where it is not given. */
  readonly winogradLines?: number;
}

/** Pixel i of an axis is pixel origin + i step of the output; places speak of the output. */
export interface OutputGrid {
  readonly origins: Triple;
  readonly steps: Triple;
}

/** Addresses: input, packed filters, then those of the epilogue. */
export interface ConvolutionSpec extends ConvolutionSizes, KernelHead {}

/** How the filters of a group are cut into panels of 4 * vectors; the last may be narrower. */
export interface Panels {
  readonly vectors: number;
  /** In one group of channels. */
  readonly count: number;
  /** Vectors of the last panel, and the lanes of its last vector that hold filters. */
  readonly lastVectors: number;
  readonly lastLanes: number;
  /** Floats of a whole panel, and of all panels of a group. */
  readonly floats: number;
  readonly groupFloats: number;
}

export interface Units {
  readonly tilesPerLine: number;
  /** Over all lines. */
  readonly tiles: number;
  readonly tilesPerBlock: number;
  readonly blocks: number;
  readonly panelsPerUnit: number;
  readonly panelGroups: number;
}

/** The tile that the kernel has: no wider than a line, and as even as its lines allow. */
export function tileOf(sizes: ConvolutionSizes): Tile {
  const width = sizes.extents[2];
  const { rows, vectors } = sizes.tile ?? defaultTile({ width, filters: sizes.filtersPerGroup });
  return {
    rows: Math.ceil(width / Math.ceil(width / rows)),
    vectors: Math.min(vectors, Math.ceil(sizes.filtersPerGroup / 4)),
  };
}

export function depthOf({ taps, channelsPerGroup }: ConvolutionSizes): number {
  return taps[0] * taps[1] * taps[2] * channelsPerGroup;
}

export function panelsOf(sizes: ConvolutionSizes, { vectors }: Tile): Panels {
  const filters = sizes.filtersPerGroup;
  const depth = depthOf(sizes);
  const allVectors = Math.ceil(filters / 4);
  const count = Math.ceil(allVectors / vectors);
  return {
    vectors,
    count,
    lastVectors: allVectors - (count - 1) * vectors,
    lastLanes: filters - (allVectors - 1) * 4,
    floats: depth * vectors * 4,
    groupFloats: depth * allVectors * 4,
  };
}

/** Floats of all packed weights (of one batch of them). */
export function packedFloats(sizes: ConvolutionSizes): number {
  return sizes.groups * panelsOf(sizes, tileOf(sizes)).groupFloats;
}

/** Half of the smallest level-2 cache that we count on, in bytes. */
const blockBytes = 512 * 1024;
/**
 * Pixels and tiles for which it pays to fetch a panel of weights, from far and from the level-2 cache. A tile asks for
 * 16 bytes of pixels while it asks for 128 of weights, so pixels of a deep product may come from far themselves: with 64 a
 * product of 197 x 3072 x 768 took 7 % longer, as its weights were fetched four times.
 */
const leastPixels = 256;
const leastTiles = 8;
/** More units than threads, so that even shares are nearly equal. */
const wantedUnits = 32;
/** Multiply-accumulates that are worth a unit of their own: about a microsecond. */
const leastUnitWork = 25_000;

export function unitsOf(sizes: ConvolutionSizes, tile: Tile): Units {
  const [depth, height, width] = sizes.extents;
  const tilesPerLine = Math.ceil(width / tile.rows);
  const tiles = sizes.batch * depth * height * tilesPerLine;
  const { count, groupFloats } = panelsOf(sizes, tile);
  const panels = count * sizes.groups;
  const macs = tiles * tile.rows * depthOf(sizes) * sizes.filtersPerGroup * sizes.groups;
  const wanted = Math.max(1, Math.min(wantedUnits, Math.floor(macs / leastUnitWork)));
  const channels = sizes.groups * sizes.channelsPerGroup;
  // Outputs need not stay: a line of them is filled by neighbouring panels, one after the other.
  const bytesPerTile = 4 * tile.rows * sizes.strides[2] * sizes.strides[1] * sizes.strides[0] * channels;
  const mostTiles = Math.max(Math.ceil(leastPixels / tile.rows), Math.floor(blockBytes / bytesPerTile));
  const weightsStayNear = 4 * groupFloats * sizes.groups <= blockBytes;
  const wantedBlocks = Math.ceil(tiles / mostTiles);
  const blocks = weightsStayNear
    ? Math.max(wantedBlocks, Math.min(wanted, Math.ceil(tiles / leastTiles)))
    : wantedBlocks;
  const tilesPerBlock = Math.ceil(tiles / blocks);
  const wantedGroups = Math.min(panels, Math.ceil(wanted / blocks));
  const panelsPerUnit = Math.ceil(panels / wantedGroups);
  return {
    tilesPerLine,
    tiles,
    tilesPerBlock,
    blocks: Math.ceil(tiles / tilesPerBlock),
    panelsPerUnit,
    panelGroups: Math.ceil(panels / panelsPerUnit),
  };
}

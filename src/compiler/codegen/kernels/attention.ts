/**
 * Attention without the matrix of scores (after Dao et al., "FlashAttention", 2022, section 3, with whole rows): for a
 * few rows of one head, products with all keys go to a small scratch memory, become weights there by softmax, and are
 * multiplied with the values. Keys and values are packed into panels before (pack-panels.ts). What scores become before
 * the softmax (scale, mask) is done in registers by the block's own code.
 */

import { Lanes } from "../loops/lanes.ts";
import { emitExp } from "../loops/vector-exp.ts";
import { type Code, f32x4, get, i32, type Local, laneOp, load, op, set, store } from "../wasm/code.ts";
import { FunctionBuilder } from "../wasm/function-builder.ts";
import { quotient, remainder, smaller, sum, times } from "./address.ts";
import { type ConvolutionSizes, depthOf, type Panels, packedFloats, panelsOf } from "./convolution-spec.ts";
import { emitProducts, startSums } from "./micro-kernel.ts";
import type { Epilogue, Kernel, KernelHead, Place } from "./place.ts";
import type { Tile } from "./tile.ts";

export interface AttentionSizes {
  readonly batch: number;
  readonly heads: number;
  /** Queries, and keys, of one head. */
  readonly rows: number;
  readonly columns: number;
  /** Elements of a query or key, and of a value. */
  readonly depth: number;
  readonly valueDepth: number;
  /** Elements of the queries from one batch, head, row to the next; a row is contiguous. */
  readonly queryStrides: { readonly batch: number; readonly head: number; readonly row: number };
  readonly queryOffset: number;
}

/** Turns scores into what softmax takes. In its places z is the head, x the row, filter the column. */
export interface ScoreEpilogue {
  emitScore(place: Place, value: Code, lanes: number): Code;
}

/**
 * Addresses: queries, packed keys, packed values, scratch, those of the scores, those of the epilogue. In the
 * epilogue's places z is the head, x the row and filter the element of the value; it gets no say about start values.
 */
export interface AttentionSpec extends AttentionSizes, KernelHead {
  /** Whether a row whose weights are not numbers gives zeros: exporters ask for it where a mask may hide a whole row. */
  readonly zeroesNaN: boolean;
  readonly scoreAddresses: readonly string[];
  readonly scores: (builder: FunctionBuilder, addresses: readonly Local[]) => ScoreEpilogue;
}

export interface AttentionPlan {
  /** The product of queries and keys, of weights and values: for packPanels (k is the element, then the column). */
  readonly keys: ConvolutionSizes;
  readonly values: ConvolutionSizes;
  readonly tile: Tile;
  readonly tilesPerUnit: number;
  readonly unitsPerHead: number;
  /** Floats from one row of scores to the next, and of a unit: its rows, and one vector for each of them. */
  readonly rowFloats: number;
  readonly unitFloats: number;
  readonly units: number;
  readonly scratchFloats: number;
}

const wantedUnits = 32;
const mostRows = 4;

export function planAttention(sizes: AttentionSizes, relaxed: boolean): AttentionPlan {
  const { batch, heads, columns, depth, valueDepth } = sizes;
  const rows = Math.ceil(sizes.rows / Math.ceil(sizes.rows / mostRows));
  const vectors = [7, 4, relaxed ? 3 : 2, 2][rows - 1] ?? 2;
  const tile = { rows, vectors };
  const product = (channels: number, filters: number): ConvolutionSizes => {
    const plain: ConvolutionSizes = {
      batch,
      extents: [heads, 1, sizes.rows],
      taps: [1, 1, 1],
      strides: [1, 1, 1],
      dilations: [1, 1, 1],
      groups: 1,
      channelsPerGroup: channels,
      filtersPerGroup: filters,
      inputStrides: { batch: 0, z: 0, y: 0, x: 0 },
      inputOffset: 0,
      tile,
    };
    const floats = packedFloats(plain);
    return { ...plain, filterStrides: { batch: heads * floats, z: floats } };
  };
  const tiles = Math.ceil(sizes.rows / rows);
  const tilesPerUnit = Math.ceil(tiles / Math.min(tiles, Math.ceil(wantedUnits / (batch * heads))));
  const unitsPerHead = Math.ceil(tiles / tilesPerUnit);
  const lines = Math.ceil(columns / 16);
  const rowFloats = 16 * (lines % 2 === 0 ? lines + 1 : lines);
  const unitFloats = rows * (rowFloats + 4);
  const units = batch * heads * unitsPerHead;
  return {
    keys: product(depth, columns),
    values: product(columns, valueDepth),
    tile,
    tilesPerUnit,
    unitsPerHead,
    rowFloats,
    unitFloats,
    units,
    scratchFloats: units * unitFloats,
  };
}

export function attention(spec: AttentionSpec): Kernel {
  const builder = new FunctionBuilder(spec.name);
  const plan = planAttention(spec, spec.relaxed);
  new AttentionKernel(builder, spec, plan).emit();
  return { function: builder.build(true), units: plan.units, overlaps: spec.rows % plan.tile.rows !== 0 };
}

/** What all places of one tile of rows share. */
type TilePlace = Omit<Place, "row" | "filter" | "vector" | "depths"> & { readonly depth: number };

class AttentionKernel {
  private readonly builder: FunctionBuilder;
  private readonly spec: AttentionSpec;
  private readonly plan: AttentionPlan;
  private readonly addresses: readonly [Local, Local, Local, Local];
  private readonly scores: ScoreEpilogue;
  private readonly epilogue: Epilogue;
  private readonly range: readonly [Local, Local];

  constructor(builder: FunctionBuilder, spec: AttentionSpec, plan: AttentionPlan) {
    this.builder = builder;
    this.spec = spec;
    this.plan = plan;
    const parameter = (name: string): Local => builder.parameter("i32", name);
    this.addresses = [parameter("queries"), parameter("keys"), parameter("values"), parameter("scratch")];
    const scoreAddresses = spec.scoreAddresses.map(parameter);
    const addresses = spec.addresses.map(parameter);
    this.range = [parameter("from"), parameter("to")];
    this.scores = spec.scores(builder, scoreAddresses);
    this.epilogue = spec.epilogue(builder, addresses);
  }

  /** Units, and the tiles of rows of each. */
  emit(): void {
    const { builder, spec, plan } = this;
    const [queries, keys, values, scratch] = this.addresses;
    const { tile, tilesPerUnit, unitsPerHead } = plan;
    const tiles = Math.ceil(spec.rows / tile.rows);
    const unit = builder.let("i32", "unit", get(this.range[0]));
    builder.forSteps(unit, get(this.range[1]), 1, () => {
      const matrix = builder.let("i32", "matrix", quotient(get(unit), unitsPerHead));
      const at = builder.let("i32", "tile", times(remainder(get(unit), unitsPerHead), tilesPerUnit));
      const after = builder.let("i32", "after_tile", sum(get(at), i32(tilesPerUnit)));
      builder.emit(set(after, smaller(get(after), i32(tiles))));
      const batch = builder.let("i32", "batch", quotient(get(matrix), spec.heads));
      const z = builder.let("i32", "head", remainder(get(matrix), spec.heads));
      const y = builder.let("i32", "y", i32(0));
      const { queryStrides } = spec;
      const headAt = builder.let(
        "i32",
        "head_at",
        sum(
          get(queries),
          i32(4 * spec.queryOffset),
          times(get(batch), 4 * queryStrides.batch),
          times(get(z), 4 * queryStrides.head),
        ),
      );
      const matrixAt = (name: string, base: Local, sizes: ConvolutionSizes): Local =>
        builder.let("i32", name, sum(get(base), times(get(matrix), 4 * (sizes.filterStrides?.z ?? 0))));
      const keysAt = matrixAt("keys_at", keys, plan.keys);
      const valuesAt = matrixAt("values_at", values, plan.values);
      const rowsAt = builder.let("i32", "rows_at", sum(get(scratch), times(get(unit), 4 * plan.unitFloats)));
      builder.forSteps(at, get(after), 1, () => {
        const x = builder.let("i32", "x", times(get(at), tile.rows));
        builder.emit(set(x, smaller(get(x), i32(spec.rows - tile.rows))));
        const queryAt = builder.let("i32", "query_at", sum(get(headAt), times(get(x), 4 * queryStrides.row)));
        const place = { batch, z, y, x, depth: builder.depth };
        this.emitScores(place, queryAt, keysAt, rowsAt);
        this.emitSoftmax(rowsAt);
        this.emitResults(place, valuesAt, rowsAt);
      });
    });
  }

  /** Products with all keys, finished and kept; lanes behind the last column get what softmax makes zero of. */
  private emitScores(place: TilePlace, queryAt: Local, keysAt: Local, rowsAt: Local): void {
    const { builder, plan, spec } = this;
    const rowBytes = 4 * spec.queryStrides.row;
    const panels = { sizes: plan.keys, at: keysAt, input: queryAt, rowBytes };
    this.eachPanel(place, panels, (ofVector, value, lanes, column) => {
      const score = this.scores.emitScore(ofVector, get(value), lanes);
      const inRow = op("v128.bitselect", score, f32x4(Number.NEGATIVE_INFINITY), firstLanes(lanes));
      const offset = 4 * plan.rowFloats * ofVector.row + 16 * ofVector.vector;
      const to = op("i32.add", get(rowsAt), times(get(column), 4));
      builder.emit(store("v128.store", to, lanes === 4 ? score : inRow, offset));
    });
  }

  /** e^(score - largest of its row) in place of the scores, and 1 / their sum behind the rows. */
  private emitSoftmax(rowsAt: Local): void {
    const { builder, plan, spec } = this;
    const lanes = new Lanes(builder, spec.relaxed);
    const rows = Array.from({ length: plan.tile.rows }, (_, row) => 4 * plan.rowFloats * row);
    const most = rows.map(() => builder.let("v128", "most", f32x4(Number.NEGATIVE_INFINITY)));
    const sums = rows.map(() => builder.let("v128", "total", f32x4(0)));
    const end = 16 * Math.ceil(spec.columns / 4);
    const eachVector = (body: (at: Local) => void): void => {
      const at = builder.let("i32", "score_at", get(rowsAt));
      const after = builder.let("i32", "after_row", sum(get(rowsAt), i32(end)));
      builder.forSteps(at, get(after), 16, () => body(at));
    };
    eachVector((at) => {
      rows.forEach((offset, row) => {
        const largest = most[row];
        if (largest === undefined) return;
        builder.emit(set(largest, op("f32x4.pmax", get(largest), load("v128.load", get(at), offset))));
      });
    });
    for (const largest of most) foldLanes(builder, largest, "f32x4.pmax");
    eachVector((at) => {
      rows.forEach((offset, row) => {
        const [largest, total] = [most[row], sums[row]];
        if (largest === undefined || total === undefined) return;
        const shifted = op("f32x4.sub", load("v128.load", get(at), offset), get(largest));
        const power = builder.let("v128", "power", emitExp(lanes, shifted));
        builder.emit(store("v128.store", get(at), get(power), offset));
        builder.emit(set(total, op("f32x4.add", get(total), get(power))));
      });
    });
    sums.forEach((total, row) => {
      foldLanes(builder, total, "f32x4.add");
      const inverse = op("f32x4.div", f32x4(1), get(total));
      builder.emit(store("v128.store", get(rowsAt), inverse, this.inverseAt(row)));
    });
  }

  private emitResults(place: TilePlace, valuesAt: Local, rowsAt: Local): void {
    const { builder, plan, epilogue } = this;
    const panels = { sizes: plan.values, at: valuesAt, input: rowsAt, rowBytes: 4 * plan.rowFloats };
    this.eachPanel(place, panels, (ofVector, value, lanes) => {
      const inverse = load("v128.load", get(rowsAt), this.inverseAt(ofVector.row));
      builder.emit(set(value, this.weighted(get(value), inverse)));
      epilogue.emitStore(ofVector, get(value), lanes);
    });
  }

  private weighted(value: Code, inverse: Code): Code {
    if (!this.spec.zeroesNaN) return op("f32x4.mul", value, inverse);
    const held = get(this.builder.let("v128", "inverse", inverse));
    return op("v128.and", op("f32x4.mul", value, held), op("f32x4.eq", held, held));
  }

  private inverseAt(row: number): number {
    return 4 * (this.plan.tile.rows * this.plan.rowFloats + 4 * row);
  }

  /** Multiplies a tile of rows with all panels of a matrix, and hands out the results. */
  private eachPanel(
    tilePlace: TilePlace,
    { sizes, at, input, rowBytes }: PanelsInUse,
    take: (place: Place, value: Local, lanes: number, column: Local) => void,
  ): void {
    const { builder, spec, plan } = this;
    const panels: Panels = panelsOf(sizes, plan.tile);
    const { depth, ...place } = tilePlace;
    const emitPanel = (filter: Local, panelAt: Code, vectors: number, lastLanes: number): void => {
      const depths = { batch: depth, z: depth, y: depth, x: depth, filter: builder.depth };
      const sums = startSums(builder, plan.tile.rows, Array.from({ length: vectors }));
      const products = {
        relaxed: spec.relaxed,
        input: builder.let("i32", "in", get(input)),
        filters: builder.let("i32", "weights", panelAt),
        rowBytes,
        run: depthOf(sizes),
        sums,
      };
      emitProducts(builder, products);
      sums.forEach((row, rowAt) => {
        row.forEach((value, vector) => {
          const lanes = vector === vectors - 1 ? lastLanes : 4;
          take({ ...place, row: rowAt, filter, vector, depths }, value, lanes, filter);
        });
      });
    };
    const isEven = panels.lastVectors === panels.vectors && panels.lastLanes === 4;
    const whole = isEven ? panels.count : panels.count - 1;
    const panel = builder.let("i32", "panel", i32(0));
    builder.forSteps(panel, i32(whole), 1, () => {
      const filter = builder.let("i32", "column", times(get(panel), 4 * panels.vectors));
      emitPanel(filter, sum(get(at), times(get(panel), 4 * panels.floats)), panels.vectors, 4);
    });
    if (isEven) return;
    const filter = builder.let("i32", "last_column", i32(4 * panels.vectors * whole));
    const lastAt = sum(get(at), i32(4 * panels.floats * whole));
    emitPanel(filter, lastAt, panels.lastVectors, panels.lastLanes);
  }
}

interface PanelsInUse {
  readonly sizes: ConvolutionSizes;
  readonly at: Local;
  readonly input: Local;
  readonly rowBytes: number;
}

/** All bits of the first lanes. */
function firstLanes(lanes: number): Code {
  const bytes = Array.from({ length: 16 }, (_, at) => (at < 4 * lanes ? 255 : 0));
  return { kind: "op", name: "v128.const", operands: [], value: bytes };
}

/** Makes all lanes the sum, or the largest, of the four. */
function foldLanes(builder: FunctionBuilder, vector: Local, name: string): void {
  const lane = (at: number): Code => op("f32x4.splat", laneOp("f32x4.extract_lane", at, get(vector)));
  const two = (left: number, right: number): Code => op(name, lane(left), lane(right));
  builder.emit(set(vector, op(name, two(0, 1), two(2, 3))));
}

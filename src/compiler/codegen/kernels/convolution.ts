/**
 * Convolution as a matrix product without a matrix of patches: a tile is a few neighbouring pixels of one output line
 * times a panel of filters, so that one input pointer with constant offsets serves all its pixels. The halo of the
 * input is in memory, so no tap asks whether it is inside. With one tap it is MatMul and Gemm.
 *
 * The last tile of a line overlaps the one before it, and computes those results again.
 */
import { type Code, get, i32, increase, type Local, op, set } from "../wasm/code.ts";
import { FunctionBuilder } from "../wasm/function-builder.ts";
import { doWhile, quotient, remainder, repeat, smaller, sum, times } from "./address.ts";
import {
  type ConvolutionSpec,
  depthOf,
  type Panels,
  panelsOf,
  tileOf,
  type Units,
  unitsOf,
} from "./convolution-spec.ts";
import { emitProducts, startSums } from "./micro-kernel.ts";
import type { Epilogue, Kernel, Place, PlaceDepths } from "./place.ts";
import type { Tile } from "./tile.ts";

export function convolution(spec: ConvolutionSpec): Kernel {
  const builder = new FunctionBuilder(spec.name);
  const tile = tileOf(spec);
  const units = unitsOf(spec, tile);
  new ConvolutionKernel(builder, spec, tile, units).emit();
  return {
    function: builder.build(true),
    units: units.blocks * units.panelGroups,
    overlaps: spec.extents[2] % tile.rows !== 0,
  };
}

/** Values of a single row from which on it is walked in two halves, and vectors of which twice as many fit registers. */
const leastHalvedRun = 8;
const mostHalvedVectors = 4;

/** The tiles of a unit. */
interface Block {
  readonly first: Local;
  readonly after: Local;
}

/** Vectors of a panel, and the lanes of the last of them that are filters. */
interface Columns {
  readonly vectors: number;
  readonly lastLanes: number;
}

/** A panel in use: its first filter, its weights, the channels of its group. */
interface PanelOfFilters {
  readonly filter: Local;
  readonly filterDepth: number;
  readonly panelAt: Local;
  readonly groupAt: Local;
  readonly columns: Columns;
}

class ConvolutionKernel {
  private readonly builder: FunctionBuilder;
  private readonly spec: ConvolutionSpec;
  private readonly tile: Tile;
  private readonly panels: Panels;
  private readonly units: Units;
  private readonly input: Local;
  private readonly filters: Local;
  private readonly from: Local;
  private readonly to: Local;
  private readonly epilogue: Epilogue;

  constructor(builder: FunctionBuilder, spec: ConvolutionSpec, tile: Tile, units: Units) {
    this.builder = builder;
    this.spec = spec;
    this.tile = tile;
    this.units = units;
    this.panels = panelsOf(spec, tile);
    this.input = builder.parameter("i32", "input");
    this.filters = builder.parameter("i32", "filters");
    const addresses = spec.addresses.map((name) => builder.parameter("i32", name));
    this.from = builder.parameter("i32", "from");
    this.to = builder.parameter("i32", "to");
    this.epilogue = spec.epilogue(builder, addresses);
  }

  /** Units, and the panels of each. */
  emit(): void {
    const { builder, panels, units } = this;
    const unit = builder.let("i32", "unit", get(this.from));
    builder.forSteps(unit, get(this.to), 1, () => {
      const block = quotient(get(unit), units.panelGroups);
      const first = builder.let("i32", "first_tile", times(block, units.tilesPerBlock));
      const after = builder.let("i32", "after_tile", sum(get(first), i32(units.tilesPerBlock)));
      builder.emit(set(after, smaller(get(after), i32(units.tiles))));
      const group = remainder(get(unit), units.panelGroups);
      const panel = builder.let("i32", "panel", times(group, units.panelsPerUnit));
      const last = builder.let("i32", "after_panel", sum(get(panel), i32(units.panelsPerUnit)));
      builder.emit(set(last, smaller(get(last), i32(panels.count * this.spec.groups))));
      builder.forSteps(panel, get(last), 1, () => {
        const inGroup = builder.let("i32", "panel_of_group", this.panelOfGroup(panel));
        const tiles = { first, after };
        const whole = (): void =>
          this.emitPanel(panel, inGroup, tiles, { vectors: panels.vectors, lastLanes: 4 });
        const narrow = (): void =>
          this.emitPanel(panel, inGroup, tiles, { vectors: panels.lastVectors, lastLanes: panels.lastLanes });
        const even = panels.lastVectors === panels.vectors && panels.lastLanes === 4;
        if (even) whole();
        else if (panels.count === 1) narrow();
        else builder.when(op("i32.lt_u", get(inGroup), i32(panels.count - 1)), whole, narrow);
      });
    });
  }

  private panelOfGroup(panel: Local): Code {
    return this.spec.groups === 1 ? get(panel) : remainder(get(panel), this.panels.count);
  }

  /** One panel of filters with all tiles of the block, line by line. */
  private emitPanel(panel: Local, inGroup: Local, block: Block, columns: Columns): void {
    const { builder, spec, panels } = this;
    const group = spec.groups === 1 ? i32(0) : quotient(get(panel), panels.count);
    const filter = builder.let(
      "i32",
      "filter",
      sum(times(group, spec.filtersPerGroup), times(get(inGroup), 4 * panels.vectors)),
    );
    const panelAt = builder.let(
      "i32",
      "panel_at",
      sum(get(this.filters), times(group, 4 * panels.groupFloats), times(get(inGroup), 4 * panels.floats)),
    );
    const groupAt = builder.let(
      "i32",
      "group_at",
      sum(get(this.input), i32(4 * spec.inputOffset), times(group, 4 * spec.channelsPerGroup)),
    );
    const at = builder.let("i32", "tile", get(block.first));
    const panelOfFilters = { filter, filterDepth: builder.depth, panelAt, groupAt, columns };
    doWhile(
      builder,
      "lines",
      () => this.emitLine(at, block, panelOfFilters),
      () => op("i32.lt_s", get(at), get(block.after)),
    );
  }

  /** The tiles of the block on one line of pixels, from tile `at` on. */
  private emitLine(at: Local, block: Block, panel: PanelOfFilters): void {
    const { builder, spec, tile, units } = this;
    const { inputStrides, strides, filterStrides, extents } = spec;
    const line = builder.let("i32", "line", quotient(get(at), units.tilesPerLine));
    const lineTile = builder.let("i32", "line_tile", times(get(line), units.tilesPerLine));
    const column = builder.let("i32", "column", op("i32.sub", get(at), get(lineTile)));
    const afterColumn = builder.let("i32", "after_column", op("i32.sub", get(block.after), get(lineTile)));
    builder.emit(set(afterColumn, smaller(get(afterColumn), i32(units.tilesPerLine))));
    const y = builder.let("i32", "y", remainder(get(line), extents[1]));
    const plane = builder.let("i32", "plane", quotient(get(line), extents[1]));
    const z = builder.let("i32", "z", remainder(get(plane), extents[0]));
    const batch = builder.let("i32", "batch", quotient(get(plane), extents[0]));
    const lineAt = builder.let(
      "i32",
      "line_at",
      sum(
        get(panel.groupAt),
        times(get(batch), 4 * inputStrides.batch),
        times(get(z), 4 * inputStrides.z * strides[0]),
        times(get(y), 4 * inputStrides.y * strides[1]),
      ),
    );
    const matrixAt =
      filterStrides === undefined
        ? []
        : [times(get(batch), 4 * filterStrides.batch), times(get(z), 4 * filterStrides.z)];
    const filtersAt =
      matrixAt.length === 0
        ? panel.panelAt
        : builder.let("i32", "filters_at", sum(get(panel.panelAt), ...matrixAt));
    const outputZ = this.outputPosition(0, z);
    const outputY = this.outputPosition(1, y);
    const lineDepth = builder.depth;
    builder.forSteps(column, get(afterColumn), 1, () => {
      const x = builder.let("i32", "x", times(get(column), tile.rows));
      builder.emit(set(x, smaller(get(x), i32(extents[2] - tile.rows))));
      const outputX = this.outputPosition(2, x);
      const depths: PlaceDepths = {
        batch: lineDepth,
        z: lineDepth,
        y: lineDepth,
        x: builder.depth,
        filter: panel.filterDepth,
      };
      const place = { batch, z: outputZ, y: outputY, x: outputX, filter: panel.filter, depths };
      const tileAt = sum(get(lineAt), times(get(x), 4 * strides[2] * inputStrides.x));
      this.emitTile(place, tileAt, get(filtersAt), panel.columns);
    });
    builder.emit(set(at, sum(get(lineTile), get(afterColumn))));
  }

  /** Start values, sums, results of one tile. */
  private emitTile(
    place: Omit<Place, "row" | "vector">,
    tileAt: Code,
    filtersAt: Code,
    { vectors, lastLanes }: Columns,
  ): void {
    const { spec, epilogue } = this;
    const lanesOf = (vector: number): number => (vector === vectors - 1 ? lastLanes : 4);
    const starts = Array.from({ length: vectors }, (_, vector) =>
      epilogue.emitStart({ ...place, row: 0, vector }, lanesOf(vector)),
    );
    const step = spec.outputGrid?.steps[2] ?? 1;
    this.emitSums(tileAt, filtersAt, starts).forEach((row, rowAt) => {
      row.forEach((value, vector) => {
        epilogue.emitStore({ ...place, row: rowAt * step, vector }, get(value), lanesOf(vector));
      });
    });
  }

  /** The position in the whole output. */
  private outputPosition(axis: 0 | 1 | 2, position: Local): Local {
    const grid = this.spec.outputGrid;
    if (grid === undefined) return position;
    const scaled = times(get(position), grid.steps[axis]);
    return this.builder.let("i32", `output_${position.name}`, sum(scaled, i32(grid.origins[axis])));
  }

  /** The products of one tile, summed over taps and channels, as locals by row and vector. */
  private emitSums(
    tileAt: Code,
    filtersAt: Code,
    starts: readonly (Code | undefined)[],
  ): readonly (readonly Local[])[] {
    const { builder, spec, tile } = this;
    const { taps, dilations, inputStrides, channelsPerGroup } = spec;
    const sums = startSums(builder, tile.rows, starts);
    if (depthOf(spec) === 0) return sums;
    const input = builder.let("i32", "in", tileAt);
    const filters = builder.let("i32", "weights", filtersAt);
    const contiguous = dilations[2] * inputStrides.x === channelsPerGroup && spec.groups === 1 && taps[2] > 1;
    const run = contiguous ? taps[2] * channelsPerGroup : channelsPerGroup;
    const repeats = [taps[0], taps[1], contiguous ? 1 : taps[2]] as const;
    const steps = [
      dilations[0] * inputStrides.z,
      dilations[1] * inputStrides.y,
      dilations[2] * inputStrides.x,
    ] as const;
    // The pointer has moved on by what the inner loops walked; each loop adds what is missing to its own step.
    const walkedX = run;
    const walkedY = repeats[2] === 1 ? walkedX : steps[2] * repeats[2];
    const walkedZ = repeats[1] === 1 ? walkedY : steps[1] * repeats[1];
    const walked = [walkedZ, walkedY, walkedX] as const;
    const loopOver = (axis: 0 | 1 | 2, inside: () => void): void =>
      repeat(builder, ["tap_z", "tap_y", "tap_x"][axis] ?? "", repeats[axis], () => {
        inside();
        const missing = steps[axis] - walked[axis];
        if (repeats[axis] > 1 && missing !== 0) builder.emit(increase(input, i32(4 * missing)));
      });
    const { relaxed } = spec;
    const rowBytes = 4 * spec.strides[2] * inputStrides.x;
    const [onlyRow = [], ...otherRows] = sums;
    const isHalved = otherRows.length === 0 && run >= leastHalvedRun && onlyRow.length <= mostHalvedVectors;
    const secondSums = isHalved
      ? startSums(builder, 1, new Array(onlyRow.length).fill(undefined))[0]
      : undefined;
    const products = { relaxed, input, filters, rowBytes, run, sums, secondSums };
    loopOver(0, () => loopOver(1, () => loopOver(2, () => emitProducts(builder, products))));
    secondSums?.forEach((more, vector) => {
      const total = onlyRow[vector];
      if (total !== undefined) builder.emit(set(total, op("f32x4.add", get(total), get(more))));
    });
    return sums;
  }
}

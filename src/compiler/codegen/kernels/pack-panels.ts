/**
 * Packs a matrix that exists only at run time (the right-hand side of MatMul of two activations, keys and values of
 * attention) into the panels of the convolution kernel. Vectors are copied where columns are contiguous; where k is,
 * blocks of 4 x 4 are transposed in registers; anything else goes lane by lane.
 */
import {
  type Code,
  get,
  i32,
  increase,
  type Local,
  load,
  memoryLane,
  op,
  set,
  shuffle32,
  store,
} from "../wasm/code.ts";
import { FunctionBuilder, type WasmFunction } from "../wasm/function-builder.ts";
import { loadLanes, quotient, remainder, sum, times } from "./address.ts";
import { type ConvolutionSizes, depthOf, panelsOf, tileOf } from "./convolution-spec.ts";

export interface PackPanelsSpec {
  readonly name: string;
  /** The product that will read the panels: one tap, filters as columns; `filterStrides` places its batches. */
  readonly sizes: ConvolutionSizes;
  /** Elements from one matrix, row (k) and column (n) of the source to the next; offset of the first element. */
  readonly strides: { readonly batch: number; readonly z: number; readonly k: number; readonly n: number };
  readonly offset: number;
}

/** Addresses: source, packed panels. A unit is a panel of one matrix. */
export interface PackPanelsKernel {
  readonly function: WasmFunction;
  readonly units: number;
}

export function packPanels(spec: PackPanelsSpec): PackPanelsKernel {
  const builder = new FunctionBuilder(spec.name);
  const source = builder.parameter("i32", "source");
  const packed = builder.parameter("i32", "packed");
  const from = builder.parameter("i32", "from");
  const to = builder.parameter("i32", "to");
  const { sizes, strides } = spec;
  const panels = panelsOf(sizes, tileOf(sizes));
  const places = sizes.filterStrides ?? { batch: 0, z: 0 };
  // Matrices that the product shares are packed once.
  const planes = places.z === 0 ? 1 : sizes.extents[0];
  const batches = places.batch === 0 ? 1 : sizes.batch;
  const unit = builder.let("i32", "unit", get(from));
  builder.forSteps(unit, get(to), 1, () => {
    const panel = builder.let("i32", "panel", remainder(get(unit), panels.count));
    const matrix = builder.let("i32", "matrix", quotient(get(unit), panels.count));
    const batch = builder.let("i32", "batch", quotient(get(matrix), planes));
    const z = builder.let("i32", "z", remainder(get(matrix), planes));
    const columnsAt = times(get(panel), 4 * 4 * panels.vectors * strides.n);
    const parts = [i32(4 * spec.offset), times(get(batch), 4 * strides.batch), times(get(z), 4 * strides.z)];
    const sourceAt = builder.let("i32", "from_at", sum(get(source), ...parts, columnsAt));
    const panelAt = times(get(panel), 4 * panels.floats);
    const matrixAt = [times(get(batch), 4 * places.batch), times(get(z), 4 * places.z)];
    const packedAt = builder.let("i32", "to_at", sum(get(packed), ...matrixAt, panelAt));
    const pack = (vectors: number, lastLanes: number): void =>
      emitPanel(builder, spec, { sourceAt, packedAt, vectors, lastLanes });
    const isEven = panels.lastVectors === panels.vectors && panels.lastLanes === 4;
    const whole = (): void => pack(panels.vectors, 4);
    const narrow = (): void => pack(panels.lastVectors, panels.lastLanes);
    if (isEven) whole();
    else if (panels.count === 1) narrow();
    else builder.when(op("i32.lt_u", get(panel), i32(panels.count - 1)), whole, narrow);
  });
  return { function: builder.build(true), units: batches * planes * panels.count };
}

interface Panel {
  readonly sourceAt: Local;
  readonly packedAt: Local;
  readonly vectors: number;
  readonly lastLanes: number;
}

function emitPanel(builder: FunctionBuilder, spec: PackPanelsSpec, panel: Panel): void {
  const depth = depthOf(spec.sizes);
  const { strides } = spec;
  const k = builder.let("i32", "k", i32(0));
  if (strides.n === 1) {
    builder.forSteps(k, i32(depth), 1, () => emitRow(builder, spec, panel));
    return;
  }
  if (strides.k === 1 && depth >= 4) {
    builder.forSteps(k, i32(depth), 4, () => emitBlocks(builder, spec, panel));
    builder.emit(set(k, i32(depth - (depth % 4))));
  }
  builder.forSteps(k, i32(depth), 1, () => emitRow(builder, spec, panel));
}

/** One k of all columns. */
function emitRow(builder: FunctionBuilder, spec: PackPanelsSpec, panel: Panel): void {
  const { sourceAt, packedAt, vectors, lastLanes } = panel;
  const { strides } = spec;
  for (let vector = 0; vector < vectors; vector++) {
    const lanes = vector === vectors - 1 ? lastLanes : 4;
    const value = strides.n === 1 ? loadLanes(get(sourceAt), lanes, 16 * vector) : gather(vector, lanes);
    builder.emit(store("v128.store", get(packedAt), value, 16 * vector));
  }
  builder.emit(increase(sourceAt, i32(4 * strides.k)), increase(packedAt, i32(16 * vectors)));

  function gather(vector: number, lanes: number): Code {
    const at = (lane: number): number => 4 * strides.n * (4 * vector + lane);
    let value = load("v128.load32_zero", get(sourceAt), at(0));
    for (let lane = 1; lane < lanes; lane++) {
      value = memoryLane("v128.load32_lane", lane, [get(sourceAt), value], at(lane));
    }
    return value;
  }
}

/** Four k of all columns; columns that do not exist repeat the vector's first one, whose lanes nobody reads. */
function emitBlocks(builder: FunctionBuilder, spec: PackPanelsSpec, panel: Panel): void {
  const { sourceAt, packedAt, vectors, lastLanes } = panel;
  const { strides } = spec;
  for (let vector = 0; vector < vectors; vector++) {
    const lanes = vector === vectors - 1 ? lastLanes : 4;
    const column = (lane: number): Local => {
      const at = 4 * vector + (lane < lanes ? lane : 0);
      return builder.let("v128", "column", load("v128.load", get(sourceAt), 4 * strides.n * at));
    };
    const [a, b, c, d] = [column(0), column(1), column(2), column(3)];
    const pair = (left: Local, right: Local, lanesOf: readonly number[]): Local =>
      builder.let("v128", "pair", shuffle32(get(left), get(right), lanesOf));
    const [low, high] = [
      [0, 4, 1, 5],
      [2, 6, 3, 7],
    ] as const;
    const [abLow, cdLow, abHigh, cdHigh] = [
      pair(a, b, low),
      pair(c, d, low),
      pair(a, b, high),
      pair(c, d, high),
    ];
    const rows = [
      shuffle32(get(abLow), get(cdLow), [0, 1, 4, 5]),
      shuffle32(get(abLow), get(cdLow), [2, 3, 6, 7]),
      shuffle32(get(abHigh), get(cdHigh), [0, 1, 4, 5]),
      shuffle32(get(abHigh), get(cdHigh), [2, 3, 6, 7]),
    ];
    rows.forEach((row, at) => {
      builder.emit(store("v128.store", get(packedAt), row, 16 * (at * vectors + vector)));
    });
  }
  builder.emit(increase(sourceAt, i32(16)), increase(packedAt, i32(64 * vectors)));
}

/**
 * What a heavy kernel and the code around it agree on: where a vector of results belongs, how start values come in,
 * and how results leave in registers, so that a block's epilogue (bias, activation, residual, another layout) costs no
 * pass over memory.
 */
import type { Code, Local } from "../wasm/code.ts";
import type { FunctionBuilder, WasmFunction } from "../wasm/function-builder.ts";

/**
 * Four neighbouring filters (channels) of one pixel: filters `filter + 4 vector` to `+ 3` at (batch, z, y, x + row).
 * The depths say in which list of statements each local was set, so that addresses can be computed there, outside
 * the inner loops (`FunctionBuilder.emitAt`). Different loop nests of a function have different locals.
 */
export interface Place {
  readonly batch: Local;
  readonly z: Local;
  readonly y: Local;
  /** The tile's first x. */
  readonly x: Local;
  /** To add to x. */
  readonly row: number;
  /** The first filter of the panel, counted over all groups. */
  readonly filter: Local;
  readonly vector: number;
  readonly depths: PlaceDepths;
}

export interface PlaceDepths {
  readonly batch: number;
  readonly z: number;
  readonly y: number;
  readonly x: number;
  readonly filter: number;
}

/** Takes the results of one function. `lanes` of a vector are meant (1 to 4), the others are rubbish. */
export interface Epilogue {
  /** Where the sums of a column of vectors start, the same for all rows (asked for row 0); undefined is zero. */
  emitStart(place: Place, lanes: number): Code | undefined;
  /** Emits what is done with a result. The value reads a local, so it may be used more than once. */
  emitStore(place: Place, value: Code, lanes: number): void;
}

/** What every kernel is told besides its sizes. */
export interface KernelHead {
  readonly name: string;
  /** Names of the addresses that the epilogue needs; they follow the kernel's own. */
  readonly addresses: readonly string[];
  readonly epilogue: (builder: FunctionBuilder, addresses: readonly Local[]) => Epilogue;
  /** Whether multiply and add may be fused (relaxed SIMD). */
  readonly relaxed: boolean;
}

/** A kernel: a function of addresses, first unit, unit after the last. */
export interface Kernel {
  readonly function: WasmFunction;
  /** How many independent parts the work has. */
  readonly units: number;
  /**
   * Whether some results are computed and stored twice, maybe by two threads. Then the epilogue must not read what it
   * overwrites: no residual in place.
   */
  readonly overlaps: boolean;
}

/** Elements from one step to the next in each dimension; channels are contiguous. */
export interface Strides {
  readonly batch: number;
  readonly z: number;
  readonly y: number;
  readonly x: number;
}

/** Depth, height, width: of extents, taps, strides or dilations. */
export type Triple = readonly [number, number, number];

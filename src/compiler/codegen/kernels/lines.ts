/**
 * The loops that kernels over pixels share: lines of the output as units, tiles of neighbouring pixels, vectors of
 * neighbouring channels. Where pixels or channels do not divide, the last tile or vector overlaps the one before it.
 */
import { get, i32, type Local, set } from "../wasm/code.ts";
import type { FunctionBuilder } from "../wasm/function-builder.ts";
import { quotient, remainder, smaller, sum, times } from "./address.ts";
import type { Strides, Triple } from "./place.ts";

/** A unit is a line of output pixels with a part of the channels. */
export interface LineUnits {
  readonly extents: Triple;
  readonly channels: number;
  readonly vectors: number;
  /** Vectors of a part. */
  readonly partVectors: number;
  readonly parts: number;
  readonly units: number;
}

const wantedUnits = 32;
/** Fewer channels than these are not worth a part of their own: neighbours lie in the same cache line. */
const leastChannels = 64;

export function lineUnits(batch: number, extents: Triple, channels: number): LineUnits {
  const lines = batch * extents[0] * extents[1];
  const vectors = Math.ceil(channels / 4);
  const wanted = Math.min(Math.ceil(wantedUnits / lines), Math.ceil(channels / leastChannels));
  const partVectors = Math.ceil(vectors / wanted);
  const parts = Math.ceil(vectors / partVectors);
  return { extents, channels, vectors, partVectors, parts, units: lines * parts };
}

/** The locals of one unit, all set at one depth. */
export interface Line {
  readonly batch: Local;
  readonly z: Local;
  readonly y: Local;
  readonly firstVector: Local;
  readonly afterVector: Local;
  readonly depth: number;
}

export function eachLine(
  builder: FunctionBuilder,
  { extents, parts, partVectors, vectors }: LineUnits,
  [from, to]: readonly [Local, Local],
  body: (line: Line) => void,
): void {
  const unit = builder.let("i32", "unit", get(from));
  builder.forSteps(unit, get(to), 1, () => {
    const part = remainder(get(unit), parts);
    const firstVector = builder.let("i32", "first_vector", times(part, partVectors));
    const afterVector = builder.let("i32", "after_vector", sum(get(firstVector), i32(partVectors)));
    builder.emit(set(afterVector, smaller(get(afterVector), i32(vectors))));
    const line = builder.let("i32", "line", quotient(get(unit), parts));
    const y = builder.let("i32", "y", remainder(get(line), extents[1]));
    const plane = builder.let("i32", "plane", quotient(get(line), extents[1]));
    const z = builder.let("i32", "z", remainder(get(plane), extents[0]));
    const batch = builder.let("i32", "batch", quotient(get(plane), extents[0]));
    body({ batch, z, y, firstVector, afterVector, depth: builder.depth });
  });
}

/** Where a line of the input begins: its address and the steps of the output's coordinates in it. */
export function lineAddress(
  builder: FunctionBuilder,
  input: Local,
  { batch, z, y }: Line,
  shape: { readonly inputStrides: Strides; readonly inputOffset: number; readonly strides: Triple },
): Local {
  const { inputStrides, inputOffset, strides } = shape;
  return builder.let(
    "i32",
    "input_line",
    sum(
      get(input),
      i32(4 * inputOffset),
      times(get(batch), 4 * inputStrides.batch),
      times(get(z), 4 * inputStrides.z * strides[0]),
      times(get(y), 4 * inputStrides.y * strides[1]),
    ),
  );
}

/** Tiles of `rows` pixels from `first` on until `after`, which are at least `rows` apart. */
export function eachTile(
  builder: FunctionBuilder,
  { first, after, rows }: { readonly first: number; readonly after: number; readonly rows: number },
  body: (x: Local) => void,
): void {
  if (after === first) return;
  const tiles = Math.ceil((after - first) / rows);
  const column = builder.let("i32", "column", i32(0));
  builder.forSteps(column, i32(tiles), 1, () => {
    const x = builder.let("i32", "x", sum(i32(first), times(get(column), rows)));
    if ((after - first) % rows !== 0) builder.emit(set(x, smaller(get(x), i32(after - rows))));
    body(x);
  });
}

/** Vectors of a unit; `lanes` of each are channels: four, or all where there are fewer. */
export function eachVector(
  builder: FunctionBuilder,
  channels: number,
  { firstVector, afterVector }: Line,
  body: (channel: Local, lanes: number) => void,
): void {
  const vector = builder.let("i32", "vector", get(firstVector));
  builder.forSteps(vector, get(afterVector), 1, () => {
    const channel = builder.let("i32", "channel", times(get(vector), 4));
    if (channels > 4 && channels % 4 !== 0) {
      builder.emit(set(channel, smaller(get(channel), i32(channels - 4))));
    }
    body(channel, Math.min(4, channels));
  });
}

/** The largest number of rows up to `most` that cuts `width` into equal tiles as nearly as it can. */
export function evenRows(width: number, most: number): number {
  return Math.ceil(width / Math.ceil(width / most));
}

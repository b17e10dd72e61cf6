/**
 * Pooling over windows, channels innermost. The input needs no halo: windows are clipped to the input. Along z and y
 * that is two counts for a line; along x pixels whose window is inside take a path of their own, several at a time.
 */
import { type Code, get, i32, increase, type Local, load, op, set } from "../wasm/code.ts";
import { FunctionBuilder } from "../wasm/function-builder.ts";
import { larger, smaller, sum, times } from "./address.ts";
import { Gather } from "./gather.ts";
import { eachLine, eachTile, eachVector, evenRows, type Line, lineUnits } from "./lines.ts";
import type { Epilogue, Kernel, KernelHead, Strides, Triple } from "./place.ts";

export interface PoolSizes {
  readonly kind: "max" | "average";
  readonly batch: number;
  readonly inputExtents: Triple;
  /** Output extents, whatever rounding they come from. */
  readonly extents: Triple;
  readonly window: Triple;
  readonly strides: Triple;
  readonly dilations: Triple;
  readonly padsBegin: Triple;
  readonly padsEnd: Triple;
  /** Whether an average counts the padding, though never what lies beyond it. */
  readonly countIncludePad: boolean;
  readonly channels: number;
  readonly inputStrides: Strides;
  /** Elements from the input's address to its first pixel. */
  readonly inputOffset: number;
}

/** Addresses: input, then those of the epilogue. With fewer than four channels 12 bytes after the input are read. */
export interface PoolSpec extends PoolSizes, KernelHead {}

export function pool(spec: PoolSpec): Kernel {
  const builder = new FunctionBuilder(spec.name);
  const input = builder.parameter("i32", "input");
  const addresses = spec.addresses.map((name) => builder.parameter("i32", name));
  const range = [builder.parameter("i32", "from"), builder.parameter("i32", "to")] as const;
  const kernel = new PoolKernel(builder, spec, input, spec.epilogue(builder, addresses));
  const units = lineUnits(spec.batch, spec.extents, spec.channels);
  eachLine(builder, units, range, (line) => kernel.emitLine(line));
  return { function: builder.build(true), units: units.units, overlaps: true };
}

/** The taps of a window that meet the input on one axis: the first input position, and how many follow. */
interface Clipped {
  readonly start: Local;
  readonly count: Local;
  /** For averages, how many positions the padded input has under the window. */
  readonly counted: Local;
}

const widestUnrolled = 8;

class PoolKernel {
  private readonly builder: FunctionBuilder;
  private readonly spec: PoolSpec;
  private readonly input: Local;
  private readonly epilogue: Epilogue;

  constructor(builder: FunctionBuilder, spec: PoolSpec, input: Local, epilogue: Epilogue) {
    this.builder = builder;
    this.spec = spec;
    this.input = input;
    this.epilogue = epilogue;
  }

  emitLine(line: Line): void {
    const { builder, spec } = this;
    const z = this.clip(0, get(line.z));
    const y = this.clip(1, get(line.y));
    const lineAt = builder.let(
      "i32",
      "input_line",
      sum(
        get(this.input),
        i32(4 * spec.inputOffset),
        times(get(line.batch), 4 * spec.inputStrides.batch),
        times(get(z.start), 4 * spec.inputStrides.z),
        times(get(y.start), 4 * spec.inputStrides.y),
      ),
    );
    const counted = builder.let("i32", "counted", op("i32.mul", get(z.counted), get(y.counted)));
    const { first, after } = this.inside();
    const rows = after > first ? evenRows(after - first, this.mostRows()) : 1;
    const border = { line, lineAt, z, y, counted, rows: 1, inside: false };
    const width = spec.extents[2];
    eachTile(builder, { first: 0, after: first, rows: 1 }, (x) => this.emitTile(x, border));
    eachTile(builder, { first, after, rows }, (x) => this.emitTile(x, { ...border, rows, inside: true }));
    eachTile(builder, { first: after, after: width, rows: 1 }, (x) => this.emitTile(x, border));
  }

  /** The pixels of a line whose window touches no border along x; none if windows are too wide to unroll. */
  private inside(): { readonly first: number; readonly after: number } {
    if (this.spec.window[2] > widestUnrolled) return { first: 0, after: 0 };
    const { extents, inputExtents, window, strides, dilations, padsBegin } = this.spec;
    const reach = (window[2] - 1) * dilations[2];
    const first = Math.min(extents[2], Math.ceil(padsBegin[2] / strides[2]));
    const last = Math.floor((inputExtents[2] - 1 + padsBegin[2] - reach) / strides[2]);
    return { first, after: Math.max(first, Math.min(extents[2], last + 1)) };
  }

  /** Sums and operands of a step must fit the registers; not-a-number asks for a second sum. */
  private mostRows(): number {
    return this.spec.kind === "max" ? 3 : 6;
  }

  private clip(axis: 0 | 1 | 2, position: Code): Clipped {
    const { builder, spec } = this;
    const name = ["z", "y", "x"][axis] ?? "";
    const [window, dilation, pad] = [spec.window[axis], spec.dilations[axis], spec.padsBegin[axis]];
    const extent = spec.inputExtents[axis];
    const origin = builder.let("i32", `${name}_origin`, sum(times(position, spec.strides[axis]), i32(-pad)));
    /** The first tap at or beyond a position, at most `window`. */
    const tapAt = (end: number): Local => {
      const distance = builder.let("i32", `${name}_tap`, op("i32.sub", i32(end), get(origin)));
      builder.emit(set(distance, larger(get(distance), i32(0))));
      if (dilation > 1) {
        builder.emit(set(distance, op("i32.div_s", sum(get(distance), i32(dilation - 1)), i32(dilation))));
      }
      builder.emit(set(distance, smaller(get(distance), i32(window))));
      return distance;
    };
    const first = tapAt(0);
    const after = tapAt(extent);
    const count = builder.let("i32", `${name}_count`, op("i32.sub", get(after), get(first)));
    const start = builder.let("i32", `${name}_start`, sum(get(origin), times(get(first), dilation)));
    const counted = spec.countIncludePad ? tapAt(extent + spec.padsEnd[axis]) : count;
    return { start, count, counted };
  }

  private emitTile(x: Local, at: Tile): void {
    const { builder, spec, epilogue } = this;
    const { line, rows } = at;
    const xStep = 4 * spec.inputStrides.x;
    const clipped = at.inside ? undefined : this.clip(2, get(x));
    const start = clipped === undefined ? this.insideStart(x) : get(clipped.start);
    const tileAt = builder.let("i32", "tile_at", sum(get(at.lineAt), times(start, xStep)));
    const divisor = spec.kind === "average" ? get(this.divisor(at, clipped)) : undefined;
    const xDepth = builder.depth;
    eachVector(builder, spec.channels, line, (filter, lanes) => {
      const { batch, z, y, depth } = line;
      const depths = { batch: depth, z: depth, y: depth, x: xDepth, filter: builder.depth };
      const place = { batch, z, y, x, filter, vector: 0, depths };
      const planeAt = builder.let("i32", "plane_at", sum(get(tileAt), times(get(filter), 4)));
      const gather = new Gather(builder, spec.kind, rows);
      this.loop("tap_z", at.z.count, () => {
        const lineAt = builder.let("i32", "line_at", get(planeAt));
        this.loop("tap_y", at.y.count, () => {
          if (clipped === undefined) {
            for (let tap = 0; tap < spec.window[2]; tap++) {
              for (let row = 0; row < rows; row++) {
                const pixel = row * spec.strides[2] + tap * spec.dilations[2];
                gather.take(row, load("v128.load", get(lineAt), xStep * pixel));
              }
            }
          } else {
            const pixelAt = builder.let("i32", "pixel_at", get(lineAt));
            this.loop("tap_x", clipped.count, () => {
              gather.take(0, load("v128.load", get(pixelAt)));
              builder.emit(increase(pixelAt, i32(xStep * spec.dilations[2])));
            });
          }
          builder.emit(increase(lineAt, i32(4 * spec.inputStrides.y * spec.dilations[1])));
        });
        builder.emit(increase(planeAt, i32(4 * spec.inputStrides.z * spec.dilations[0])));
      });
      gather.results(divisor).forEach((value, row) => {
        epilogue.emitStore({ ...place, row }, get(value), lanes);
      });
    });
  }

  private insideStart(x: Local): Code {
    const { strides, padsBegin } = this.spec;
    return sum(times(get(x), strides[2]), i32(-padsBegin[2]));
  }

  private divisor({ counted }: Tile, clipped: Clipped | undefined): Local {
    const { builder, spec } = this;
    const along = clipped === undefined ? i32(spec.window[2]) : get(clipped.counted);
    const count = op("f32.convert_i32_s", op("i32.mul", get(counted), along));
    return builder.let("v128", "divisor", op("f32x4.splat", count));
  }

  private loop(name: string, count: Local, body: () => void): void {
    const { builder } = this;
    const at = builder.let("i32", name, i32(0));
    builder.forSteps(at, get(count), 1, body);
  }
}

interface Tile {
  readonly line: Line;
  readonly lineAt: Local;
  readonly z: Clipped;
  readonly y: Clipped;
  /** Along z and y. */
  readonly counted: Local;
  readonly rows: number;
  /** Whether all taps along x meet the input. */
  readonly inside: boolean;
}

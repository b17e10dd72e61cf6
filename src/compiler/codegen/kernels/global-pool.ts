/** Pooling over whole images: the average or the largest of each channel. Channels are innermost. */
import { type Code, f32x4, get, i32, increase, load, set } from "../wasm/code.ts";
import { FunctionBuilder } from "../wasm/function-builder.ts";
import { quotient, remainder, repeat, smaller, sum, times } from "./address.ts";
import { Gather } from "./gather.ts";
import type { Kernel, KernelHead, Strides, Triple } from "./place.ts";

export interface GlobalPoolSpec extends KernelHead {
  readonly kind: "max" | "average";
  readonly batch: number;
  /** Extents of the input; the output has one pixel. */
  readonly extents: Triple;
  readonly channels: number;
  readonly inputStrides: Strides;
  /** Elements from the input's address to its first pixel. */
  readonly inputOffset: number;
}

/** Four vectors at once hide the latency of additions, and fill a cache line. */
const mostVectors = 4;

/**
 * Addresses: input, then those of the epilogue. A unit is 16 channels of an image; the last ones overlap those before.
 * With fewer channels up to 12 bytes after the input are read.
 */
export function globalPool(spec: GlobalPoolSpec): Kernel {
  const builder = new FunctionBuilder(spec.name);
  const input = builder.parameter("i32", "input");
  const addresses = spec.addresses.map((name) => builder.parameter("i32", name));
  const [from, to] = [builder.parameter("i32", "from"), builder.parameter("i32", "to")];
  const epilogue = spec.epilogue(builder, addresses);
  const { channels, inputStrides, extents } = spec;
  const vectors = Math.min(mostVectors, Math.ceil(channels / 4));
  const blocks = Math.ceil(channels / (4 * vectors));
  const lastLanes = channels >= 4 * vectors ? 4 : channels - 4 * (vectors - 1);
  const unit = builder.let("i32", "unit", get(from));
  builder.forSteps(unit, get(to), 1, () => {
    const batch = builder.let("i32", "batch", quotient(get(unit), blocks));
    const filter = builder.let("i32", "channel", times(remainder(get(unit), blocks), 4 * vectors));
    if (blocks > 1) builder.emit(set(filter, smaller(get(filter), i32(channels - 4 * vectors))));
    const [z, y, x] = [
      builder.let("i32", "z", i32(0)),
      builder.let("i32", "y", i32(0)),
      builder.let("i32", "x", i32(0)),
    ];
    const { depth } = builder;
    const depths = { batch: depth, z: depth, y: depth, x: depth, filter: depth };
    const from = [get(input), i32(4 * spec.inputOffset), times(get(filter), 4)];
    const at = builder.let("i32", "in", sum(...from, times(get(batch), 4 * inputStrides.batch)));
    const gather = new Gather(builder, spec.kind, vectors);
    repeat(builder, "planes", extents[0], () => {
      repeat(builder, "lines", extents[1], () => {
        repeat(builder, "pixels", extents[2], () => {
          for (let vector = 0; vector < vectors; vector++) {
            gather.take(vector, load("v128.load", get(at), 16 * vector));
          }
          builder.emit(increase(at, i32(4 * inputStrides.x)));
        });
        builder.emit(increase(at, i32(4 * (inputStrides.y - extents[2] * inputStrides.x))));
      });
      builder.emit(increase(at, i32(4 * (inputStrides.z - extents[1] * inputStrides.y))));
    });
    const count: Code = f32x4(extents[0] * extents[1] * extents[2]);
    const divisor = spec.kind === "average" ? count : undefined;
    gather.results(divisor).forEach((value, vector) => {
      const lanes = vector === vectors - 1 ? lastLanes : 4;
      epilogue.emitStore({ batch, z, y, x, row: 0, filter, vector, depths }, get(value), lanes);
    });
  });
  return {
    function: builder.build(true),
    units: spec.batch * blocks,
    overlaps: blocks * 4 * vectors > channels,
  };
}

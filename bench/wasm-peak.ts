/**
 * The most arithmetic that one core does in WebAssembly: a loop over twelve independent accumulators, acc = acc * a + b,
 * with a multiplication and an addition (f32x4.mul, f32x4.add) or with both in one (f32x4.relaxed_madd, which is an FMA
 * where the processor has it). Nothing is loaded or stored, so no kernel can be faster. The bytes are written by hand.
 */
import { setFlagsFromString } from "node:v8";
import { median } from "../src/base/statistics.ts";

export type PeakInstruction = "multiply, add" | "relaxed madd";

/** Enough to hide the latency of a multiplication and an addition, few enough for the registers. */
const accumulators = 12;

/** GFLOP/s of one core; undefined where the engine does not know the instruction. */
export function measurePeak(instruction: PeakInstruction): number | undefined {
  // Node 20 knows relaxed SIMD behind this flag; later ones know it without and ignore the flag.
  if (instruction === "relaxed madd") setFlagsFromString("--experimental-wasm-relaxed-simd");
  const bytes = peakModule(instruction);
  if (!WebAssembly.validate(bytes)) return undefined;
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const loop = instance.exports.loop as (iterations: number) => number;
  const iterations = 2_000_000;
  // Until the optimising compiler has replaced the code of the baseline one.
  for (let warm = 0; warm < 20; warm++) loop(iterations / 10);
  const samples = Array.from({ length: 15 }, () => {
    const start = performance.now();
    loop(iterations);
    return performance.now() - start;
  });
  // Four lanes, two operations each.
  return (iterations * accumulators * 4 * 2) / (median(samples) * 1e6);
}

const v128 = 0x7b;
const localGet = 0x20;
const localSet = 0x21;
const localTee = 0x22;
const f32x4Add = [0xfd, 0xe4, 0x01];
const f32x4Mul = [0xfd, 0xe6, 0x01];
const f32x4RelaxedMadd = [0xfd, 0x85, 0x02];

/** (iterations: i32) -> f32, exported as "loop". Local 0 counts down, then come the accumulators, a and b. */
export function peakModule(instruction: PeakInstruction): Uint8Array<ArrayBuffer> {
  const [a, b] = [accumulators + 1, accumulators + 2];
  const places = Array.from({ length: accumulators }, (_, index) => index + 1);
  const combine =
    instruction === "relaxed madd"
      ? [localGet, a, localGet, b, ...f32x4RelaxedMadd]
      : [localGet, a, ...f32x4Mul, localGet, b, ...f32x4Add];
  const body = [
    ...[1, accumulators + 2, v128], // one group of locals
    ...places.flatMap((place) => [...vectorOf(place), localSet, place]),
    ...[...vectorOf(0.5), localSet, a, ...vectorOf(1), localSet, b],
    ...[0x03, 0x40], // loop without a result
    ...places.flatMap((place) => [localGet, place, ...combine, localSet, place]),
    ...[localGet, 0, 0x41, 1, 0x6b, localTee, 0, 0x0d, 0, 0x0b], // count down; br_if 0; end
    ...[localGet, 1, ...places.slice(1).flatMap((place) => [localGet, place, ...f32x4Add])],
    ...[0xfd, 0x1f, 0, 0x0b], // f32x4.extract_lane 0; end
  ];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic and version
    ...section(1, [1, 0x60, 1, 0x7f, 1, 0x7d]), // type 0: (i32) -> (f32)
    ...section(3, [1, 0]), // function 0 has type 0
    ...section(7, [1, 4, ...new TextEncoder().encode("loop"), 0, 0]), // export it
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

/** v128.const with one number in all lanes. */
function vectorOf(value: number): readonly number[] {
  return [0xfd, 0x0c, ...new Uint8Array(Float32Array.of(value, value, value, value).buffer)];
}

function section(id: number, content: readonly number[]): readonly number[] {
  return [id, ...unsigned(content.length), ...content];
}

/** LEB128. */
function unsigned(value: number): readonly number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

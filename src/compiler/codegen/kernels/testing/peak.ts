/** A function that multiplies and adds in registers only: the most that a core can do in WebAssembly. */
import { f32x4, get, i32, op, set } from "../../wasm/code.ts";
import { FunctionBuilder, type WasmFunction } from "../../wasm/function-builder.ts";
import { multiplyAdd } from "../address.ts";

const accumulators = 12;
const repeats = 4;

/** peak(steps). The accumulators start at zero and are multiplied by numbers that keep them finite. */
export function peakFunction(relaxed: boolean): {
  readonly function: WasmFunction;
  readonly macsPerStep: number;
} {
  const builder = new FunctionBuilder("peak", "f32");
  const steps = builder.parameter("i32", "steps");
  const step = builder.let("i32", "step", i32(0));
  const left = builder.let("v128", "left", op("f32x4.splat", op("f32.convert_i32_s", get(steps))));
  const right = builder.let("v128", "right", f32x4(0.5));
  const sums = Array.from({ length: accumulators }, () => builder.local("v128", "sum"));
  builder.forSteps(step, get(steps), 1, () => {
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const sum of sums) builder.emit(set(sum, multiplyAdd(relaxed, get(sum), get(right), get(left))));
    }
  });
  const total = sums.map((sum) => get(sum)).reduce((one, other) => op("f32x4.add", one, other));
  builder.emit({ kind: "op", name: "f32x4.extract_lane", lane: 0, operands: [total] });
  return { function: builder.build(true), macsPerStep: 4 * accumulators * repeats };
}

/** Runs vector functions on arrays of floats, for tests: a loop in WebAssembly that calls the function. */
import { setFlagsFromString } from "node:v8";
import { type Code, call, get, i32, increase, load, store } from "../wasm/code.ts";
import { encodeModule } from "../wasm/encode.ts";
import { FunctionBuilder, type WasmFunction } from "../wasm/function-builder.ts";

// Node 20 has relaxed SIMD behind a flag, which must be set before the first validation.
setFlagsFromString("--experimental-wasm-relaxed-simd");

/** Whether a module with these functions runs here: relaxed SIMD may be missing. */
export function runsHere(functions: readonly WasmFunction[]): boolean {
  return WebAssembly.validate(
    encodeModule({ memory: { pages: 1, shared: false }, functions }) as BufferSource,
  );
}

/** A function of arrays of equal length from a function of one or more v128. */
export function onArrays(fn: WasmFunction): (...operands: readonly Float32Array[]) => Float32Array {
  const run = loopOver(fn.parameters.length, fn, (_, operands) => call(fn, ...operands));
  return (...operands) => run(operands);
}

/** The same for code that is written into the loop. */
export function loopOver(
  count: number,
  fn: WasmFunction | undefined,
  emit: (builder: FunctionBuilder, operands: readonly Code[]) => Code,
): (operands: readonly Float32Array[], repeat?: number) => Float32Array {
  const builder = new FunctionBuilder("run");
  const addresses = Array.from({ length: count + 1 }, (_, index) =>
    builder.parameter("i32", index === count ? "out" : `x${index}`),
  );
  const end = builder.parameter("i32", "end");
  const at = builder.let("i32", "at", i32(0));
  builder.forSteps(at, get(end), 4, () => {
    const operands = addresses.slice(0, count).map((address) => {
      const operand = builder.let("v128", "operand", load("v128.load", get(address)));
      return get(operand);
    });
    const result = emit(builder, operands);
    builder.emit(store("v128.store", get(addresses[count] ?? end), result));
    for (const address of addresses) builder.emit(increase(address, i32(16)));
  });
  const pages = 256;
  const functions = [...(fn === undefined ? [] : [fn]), builder.build(true)];
  const bytes = encodeModule({ memory: { pages, shared: false }, functions });
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource), {
    env: { memory },
  });
  const run = instance.exports.run as (...numbers: number[]) => void;
  return (operands, repeat = 1) => {
    const length = operands[0]?.length ?? 0;
    const room = Math.ceil(length / 4) * 16;
    operands.forEach((operand, index) => {
      new Float32Array(memory.buffer, index * room, length).set(operand);
    });
    const places = Array.from({ length: count + 1 }, (_, index) => index * room);
    for (let time = 0; time < repeat; time++) run(...places, room / 4);
    return new Float32Array(memory.buffer, count * room, length).slice();
  };
}

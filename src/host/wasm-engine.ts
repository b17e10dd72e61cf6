/** Prepares V8, before the first WebAssembly module, for networks that run once or a few times. */
import { setFlagsFromString } from "node:v8";

/**
 * V8 first compiles modules quickly and badly, and a long first call stays in that code: 10 to 100 times slower. Node 20
 * has relaxed SIMD behind a flag, later versions have it anyway.
 */
export function prepareWasmEngine(): void {
  setFlagsFromString("--no-liftoff");
  if (Number.parseInt(process.versions.node, 10) < 22) setFlagsFromString("--experimental-wasm-relaxed-simd");
}

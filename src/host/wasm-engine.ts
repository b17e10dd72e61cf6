/** V8's flags for WebAssembly, which it reads once: before the first module is compiled or validated. */
import { setFlagsFromString } from "node:v8";

/** Node 20 has relaxed SIMD behind a flag, which later versions do not know, as they have it anyway. */
export function enableRelaxedSimd(): void {
  if (Number.parseInt(process.versions.node, 10) < 22) setFlagsFromString("--experimental-wasm-relaxed-simd");
}

/**
 * For networks that run once or a few times. V8 first compiles modules quickly and badly, and a long first call stays in
 * that code: 10 to 100 times slower.
 */
export function compileWellAtOnce(): void {
  setFlagsFromString("--no-liftoff");
}

/** What the WebAssembly engine at hand can do: found out by offering it tiny modules. */
import { LaminateError } from "../../base/errors.ts";

/** A module of one function () -> v128 with this body. */
function probe(body: readonly number[]): boolean {
  const code = [0, ...body, 11];
  return WebAssembly.validate(
    new Uint8Array([
      ...[0, 97, 115, 109, 1, 0, 0, 0],
      ...[1, 5, 1, 96, 0, 1, 123],
      ...[3, 2, 1, 0],
      ...[10, code.length + 2, 1, code.length, ...code],
    ]),
  );
}

/** i32.const 0, i32x4.splat. */
const zero = [65, 0, 253, 17] as const;

export function supportsSimd(): boolean {
  return typeof WebAssembly === "object" && probe(zero);
}

/** Whether there is fused multiply-add (relaxed SIMD): Chrome 114, Node 22, and Node 20 behind a flag. */
export function supportsRelaxedSimd(): boolean {
  // f32x4.relaxed_madd
  return typeof WebAssembly === "object" && probe([...zero, ...zero, ...zero, 253, 133, 2]);
}

/** Why memory cannot be shared between threads here; undefined when it can. */
export function whyNoSharedMemory(): string | undefined {
  if ("crossOriginIsolated" in globalThis && !globalThis.crossOriginIsolated)
    return "this page is not cross-origin isolated (it needs the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp)";
  return typeof SharedArrayBuffer === "function" ? undefined : "there is no SharedArrayBuffer here";
}

/** Whether this thread may sleep until another wakes it; a page's main thread may not. */
export function mayWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}

/** Throws unless the engine has SIMD, without which no kernel runs. */
export function requireSimd(where: string): void {
  if (supportsSimd()) return;
  throw new LaminateError({
    code: "bad-input",
    message: "the WebAssembly engine here has no SIMD",
    where,
    fix: "use Node 18, Chrome 91, Firefox 89, Safari 16.4 or later",
  });
}

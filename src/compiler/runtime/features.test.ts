import { setFlagsFromString } from "node:v8";
import { expect, test } from "vitest";
import { addScaleProgram } from "../../../test/tiny-programs.ts";
import { encodeProgram } from "../codegen/encode-program.ts";
import { checksum } from "./checksum.ts";
import { supportsRelaxedSimd, supportsSimd } from "./features.ts";

test("the probe of relaxed SIMD agrees with a real module", () => {
  setFlagsFromString("--experimental-wasm-relaxed-simd");
  const real = encodeProgram(addScaleProgram(4, { relaxedSimd: true }), { threads: false });
  expect(supportsRelaxedSimd()).toBe(WebAssembly.validate(real as BufferSource));
  expect(supportsSimd()).toBe(true);
});

test("the checksum is MurmurHash3", () => {
  // Values of the reference implementation, seed 0.
  const hash = (text: string): number => checksum(new TextEncoder().encode(text));
  expect(hash("")).toBe(0);
  expect(hash("test")).toBe(0xba6bd213);
  expect(hash("Hello, world!")).toBe(0xc0363e43);
  expect(hash("The quick brown fox jumps over the lazy dog")).toBe(0x2e4ff723);
  const shifted = new Uint8Array(16).fill(7);
  expect(checksum(shifted.subarray(1, 8))).toBe(checksum(shifted.subarray(4, 11)));
});

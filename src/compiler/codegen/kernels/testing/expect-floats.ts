/** Compares what a kernel wrote with what it should have written, between the pixels and after them too. */
import { guard } from "./kernel-memory.ts";

export interface PixelLayout {
  /** Floats from one pixel to the next, and how many of them are results. */
  readonly pixelStep: number;
  readonly channels: number;
  readonly tolerance?: number;
}

export function expectFloats(
  actual: Float32Array,
  wanted: Float64Array,
  { pixelStep, channels, tolerance = 1e-4 }: PixelLayout,
): void {
  for (let at = 0; at < actual.length; at++) {
    const value = actual[at] ?? 0;
    const isResult = at < wanted.length && at % pixelStep < channels;
    const right = isResult ? (wanted[at] ?? 0) : guard;
    const near = Math.abs(value - right) <= tolerance * Math.max(1, Math.abs(right));
    if (near || Object.is(value, right)) continue;
    throw new Error(
      `${isResult ? "result" : "beside the results"}, float ${at}: ${value} instead of ${right}`,
    );
  }
}

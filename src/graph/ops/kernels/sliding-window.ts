/** Where the elements under a sliding window lie, for convolutions, poolings and their inverses. */
import { countOf } from "../../ir/runtime-value.ts";
import type { Window } from "../window.ts";
import { stridesOf } from "./strided.ts";

/** A window with its padding worked out. */
export interface PlacedWindow {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Padding before and after each axis. */
  readonly begins: readonly number[];
  readonly ends: readonly number[];
}

/** Works out the padding of a window that moves over `sizes` to `positions` places. */
export function placeWindow(
  window: Window,
  sizes: readonly number[],
  positions: readonly number[],
): PlacedWindow {
  const rank = sizes.length;
  const kernel = window.kernel.map(Number);
  const pads = sizes.map((size, axis): readonly [number, number] => {
    if (window.autoPad === "VALID") return [0, 0];
    if (window.autoPad === "NOTSET") return [window.pads[axis] ?? 0, window.pads[axis + rank] ?? 0];
    const reach = ((kernel[axis] ?? 1) - 1) * (window.dilations[axis] ?? 1) + 1;
    const total = Math.max(((positions[axis] ?? 1) - 1) * (window.strides[axis] ?? 1) + reach - size, 0);
    return splitPadding(total, window.autoPad);
  });
  const { strides, dilations } = window;
  return {
    kernel,
    strides,
    dilations,
    begins: pads.map(([begin]) => begin),
    ends: pads.map(([, end]) => end),
  };
}

/** An odd element goes to the end, or with SAME_LOWER to the beginning. */
export function splitPadding(total: number, autoPad: Window["autoPad"]): readonly [number, number] {
  const less = Math.floor(total / 2);
  return autoPad === "SAME_LOWER" ? [total - less, less] : [less, total - less];
}

/** An entry of a window table that lies in the padding. */
export const inPadding = -1;
/** An entry beyond the padding, where a rounded-up window ends. */
export const beyond = -2;

/**
 * For every position of the window (row-major) and every place of its kernel (row-major) the offset of the element under
 * it among the spatial axes, or one of the negative marks. O(positions x kernel).
 */
export function windowTable(
  window: PlacedWindow,
  sizes: readonly number[],
  positions: readonly number[],
): Int32Array {
  const places = countOf(window.kernel);
  const table = new Int32Array(countOf(positions) * places);
  const strides = stridesOf(sizes);
  const kernelStrides = stridesOf(window.kernel);
  const positionStrides = stridesOf(positions);
  sizes.forEach((size, axis) => {
    const kernel = window.kernel[axis] ?? 1;
    const begin = window.begins[axis] ?? 0;
    const end = size + (window.ends[axis] ?? 0);
    for (let entry = 0; entry < table.length; entry++) {
      const position =
        Math.floor(Math.floor(entry / places) / (positionStrides[axis] ?? 1)) % (positions[axis] ?? 1);
      const place = Math.floor((entry % places) / (kernelStrides[axis] ?? 1)) % kernel;
      const at = position * (window.strides[axis] ?? 1) + place * (window.dilations[axis] ?? 1) - begin;
      const old = table[entry] as number;
      if (at >= end) table[entry] = beyond;
      else if (at < 0 || at >= size) table[entry] = old === beyond ? beyond : inPadding;
      else if (old >= 0) table[entry] = old + at * (strides[axis] ?? 1);
    }
  });
  return table;
}

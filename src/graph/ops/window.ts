/** Sliding windows, as convolutions and poolings have them. Formulas as in the ONNX operator documentation. */
import type { Dimension, Shape } from "../ir/tensor.ts";
import { describeInput, int, ints, string } from "./call.ts";
import type { Call } from "./row.ts";

/** A sliding window over spatial axes. */
export interface Window {
  readonly kernel: readonly Dimension[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** All begins, then all ends. */
  readonly pads: readonly number[];
  readonly autoPad: "NOTSET" | "VALID" | "SAME_UPPER" | "SAME_LOWER";
  readonly ceil: boolean;
}

/** Reads the window's attributes; the lists must have one entry per spatial axis (pads two). */
export function readWindow(call: Call, kernel: readonly Dimension[]): Window {
  const rank = kernel.length;
  const strides = perAxis(call, "strides", rank, 1, 1);
  const dilations = perAxis(call, "dilations", rank, 1, 1);
  const pads = perAxis(call, "pads", 2 * rank, 0, Number.NEGATIVE_INFINITY);
  for (const size of kernel) {
    if (typeof size === "number" && size < 1)
      throw call.error(`the kernel [${kernel.join(",")}] has a size below 1`);
  }
  const autoPad = string(call, "auto_pad", "NOTSET");
  const ceil = int(call, "ceil_mode", 0) !== 0;
  switch (autoPad) {
    case "NOTSET":
    case "VALID":
    case "SAME_UPPER":
    case "SAME_LOWER":
      return { kernel, strides, dilations, pads, autoPad, ceil };
    case "":
      return { kernel, strides, dilations, pads, autoPad: "NOTSET", ceil };
    default:
      throw call.error(`auto_pad "${autoPad}" does not exist`, "use NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  }
}

/** One entry per spatial axis, of at least `least`; the default where the attribute is absent. */
export function perAxis(
  call: Call,
  name: string,
  length: number,
  otherwise: number,
  least: number,
): readonly number[] {
  const values = ints(call, name);
  if (values === undefined || values.length === 0) return new Array<number>(length).fill(otherwise);
  if (values.length !== length) {
    throw call.error(`attribute "${name}" [${values.join(",")}] should have ${length} entries`);
  }
  if (values.some((value) => value < least)) {
    throw call.error(`attribute "${name}" [${values.join(",")}] has an entry below ${least}`);
  }
  return values;
}

/** The spatial sizes that a window gives over these sizes. */
export function windowSizes(call: Call, sizes: Shape, window: Window): Dimension[] {
  return sizes.map((size, axis) => windowSize(call, size, window, axis));
}

function windowSize(call: Call, size: Dimension, window: Window, axis: number): Dimension {
  const { symbols } = call;
  const stride = window.strides[axis] ?? 1;
  if (window.autoPad === "SAME_UPPER" || window.autoPad === "SAME_LOWER")
    return symbols.ceilDivide(size, stride);
  const reach = reachOf(call, window, axis);
  const begin = window.autoPad === "VALID" ? 0 : (window.pads[axis] ?? 0);
  const end = window.autoPad === "VALID" ? 0 : (window.pads[axis + window.kernel.length] ?? 0);
  const room = symbols.subtract(symbols.add(size, begin + end), reach);
  if (typeof room === "number" && room < 0) {
    throw call.error(
      `a window of ${reach} does not fit into ${size} + ${begin + end} of padding (axis ${axis + 2} of ${describeInput(call, 0)})`,
      "use a larger input, more padding or a smaller kernel",
    );
  }
  if (!window.ceil) return symbols.add(symbols.floorDivide(room, stride), 1);
  const count = symbols.add(symbols.ceilDivide(room, stride), 1);
  // A window that would start in the padding at the end is left out.
  const startsInPadding =
    typeof count === "number" && typeof size === "number" && (count - 1) * stride >= size + begin;
  return startsInPadding ? count - 1 : count;
}

/** Elements from the first to the last that the window touches. */
export function reachOf(call: Call, window: Window, axis: number): Dimension {
  const { symbols } = call;
  const kernel = window.kernel[axis] ?? 1;
  return symbols.add(symbols.multiply(symbols.subtract(kernel, 1), window.dilations[axis] ?? 1), 1);
}

/** Lines of elements along one axis, for kernels that look at a whole line at a time. */
import { countOf } from "../../ir/runtime-value.ts";
import { stridesOf } from "./strided.ts";

/** The lines along an axis: element i of line n is at start(n) + i * stride. */
export interface Lines {
  readonly count: number;
  readonly size: number;
  readonly stride: number;
  readonly start: (line: number) => number;
}

export function linesAlong(shape: readonly number[], axis: number): Lines {
  const size = shape[axis] ?? 1;
  const stride = stridesOf(shape)[axis] ?? 1;
  const count = countOf(shape.filter((_, index) => index !== axis));
  return {
    count,
    size,
    stride,
    start: (line) => Math.floor(line / stride) * stride * size + (line % stride),
  };
}

/** The lines of a shape that is cut in two at an axis, all that is behind it being one line. */
export function linesBehind(shape: readonly number[], axis: number): Lines {
  const size = countOf(shape.slice(axis));
  return { count: countOf(shape.slice(0, axis)), size, stride: 1, start: (line) => line * size };
}

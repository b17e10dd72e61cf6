/**
 * Layouts: ONNX numbers the axes of an image [N, C, H, W], tfjs computes on [N, H, W, C]. Values of rank 4 stand in either
 * form; which one is decided when the program is built.
 */

/** As ONNX states the value, or with the channels last (rank 4 only). */
export type Layout = "plain" | "last";

/** tf.transpose(x, toLast) turns [N, C, H, W] into [N, H, W, C]; the other way round toPlain. */
export const toLast: readonly number[] = [0, 2, 3, 1];
export const toPlain: readonly number[] = [0, 3, 1, 2];

/** Where an ONNX axis stands in a layout. */
export function axisIn(layout: Layout, axis: number): number {
  return layout === "last" ? (toPlain[axis] ?? axis) : axis;
}

/** Entries, one for each ONNX axis, in the order of a layout's axes. */
export function inLayout<T>(layout: Layout, entries: readonly T[]): T[] {
  if (layout === "plain") return [...entries];
  return toLast.flatMap((axis) => entries.slice(axis, axis + 1));
}

/** Whether a permutation moves no axis longer than 1, so that it is a mere reshape. */
export function movesNothing(permutation: readonly number[], shape: readonly number[]): boolean {
  const moved = permutation.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, index) => index === 0 || axis > (moved[index - 1] ?? -1));
}

/** The elements in row-major order of the permuted axes. O(elements). */
export function transposed<T extends { [index: number]: number; readonly length: number }>(
  source: T,
  shape: readonly number[],
  permutation: readonly number[],
  target: T,
): T {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  }
  const sizes = permutation.map((axis) => shape[axis] ?? 1);
  const steps = permutation.map((axis) => strides[axis] ?? 0);
  const counter = new Array<number>(sizes.length).fill(0);
  let from = 0;
  for (let to = 0; to < source.length; to++) {
    target[to] = source[from] ?? 0;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      const next = (counter[axis] ?? 0) + 1;
      from += steps[axis] ?? 0;
      if (next < (sizes[axis] ?? 1)) {
        counter[axis] = next;
        break;
      }
      counter[axis] = 0;
      from -= next * (steps[axis] ?? 0);
    }
  }
  return target;
}

/**
 * Walking several arrays at once, each with its own strides: what broadcasting, transposing, slicing, joining and
 * reducing have in common. Neighbouring axes that every array crosses evenly are merged, so that tensors of one shape
 * are one long row.
 */
import { allocate, countOf, type ElementArray, type TensorValue } from "../../ir/runtime-value.ts";

/** Elements between two steps along each axis; 0 stays in place. */
export type Strides = readonly number[];

/** Any array of elements, to be moved without looking at them. */
export interface Movable {
  [index: number]: unknown;
  readonly length: number;
}

/** Row-major strides. */
export function stridesOf(shape: readonly number[]): number[] {
  const result = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    result[axis] = (result[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  }
  return result;
}

/** Strides of an array of shape `from` seen as the shape `to` it is broadcast to. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const own = stridesOf(from);
  const shift = to.length - from.length;
  return to.map((_, axis) => (axis < shift || from[axis - shift] === 1 ? 0 : (own[axis - shift] ?? 0)));
}

/**
 * Visits the rows of an index space. `starts` holds where the row begins in each array (it is reused between visits),
 * `steps` the stride along the row.
 */
export type VisitRow = (starts: readonly number[], count: number, steps: readonly number[]) => void;

/** O(rows) visits in row-major order. */
export function walkRows(shape: readonly number[], strides: readonly Strides[], visit: VisitRow): void {
  walkRowsFrom(
    shape,
    strides,
    strides.map(() => 0),
    visit,
  );
}

/** The same, with the arrays' first places. */
export function walkRowsFrom(
  shape: readonly number[],
  strides: readonly Strides[],
  origins: readonly number[],
  visit: VisitRow,
): void {
  if (countOf(shape) === 0) return;
  const axes = mergedAxes(shape, strides);
  const inner = axes.pop();
  const starts = [...origins];
  if (inner === undefined) {
    visit(
      starts,
      1,
      strides.map(() => 0),
    );
    return;
  }
  const at = new Array<number>(axes.length).fill(0);
  for (;;) {
    visit(starts, inner.size, inner.strides);
    let axis = axes.length - 1;
    for (; axis >= 0; axis--) {
      const { size, strides: steps } = axes[axis] as Axis;
      const next = (at[axis] as number) + 1;
      const back = next === size ? 1 - size : 1;
      at[axis] = next === size ? 0 : next;
      for (let array = 0; array < starts.length; array++) {
        starts[array] = (starts[array] as number) + back * (steps[array] as number);
      }
      if (next < size) break;
    }
    if (axis < 0) return;
  }
}

interface Axis {
  readonly size: number;
  /** Of each array. */
  readonly strides: readonly number[];
}

function mergedAxes(shape: readonly number[], strides: readonly Strides[]): Axis[] {
  const axes: Axis[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const own = strides.map((list) => list[axis] ?? 0);
    const before = axes.at(-1);
    if (before?.strides.every((stride, array) => stride === (own[array] ?? 0) * size)) {
      axes[axes.length - 1] = { size: before.size * size, strides: own };
    } else axes.push({ size, strides: own });
  });
  return axes;
}

/** One side of a copy. */
export interface Place {
  readonly elements: ElementArray;
  readonly origin: number;
  readonly strides: Strides;
}

/** Rows shorter than this are copied element by element: a view costs more. */
const shortRow = 16;

/** Copies an index space from one array to another of the same kind. */
export function copyStrided(shape: readonly number[], from: Place, to: Place): void {
  const source: Movable = from.elements;
  const target: Movable = to.elements;
  const copyRow = rowCopier(from.elements, to.elements);
  walkRowsFrom(shape, [from.strides, to.strides], [from.origin, to.origin], (starts, count, steps) => {
    const [step = 0, targetStep = 0] = steps;
    let [at = 0, targetAt = 0] = starts;
    if (step === 1 && targetStep === 1 && count >= shortRow && copyRow !== undefined) {
      copyRow(at, targetAt, count);
      return;
    }
    for (let index = 0; index < count; index++) {
      target[targetAt] = source[at];
      at += step;
      targetAt += targetStep;
    }
  });
}

function rowCopier(
  from: ElementArray,
  to: ElementArray,
): ((at: number, targetAt: number, count: number) => void) | undefined {
  if (Array.isArray(from) || Array.isArray(to)) return undefined;
  if (from instanceof BigInt64Array || from instanceof BigUint64Array) {
    if (!(to instanceof BigInt64Array || to instanceof BigUint64Array)) return undefined;
    return (at, targetAt, count) => to.set(from.subarray(at, at + count), targetAt);
  }
  if (to instanceof BigInt64Array || to instanceof BigUint64Array) return undefined;
  return (at, targetAt, count) => to.set(from.subarray(at, at + count), targetAt);
}

/** A tensor of this shape whose elements are those of the input, read with these strides from this place on. */
export function gatherStrided(
  value: TensorValue,
  shape: readonly number[],
  strides: Strides,
  origin = 0,
): TensorValue {
  const elements = allocate(value.elementType, countOf(shape));
  const to = { elements, origin: 0, strides: stridesOf(shape) };
  copyStrided(shape, { elements: value.elements, origin, strides }, to);
  return { kind: "tensor", elementType: value.elementType, shape, elements };
}

/** The same elements in another shape. */
export function reshaped(value: TensorValue, shape: readonly number[]): TensorValue {
  return { ...value, shape };
}

/** Copies a whole tensor into a larger one, `at` giving the place of its first element along each axis. */
export function pasteInto(part: TensorValue, whole: TensorValue, at: readonly number[]): void {
  const strides = stridesOf(whole.shape);
  const origin = at.reduce((sum, place, axis) => sum + place * (strides[axis] ?? 0), 0);
  copyStrided(
    part.shape,
    { elements: part.elements, origin: 0, strides: stridesOf(part.shape) },
    { elements: whole.elements, origin, strides },
  );
}

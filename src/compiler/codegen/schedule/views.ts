/**
 * How values lie in memory. A storage is a piece of memory; a view says where each element of a value stands in one:
 * offset + sum of index x stride, in elements. Reshapes, transposes and slices of what is in memory are other views of the
 * same storage, and so are the parts of a concatenation.
 */
import { product } from "../../../base/integers.ts";
import type { Content } from "../content.ts";
import { type Affine, dot, type Loop, loopAffine, rowMajorStrides } from "../loops/affine.ts";
import { type Buffer, type StoredType, storedBytes } from "../loops/expr.ts";

/** Memory for elements of one type. */
export interface Storage {
  readonly name: string;
  readonly elementType: StoredType;
  readonly elements: number;
  /** Elements that are there before the network runs. */
  readonly constant?: Content;
}

export interface View {
  readonly storage: Storage;
  readonly shape: readonly number[];
  /** In elements, per axis of the value. */
  readonly strides: readonly number[];
  /** Of the first element, in elements. */
  readonly offset: number;
  /** Zeros around the elements, which no kernel writes after they were cleared: a convolution's padding. */
  readonly halo: Halo;
}

export const storageBytes = ({ elements, elementType }: Storage): number =>
  elements * storedBytes[elementType];

/** Zeros before and after each axis. */
export interface Halo {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Whether there are at least these zeros. */
export function coversHalo(has: Halo, wants: Halo): boolean {
  return [0, 1].every((side) => {
    const [there, wanted] = side === 0 ? [has.before, wants.before] : [has.after, wants.after];
    return wanted.every((size, axis) => size <= (there[axis] ?? 0));
  });
}

export const isEmptyHalo = ({ before, after }: Halo): boolean =>
  [...before, ...after].every((size) => size === 0);

export const noHalo = (rank: number): Halo => ({
  before: new Array<number>(rank).fill(0),
  after: new Array<number>(rank).fill(0),
});

/** A new piece of memory for a value, its axes in the given order from the outermost to the innermost. */
export function allocateView(
  name: string,
  elementType: StoredType,
  shape: readonly number[],
  order: readonly number[] = shape.map((_, axis) => axis),
  halo: Halo = noHalo(shape.length),
): View {
  const padded = shape.map((size, axis) => (halo.before[axis] ?? 0) + size + (halo.after[axis] ?? 0));
  const inOrder = rowMajorStrides(order.map((axis) => padded[axis] ?? 1));
  const strides = shape.map((_, axis) => inOrder[order.indexOf(axis)] ?? 1);
  const offset = strides.reduce((sum, stride, axis) => sum + stride * (halo.before[axis] ?? 0), 0);
  return { storage: { name, elementType, elements: product(padded) }, shape, strides, offset, halo };
}

/** The element at these indices. */
export function elementAt({ strides, offset }: View, indices: readonly Affine[]): Affine {
  return dot(indices, strides, offset);
}

/** Fresh loops over a shape, one per axis. */
export function loopsOver(shape: readonly number[], name = "i"): readonly Loop[] {
  return shape.map((extent, axis) => ({ name: `${name}${axis}`, extent }));
}

/**
 * The view of a value whose element at (i, j, ...) is the operand's at `backward(i, j, ...)`; undefined where that is not
 * at a constant distance along every axis.
 */
export function derivedView(
  operand: View,
  shape: readonly number[],
  backward: (indices: readonly Affine[]) => readonly Affine[],
): View | undefined {
  const loops = loopsOver(shape);
  const at = elementAt(operand, backward(loops.map(loopAffine)));
  const strides = loops.map(() => 0);
  for (const { factor, stride } of at.terms) {
    if (factor.kind !== "loop") return undefined;
    strides[loops.indexOf(factor.loop)] = stride;
  }
  return { storage: operand.storage, shape, strides, offset: at.offset, halo: noHalo(shape.length) };
}

/** A part of a view: `size` places of an axis from `start` on. The halo of the other axes is its own too. */
export function partOf(view: View, axis: number, start: number, size: number): View {
  return {
    ...view,
    shape: view.shape.map((old, at) => (at === axis ? size : old)),
    offset: view.offset + start * (view.strides[axis] ?? 0),
    halo: {
      before: view.halo.before.map((size, at) => (at === axis ? 0 : size)),
      after: view.halo.after.map((size, at) => (at === axis ? 0 : size)),
    },
  };
}

/** The axes but for those of size 1, from the outermost to the innermost in memory. */
export function axesInMemory({ shape, strides }: View): readonly number[] {
  return shape
    .map((_, axis) => axis)
    .filter((axis) => shape[axis] !== 1)
    .sort((a, b) => (strides[b] ?? 0) - (strides[a] ?? 0) || a - b);
}

/** The buffer through which kernels see a view's storage, from the view's first element on. */
export interface PlacedBuffer {
  readonly buffer: Buffer;
  readonly storage: Storage;
  /** In elements. */
  readonly offset: number;
}

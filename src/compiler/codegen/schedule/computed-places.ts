/** Indices that are computed while the network runs, kept inside their axis. */
import { type Affine, valueAffine } from "../loops/affine.ts";
import { binary, compare, constant, convert, type Expr, indexOf, select, unary } from "../loops/expr.ts";

/** A computed index: from the end where it is negative. */
export function placeIn(size: number, value: Expr): Affine {
  const place = convert("i32", value);
  const fromEnd = binary("add", place, constant("i32", size));
  return clampedValue(select(compare("less", place, constant("i32", 0)), fromEnd, place), size);
}

/** An index beyond an end, as far inside as it lies outside. */
export function reflected(index: Affine, size: number, isBeyond: boolean): Affine {
  const inFront = unary("absolute", indexOf(index));
  if (!isBeyond) return clampedValue(inFront, size);
  const last = constant("i32", 2 * (size - 1));
  return clampedValue(binary("minimum", inFront, binary("subtract", last, inFront)), size);
}

/** An index that may lie outside, moved to the nearest place inside. */
export function clamped(index: Affine, size: number): Affine {
  return clampedValue(indexOf(index), size);
}

/** The same for an i32; an index of a Gather out of range must not read other memory. */
export function clampedValue(value: Expr, size: number): Affine {
  const low = binary("maximum", value, constant("i32", 0));
  return valueAffine(binary("minimum", low, constant("i32", size - 1)), size);
}

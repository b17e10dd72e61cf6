/**
 * What black-box optimisers share: a box of variables, and a search that asks for losses. An optimiser knows no word of
 * mappings, no clock and no random source of its own.
 *
 * Coordinates are nevergrad's (Rapin and Teytaud, 2018; the version of January 2022): 0 is the middle of a variable's
 * range and one unit a sixth of it, so that the box is -3..3 in every direction. A step over an edge bounces back once,
 * and what is still outside is clipped. Whole variables are real ones that are rounded when they are evaluated; the
 * search itself goes on from the value before rounding.
 */
import type { RandomSource } from "../../../../base/random.ts";

/** A real or whole number from low to high. */
export interface Variable {
  readonly kind: "real" | "integer";
  readonly low: number;
  readonly high: number;
}

export type Box = readonly Variable[];

/** A vector in the box, or in its coordinates. */
export type Vector = Float64Array;

export interface Task {
  readonly box: Box;
  readonly random: RandomSource;
  /** How many losses the optimiser will be told; Infinity when nobody knows. Only cooling schedules look at it. */
  readonly evaluations: number;
}

/**
 * A minimiser: yields the next point to evaluate and is sent its loss. A loss of Infinity says that the point is not
 * feasible, and no more: two such points are equal, and each optimiser treats them as its own rule treats equal losses.
 * Never ends.
 */
export type Optimizer = (task: Task) => Generator<Vector, never, number>;

/** Where the box ends in its coordinates. */
export const edge = 3;

/** The point of the box at these coordinates, whole variables rounded. */
export function pointAt(box: Box, coordinates: Vector): Vector {
  return Float64Array.from(box, ({ kind, low, high }, index) => {
    const value = (low + high) / 2 + ((coordinates[index] as number) * (high - low)) / (2 * edge);
    return kind === "integer" ? Math.round(value) : value;
  });
}

/** Brings coordinates back into the box, in place: one bounce on the edge, then clipped. */
export function bounce(coordinates: Vector): Vector {
  for (let index = 0; index < coordinates.length; index++) {
    const value = coordinates[index] as number;
    if (Math.abs(value) > edge) coordinates[index] = clip(2 * clip(value) - value);
  }
  return coordinates;
}

function clip(value: number): number {
  return Math.max(-edge, Math.min(edge, value));
}

/** Coordinates drawn evenly from the box. */
export function uniformCoordinates(dimension: number, random: RandomSource): Vector {
  return Float64Array.from({ length: dimension }, () => edge * (2 * random.uniform() - 1));
}

/** A value drawn evenly from the variable's range, every whole number alike. */
export function uniformValue({ kind, low, high }: Variable, random: RandomSource): number {
  return kind === "integer" ? low + random.below(high - low + 1) : low + random.uniform() * (high - low);
}

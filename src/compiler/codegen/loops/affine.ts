/**
 * Whole-number index expressions over loop counters: sums of counters with constant strides, and of quotients and
 * remainders of such sums, which reshapes bring. Every loop knows its extent, so ranges are known, and most quotients
 * and remainders go away when they are made.
 */
import type { Expr } from "./expr.ts";

/** A loop from 0 to its extent. Two loops are the same only if they are the same object. */
export interface Loop {
  readonly name: string;
  readonly extent: number;
}

export type Factor =
  | { readonly kind: "loop"; readonly loop: Loop }
  /** floor(of / by), of >= 0. */
  | { readonly kind: "quotient"; readonly of: Affine; readonly by: number }
  | { readonly kind: "remainder"; readonly of: Affine; readonly by: number }
  /** An i32 computed while running, within [0, extent): the index of a Gather, a clamped position. */
  | { readonly kind: "value"; readonly value: Expr; readonly extent: number };

export interface Term {
  readonly factor: Factor;
  readonly stride: number;
}

/** offset + sum of stride x factor. */
export interface Affine {
  readonly offset: number;
  readonly terms: readonly Term[];
}

export const zero: Affine = { offset: 0, terms: [] };

export function constantAffine(offset: number): Affine {
  return { offset, terms: [] };
}

/** A loop's counter; a loop that runs once is 0. */
export function loopAffine(loop: Loop): Affine {
  return loop.extent === 1 ? zero : { offset: 0, terms: [{ factor: { kind: "loop", loop }, stride: 1 }] };
}

/** A computed index; of one place only, it is 0 and need not be computed. */
export function valueAffine(value: Expr, extent: number): Affine {
  if (extent === 1) return zero;
  return { offset: 0, terms: [{ factor: { kind: "value", value, extent }, stride: 1 }] };
}

export function scale(affine: Affine, by: number): Affine {
  if (by === 0) return zero;
  return {
    offset: affine.offset * by,
    terms: affine.terms.map(({ factor, stride }) => ({ factor, stride: stride * by })),
  };
}

export function sum(...affines: readonly Affine[]): Affine {
  let offset = 0;
  const terms: Term[] = [];
  for (const affine of affines) {
    offset += affine.offset;
    for (const term of affine.terms) addTerm(terms, term);
  }
  return rejoined({ offset, terms: terms.filter(({ stride }) => stride !== 0) });
}

function addTerm(terms: Term[], { factor, stride }: Term): void {
  const at = terms.findIndex((term) => sameFactor(factor, term.factor));
  const old = terms[at];
  if (old === undefined) terms.push({ factor, stride });
  else terms[at] = { factor: old.factor, stride: old.stride + stride };
}

/** Where a quotient and a remainder of the same meet again: s n floor(x / n) + s (x mod n) = s x. */
function rejoined(affine: Affine): Affine {
  for (const { factor, stride } of affine.terms) {
    if (factor.kind !== "quotient") continue;
    const partner = affine.terms.find(
      (term) =>
        term.factor.kind === "remainder" &&
        term.factor.by === factor.by &&
        term.stride * factor.by === stride &&
        sameAffine(term.factor.of, factor.of),
    );
    if (partner === undefined) continue;
    const rest = affine.terms.filter((term) => term.factor !== factor && term !== partner);
    return sum({ offset: affine.offset, terms: rest }, scale(factor.of, partner.stride));
  }
  return affine;
}

/** sum of indices[k] x strides[k], plus an offset. */
export function dot(indices: readonly Affine[], strides: readonly number[], offset = 0): Affine {
  return sum(constantAffine(offset), ...indices.map((index, axis) => scale(index, strides[axis] ?? 0)));
}

export function sameFactor(a: Factor, b: Factor): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case "loop":
      return b.kind === "loop" && a.loop === b.loop;
    case "value":
      return b.kind === "value" && a.value === b.value;
    case "quotient":
    case "remainder":
      return a.kind === b.kind && a.by === b.by && sameAffine(a.of, b.of);
    default:
      return a satisfies never;
  }
}

export function sameAffine(a: Affine, b: Affine): boolean {
  if (a === b) return true;
  if (a.offset !== b.offset || a.terms.length !== b.terms.length) return false;
  return a.terms.every(({ factor, stride }) =>
    b.terms.some((other) => other.stride === stride && sameFactor(factor, other.factor)),
  );
}

/** The least and the largest value. */
export function rangeOf({ offset, terms }: Affine): readonly [number, number] {
  let [low, high] = [offset, offset];
  for (const { factor, stride } of terms) {
    const [least, most] = factorRange(factor);
    low += Math.min(stride * least, stride * most);
    high += Math.max(stride * least, stride * most);
  }
  return [low, high];
}

function factorRange(factor: Factor): readonly [number, number] {
  switch (factor.kind) {
    case "loop":
      return [0, factor.loop.extent - 1];
    case "value":
      return [0, factor.extent - 1];
    case "quotient": {
      const [low, high] = rangeOf(factor.of);
      return [Math.floor(low / factor.by), Math.floor(high / factor.by)];
    }
    case "remainder":
      return [0, factor.by - 1];
    default:
      return factor satisfies never;
  }
}

/** The part whose strides are multiples of a number, divided by it, and the rest. */
function split(affine: Affine, by: number): { readonly divisible: Affine; readonly rest: Affine } {
  const divides = ({ stride }: Term): boolean => stride % by === 0;
  const offset = ((affine.offset % by) + by) % by;
  return {
    divisible: {
      offset: (affine.offset - offset) / by,
      terms: affine.terms.filter(divides).map(({ factor, stride }) => ({ factor, stride: stride / by })),
    },
    rest: { offset, terms: affine.terms.filter((term) => !divides(term)) },
  };
}

/** floor(affine / by) for an affine that is never negative. */
export function quotient(affine: Affine, by: number): Affine {
  if (by === 1) return affine;
  const { divisible, rest } = split(affine, by);
  const [low, high] = rangeOf(rest);
  if (low >= 0 && high < by) return divisible;
  const common = commonDivisor(rest, by);
  const of = common > 1 ? quotientOfParts(rest, common) : rest;
  return sum(divisible, {
    offset: 0,
    terms: [{ factor: { kind: "quotient", of, by: by / common }, stride: 1 }],
  });
}

/** affine modulo by, for an affine that is never negative. */
export function remainder(affine: Affine, by: number): Affine {
  if (by === 1) return zero;
  const { rest } = split(affine, by);
  const [low, high] = rangeOf(rest);
  if (low >= 0 && high < by) return rest;
  const common = commonDivisor(rest, by);
  if (common > 1 && rest.offset % common === 0) {
    const inner = remainder(quotientOfParts(rest, common), by / common);
    return scale(inner, common);
  }
  return { offset: 0, terms: [{ factor: { kind: "remainder", of: rest, by }, stride: 1 }] };
}

/** A number that divides `by` and all strides: floor((c x + r) / (c n)) = floor(x / n) for 0 <= r < c. */
function commonDivisor(affine: Affine, by: number): number {
  return affine.terms.reduce((common, { stride }) => gcd(common, Math.abs(stride)), by);
}

function quotientOfParts(affine: Affine, by: number): Affine {
  return {
    offset: Math.floor(affine.offset / by),
    terms: affine.terms.map(({ factor, stride }) => ({ factor, stride: stride / by })),
  };
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** The loops that an index depends on, those inside computed values too. */
export function visitLoops(
  affine: Affine,
  visit: (loop: Loop) => void,
  visitExpr: (expr: Expr) => void,
): void {
  for (const { factor } of affine.terms) {
    if (factor.kind === "loop") visit(factor.loop);
    else if (factor.kind === "value") visitExpr(factor.value);
    else visitLoops(factor.of, visit, visitExpr);
  }
}

/** Whether the index changes with a loop's counter; computed values in it are not looked into. */
export function dependsOnLoop({ terms }: Affine, loop: Loop): boolean {
  return terms.some(({ factor }) => {
    if (factor.kind === "loop") return factor.loop === loop;
    return factor.kind !== "value" && dependsOnLoop(factor.of, loop);
  });
}

/** Row-major indices of a shape from a flat index. */
export function unflatten(flat: Affine, shape: readonly number[]): readonly Affine[] {
  const indices: Affine[] = [];
  let rest = flat;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    indices.unshift(axis === 0 ? rest : remainder(rest, size));
    rest = quotient(rest, size);
  }
  return indices;
}

/** The flat row-major index. */
export function flatten(indices: readonly Affine[], shape: readonly number[]): Affine {
  return dot(indices, rowMajorStrides(shape));
}

export function rowMajorStrides(shape: readonly number[]): readonly number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  }
  return strides;
}

/** Functions of single elements that also take symbols: what elementwise operators fold with. */
import type { ElementType } from "../ir/tensor.ts";
import { isIntegerType } from "../ir/tensor-values.ts";
import type { Element } from "./fact.ts";
import type { ElementFunction } from "./fold.ts";

export const addElements: ElementFunction = ([a, b], symbols, elementType) =>
  withSymbols(a, b, elementType, symbols.add);
export const subtractElements: ElementFunction = ([a, b], symbols, elementType) =>
  withSymbols(a, b, elementType, symbols.subtract);
export const multiplyElements: ElementFunction = ([a, b], symbols, elementType) => {
  if (a === 0 || b === 0) return 0;
  return withSymbols(a, b, elementType, symbols.multiply);
};

/** Numbers in floating point may be fractions; with a symbol both must be whole. */
function withSymbols(
  a: Element,
  b: Element,
  elementType: ElementType,
  combine: (a: number | string, b: number | string) => Element,
): Element {
  if (a === undefined || b === undefined) return undefined;
  if (typeof a === "string" && typeof b === "number" && !Number.isInteger(b)) return undefined;
  if (typeof b === "string" && typeof a === "number" && !Number.isInteger(a)) return undefined;
  const result = combine(a, b);
  const exact = typeof result === "string" || !isIntegerType(elementType) || Number.isSafeInteger(result);
  return exact ? result : undefined;
}

/** Integers divide towards zero; a symbol is a size, so that is its floor. Fractions of symbols are not kept. */
export const divideElements: ElementFunction = ([a, b], symbols, elementType) => {
  if (a === undefined || b === undefined || b === 0) return undefined;
  if (typeof a === "number" && typeof b === "number") {
    return isIntegerType(elementType) ? Math.trunc(a / b) : a / b;
  }
  if (a === b) return 1;
  if (isIntegerType(elementType)) return symbols.isNonNegative(a) ? symbols.floorDivide(a, b) : undefined;
  if (typeof b === "number" && !Number.isInteger(b)) return undefined;
  const quotient = symbols.floorDivide(a, b);
  return symbols.multiply(quotient, b) === a ? quotient : undefined;
};

export const equalElements: ElementFunction = ([a, b], symbols) => {
  if (a === undefined || b === undefined) return undefined;
  if (a === b) return 1;
  if (typeof a === "number" && typeof b === "number") return 0;
  const [number, expression] = typeof a === "number" ? [a, b] : [b, a];
  // A size is never negative, so it is not the -1 that export code compares it with.
  return typeof number === "number" && number < 0 && symbols.isNonNegative(expression) ? 0 : undefined;
};

export const smallest: ElementFunction = (elements) => extreme(elements, Math.min);
export const largest: ElementFunction = (elements) => extreme(elements, Math.max);

function extreme(elements: readonly Element[], choose: (a: number, b: number) => number): Element {
  return elements.reduce((a, b) =>
    a === b ? a : typeof a === "number" && typeof b === "number" ? choose(a, b) : undefined,
  );
}

export const truth = (value: boolean): number => (value ? 1 : 0);

export const castElement: ElementFunction = ([element], _symbols, elementType) => {
  if (elementType !== "bool") return element;
  return typeof element === "number" ? truth(element !== 0) : undefined;
};

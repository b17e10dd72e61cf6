/** How far two values are apart. */
import { numbersOf, type RuntimeValue, type TensorValue } from "../ir/runtime-value.ts";

export interface Difference {
  /** Largest |actual - expected|; infinite where kinds, types, shapes, texts or NaNs differ. */
  readonly maxAbsoluteError: number;
  /** Largest |actual - expected| / |expected|, over the elements that differ. */
  readonly maxRelativeError: number;
  /** Whether every element meets |actual - expected| <= absolute + relative x |expected|. */
  readonly isClose: boolean;
  /** What differs, where it is not the numbers. */
  readonly reason?: string;
}

export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** That of ONNX's own test runner. */
export const onnxTolerance: Tolerance = { relative: 1e-3, absolute: 1e-7 };

/** Compares elements of one type; sequences and optionals item by item. */
export function compareValues(
  actual: RuntimeValue,
  expected: RuntimeValue,
  tolerance: Tolerance = onnxTolerance,
): Difference {
  if (actual.kind === "tensor" && expected.kind === "tensor")
    return compareTensors(actual, expected, tolerance);
  // Test data of optional values may hold the bare value.
  if (actual.kind === "optional" && expected.kind !== "optional" && actual.value !== undefined) {
    return compareValues(actual.value, expected, tolerance);
  }
  if (actual.kind === "sequence" && expected.kind === "sequence") {
    if (actual.items.length !== expected.items.length) {
      return unlike(`a sequence of ${actual.items.length} instead of ${expected.items.length}`);
    }
    return worst(
      actual.items.map((item, index) => compareValues(item, expected.items[index] ?? item, tolerance)),
    );
  }
  if (actual.kind === "optional" && expected.kind === "optional") {
    if (actual.value === undefined && expected.value === undefined) return equal;
    if (actual.value !== undefined && expected.value !== undefined) {
      return compareValues(actual.value, expected.value, tolerance);
    }
  }
  return unlike(`a ${actual.kind} instead of a ${expected.kind}`);
}

const equal: Difference = { maxAbsoluteError: 0, maxRelativeError: 0, isClose: true };

function unlike(reason: string): Difference {
  const far = Number.POSITIVE_INFINITY;
  return { maxAbsoluteError: far, maxRelativeError: far, isClose: false, reason };
}

function worst(all: readonly Difference[]): Difference {
  return all.reduce((a, b) => {
    const reason = a.reason ?? b.reason;
    return {
      maxAbsoluteError: Math.max(a.maxAbsoluteError, b.maxAbsoluteError),
      maxRelativeError: Math.max(a.maxRelativeError, b.maxRelativeError),
      isClose: a.isClose && b.isClose,
      ...(reason === undefined ? {} : { reason }),
    };
  }, equal);
}

function compareTensors(actual: TensorValue, expected: TensorValue, tolerance: Tolerance): Difference {
  const [typeA, typeB] = [typeOf(actual), typeOf(expected)];
  if (typeA !== typeB) return unlike(`${typeA} instead of ${typeB}`);
  if (Array.isArray(expected.elements)) {
    const texts = expected.elements;
    const at = texts.findIndex((text, index) => text !== actual.elements[index]);
    return at < 0
      ? equal
      : unlike(`${JSON.stringify(actual.elements[at])} instead of ${JSON.stringify(texts[at])}`);
  }
  const [numbers, wanted] = [numbersOf(actual), numbersOf(expected)];
  let [absolute, relative, isClose] = [0, 0, true];
  for (let index = 0; index < wanted.length; index++) {
    const [a, b] = [numbers[index] ?? Number.NaN, wanted[index] ?? Number.NaN];
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    const error = Number.isNaN(a - b) ? Number.POSITIVE_INFINITY : Math.abs(a - b);
    absolute = Math.max(absolute, error);
    relative = Math.max(relative, error / Math.abs(b));
    if (!(error <= tolerance.absolute + tolerance.relative * Math.abs(b))) isClose = false;
  }
  return { maxAbsoluteError: absolute, maxRelativeError: relative, isClose };
}

const typeOf = ({ elementType, shape }: TensorValue): string => `${elementType} [${shape.join(",")}]`;

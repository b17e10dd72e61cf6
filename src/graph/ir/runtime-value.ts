/**
 * Values while a network runs: tensors whose elements lie in one array of JavaScript's, sequences of values, and
 * optionals. Numbers of up to 32 bits and doubles stand in the typed array of their type, 64-bit integers in BigInt
 * arrays, bool in bytes of 0 and 1, 4-bit integers one to a byte, strings in a list. Floats below 32 bits stand
 * unpacked in a Float32Array, which holds each of them exactly; whoever stores into one rounds (see roundElements).
 */
import { badInput } from "../../base/errors.ts";
import { product } from "../../base/integers.ts";
import { isSmallFloat, smallFloatRounder } from "./small-floats.ts";
import type { ElementType } from "./tensor.ts";

/** Elements that are JavaScript numbers. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;
export type BigIntArray = BigInt64Array | BigUint64Array;
export type ElementArray = NumberArray | BigIntArray | string[];

/** A tensor with its elements in row-major order. The elements are never written to once others may see them. */
export interface TensorValue {
  readonly kind: "tensor";
  readonly elementType: ElementType;
  readonly shape: readonly number[];
  readonly elements: ElementArray;
}

export interface SequenceValue {
  readonly kind: "sequence";
  readonly elementType: ElementType;
  readonly items: readonly RuntimeValue[];
}

/** A value that may be absent. */
export interface OptionalValue {
  readonly kind: "optional";
  readonly value: RuntimeValue | undefined;
}

export type RuntimeValue = TensorValue | SequenceValue | OptionalValue;

const bigIntTypes: ReadonlySet<ElementType> = new Set<ElementType>(["int64", "uint64"]);

/** Whether the elements are bigints. */
export function isBigIntType(elementType: ElementType): boolean {
  return bigIntTypes.has(elementType);
}

/** Whether the elements are numbers that may have a fraction. */
export function isFloatType(elementType: ElementType): boolean {
  return elementType === "float32" || elementType === "float64" || isSmallFloat(elementType);
}

/** Elements of a type, all 0 or "". Throws bad-input for complex numbers, which no kernel knows. */
export function allocate(elementType: ElementType, count: number): ElementArray {
  if (elementType === "int64") return new BigInt64Array(count);
  if (elementType === "uint64") return new BigUint64Array(count);
  if (elementType === "string") return new Array<string>(count).fill("");
  return allocateNumbers(elementType, count);
}

/** The same for types whose elements are numbers. */
export function allocateNumbers(elementType: ElementType, count: number): NumberArray {
  switch (elementType) {
    case "float32":
      return new Float32Array(count);
    case "float64":
      return new Float64Array(count);
    case "int32":
      return new Int32Array(count);
    case "uint32":
      return new Uint32Array(count);
    case "int16":
      return new Int16Array(count);
    case "uint16":
      return new Uint16Array(count);
    case "int8":
    case "int4":
      return new Int8Array(count);
    case "uint8":
    case "uint4":
    case "bool":
      return new Uint8Array(count);
    default:
      if (isSmallFloat(elementType)) return new Float32Array(count);
      throw badInput(`elements of type ${elementType} cannot be computed with`, {
        where: "interpreter",
        fix: "export the network with real numbers",
      });
  }
}

/** A tensor of these elements; floats below 32 bits are rounded in place, so the array must be the caller's own. */
export function tensorValue(
  elementType: ElementType,
  shape: readonly number[],
  elements: ElementArray,
): TensorValue {
  roundElements(elementType, elements);
  return { kind: "tensor", elementType, shape, elements };
}

/** Rounds what was computed in more bits than the type has: small floats and 4-bit integers, which wrap. */
function roundElements(elementType: ElementType, elements: ElementArray): void {
  if (elements instanceof Float32Array) {
    const round = smallFloatRounder(elementType);
    if (round === undefined) return;
    for (let index = 0; index < elements.length; index++) elements[index] = round(elements[index] ?? 0);
  } else if (elementType === "int4" && elements instanceof Int8Array) {
    for (let index = 0; index < elements.length; index++)
      elements[index] = ((elements[index] ?? 0) << 28) >> 28;
  } else if (elementType === "uint4" && elements instanceof Uint8Array) {
    for (let index = 0; index < elements.length; index++) elements[index] = (elements[index] ?? 0) & 15;
  }
}

/**
 * A tensor from doubles: whole numbers wrap as two's complement does, 64-bit ones clamp, and what is no number is 0.
 */
export function tensorFromDoubles(
  elementType: ElementType,
  shape: readonly number[],
  numbers: NumberArray | readonly number[],
): TensorValue {
  if (isBigIntType(elementType))
    return tensorValue(elementType, shape, bigIntsFromDoubles(elementType, numbers));
  const elements = allocateNumbers(elementType, numbers.length);
  if (elementType === "bool") {
    for (let index = 0; index < numbers.length; index++) elements[index] = numbers[index] === 0 ? 0 : 1;
  } else elements.set(numbers);
  return tensorValue(elementType, shape, elements);
}

function bigIntsFromDoubles(elementType: ElementType, numbers: ArrayLike<number>): BigIntArray {
  const elements =
    elementType === "int64" ? new BigInt64Array(numbers.length) : new BigUint64Array(numbers.length);
  const [low, high] =
    elementType === "int64" ? [-(2n ** 63n), 2n ** 63n - 1n] : [-(2n ** 63n), 2n ** 64n - 1n];
  for (let index = 0; index < numbers.length; index++) {
    const number = Math.trunc(numbers[index] ?? 0);
    const exact = Number.isFinite(number) ? BigInt(number) : number > 0 ? high : number < 0 ? low : 0n;
    elements[index] = exact > high ? high : exact < low ? low : exact;
  }
  return elements;
}

/** The elements as numbers: the array itself where they are, 64-bit integers rounded to doubles. */
export function numbersOf({ elementType, elements }: TensorValue): NumberArray {
  if (elements instanceof BigInt64Array || elements instanceof BigUint64Array) {
    const numbers = new Float64Array(elements.length);
    for (let index = 0; index < elements.length; index++) numbers[index] = Number(elements[index]);
    return numbers;
  }
  if (!Array.isArray(elements)) return elements;
  throw badInput(`a tensor of ${elementType} is given where numbers are needed`, {
    where: "interpreter",
    fix: "export the network again",
  });
}

/** A scalar. */
export function scalarValue(elementType: ElementType, value: number): TensorValue {
  return tensorFromDoubles(elementType, [], [value]);
}

/** The number of elements. */
export function countOf(shape: readonly number[]): number {
  return product(shape);
}

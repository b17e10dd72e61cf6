/**
 * Floats of at most 16 bits: float16, bfloat16, and the 8- and 4-bit formats of the ONNX specification ("Float stored
 * in 8 bits"). They are computed with as doubles and rounded when they are stored.
 */
import { type ElementType, elementBits } from "./tensor.ts";

/** A format: sign, exponent, mantissa. */
interface SmallFloat {
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  /** What the largest exponent means: infinities and NaN, NaN at the all-ones pattern alone, or plain numbers. */
  readonly top: "ieee" | "nan-at-ones" | "numbers";
  /** Minus zero is NaN in the formats with "uz" in their name. */
  readonly negativeZeroIsNan: boolean;
}

const smallFloats: Readonly<Partial<Record<ElementType, SmallFloat>>> = {
  float16: { exponentBits: 5, mantissaBits: 10, bias: 15, top: "ieee", negativeZeroIsNan: false },
  bfloat16: { exponentBits: 8, mantissaBits: 7, bias: 127, top: "ieee", negativeZeroIsNan: false },
  float8e4m3fn: { exponentBits: 4, mantissaBits: 3, bias: 7, top: "nan-at-ones", negativeZeroIsNan: false },
  float8e4m3fnuz: { exponentBits: 4, mantissaBits: 3, bias: 8, top: "numbers", negativeZeroIsNan: true },
  float8e5m2: { exponentBits: 5, mantissaBits: 2, bias: 15, top: "ieee", negativeZeroIsNan: false },
  float8e5m2fnuz: { exponentBits: 5, mantissaBits: 2, bias: 16, top: "numbers", negativeZeroIsNan: true },
  float4e2m1: { exponentBits: 2, mantissaBits: 1, bias: 1, top: "numbers", negativeZeroIsNan: false },
};

/** Whether the type is one of these. */
export function isSmallFloat(elementType: ElementType): boolean {
  return smallFloats[elementType] !== undefined;
}

/** The number that a bit pattern stands for; undefined for types that are not of this kind. */
export function smallFloatDecoder(elementType: ElementType): ((pattern: number) => number) | undefined {
  const format = smallFloats[elementType];
  return format === undefined ? undefined : (pattern) => decodePattern(format, pattern);
}

/**
 * The nearest number of the type, ties to even: beyond the largest it is infinity in the 16-bit types and the largest
 * in the smaller ones, as Cast saturates by default. Undefined for types that are not of this kind.
 */
export function smallFloatRounder(elementType: ElementType): ((value: number) => number) | undefined {
  const format = smallFloats[elementType];
  if (format === undefined) return undefined;
  const saturates = elementBits[elementType] < 16;
  const largest = largestNumber(format);
  const lowestExponent = 1 - format.bias;
  return (value) => {
    if (value === 0 || !Number.isFinite(value)) return unchanged(format, value, saturates, largest);
    const exponent = Math.max(lowestExponent, Math.floor(Math.log2(Math.abs(value))));
    const unit = 2 ** (exponent - format.mantissaBits);
    const rounded = roundHalfEven(value / unit) * unit;
    if (Math.abs(rounded) <= largest) return rounded;
    return Math.sign(value) * (saturates ? largest : Number.POSITIVE_INFINITY);
  };
}

/** Zeros, infinities and NaN. */
function unchanged(format: SmallFloat, value: number, saturates: boolean, largest: number): number {
  if (value === 0) return format.negativeZeroIsNan ? 0 : value;
  return saturates && !Number.isNaN(value) ? Math.sign(value) * largest : value;
}

/** Rounds to the nearest whole number, half to even. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function largestNumber(format: SmallFloat): number {
  const topExponent = (1 << format.exponentBits) - 1 - (format.top === "ieee" ? 1 : 0);
  const topMantissa = (1 << format.mantissaBits) - 1 - (format.top === "nan-at-ones" ? 1 : 0);
  return decodePattern(format, (topExponent << format.mantissaBits) | topMantissa);
}

function decodePattern(format: SmallFloat, pattern: number): number {
  const { exponentBits, mantissaBits, bias } = format;
  const largest = (1 << exponentBits) - 1;
  const exponent = (pattern >> mantissaBits) & largest;
  const mantissa = pattern & ((1 << mantissaBits) - 1);
  const sign = (pattern >> (exponentBits + mantissaBits)) & 1 ? -1 : 1;
  if (format.negativeZeroIsNan && sign < 0 && exponent === 0 && mantissa === 0) return Number.NaN;
  if (exponent === largest && format.top === "ieee") return mantissa === 0 ? sign * Infinity : Number.NaN;
  if (exponent === largest && format.top === "nan-at-ones" && mantissa === (1 << mantissaBits) - 1) {
    return Number.NaN;
  }
  const fraction = mantissa / (1 << mantissaBits);
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias);
  return sign * (1 + fraction) * 2 ** (exponent - bias);
}

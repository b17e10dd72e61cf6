/**
 * The elements of small constants as JavaScript numbers and bigints, and back. For shapes, axes and indices, not for
 * weights: a value costs an allocation. Encodings follow ONNX's TensorProto.
 */
import { assert } from "../../base/assert.ts";
import { smallFloatDecoder } from "./small-floats.ts";
import type { ElementType, Tensor } from "./tensor.ts";
import { elementBits, elementCount } from "./tensor.ts";

const integerTypes: ReadonlySet<ElementType> = new Set<ElementType>([
  "int64",
  "int32",
  "int16",
  "int8",
  "int4",
  "uint64",
  "uint32",
  "uint16",
  "uint8",
  "uint4",
  "bool",
]);

/** Whether elements are whole numbers (bool counts as 0 and 1). */
export function isIntegerType(elementType: ElementType): boolean {
  return integerTypes.has(elementType);
}

/**
 * The elements in row-major order; undefined where they are not known (synthetic, missing), are not real numbers
 * (strings, complex), or the bytes are fewer than the shape asks for. 64-bit integers are rounded to doubles.
 */
export function tensorToNumbers(tensor: Tensor): number[] | undefined {
  const view = elementView(tensor);
  if (view === undefined) return undefined;
  const read = numberReader(tensor.elementType);
  if (read === undefined) return undefined;
  return Array.from({ length: view.count }, (_, index) => read(view.bytes, index));
}

/** The elements as exact integers; undefined as for tensorToNumbers, and for types that are not integers. */
export function tensorToBigInts(tensor: Tensor): bigint[] | undefined {
  if (!isIntegerType(tensor.elementType)) return undefined;
  const view = elementView(tensor);
  if (view === undefined) return undefined;
  const { bytes, count } = view;
  switch (tensor.elementType) {
    case "int64":
      return Array.from({ length: count }, (_, index) => bytes.getBigInt64(8 * index, true));
    case "uint64":
      return Array.from({ length: count }, (_, index) => bytes.getBigUint64(8 * index, true));
    default:
      return tensorToNumbers(tensor)?.map(BigInt);
  }
}

/** A tensor of an integer type; values outside the type's range wrap. */
export function tensorFromBigInts(
  elementType: ElementType,
  shape: readonly number[],
  values: readonly bigint[],
): Tensor {
  assert(isIntegerType(elementType), `${elementType} is not an integer type`);
  assert(elementCount(shape) === values.length, `${values.length} elements for shape [${shape.join(",")}]`);
  const bits = elementBits[elementType];
  const bytes = new Uint8Array(Math.ceil((values.length * bits) / 8));
  values.forEach((value, index) => {
    writeBits(bytes, index, bits, BigInt.asUintN(bits, value));
  });
  return { elementType, shape, data: { kind: "bytes", bytes } };
}

/**
 * A tensor of an integer type, float32, or float64. Integers beyond 64 bits are clamped, as an end index of "all of
 * it" is when it has been through a double. Other types give undefined.
 */
export function tensorFromNumbers(
  elementType: ElementType,
  shape: readonly number[],
  values: readonly number[],
): Tensor | undefined {
  if (isIntegerType(elementType)) {
    if (!values.every(Number.isInteger)) return undefined;
    return tensorFromBigInts(
      elementType,
      shape,
      values.map((value) => clampTo64(elementType, BigInt(value))),
    );
  }
  if (elementType !== "float32" && elementType !== "float64") return undefined;
  const bytes = new Uint8Array((values.length * elementBits[elementType]) / 8);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    if (elementType === "float32") view.setFloat32(4 * index, value, true);
    else view.setFloat64(8 * index, value, true);
  });
  return { elementType, shape, data: { kind: "bytes", bytes } };
}

function clampTo64(elementType: ElementType, value: bigint): bigint {
  if (elementType === "uint64") return value > 0xffff_ffff_ffff_ffffn ? 0xffff_ffff_ffff_ffffn : value;
  const most = 0x7fff_ffff_ffff_ffffn;
  return value > most ? most : value < -most - 1n ? -most - 1n : value;
}

function writeBits(bytes: Uint8Array, index: number, bits: number, pattern: bigint): void {
  if (bits === 4) {
    const at = index >> 1;
    bytes[at] = (bytes[at] ?? 0) | (Number(pattern) << (index % 2 === 0 ? 0 : 4));
    return;
  }
  for (let byte = 0; byte < bits / 8; byte++) {
    bytes[(index * bits) / 8 + byte] = Number((pattern >> BigInt(8 * byte)) & 0xffn);
  }
}

function elementView(tensor: Tensor): { readonly bytes: DataView; readonly count: number } | undefined {
  if (tensor.data.kind !== "bytes") return undefined;
  const { bytes } = tensor.data;
  const count = elementCount(tensor.shape) ?? 0;
  if (bytes.length < Math.ceil((count * elementBits[tensor.elementType]) / 8)) return undefined;
  return { bytes: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), count };
}

type NumberReader = (bytes: DataView, index: number) => number;

function numberReader(elementType: ElementType): NumberReader | undefined {
  switch (elementType) {
    case "float32":
      return (bytes, index) => bytes.getFloat32(4 * index, true);
    case "float64":
      return (bytes, index) => bytes.getFloat64(8 * index, true);
    case "int64":
      return (bytes, index) => Number(bytes.getBigInt64(8 * index, true));
    case "uint64":
      return (bytes, index) => Number(bytes.getBigUint64(8 * index, true));
    case "int32":
      return (bytes, index) => bytes.getInt32(4 * index, true);
    case "uint32":
      return (bytes, index) => bytes.getUint32(4 * index, true);
    case "int16":
      return (bytes, index) => bytes.getInt16(2 * index, true);
    case "uint16":
      return (bytes, index) => bytes.getUint16(2 * index, true);
    case "int8":
      return (bytes, index) => bytes.getInt8(index);
    case "uint8":
      return (bytes, index) => bytes.getUint8(index);
    case "bool":
      return (bytes, index) => (bytes.getUint8(index) === 0 ? 0 : 1);
    case "uint4":
      return nibble;
    case "int4":
      return (bytes, index) => (nibble(bytes, index) << 28) >> 28;
    default:
      return smallFloatReader(elementType);
  }
}

function nibble(bytes: DataView, index: number): number {
  return (bytes.getUint8(index >> 1) >> (index % 2 === 0 ? 0 : 4)) & 15;
}

function smallFloatReader(elementType: ElementType): NumberReader | undefined {
  const decode = smallFloatDecoder(elementType);
  if (decode === undefined) return undefined;
  const bits = elementBits[elementType];
  if (bits === 16) return (bytes, index) => decode(bytes.getUint16(2 * index, true));
  if (bits === 8) return (bytes, index) => decode(bytes.getUint8(index));
  return (bytes, index) => decode(nibble(bytes, index));
}

/** Between constants, whose elements are bytes as ONNX stores them, and values of a run. O(elements). */
import { badInput } from "../../base/errors.ts";
import { bfloat16Bits, float16Bits, freshRoom, materialize, type Room } from "./materialize.ts";
import {
  allocateNumbers,
  countOf,
  type ElementArray,
  isBigIntType,
  type NumberArray,
  type TensorValue,
} from "./runtime-value.ts";
import { smallFloatDecoder } from "./small-floats.ts";
import { type ElementType, elementBits, type Tensor } from "./tensor.ts";

/**
 * The constant's elements, ready to compute with: a view of its bytes where they can be used as they are, made where
 * they are synthetic or scaled; in the room, where one is given. Throws bad-input where they are missing.
 */
export function valueOfTensor(tensor: Tensor, where = "tensor", room: Room = freshRoom): TensorValue {
  const { elementType, shape, data } = tensor;
  if (data.kind === "strings") {
    const decoder = new TextDecoder();
    return {
      kind: "tensor",
      elementType,
      shape,
      elements: data.strings.map((bytes) => decoder.decode(bytes)),
    };
  }
  const bytes = materialize(tensor, where, room);
  checkLength(tensor, bytes, where);
  const elements = decoded(elementType, bytes, countOf(shape), room);
  return { kind: "tensor", elementType, shape, elements };
}

/** Throws as valueOfTensor does, and makes nothing. */
export function checkElements(tensor: Tensor, where: string): void {
  const { data } = tensor;
  if (data.kind === "scaled") checkElements(data.of, where);
  else if (data.kind !== "synthetic") checkLength(tensor, materialize(tensor, where), where);
}

function checkLength({ elementType, shape }: Tensor, bytes: Uint8Array, where: string): void {
  const count = countOf(shape);
  if (bytes.length >= Math.ceil((count * elementBits[elementType]) / 8)) return;
  throw badInput(`the shape asks for ${count} elements, the data has ${bytes.length} bytes`, {
    where,
    fix: "export the model again",
  });
}

function decoded(elementType: ElementType, bytes: Uint8Array, count: number, room: Room): ElementArray {
  const bits = elementBits[elementType];
  const small = smallFloatDecoder(elementType);
  if (small !== undefined || bits === 4) return unpacked(elementType, bytes, count);
  const size = bits / 8;
  // Typed arrays must start at a multiple of their element's size; ONNX files promise nothing.
  const aligned = bytes.byteOffset % size === 0 ? bytes : copied(bytes, room);
  const { buffer, byteOffset } = aligned;
  if (elementType === "int64") return new BigInt64Array(buffer, byteOffset, count);
  if (elementType === "uint64") return new BigUint64Array(buffer, byteOffset, count);
  return numberView(elementType, aligned, count);
}

function copied(bytes: Uint8Array, room: Room): Uint8Array {
  const copy = room(bytes.length);
  copy.set(bytes);
  return copy;
}

function numberView(
  elementType: ElementType,
  { buffer, byteOffset }: Uint8Array,
  count: number,
): NumberArray {
  switch (elementType) {
    case "float32":
      return new Float32Array(buffer, byteOffset, count);
    case "float64":
      return new Float64Array(buffer, byteOffset, count);
    case "int32":
      return new Int32Array(buffer, byteOffset, count);
    case "uint32":
      return new Uint32Array(buffer, byteOffset, count);
    case "int16":
      return new Int16Array(buffer, byteOffset, count);
    case "uint16":
      return new Uint16Array(buffer, byteOffset, count);
    case "int8":
      return new Int8Array(buffer, byteOffset, count);
    case "uint8":
      return new Uint8Array(buffer, byteOffset, count);
    case "bool":
      return new Uint8Array(buffer, byteOffset, count).map((byte) => (byte === 0 ? 0 : 1));
    default:
      // Complex numbers and what is no tensor: says so.
      return allocateNumbers(elementType, count);
  }
}

/** 16-, 8- and 4-bit patterns, one number each. */
function unpacked(elementType: ElementType, bytes: Uint8Array, count: number): NumberArray {
  const bits = elementBits[elementType];
  const numbers = allocateNumbers(elementType, count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decode =
    smallFloatDecoder(elementType) ??
    ((pattern) => (elementType === "int4" ? (pattern << 28) >> 28 : pattern));
  for (let index = 0; index < count; index++) {
    const pattern =
      bits === 16
        ? view.getUint16(2 * index, true)
        : bits === 8
          ? view.getUint8(index)
          : (view.getUint8(index >> 1) >> (index % 2 === 0 ? 0 : 4)) & 15;
    numbers[index] = decode(pattern);
  }
  return numbers;
}

/**
 * The value as a constant. Throws bad-input for the 8- and 4-bit floats, which nothing needs to be written as yet.
 */
export function tensorOfValue({ elementType, shape, elements }: TensorValue): Tensor {
  if (Array.isArray(elements)) {
    const encoder = new TextEncoder();
    return {
      elementType,
      shape,
      data: { kind: "strings", strings: elements.map((text) => encoder.encode(text)) },
    };
  }
  return { elementType, shape, data: { kind: "bytes", bytes: encoded(elementType, elements) } };
}

function encoded(elementType: ElementType, elements: Exclude<ElementArray, string[]>): Uint8Array {
  const bits = elementBits[elementType];
  if (isBigIntType(elementType) || bits === 32 || bits === elements.BYTES_PER_ELEMENT * 8) {
    return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
  }
  if (elementType === "float16" || elementType === "bfloat16") {
    const encode = elementType === "float16" ? float16Bits : bfloat16Bits;
    const patterns = new Uint16Array(elements.length);
    for (let index = 0; index < elements.length; index++) patterns[index] = encode(Number(elements[index]));
    return new Uint8Array(patterns.buffer);
  }
  if (elementType === "int4" || elementType === "uint4") return nibbles(elements);
  throw badInput(`elements of type ${elementType} cannot be written`, {
    where: "tensor",
    fix: "cast the value to float32 first",
  });
}

function nibbles(elements: ArrayLike<number | bigint>): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(elements.length / 2));
  for (let index = 0; index < elements.length; index++) {
    bytes[index >> 1] =
      (bytes[index >> 1] ?? 0) | ((Number(elements[index]) & 15) << (index % 2 === 0 ? 0 : 4));
  }
  return bytes;
}

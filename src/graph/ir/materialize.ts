/**
 * The bytes of a tensor's elements. Scaled ones are multiplied here, in doubles, and rounded to the element type once. Synthetic ones are drawn here and nowhere else: uniform in [low, high), one draw
 * of mulberry32 for each element in row-major order, rounded to the element type; integers are the floor, booleans
 * whether the draw is at least one half. O(elements).
 */
import { badInput } from "../../base/errors.ts";
import { mulberry32 } from "../../base/mulberry32.ts";
import { roundHalfEven } from "./small-floats.ts";
import {
  type ChannelFactors,
  type ElementType,
  elementBits,
  elementCount,
  type Tensor,
  type TensorData,
} from "./tensor.ts";

/** More than any machine's typed array holds is refused before it is asked for. */
const maximumBytes = 2 ** 32;

/** Where elements that are made are put: bytes that begin at a multiple of 8, and hold anything before. */
export type Room = (byteLength: number) => Uint8Array;

/** Memory that nobody else has. */
export const freshRoom: Room = (byteLength) => new Uint8Array(byteLength);

/**
 * Room that is used again each time it is asked for, so that what it held is over. Memory that is touched for the first
 * time costs more than what is done with it, which counts where every weight of a network is looked at once.
 */
export function reusedRoom(): Room {
  let buffer = new ArrayBuffer(0);
  return (byteLength) => {
    if (buffer.byteLength < byteLength) buffer = new ArrayBuffer(byteLength);
    return new Uint8Array(buffer, 0, byteLength);
  };
}

/**
 * Little-endian elements in row-major order, as raw_data holds them: a view where the tensor has them, made in the room
 * where they are synthetic or scaled. Throws bad-input for missing elements, strings, and types without a synthetic form.
 */
export function materialize(tensor: Tensor, where = "tensor", room: Room = freshRoom): Uint8Array {
  switch (tensor.data.kind) {
    case "bytes":
      return tensor.data.bytes;
    case "strings":
      throw badInput("strings have no fixed encoding", { where, fix: "use a numeric tensor here" });
    case "missing":
      throw missing(tensor.data.location, where);
    case "synthetic":
      return synthetic(tensor, tensor.data, where, room);
    case "scaled":
      return scaled(tensor, tensor.data, where, room);
    default:
      return tensor.data satisfies never;
  }
}

/** Bytes of the elements as stored; undefined for strings. */
export function tensorByteLength(tensor: Tensor): number | undefined {
  if (tensor.elementType === "string") return undefined;
  return Math.ceil(((elementCount(tensor.shape) ?? 0) * elementBits[tensor.elementType]) / 8);
}

function missing(location: string, where: string): Error {
  const what = location === "" ? "no file is named" : `the file ${JSON.stringify(location)} is not there`;
  return badInput(`the elements are needed, but ${what}`, {
    where,
    fix: "put the external data beside the model, or use a model that holds its weights",
  });
}

interface Recipe {
  readonly low: number;
  readonly high: number;
  readonly seed: number;
}

function synthetic(tensor: Tensor, { low, high, seed }: Recipe, where: string, room: Room): Uint8Array {
  const count = elementCount(tensor.shape) ?? 0;
  const byteLength = (count * elementBits[tensor.elementType]) / 8;
  const write = elementWriter(tensor.elementType);
  if (write === undefined || byteLength > maximumBytes) {
    const why = write === undefined ? `of type ${tensor.elementType}` : `in ${byteLength} bytes`;
    throw badInput(`synthetic elements ${why} cannot be made`, {
      where,
      fix: "use a model that holds its weights",
    });
  }
  const bytes = room(byteLength);
  const draw = mulberry32(seed);
  write(bytes, count, () => low + (high - low) * draw());
  return bytes;
}

type Fill = (bytes: Uint8Array, count: number, draw: () => number) => void;

/** One loop for each type: a call for each element through a table would double the time of a large network. */
function elementWriter(elementType: ElementType): Fill | undefined {
  switch (elementType) {
    case "float32":
      return each(4, (view, at, value) => view.setFloat32(at, value, true));
    case "float64":
      return each(8, (view, at, value) => view.setFloat64(at, value, true));
    case "float16":
      return each(2, (view, at, value) => view.setUint16(at, float16Bits(value), true));
    case "bfloat16":
      return each(2, (view, at, value) => view.setUint16(at, bfloat16Bits(value), true));
    case "int64":
      return each(8, (view, at, value) => view.setBigInt64(at, BigInt(Math.floor(value)), true));
    case "uint64":
      return each(8, (view, at, value) => view.setBigUint64(at, BigInt(Math.floor(value)), true));
    case "int32":
    case "uint32":
      return each(4, (view, at, value) => view.setInt32(at, Math.floor(value), true));
    case "int16":
    case "uint16":
      return each(2, (view, at, value) => view.setInt16(at, Math.floor(value), true));
    case "int8":
    case "uint8":
      return each(1, (view, at, value) => view.setInt8(at, Math.floor(value)));
    case "bool":
      return each(1, (view, at, value) => view.setUint8(at, value >= 0.5 ? 1 : 0));
    default:
      return undefined;
  }
}

function each(size: number, set: (view: DataView, at: number, value: number) => void): Fill {
  return (bytes, count, draw) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (let index = 0; index < count; index++) set(view, index * size, draw());
  };
}

type Scaled = Extract<TensorData, { readonly kind: "scaled" }>;

function scaled({ elementType }: Tensor, { of, channels }: Scaled, where: string, room: Room): Uint8Array {
  const before = materialize(of, where, room);
  const bytes = room(before.length);
  // Scaled a second time, they are there already.
  if (bytes.buffer !== before.buffer) bytes.set(before);
  if (elementType === "float64")
    scaleDoubles(new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8), channels);
  else scaleFloats(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4), channels);
  return bytes;
}

// Two loops and not one over both types: an engine makes one that sees two kinds of array several times slower.

function scaleFloats(elements: Float32Array, channels: ChannelFactors): void {
  const { stride } = channels;
  for (let start = 0; start < elements.length; start += stride) {
    const factor = factorAt(channels, start);
    const end = start + stride;
    for (let index = start; index < end; index++) elements[index] = (elements[index] ?? 0) * factor;
  }
}

function scaleDoubles(elements: Float64Array, channels: ChannelFactors): void {
  const { stride } = channels;
  for (let start = 0; start < elements.length; start += stride) {
    const factor = factorAt(channels, start);
    const end = start + stride;
    for (let index = start; index < end; index++) elements[index] = (elements[index] ?? 0) * factor;
  }
}

function factorAt({ factors, stride, count, perGroup, groupStride }: ChannelFactors, start: number): number {
  if (factors.length === 1) return factors[0] ?? 1;
  const channel = (Math.floor(start / stride) % count) + Math.floor(start / groupStride) * perGroup;
  return factors[channel] ?? 1;
}

/** IEEE half precision, rounded to nearest, ties to even. */
export function float16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude)));
  // In units of the last place; below 2^-14 the numbers are spaced evenly. Carries run into the exponent by design.
  const units = roundHalfEven(magnitude / 2 ** (exponent - 10));
  return sign | (units + (exponent + 14) * 1024);
}

/** The upper half of a float32, rounded to nearest, ties to even. */
export function bfloat16Bits(value: number): number {
  const word = new Uint32Array(new Float32Array([value]).buffer)[0] ?? 0;
  if (Number.isNaN(value)) return 0x7fc0;
  return ((word + 0x7fff + ((word >>> 16) & 1)) >>> 16) & 0xffff;
}

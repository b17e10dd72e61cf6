/**
 * The safetensors format (huggingface.co/docs/safetensors): eight bytes with the length of a JSON header, the header,
 * and the elements of all tensors, little-endian, without a gap between them. It stands in base as .npy does: it knows
 * bytes and shapes and no word of the field. Reading is O(header), as tensors are views into the file; writing is
 * O(bytes).
 *
 * A file may come from anywhere, so a reader believes nothing: whatever breaks a rule is bad input that names the tensor.
 */
import { badInput, type LaminateError } from "./errors.ts";
import { product } from "./integers.ts";
import { duplicateKey } from "./json-keys.ts";
import { quote } from "./quote.ts";

/** Bytes of one element, by the format's names. */
export const safetensorsWidths = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

export type SafetensorsType = keyof typeof safetensorsWidths;

/** A tensor as the file holds it: little-endian elements in row-major order. */
export interface SafeTensor {
  readonly type: SafetensorsType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** What a file holds. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  /** The header's `__metadata__`; empty where there is none. */
  readonly metadata: ReadonlyMap<string, string>;
}

const metadataKey = "__metadata__";
const lengthBytes = 8;
/** As other readers have it: a longer header is a broken length, or an attack. */
const longestHeader = 100_000_000;
/** The elements begin at a multiple of this, so that a view of any type can be laid on the file. */
const alignment = 8;

/**
 * The file. Tensors of wide types come first and names decide between equals, so every tensor lies at a multiple of its
 * element's width and the same content gives the same bytes, whatever the order it was given in.
 *
 * @throws LaminateError (bad-input) for a tensor whose bytes do not fit its shape, or that is called `__metadata__`
 */
export function writeSafetensors({ tensors, metadata }: Safetensors): Uint8Array<ArrayBuffer> {
  const ordered = [...tensors].sort(
    ([a, { type: wide }], [b, { type: narrow }]) =>
      safetensorsWidths[narrow] - safetensorsWidths[wide] || (a < b ? -1 : 1),
  );
  const header: [string, unknown][] = [];
  if (metadata.size > 0) header.push([metadataKey, Object.fromEntries([...metadata].sort(byName))]);
  let end = 0;
  for (const [name, tensor] of ordered) {
    checkTensor(name, tensor);
    header.push([
      name,
      { dtype: tensor.type, shape: tensor.shape, data_offsets: [end, end + tensor.bytes.length] },
    ]);
    end += tensor.bytes.length;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerLength = Math.ceil(text.length / alignment) * alignment;
  const file = new Uint8Array(lengthBytes + headerLength + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.set(text, lengthBytes);
  file.fill(0x20, lengthBytes + text.length, lengthBytes + headerLength);
  let at = lengthBytes + headerLength;
  for (const [, { bytes }] of ordered) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number => (a < b ? -1 : 1);

function checkTensor(name: string, { type, shape, bytes }: SafeTensor): void {
  if (name === metadataKey) throw broken("a tensor cannot be called __metadata__", name, "rename it");
  const wanted = product(shape) * safetensorsWidths[type];
  if (wanted === bytes.length) return;
  throw broken(
    `${type} [${shape}] takes ${wanted} bytes, and there are ${bytes.length}`,
    `tensor ${quote(name)}`,
    "give the bytes of all its elements",
  );
}

/**
 * The tensors of a file, as views into it.
 *
 * @throws LaminateError (bad-input) with `where` in its place for whatever is no safetensors file
 */
export function readSafetensors(given: Uint8Array, where: string): Safetensors {
  // Node's Buffer is a Uint8Array whose slice is a view, while everywhere else it is a copy.
  const file = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  const { header, start } = readHeader(file, where);
  const metadata = new Map<string, string>();
  const placed: Placed[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === metadataKey) readMetadata(entry, where, metadata);
    else placed.push(readEntry(name, entry, file.length - start, where));
  }
  checkCoverage(placed, file.length - start, where);
  const tensors = placed.map(({ name, type, shape, begin, end }) => {
    const bytes = file.subarray(start + begin, start + end);
    return [name, { type, shape, bytes }] as const;
  });
  return { tensors: new Map(tensors), metadata };
}

function readHeader(file: Uint8Array, where: string): { readonly header: object; readonly start: number } {
  if (file.length < lengthBytes) throw truncated(where);
  const length = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (length > BigInt(longestHeader)) {
    throw broken(`a header of ${length} bytes cannot be: at most ${longestHeader}`, where);
  }
  const start = lengthBytes + Number(length);
  if (file.length < start) throw truncated(where);
  const text = decodeText(file.subarray(lengthBytes, start), where);
  if (!text.startsWith("{")) throw broken("the header does not begin with {", where);
  const header = parseJson(text, where);
  const twice = duplicateKey(text);
  if (twice !== undefined) throw broken(`the header names ${quote(twice)} twice`, where);
  return { header, start };
}

function decodeText(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw broken("the header is not UTF-8", where);
  }
}

function parseJson(text: string, where: string): object {
  try {
    return Object(JSON.parse(text));
  } catch {
    throw broken("the header is not JSON", where);
  }
}

function readMetadata(entry: unknown, where: string, metadata: Map<string, string>): void {
  if (!isRecord(entry)) throw broken("__metadata__ is no object", where);
  for (const [key, value] of Object.entries(entry)) {
    if (typeof value !== "string") throw broken(`__metadata__ has no text for ${quote(key)}`, where);
    metadata.set(key, value);
  }
}

/** A tensor of the header; its bytes lie at begin..end behind the header. */
interface Placed {
  readonly name: string;
  readonly type: SafetensorsType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readEntry(name: string, entry: unknown, available: number, where: string): Placed {
  const place = `${where}: tensor ${quote(name)}`;
  if (!isRecord(entry)) throw broken("the header has no object for it", place);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string" || !Object.hasOwn(safetensorsWidths, dtype)) {
    const known = Object.keys(safetensorsWidths).join(", ");
    throw broken(
      `its dtype is ${shown(dtype)}`,
      place,
      `write it as one of ${known}; others are not supported`,
    );
  }
  const type = dtype as SafetensorsType;
  if (!isCounts(shape)) throw broken(`its shape is ${shown(shape)}`, place);
  if (!isCounts(offsets) || offsets.length !== 2) throw broken(`its offsets are ${shown(offsets)}`, place);
  const [begin = 0, end = 0] = offsets;
  if (end < begin) throw broken(`its offsets run backwards: [${begin}, ${end}]`, place);
  if (end > available) {
    throw broken(`it ends at byte ${end}, and there are ${available} behind the header`, place);
  }
  const bytes = product(shape) * safetensorsWidths[type];
  if (bytes !== end - begin) {
    throw broken(`${type} [${shape}] takes ${bytes} bytes, and its offsets hold ${end - begin}`, place);
  }
  return { name, type, shape, begin, end };
}

/** Tensors must follow each other without overlap and without holes, up to the end of the file. */
function checkCoverage(placed: readonly Placed[], available: number, where: string): void {
  const ordered = [...placed].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const { name, begin, end: next } of ordered) {
    const place = `${where}: tensor ${quote(name)}`;
    if (begin < end) throw broken(`it begins at byte ${begin}, inside the tensor before it`, place);
    if (begin > end) throw broken(`${begin - end} bytes before it belong to no tensor`, place);
    end = next;
  }
  if (end < available) throw broken(`${available - end} bytes at its end belong to no tensor`, where);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "missing").slice(0, 60);
}

function broken(message: string, where: string, fix = "get or write the file again"): LaminateError {
  return badInput(message, { where, fix });
}

function truncated(where: string): LaminateError {
  return broken("the safetensors file is cut off", where);
}

/** The elements of a vector or matrix of 32-bit floats, as a tensor; the elements are not copied. */
export function float32Tensor(shape: readonly number[], elements: Float32Array): SafeTensor {
  return { type: "F32", shape, bytes: bytesOf(elements) };
}

/** The same for 32-bit integers. */
export function int32Tensor(shape: readonly number[], elements: Int32Array): SafeTensor {
  return { type: "I32", shape, bytes: bytesOf(elements) };
}

/**
 * The elements of a tensor of a certain type: `F32` as Float32Array, `I32` as Int32Array. Copied, so that they are
 * aligned wherever the tensor lies.
 *
 * @throws LaminateError (bad-input) where the tensor is missing or of another type or shape; -1 stands for any size
 */
export function tensorElements<T extends "F32" | "I32">(
  { tensors }: Safetensors,
  wanted: { readonly name: string; readonly type: T; readonly shape: readonly number[] },
  where: string,
): T extends "F32" ? Float32Array<ArrayBuffer> : Int32Array<ArrayBuffer>;
export function tensorElements(
  { tensors }: Safetensors,
  wanted: { readonly name: string; readonly type: "F32" | "I32"; readonly shape: readonly number[] },
  where: string,
): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
  const { name, type, shape } = wanted;
  const tensor = tensors.get(name);
  const place = `${where}: tensor ${quote(name)}`;
  if (tensor === undefined) throw broken("it is missing", place);
  const fits =
    tensor.type === type &&
    tensor.shape.length === shape.length &&
    shape.every((size, index) => size === -1 || size === tensor.shape[index]);
  if (!fits) {
    const text = shape.map((size) => (size === -1 ? "any" : size)).join(",");
    throw broken(`it is ${tensor.type} [${tensor.shape}], and should be ${type} [${text}]`, place);
  }
  // A copy: of a Buffer, slice would give a view of its memory.
  const { buffer } = new Uint8Array(tensor.bytes);
  return type === "F32" ? new Float32Array(buffer) : new Int32Array(buffer);
}

function bytesOf(elements: ArrayBufferView): Uint8Array {
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}

/**
 * Decodes a protobuf message by its table. Bytes are views into the file. A file that breaks the encoding is bad
 * input that names the byte; nesting is bounded, so a hostile file cannot overflow the stack.
 */
import { Reader } from "protobufjs/minimal.js";
import { badInput, type LaminateError } from "../../base/errors.ts";
import { ByteCollector } from "./byte-collector.ts";
import { type Place, placeText } from "./place.ts";
import type { AnyMessage, KeyedField, Message, PackedWire } from "./wire-message.ts";

/** Messages within messages; protobuf implementations agree on 100. A subgraph takes three. */
const maximumDepth = 100;

const wireTypes = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

const fix = "the file may be truncated or damaged: fetch or export it again";

/** The message in these bytes; `where` names the file in errors. */
export function decode<T>(message: Message<T>, bytes: Uint8Array, where: Place): T {
  // A plain Uint8Array: views into a Node Buffer would be Buffers, and differ between Node and browsers.
  const isPlain = Object.getPrototypeOf(bytes) === Uint8Array.prototype;
  const plain = isPlain ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = new Reader(plain);
  try {
    return decodeMessage(message, reader, 0) as T;
  } catch (error) {
    if (!(error instanceof Error) || error.message.startsWith("internal:")) throw error;
    // The reader's own errors (past the end, not UTF-8) read like ours: all say what is wrong with the bytes.
    throw broken(error.message, reader.pos, where);
  }
}

function broken(reason: string, position: number, where: Place): LaminateError {
  return badInput(`not a readable ONNX file: ${reason}`, {
    where: `${placeText(where)}: byte ${position}`,
    fix,
  });
}

type Decoded = Record<string, unknown>;

/** Reads up to reader.len, which the caller has set to the message's end. */
function decodeMessage(message: AnyMessage, reader: Reader, depth: number): Decoded {
  if (depth > maximumDepth) throw new Error(`messages nest deeper than ${maximumDepth}`);
  const decoded: Decoded = { ...message.empty };
  let collectors: Map<string, ByteCollector> | undefined;
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    const field = message.byNumber[tag >>> 3];
    if (field === undefined) {
      reader.skipType(tag & 7, depth, tag >>> 3);
    } else if (field.type.kind === "packed") {
      const start = packedStart(field, field.type.wire, reader, tag & 7, message);
      const earlier = decoded[field.key];
      if (earlier === undefined) {
        decoded[field.key] = reader.buf.subarray(start, reader.pos);
      } else {
        collectors ??= new Map();
        const collector = collectors.get(field.key) ?? new ByteCollector(earlier as Uint8Array);
        collector.add(reader.buf, start, reader.pos);
        collectors.set(field.key, collector);
      }
    } else {
      const value = readValue(field, reader, tag & 7, message, depth);
      if (field.repeated) append(decoded, field.key, value);
      else decoded[field.key] = value;
    }
  }
  for (const [key, collector] of collectors ?? []) decoded[key] = collector.bytes();
  return decoded;
}

function append(decoded: Decoded, key: string, value: unknown): void {
  const list = decoded[key] as unknown[];
  if (list.length === 0) decoded[key] = [value];
  else list.push(value);
}

function readValue(
  field: KeyedField,
  reader: Reader,
  wire: number,
  message: AnyMessage,
  depth: number,
): unknown {
  switch (field.type.kind) {
    case "int32":
      expectWire(wire, wireTypes.varint, message, field);
      return reader.int32();
    case "int64":
      expectWire(wire, wireTypes.varint, message, field);
      return readInt64(reader);
    case "float":
      expectWire(wire, wireTypes.fixed32, message, field);
      return reader.float();
    case "string":
      expectWire(wire, wireTypes.delimited, message, field);
      return reader.string();
    case "bytes":
      return readBytes(field, reader, wire, message);
    case "message": {
      const end = delimitedEnd(field, reader, wire, message);
      const outerEnd = reader.len;
      reader.len = end;
      const nested = decodeMessage(field.type.message(), reader, depth + 1);
      reader.len = outerEnd;
      return nested;
    }
    case "packed":
      throw new Error("internal: packed fields are collected");
    default:
      field.type satisfies never;
      throw new Error("internal: unknown field kind");
  }
}

function readBytes(field: KeyedField, reader: Reader, wire: number, message: AnyMessage): Uint8Array {
  const end = delimitedEnd(field, reader, wire, message);
  const view = reader.buf.subarray(reader.pos, end);
  reader.pos = end;
  return view;
}

/** Reads the length of a field and says where the field ends, within its message. */
function delimitedEnd(field: KeyedField, reader: Reader, wire: number, message: AnyMessage): number {
  expectWire(wire, wireTypes.delimited, message, field);
  const length = reader.size();
  const left = reader.len - reader.pos;
  if (length > left) {
    throw new Error(
      `${message.name}.${field.key} says it is ${length} bytes long, but only ${left} are left`,
    );
  }
  return reader.pos + length;
}

function expectWire(wire: number, expected: number, message: AnyMessage, field: KeyedField): void {
  if (wire !== expected) {
    throw new Error(`${message.name}.${field.key} is encoded as wire type ${wire}, not ${expected}`);
  }
}

function readInt64(reader: Reader): bigint {
  const first = reader.buf[reader.pos];
  if (first !== undefined && first < 0x80 && reader.pos < reader.len) {
    reader.pos++;
    return BigInt(first);
  }
  const value = reader.int64();
  return (BigInt(value.high) << 32n) | BigInt(value.low >>> 0);
}

/**
 * Repeated numbers come packed in one field, or one field for each (both are legal, even mixed). The payloads joined
 * are the packed form either way; the usual single packed field stays a view.
 */
function packedStart(
  field: KeyedField,
  packing: PackedWire,
  reader: Reader,
  wire: number,
  message: AnyMessage,
): number {
  if (wire === wireTypes.delimited) {
    const end = delimitedEnd(field, reader, wire, message);
    const start = reader.pos;
    reader.pos = end;
    return start;
  }
  expectWire(wire, wireTypes[packing], message, field);
  const start = reader.pos;
  reader.skipType(wire);
  return start;
}

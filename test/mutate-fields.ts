/**
 * Damage inside the structure of a protobuf file: a field is dropped, doubled, moved or given an odd value, and all
 * lengths around it are put right. What mutate.ts does is nearly always seen by the decoder; this gets behind it, to
 * wrong shapes, cycles, double names and missing inputs.
 */
import type { RandomSource } from "../src/base/random.ts";

interface WireField {
  readonly number: number;
  readonly wire: number;
  /** The number's bytes, or what is inside the length. */
  readonly payload: Uint8Array;
}

/** One damage somewhere in the tree of fields. */
export function mutateFields(bytes: Uint8Array, random: RandomSource, depth = 0): Uint8Array {
  const fields = parseFields(bytes);
  if (fields === undefined || fields.length === 0) return changeBytes(bytes, random);
  const index = random.below(fields.length);
  const field = fields[index];
  if (field === undefined) return bytes;
  if (field.wire === 2 && depth < 16 && random.below(10) !== 0) {
    const payload = mutateFields(field.payload, random, depth + 1);
    return encodeFields(fields.with(index, { ...field, payload }));
  }
  return encodeFields(damage(fields, index, field, random));
}

function damage(
  fields: readonly WireField[],
  index: number,
  field: WireField,
  random: RandomSource,
): readonly WireField[] {
  const other = fields[random.below(fields.length)] ?? field;
  switch (random.below(5)) {
    case 0:
      return fields.toSpliced(index, 1);
    case 1:
      return fields.toSpliced(random.below(fields.length + 1), 0, field);
    case 2:
      return fields.with(index, other);
    case 3:
      return [...fields.toSpliced(index, 1), field];
    default:
      return fields.with(index, { ...field, payload: changePayload(field, other, random) });
  }
}

function changePayload(field: WireField, other: WireField, random: RandomSource): Uint8Array {
  if (field.wire === 0) return oddVarints[random.below(oddVarints.length)] ?? field.payload;
  if (field.wire === 2 && other.wire === 2 && random.below(2) === 0) return other.payload;
  if (field.wire !== 2) return field.payload.toReversed();
  return changeBytes(field.payload, random);
}

/** Text mostly: a name becomes another, or the name of nothing. */
function changeBytes(bytes: Uint8Array, random: RandomSource): Uint8Array {
  if (bytes.length === 0 || random.below(4) === 0)
    return Uint8Array.from({ length: random.below(4) }, () => 97);
  const copy = bytes.slice();
  copy[random.below(copy.length)] = random.below(256);
  return random.below(3) === 0 ? copy.subarray(0, random.below(copy.length)) : copy;
}

const oddVarints: readonly Uint8Array[] = [
  Uint8Array.of(0),
  Uint8Array.of(1),
  Uint8Array.of(2),
  Uint8Array.of(5),
  Uint8Array.of(8),
  Uint8Array.of(99),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x07),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
];

/** The fields of a message, or undefined if the bytes are none. */
function parseFields(bytes: Uint8Array): readonly WireField[] | undefined {
  const fields: WireField[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = varintAt(bytes, at);
    if (tag === undefined || tag.value < 8) return undefined;
    const wire = tag.value & 7;
    const span = payloadAt(bytes, tag.end, wire);
    if (span === undefined || span.end > bytes.length) return undefined;
    fields.push({ number: tag.value >>> 3, wire, payload: bytes.subarray(span.start, span.end) });
    at = span.end;
  }
  return fields;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function payloadAt(bytes: Uint8Array, at: number, wire: number): Span | undefined {
  const number = wire === 0 || wire === 2 ? varintAt(bytes, at) : undefined;
  if (wire === 0) return number && { start: at, end: number.end };
  if (wire === 2) return number && { start: number.end, end: number.end + number.value };
  if (wire === 1) return { start: at, end: at + 8 };
  return wire === 5 ? { start: at, end: at + 4 } : undefined;
}

function varintAt(bytes: Uint8Array, at: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    value += (byte & 127) * 2 ** (7 * index);
    if (byte < 128) return { value, end: at + index + 1 };
  }
  return undefined;
}

function encodeFields(fields: readonly WireField[]): Uint8Array {
  const parts = fields.flatMap(({ number, wire, payload }) => {
    const tag = varint(number * 8 + wire);
    return wire === 2 ? [tag, varint(payload.length), payload] : [tag, payload];
  });
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.of(...bytes, rest);
}

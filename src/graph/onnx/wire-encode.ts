/**
 * Encodes a message by its table, into a list of pieces instead of one buffer: large byte fields stay the views they
 * are, and data still to be made (synthetic weights) is made when the piece is written, so that a file of any size
 * needs the memory of its largest tensor.
 */
import { Writer } from "protobufjs/minimal.js";
import { known } from "../../base/assert.ts";
import type { AnyMessage, FieldKind, Message } from "./wire-message.ts";

/** Bytes whose length is known before they are. */
export interface LazyBytes {
  readonly length: number;
  readonly produce: () => Uint8Array;
}

export type Piece = Uint8Array | LazyBytes;

/** A message to be written: any field may be left out, and bytes may be lazy. */
export type Draft<T> = T extends readonly (infer Element)[]
  ? readonly Draft<Element>[]
  : T extends Uint8Array
    ? Uint8Array | LazyBytes
    : T extends object
      ? { readonly [Key in keyof T]?: Draft<T[Key]> | undefined }
      : T;

/** The message as pieces in file order. */
export function encode<T>(message: Message<T>, draft: Draft<T>): readonly Piece[] {
  return encodeMessage(message, draft as Fields).pieces();
}

/** The message as one byte string; for small ones. */
export function encodeBytes<T>(message: Message<T>, draft: Draft<T>): Uint8Array {
  return joinPieces(encode(message, draft));
}

/** Numbers in packed form. */
export function packVarints(values: readonly bigint[]): Uint8Array {
  const writer = new Writer();
  for (const value of values) writer.int64(long(value));
  return writer.finish();
}

/** The pieces in one buffer; lazy ones are made one at a time. */
export function joinPieces(pieces: readonly Piece[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((total, piece) => total + piece.length, 0));
  let position = 0;
  for (const piece of pieces) {
    joined.set(pieceBytes(piece), position);
    position += piece.length;
  }
  return joined;
}

/** The bytes of a piece. */
export function pieceBytes(piece: Piece): Uint8Array {
  return piece instanceof Uint8Array ? piece : piece.produce();
}

/** Byte fields above this are not copied. */
const largeBytes = 4096;

const wireTypes = { varint: 0, delimited: 2, fixed32: 5 } as const;

type Fields = Readonly<Record<string, unknown>>;

/** Pieces under construction: small fields gather in a writer, large ones stand by themselves. */
class PieceWriter {
  length = 0;
  readonly #pieces: Piece[] = [];
  #writer = new Writer();

  small(write: (writer: Writer) => void): void {
    const before = this.#writer.pos;
    write(this.#writer);
    this.length += this.#writer.pos - before;
  }

  bytes(piece: Piece): void {
    if (piece instanceof Uint8Array && piece.length < largeBytes) {
      this.small((writer) => writer.raw(piece));
      return;
    }
    this.#flush();
    this.#pieces.push(piece);
    this.length += piece.length;
  }

  pieces(): readonly Piece[] {
    this.#flush();
    return this.#pieces;
  }

  #flush(): void {
    if (this.#writer.pos === 0) return;
    this.#pieces.push(this.#writer.finish());
    this.#writer = new Writer();
  }
}

function encodeMessage(message: AnyMessage, fields: Fields): PieceWriter {
  const out = new PieceWriter();
  for (const field of message.fields) {
    const value = fields[field.key];
    if (value === undefined) continue;
    const values = field.repeated ? (value as readonly unknown[]) : [value];
    for (const one of values) encodeField(field.number, field.type, one, out);
  }
  return out;
}

function encodeField(number: number, fieldType: FieldKind, value: unknown, out: PieceWriter): void {
  switch (fieldType.kind) {
    case "int32":
      out.small((writer) => writer.uint32(tag(number, "varint")).int32(value as number));
      return;
    case "int64":
      out.small((writer) => writer.uint32(tag(number, "varint")).int64(long(value as bigint)));
      return;
    case "float":
      out.small((writer) => writer.uint32(tag(number, "fixed32")).float(value as number));
      return;
    case "string":
      out.small((writer) => writer.uint32(tag(number, "delimited")).string(value as string));
      return;
    case "bytes":
    case "packed":
      delimited(number, [value as Piece], out);
      return;
    case "message":
      delimited(number, encodeMessage(fieldType.message(), value as Fields).pieces(), out);
      return;
    default:
      fieldType satisfies never;
  }
}

function delimited(number: number, pieces: readonly Piece[], out: PieceWriter): void {
  const length = pieces.reduce((total, piece) => total + piece.length, 0);
  out.small((writer) => writer.uint32(tag(number, "delimited")).uint32(length));
  for (const piece of pieces) out.bytes(piece);
}

function tag(number: number, wire: keyof typeof wireTypes): number {
  return (number << 3) | known(wireTypes[wire], wire);
}

/** A 64-bit integer in the halves that the writer takes. */
function long(value: bigint): { low: number; high: number; unsigned: boolean } {
  return {
    low: Number(BigInt.asIntN(32, value)),
    high: Number(BigInt.asIntN(32, value >> 32n)),
    unsigned: false,
  };
}

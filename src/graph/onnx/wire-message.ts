/**
 * Protobuf messages described as tables: a field's number and kind, nothing more. Encoding and decoding walk these
 * tables (wire-decode.ts, wire-encode.ts), so that no code is generated at run time: a web page with a strict content
 * security policy can load the reader. Kinds follow the protocol buffers encoding specification.
 */

/** How the elements of a repeated number are stored; they are kept as bytes, see `packed`. */
export type PackedWire = "varint" | "fixed32" | "fixed64";

export type FieldKind =
  | { readonly kind: "int32" | "int64" | "float" | "string" | "bytes" }
  | { readonly kind: "packed"; readonly wire: PackedWire }
  | { readonly kind: "message"; readonly message: () => AnyMessage };

/** One field of a message; T is what it decodes to. */
export interface Field<T> {
  readonly number: number;
  readonly type: FieldKind;
  readonly repeated: boolean;
  /** Only for the type checker: the decoded type. */
  readonly decodesTo?: T;
}

/** A field by its key, as the walkers need it. */
export interface KeyedField extends Field<unknown> {
  readonly key: string;
}

/** A message that decodes to T. */
export interface Message<T> {
  readonly name: string;
  readonly fields: readonly KeyedField[];
  /** Field number to field; ONNX numbers its fields below 32. */
  readonly byNumber: readonly (KeyedField | undefined)[];
  /** A message with no field set: undefined for single fields, [] for repeated ones. */
  readonly empty: Readonly<Record<string, unknown>>;
  readonly decodesTo?: T;
}

export type AnyMessage = Message<unknown>;

/** Describes a message: one entry for each field of T, in the order in which they are written. */
export function message<T>(name: string, table: { readonly [K in keyof T]-?: Field<T[K]> }): Message<T> {
  const fields = Object.entries<Field<unknown>>(table).map(([key, field]) => ({ ...field, key }));
  const byNumber: (KeyedField | undefined)[] = [];
  for (const field of fields) byNumber[field.number] = field;
  const none: readonly never[] = Object.freeze([]);
  const empty = Object.fromEntries(fields.map(({ key, repeated }) => [key, repeated ? none : undefined]));
  return { name, fields, byNumber, empty };
}

export const int32 = (number: number): Field<number | undefined> => single(number, { kind: "int32" });
export const int64 = (number: number): Field<bigint | undefined> => single(number, { kind: "int64" });
export const float = (number: number): Field<number | undefined> => single(number, { kind: "float" });
export const string = (number: number): Field<string | undefined> => single(number, { kind: "string" });
/** Bytes decode to a view into the file. */
export const bytes = (number: number): Field<Uint8Array | undefined> => single(number, { kind: "bytes" });

/** A repeated number, kept in its packed encoding: for fixed-size elements a view into the file, ready to use. */
export const packed = (number: number, wire: PackedWire): Field<Uint8Array | undefined> =>
  single(number, { kind: "packed", wire });

/** A nested message; given as a function because messages refer to each other. */
export const nested = <T>(number: number, of: () => Message<T>): Field<T | undefined> =>
  single(number, { kind: "message", message: of });

export const repeated = <T>(field: Field<T | undefined>): Field<readonly T[]> => ({
  number: field.number,
  type: field.type,
  repeated: true,
});

function single<T>(number: number, type: FieldKind): Field<T> {
  return { number, type, repeated: false };
}

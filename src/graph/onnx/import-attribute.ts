/** AttributeProto -> Attribute. */

import { badInput } from "../../base/errors.ts";
import type { Attribute, Graph } from "../ir/graph.ts";
import type { ReadExternal } from "./external-data.ts";
import { tensorOf } from "./import-tensor.ts";
import { type Place, placeText } from "./place.ts";
import {
  type AttributeProto,
  attributeProto,
  type GraphProto,
  type SparseTensorProto,
  sparseTensorProto,
} from "./schema.ts";
import { unpackVarints } from "./varints.ts";
import { encodeBytes } from "./wire-encode.ts";

/** What reading an attribute needs from the graph it is in. */
export interface AttributeContext {
  readonly readExternal: ReadExternal | undefined;
  readonly importSubgraph: (graph: GraphProto, where: Place) => Graph;
}

/** The numbers of AttributeProto.AttributeType. */
export const attributeTypes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
  sparseTensor: 11,
  sparseTensors: 12,
  typeProto: 13,
  typeProtos: 14,
} as const;

type AttributeTypeName = keyof typeof attributeTypes;

const typeNames = new Map(
  Object.entries(attributeTypes).map(([name, number]) => [number as number, name as AttributeTypeName]),
);

const fix = "export the model again";

export function attributeOf(proto: AttributeProto, context: AttributeContext, where: Place): Attribute {
  switch (typeOf(proto, where)) {
    case "float":
      return { kind: "float", value: proto.f ?? 0 };
    case "int":
      return { kind: "int", value: proto.i ?? 0n };
    case "string":
      return textAttribute(proto);
    case "tensor":
      return {
        kind: "tensor",
        value: tensorOf(present(proto.t, "tensor", where), context.readExternal, where),
      };
    case "graph":
      return { kind: "graph", value: context.importSubgraph(present(proto.g, "graph", where), where) };
    case "floats":
      return { kind: "floats", value: floats(proto.floats, where) };
    case "ints":
      return { kind: "ints", value: unpackVarints(proto.ints, where) };
    case "strings":
      return textsAttribute(proto);
    case "tensors":
      return { kind: "tensors", value: proto.tensors.map((t) => tensorOf(t, context.readExternal, where)) };
    case "graphs":
      return { kind: "graphs", value: proto.graphs.map((graph) => context.importSubgraph(graph, where)) };
    case "sparseTensor":
    case "sparseTensors":
      return opaque(proto, "sparse tensor");
    case "typeProto":
    case "typeProtos":
      return opaque(proto, "type");
    default:
      throw new Error("internal: unknown attribute type");
  }
}

/** The kind of an attribute; files before IR version 2 do not state it, but only one field can be filled. */
function typeOf(proto: AttributeProto, where: Place): AttributeTypeName {
  if (proto.type !== undefined && proto.type !== 0) {
    const name = typeNames.get(proto.type);
    if (name !== undefined) return name;
    throw badInput(`attribute type ${proto.type} is not known; 1 to ${typeNames.size} are`, {
      where: placeText(where),
      fix,
    });
  }
  if (proto.f !== undefined) return "float";
  if (proto.i !== undefined) return "int";
  if (proto.s !== undefined) return "string";
  if (proto.t !== undefined) return "tensor";
  if (proto.g !== undefined) return "graph";
  if (proto.floats !== undefined) return "floats";
  if (proto.strings.length > 0) return "strings";
  if (proto.tensors.length > 0) return "tensors";
  if (proto.graphs.length > 0) return "graphs";
  if (proto.ints !== undefined) return "ints";
  throw badInput("an attribute without a type or a value", { where: placeText(where), fix });
}

function present<T>(value: T | undefined, what: string, where: Place): T {
  if (value !== undefined) return value;
  throw badInput(`the attribute should hold a ${what} and is empty`, { where: placeText(where), fix });
}

function floats(bytes: Uint8Array | undefined, where: Place): readonly number[] {
  if (bytes === undefined) return [];
  if (bytes.length % 4 !== 0) {
    throw badInput(`a list of floats of ${bytes.length} bytes, not a multiple of 4`, {
      where: placeText(where),
      fix,
    });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(4 * index, true));
}

/** Text is UTF-8 by the specification; other bytes (tools store blobs here) are kept as they are. */
function textAttribute(proto: AttributeProto): Attribute {
  const value = utf8(proto.s ?? new Uint8Array(0));
  return value === undefined ? opaque(proto, "string that is not UTF-8") : { kind: "string", value };
}

function textsAttribute(proto: AttributeProto): Attribute {
  const value = proto.strings.map(utf8);
  if (value.every((text) => text !== undefined)) return { kind: "strings", value };
  return opaque(proto, "string that is not UTF-8");
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** An attribute that holds a sparse tensor. */
export function sparseAttribute(name: string, sparse: SparseTensorProto): Attribute {
  const sparseTensor = encodeBytes(sparseTensorProto, sparse);
  const encoded = encodeBytes(attributeProto, { name, type: attributeTypes.sparseTensor, sparseTensor });
  return { kind: "unsupported", what: "sparse tensor", encoded };
}

function opaque(proto: AttributeProto, what: string): Attribute {
  return { kind: "unsupported", what, encoded: encodeBytes(attributeProto, proto) };
}

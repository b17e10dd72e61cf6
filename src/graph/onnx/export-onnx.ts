/**
 * Writes a Model as an ONNX file: what importOnnx read, so that reading it again gives an equal model. Functions stay
 * inlined, tensors become raw_data. O(size of the file); in chunks it needs the memory of the largest tensor.
 */
import type { Attribute, Graph, Model, OpNode, Value } from "../ir/graph.ts";
import type { Dimension, TensorType } from "../ir/tensor.ts";
import { dataTypeOf } from "./element-types.ts";
import { type ExportTensorOptions, tensorDraft } from "./export-tensor.ts";
import { attributeTypes } from "./import-attribute.ts";
import {
  type AttributeProto,
  attributeProto,
  type DimensionProto,
  type GraphProto,
  modelProto,
  type NodeProto,
  type TypeProto,
  typeProto,
  type ValueInfoProto,
} from "./schema.ts";
import { decode } from "./wire-decode.ts";
import { type Draft, encode, encodeBytes, joinPieces, packVarints, pieceBytes } from "./wire-encode.ts";

export interface ExportOptions extends ExportTensorOptions {}

/** The file in one buffer. Throws bad-input if elements to be written out cannot be made. */
export function exportOnnx(model: Model, options: ExportOptions = {}): Uint8Array {
  return joinPieces(encode(modelProto, modelDraft(model, options)));
}

/** The file in pieces, for files too large for a second copy: synthetic weights are made one tensor at a time. */
export function* exportOnnxChunks(model: Model, options: ExportOptions = {}): Generator<Uint8Array> {
  for (const piece of encode(modelProto, modelDraft(model, options))) yield pieceBytes(piece);
}

function modelDraft(model: Model, options: ExportOptions) {
  return {
    irVersion: BigInt(model.irVersion),
    opsetImport: [...model.opsets].map(([domain, version]) => ({ domain, version: BigInt(version) })),
    producerName: model.producer === "" ? undefined : model.producer,
    graph: graphDraft(model.graph, model.irVersion < 4, options),
    metadataProps: [...model.metadata].map(([key, value]) => ({ key, value })),
  };
}

/** `constantsAreInputs`: before IR version 4 every initializer must be listed as an input too. */
function graphDraft(graph: Graph, constantsAreInputs: boolean, options: ExportOptions): Draft<GraphProto> {
  const value = (one: Value): Draft<ValueInfoProto> => ({ name: one.name, type: typeBytes(one, graph) });
  const constants = [...graph.constants];
  const alsoInputs = constantsAreInputs
    ? constants.map(([name, { elementType, shape }]) => value({ name, type: { elementType, shape } }))
    : [];
  return {
    name: graph.name,
    node: graph.nodes.map((node) => nodeDraft(node, constantsAreInputs, options)),
    initializer: constants.map(([name, tensor]) => tensorDraft(tensor, name, options)),
    input: [...graph.inputs.map(value), ...alsoInputs],
    output: graph.outputs.map(value),
    valueInfo: valueInfo(graph).map(value),
  };
}

/** What is said of values that are neither inputs nor outputs, or is said of those once more. */
function valueInfo(graph: Graph): readonly Value[] {
  const stated = [...graph.statedTypes].map(([name, type]) => ({ name, type }));
  const said = new Set([
    ...graph.statedTypes.keys(),
    ...[...graph.inputs, ...graph.outputs].map(({ name }) => name),
  ]);
  const others = [...(graph.otherTypes?.keys() ?? [])].filter((name) => !said.has(name));
  return [
    ...stated,
    ...others.map((name) => ({ name, type: { elementType: "undefined", shape: undefined } as const })),
  ];
}

function typeBytes({ name, type }: Value, graph: Graph): Uint8Array | undefined {
  const other = graph.otherTypes?.get(name);
  if (other !== undefined && type.elementType === "undefined") return other;
  if (type.elementType === "undefined" && type.shape === undefined) return undefined;
  return encodeBytes(typeProto, typeDraft(type));
}

function typeDraft({ elementType, shape }: TensorType): Draft<TypeProto> {
  return {
    tensorType: {
      elemType: dataTypeOf(elementType),
      shape: shape === undefined ? undefined : { dim: shape.map(dimensionDraft) },
    },
  };
}

function dimensionDraft(dimension: Dimension): Draft<DimensionProto> {
  return typeof dimension === "number" ? { dimValue: BigInt(dimension) } : { dimParam: dimension };
}

function nodeDraft(node: OpNode, constantsAreInputs: boolean, options: ExportOptions): Draft<NodeProto> {
  return {
    input: node.inputs,
    output: node.outputs,
    name: node.name,
    opType: node.operator,
    domain: node.domain === "" ? undefined : node.domain,
    attribute: [...node.attributes].map(([name, attribute]) =>
      attributeDraft(name, attribute, constantsAreInputs, options),
    ),
  };
}

function attributeDraft(
  name: string,
  attribute: Attribute,
  constantsAreInputs: boolean,
  options: ExportOptions,
): Draft<AttributeProto> {
  if (attribute.kind === "unsupported")
    return decode(attributeProto, attribute.encoded, `attribute "${name}"`);
  const head = { name, type: attributeTypes[attribute.kind] };
  switch (attribute.kind) {
    case "float":
      return { ...head, f: attribute.value };
    case "int":
      return { ...head, i: attribute.value };
    case "string":
      return { ...head, s: new TextEncoder().encode(attribute.value) };
    case "tensor":
      return { ...head, t: tensorDraft(attribute.value, "", options) };
    case "graph":
      return { ...head, g: graphDraft(attribute.value, constantsAreInputs, options) };
    case "floats":
      return { ...head, floats: floatBytes(attribute.value) };
    case "ints":
      return { ...head, ints: packVarints(attribute.value) };
    case "strings":
      return { ...head, strings: attribute.value.map((text) => new TextEncoder().encode(text)) };
    case "tensors":
      return { ...head, tensors: attribute.value.map((tensor) => tensorDraft(tensor, "", options)) };
    case "graphs":
      return {
        ...head,
        graphs: attribute.value.map((graph) => graphDraft(graph, constantsAreInputs, options)),
      };
    default:
      return attribute satisfies never;
  }
}

function floatBytes(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    view.setFloat32(4 * index, value, true);
  });
  return bytes;
}

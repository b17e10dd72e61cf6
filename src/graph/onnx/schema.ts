/**
 * The messages of an ONNX file with the field numbers of the ONNX specification (IR version 11, onnx 1.17). Fields
 * that laminate has no use for (documentation strings, training, device placement) are not listed: they are skipped.
 */
import {
  bytes,
  float,
  int32,
  int64,
  type Message,
  message,
  nested,
  packed,
  repeated,
  string,
} from "./wire-message.ts";

export interface ModelProto {
  readonly irVersion: bigint | undefined;
  readonly opsetImport: readonly OperatorSetIdProto[];
  readonly producerName: string | undefined;
  readonly producerVersion: string | undefined;
  readonly graph: GraphProto | undefined;
  readonly metadataProps: readonly StringStringEntryProto[];
  readonly functions: readonly FunctionProto[];
}

export interface OperatorSetIdProto {
  readonly domain: string | undefined;
  readonly version: bigint | undefined;
}

export interface StringStringEntryProto {
  readonly key: string | undefined;
  readonly value: string | undefined;
}

export interface GraphProto {
  readonly node: readonly NodeProto[];
  readonly name: string | undefined;
  readonly initializer: readonly TensorProto[];
  readonly sparseInitializer: readonly SparseTensorProto[];
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
  readonly valueInfo: readonly ValueInfoProto[];
}

export interface NodeProto {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name: string | undefined;
  readonly opType: string | undefined;
  readonly domain: string | undefined;
  readonly overload: string | undefined;
  readonly attribute: readonly AttributeProto[];
}

/** Repeated numbers are kept packed (see wire-message.ts). */
export interface AttributeProto {
  readonly name: string | undefined;
  /** Of a function's body: the attribute of the call that gives the value. */
  readonly refAttrName: string | undefined;
  readonly type: number | undefined;
  readonly f: number | undefined;
  readonly i: bigint | undefined;
  readonly s: Uint8Array | undefined;
  readonly t: TensorProto | undefined;
  readonly g: GraphProto | undefined;
  readonly floats: Uint8Array | undefined;
  readonly ints: Uint8Array | undefined;
  readonly strings: readonly Uint8Array[];
  readonly tensors: readonly TensorProto[];
  readonly graphs: readonly GraphProto[];
  readonly sparseTensor: Uint8Array | undefined;
  readonly sparseTensors: readonly Uint8Array[];
  readonly typeProto: Uint8Array | undefined;
  readonly typeProtos: readonly Uint8Array[];
}

export interface TensorProto {
  readonly name: string | undefined;
  readonly dims: Uint8Array | undefined;
  readonly dataType: number | undefined;
  /** Present in a tensor that is split over several messages, which nothing writes. */
  readonly segment: Uint8Array | undefined;
  readonly floatData: Uint8Array | undefined;
  readonly int32Data: Uint8Array | undefined;
  readonly stringData: readonly Uint8Array[];
  readonly int64Data: Uint8Array | undefined;
  readonly doubleData: Uint8Array | undefined;
  readonly uint64Data: Uint8Array | undefined;
  readonly externalData: readonly StringStringEntryProto[];
  readonly dataLocation: number | undefined;
  readonly rawData: Uint8Array | undefined;
}

export interface SparseTensorProto {
  readonly values: TensorProto | undefined;
  readonly indices: TensorProto | undefined;
  readonly dims: Uint8Array | undefined;
}

/** Which field holds the elements is said by elemType: tensors 1, sequences 3, optionals 5. */
export interface SequenceProto {
  readonly name: string | undefined;
  readonly elemType: number | undefined;
  readonly tensorValues: readonly TensorProto[];
  readonly sequenceValues: readonly SequenceProto[];
  readonly optionalValues: readonly OptionalProto[];
}

export interface OptionalProto {
  readonly name: string | undefined;
  readonly elemType: number | undefined;
  readonly tensorValue: TensorProto | undefined;
  readonly sequenceValue: SequenceProto | undefined;
  readonly optionalValue: OptionalProto | undefined;
}

export interface ValueInfoProto {
  readonly name: string | undefined;
  /** TypeProto, decoded when it is looked at: an odd one can then be written again as it was. */
  readonly type: Uint8Array | undefined;
}

/** Exactly one is set. */
export interface TypeProto {
  readonly tensorType: TensorTypeProto | undefined;
  readonly sequenceType: Uint8Array | undefined;
  readonly mapType: Uint8Array | undefined;
  readonly opaqueType: Uint8Array | undefined;
  readonly sparseTensorType: Uint8Array | undefined;
  readonly optionalType: Uint8Array | undefined;
}

export interface TensorTypeProto {
  readonly elemType: number | undefined;
  readonly shape: TensorShapeProto | undefined;
}

export interface TensorShapeProto {
  readonly dim: readonly DimensionProto[];
}

export interface DimensionProto {
  readonly dimValue: bigint | undefined;
  readonly dimParam: string | undefined;
}

export interface FunctionProto {
  readonly name: string | undefined;
  readonly domain: string | undefined;
  readonly overload: string | undefined;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly string[];
  readonly attributeProto: readonly AttributeProto[];
  readonly node: readonly NodeProto[];
  readonly opsetImport: readonly OperatorSetIdProto[];
  readonly valueInfo: readonly ValueInfoProto[];
}

export const modelProto: Message<ModelProto> = message("ModelProto", {
  irVersion: int64(1),
  opsetImport: repeated(nested(8, () => operatorSetIdProto)),
  producerName: string(2),
  producerVersion: string(3),
  graph: nested(7, () => graphProto),
  metadataProps: repeated(nested(14, () => stringStringEntryProto)),
  functions: repeated(nested(25, () => functionProto)),
});

const operatorSetIdProto: Message<OperatorSetIdProto> = message("OperatorSetIdProto", {
  domain: string(1),
  version: int64(2),
});

const stringStringEntryProto: Message<StringStringEntryProto> = message("StringStringEntryProto", {
  key: string(1),
  value: string(2),
});

const graphProto: Message<GraphProto> = message("GraphProto", {
  node: repeated(nested(1, () => nodeProto)),
  name: string(2),
  initializer: repeated(nested(5, () => tensorProto)),
  sparseInitializer: repeated(nested(15, () => sparseTensorProto)),
  input: repeated(nested(11, () => valueInfoProto)),
  output: repeated(nested(12, () => valueInfoProto)),
  valueInfo: repeated(nested(13, () => valueInfoProto)),
});

const nodeProto: Message<NodeProto> = message("NodeProto", {
  input: repeated(string(1)),
  output: repeated(string(2)),
  name: string(3),
  opType: string(4),
  domain: string(7),
  overload: string(8),
  attribute: repeated(nested(5, () => attributeProto)),
});

export const attributeProto: Message<AttributeProto> = message("AttributeProto", {
  name: string(1),
  refAttrName: string(21),
  type: int32(20),
  f: float(2),
  i: int64(3),
  s: bytes(4),
  t: nested(5, () => tensorProto),
  g: nested(6, () => graphProto),
  floats: packed(7, "fixed32"),
  ints: packed(8, "varint"),
  strings: repeated(bytes(9)),
  tensors: repeated(nested(10, () => tensorProto)),
  graphs: repeated(nested(11, () => graphProto)),
  sparseTensor: bytes(22),
  sparseTensors: repeated(bytes(23)),
  typeProto: bytes(14),
  typeProtos: repeated(bytes(15)),
});

export const tensorProto: Message<TensorProto> = message("TensorProto", {
  dims: packed(1, "varint"),
  dataType: int32(2),
  segment: bytes(3),
  floatData: packed(4, "fixed32"),
  int32Data: packed(5, "varint"),
  stringData: repeated(bytes(6)),
  int64Data: packed(7, "varint"),
  name: string(8),
  doubleData: packed(10, "fixed64"),
  uint64Data: packed(11, "varint"),
  externalData: repeated(nested(13, () => stringStringEntryProto)),
  dataLocation: int32(14),
  rawData: bytes(9),
});

export const sparseTensorProto: Message<SparseTensorProto> = message("SparseTensorProto", {
  values: nested(1, () => tensorProto),
  indices: nested(2, () => tensorProto),
  dims: packed(3, "varint"),
});

export const sequenceProto: Message<SequenceProto> = message("SequenceProto", {
  name: string(1),
  elemType: int32(2),
  tensorValues: repeated(nested(3, () => tensorProto)),
  sequenceValues: repeated(nested(5, () => sequenceProto)),
  optionalValues: repeated(nested(7, () => optionalProto)),
});

export const optionalProto: Message<OptionalProto> = message("OptionalProto", {
  name: string(1),
  elemType: int32(2),
  tensorValue: nested(3, () => tensorProto),
  sequenceValue: nested(5, () => sequenceProto),
  optionalValue: nested(7, () => optionalProto),
});

const valueInfoProto: Message<ValueInfoProto> = message("ValueInfoProto", {
  name: string(1),
  type: bytes(2),
});

export const typeProto: Message<TypeProto> = message("TypeProto", {
  tensorType: nested(1, () => tensorTypeProto),
  sequenceType: bytes(4),
  mapType: bytes(5),
  opaqueType: bytes(7),
  sparseTensorType: bytes(8),
  optionalType: bytes(9),
});

const tensorTypeProto: Message<TensorTypeProto> = message("TypeProto.Tensor", {
  elemType: int32(1),
  shape: nested(2, () => tensorShapeProto),
});

const tensorShapeProto: Message<TensorShapeProto> = message("TensorShapeProto", {
  dim: repeated(nested(1, () => dimensionProto)),
});

const dimensionProto: Message<DimensionProto> = message("TensorShapeProto.Dimension", {
  dimValue: int64(1),
  dimParam: string(2),
});

const functionProto: Message<FunctionProto> = message("FunctionProto", {
  name: string(1),
  domain: string(10),
  overload: string(13),
  input: repeated(string(4)),
  output: repeated(string(5)),
  attribute: repeated(string(6)),
  attributeProto: repeated(nested(11, () => attributeProto)),
  node: repeated(nested(7, () => nodeProto)),
  opsetImport: repeated(nested(9, () => operatorSetIdProto)),
  valueInfo: repeated(nested(12, () => valueInfoProto)),
});

/** ONNX files of a few nodes, encoded by hand from the messages of the specification, faults and all. */
import type { ElementType } from "../src/graph/ir/tensor.ts";
import { dataTypeOf } from "../src/graph/onnx/element-types.ts";
import { attributeTypes } from "../src/graph/onnx/import-attribute.ts";
import {
  type AttributeProto,
  type FunctionProto,
  type GraphProto,
  type ModelProto,
  modelProto,
  type NodeProto,
  type TensorProto,
  typeProto,
  type ValueInfoProto,
} from "../src/graph/onnx/schema.ts";
import { type Draft, encodeBytes, packVarints } from "../src/graph/onnx/wire-encode.ts";

/** A file with this graph: IR version 8, opset 17 unless said otherwise. */
export function modelFile(graph: Draft<GraphProto>, rest: Draft<ModelProto> = {}): Uint8Array {
  return encodeBytes(modelProto, {
    irVersion: 8n,
    opsetImport: [{ domain: "", version: 17n }],
    ...rest,
    graph,
  });
}

/** `node("Relu", ["x"], ["y"])`; its name is that of its first output. */
export function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  rest: Draft<NodeProto> = {},
): Draft<NodeProto> {
  return { opType, input, output, name: output[0], ...rest };
}

/** An input, output or value_info entry of a tensor. */
export function value(
  name: string,
  dims: readonly (number | string | undefined)[] = [2],
  elementType: ElementType = "float32",
): Draft<ValueInfoProto> {
  const dim = dims.map((size) =>
    typeof size === "number" ? { dimValue: BigInt(size) } : { dimParam: size },
  );
  const type = encodeBytes(typeProto, { tensorType: { elemType: dataTypeOf(elementType), shape: { dim } } });
  return { name, type };
}

/** An initializer; its elements come in `rest`. */
export function tensor(
  name: string,
  elementType: ElementType,
  dims: readonly (number | bigint)[],
  rest: Draft<TensorProto>,
): Draft<TensorProto> {
  return { name, dataType: dataTypeOf(elementType), dims: packVarints(dims.map(BigInt)), ...rest };
}

export function subgraph(name: string, g: Draft<GraphProto>): Draft<AttributeProto> {
  return { name, type: attributeTypes.graph, g };
}

/** x -> Relu -> y, the smallest network. */
export function reluGraph(rest: Draft<GraphProto> = {}): Draft<GraphProto> {
  return {
    name: "g",
    input: [value("x")],
    output: [value("y")],
    node: [node("Relu", ["x"], ["y"])],
    ...rest,
  };
}

/** Valid files that between them use every message. */
export function tinyModels(): Readonly<Record<string, Uint8Array>> {
  return { branches: branches(), functions: functions(), constants: constants() };
}

/** If whose branches read a value of the graph around them; one of them holds a Loop. */
function branches(): Uint8Array {
  const body = {
    name: "body",
    input: [value("i", [], "int64"), value("going", [], "bool"), value("carried")],
    output: [value("still", [], "bool"), value("next")],
    node: [node("Identity", ["going"], ["still"]), node("Add", ["carried", "relu"], ["next"])],
  };
  const loop = node("Loop", ["count", "", "relu"], ["looped"], { attribute: [subgraph("body", body)] });
  const count = tensor("count", "int64", [], { int64Data: packVarints([3n]) });
  const thenBranch = { name: "then", node: [loop], output: [value("looped")], initializer: [count] };
  const elseBranch = { name: "else", node: [node("Neg", ["relu"], ["negated"])], output: [value("negated")] };
  return modelFile({
    name: "branches",
    input: [value("x", ["batch", 2]), value("condition", [], "bool")],
    output: [value("y", ["batch", undefined])],
    valueInfo: [value("relu", ["batch", 2])],
    node: [
      node("Relu", ["x"], ["relu"]),
      node("If", ["condition"], ["y"], {
        attribute: [subgraph("then_branch", thenBranch), subgraph("else_branch", elseBranch)],
      }),
    ],
  });
}

/** twice(x) = scaled(scaled(x)), scaled(x) = LeakyRelu(x) + x with the slope of the call. */
function functions(): Uint8Array {
  return modelFile(
    {
      name: "functions",
      input: [value("x")],
      output: [value("y")],
      node: [
        node("twice", ["x"], ["y"], {
          domain: "mine",
          attribute: [{ name: "slope", type: attributeTypes.float, f: 0.25 }],
        }),
      ],
    },
    {
      opsetImport: [
        { domain: "", version: 17n },
        { domain: "mine", version: 1n },
      ],
      functions: [twice, scaled],
    },
  );
}

const slope: Draft<AttributeProto> = { name: "slope", type: attributeTypes.float, refAttrName: "slope" };

const twice: Draft<FunctionProto> = {
  name: "twice",
  domain: "mine",
  input: ["a"],
  output: ["c"],
  attribute: ["slope"],
  node: [
    node("scaled", ["a"], ["b"], {
      domain: "mine",
      attribute: [{ ...slope, name: "alpha", refAttrName: "slope" }],
    }),
    node("scaled", ["b"], ["c"], { domain: "mine" }),
  ],
  opsetImport: [
    { domain: "", version: 17n },
    { domain: "mine", version: 1n },
  ],
};

const scaled: Draft<FunctionProto> = {
  name: "scaled",
  domain: "mine",
  input: ["a"],
  output: ["c"],
  attributeProto: [{ name: "alpha", type: attributeTypes.float, f: 0.5 }],
  node: [
    node("LeakyRelu", ["a"], ["b"], { attribute: [{ ...slope, name: "alpha", refAttrName: "alpha" }] }),
    node("Add", ["a", "b"], ["c"]),
  ],
  opsetImport: [{ domain: "", version: 17n }],
};

/** Constants in every form, attributes of every kind. */
function constants(): Uint8Array {
  const text = new TextEncoder();
  const one = tensor("", "float32", [1], { rawData: Uint8Array.of(0, 0, 128, 63) });
  const inner = reluGraph({
    input: [],
    node: [node("Constant", [], ["y"], { attribute: [{ name: "value_int", type: 2, i: 7n }] })],
  });
  const attribute: Draft<AttributeProto>[] = [
    { name: "a", type: attributeTypes.float, f: 1.5 },
    { name: "b", type: attributeTypes.int, i: -(2n ** 63n) },
    { name: "c", type: attributeTypes.string, s: text.encode("zwölf") },
    { name: "d", type: attributeTypes.tensor, t: one },
    { name: "e", type: attributeTypes.floats, floats: Uint8Array.of(0, 0, 128, 63, 0, 0, 0, 64) },
    { name: "f", type: attributeTypes.ints, ints: packVarints([1n, -1n, 2n ** 62n]) },
    { name: "g", type: attributeTypes.strings, strings: [text.encode("p"), text.encode("")] },
    { name: "h", type: attributeTypes.tensors, tensors: [one, one] },
    { name: "i", type: attributeTypes.graphs, graphs: [inner, inner] },
    { name: "j", type: attributeTypes.string, s: Uint8Array.of(0xff, 0xfe) },
    { name: "k", type: attributeTypes.typeProto, typeProto: value("").type },
  ];
  return modelFile(
    {
      name: "constants",
      input: [value("x")],
      output: [value("y")],
      node: [
        node("Strange", ["x", "", "ints", "external", "recipe", "text"], ["y", "", "sequence"], {
          domain: "mine",
          attribute,
        }),
      ],
      initializer: [
        tensor("ints", "int8", [2], { int32Data: packVarints([1n, -1n]) }),
        tensor("external", "float32", [3], {
          dataLocation: 1,
          externalData: [
            { key: "location", value: "weights.bin" },
            { key: "offset", value: "4" },
            { key: "length", value: "12" },
          ],
        }),
        tensor("recipe", "float32", [1000, 1000], {
          dataLocation: 1,
          externalData: [{ key: "location", value: "synthetic:-0.5:0.5:42" }],
        }),
        tensor("text", "string", [2], { stringData: [text.encode("p"), text.encode("q")] }),
      ],
      sparseInitializer: [
        {
          values: tensor("sparse", "float32", [1], { rawData: Uint8Array.of(0, 0, 128, 63) }),
          indices: tensor("", "int64", [1], { int64Data: packVarints([4n]) }),
          dims: packVarints([9n]),
        },
      ],
      valueInfo: [{ name: "sequence", type: encodeBytes(typeProto, { sequenceType: Uint8Array.of(10, 0) }) }],
    },
    { metadataProps: [{ key: "licence", value: "MIT" }], producerName: "hand", producerVersion: "1" },
  );
}

/**
 * A graph as text: one node a line, with the types of its outputs where they are known. For golden tests and for
 * reading; not meant to be read back.
 */
import { subgraphs } from "./captures.ts";
import type { Attribute, Graph, OpNode, TypedGraph, Value } from "./graph.ts";
import { elementCount, type Tensor, type TensorType } from "./tensor.ts";

/** The graph, its subgraphs indented below their nodes. Lines end with a line feed. */
export function printGraph(graph: Graph | TypedGraph): string {
  const plain = "graph" in graph ? graph.graph : graph;
  const types = "graph" in graph ? graph.types : graph.statedTypes;
  return `${graphLines(plain, types).join("\n")}\n`;
}

/** `float32[1,3,224,224]`; `?` for what is not known. */
export function printType({ elementType, shape }: TensorType): string {
  const element = elementType === "undefined" ? "?" : elementType;
  return shape === undefined ? `${element}[?]` : `${element}[${shape.join(",")}]`;
}

type Types = ReadonlyMap<string, TensorType>;

function graphLines(graph: Graph, types: Types): readonly string[] {
  const outer = new Map(types);
  for (const { name, type } of graph.outputs) if (!outer.has(name)) outer.set(name, type);
  return [
    `graph ${graph.name === "" ? "(unnamed)" : graph.name} (${values(graph.inputs)}) -> (${values(graph.outputs)})`,
    ...[...graph.constants].map(([name, tensor]) => `  const ${name}: ${printTensor(tensor)}`),
    ...graph.nodes.flatMap((node) => nodeLines(node, outer)).map((line) => `  ${line}`),
  ];
}

function values(list: readonly Value[]): string {
  return list.map(({ name, type }) => `${name}: ${printType(type)}`).join(", ");
}

function nodeLines(node: OpNode, types: Types): readonly string[] {
  const outputs = node.outputs.map((name) => typedName(name, types)).join(", ");
  const operator = node.domain === "" ? node.operator : `${node.domain}.${node.operator}`;
  const inputs = node.inputs.map((name) => (name === "" ? "_" : name)).join(", ");
  const line = `${outputs} = ${operator}(${inputs})${attributesText(node)}  # ${node.name}`;
  const inner = subgraphs(node).flatMap(({ attribute, graph }) => {
    const [head, ...rest] = graphLines(graph, graph.statedTypes);
    return [`${attribute}: ${head}`, ...rest].map((text) => `  ${text}`);
  });
  return [line, ...inner];
}

function typedName(name: string, types: Types): string {
  if (name === "") return "_";
  const type = types.get(name);
  return type === undefined ? name : `${name}: ${printType(type)}`;
}

function attributesText(node: OpNode): string {
  const texts = [...node.attributes].map(([name, attribute]) => `${name}=${attributeText(attribute)}`);
  return texts.length === 0 ? "" : ` {${texts.join(", ")}}`;
}

function attributeText(attribute: Attribute): string {
  switch (attribute.kind) {
    case "float":
      return floatText(attribute.value);
    case "int":
      return String(attribute.value);
    case "string":
      return JSON.stringify(attribute.value);
    case "tensor":
      return printTensor(attribute.value);
    case "graph":
      return "graph";
    case "floats":
      return listText(attribute.value.map(floatText));
    case "ints":
      return listText(attribute.value.map(String));
    case "strings":
      return listText(attribute.value.map((text) => JSON.stringify(text)));
    case "tensors":
      return listText(attribute.value.map(printTensor));
    case "graphs":
      return `${attribute.value.length} graphs`;
    case "unsupported":
      return `<${attribute.what}>`;
    default:
      return attribute satisfies never;
  }
}

/** The shortest decimal of a float32: 0.1, not 0.10000000149. */
function floatText(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return String(short);
  }
  return String(value);
}

function listText(texts: readonly string[]): string {
  const shown = texts.length > 16 ? [...texts.slice(0, 16), `... ${texts.length} in all`] : texts;
  return `[${shown.join(", ")}]`;
}

/** Type and where the elements are; the elements themselves are for other tools. */
function printTensor(tensor: Tensor): string {
  return `${printType(tensor)}${dataText(tensor)}`;
}

function dataText({ data, shape, elementType }: Tensor): string {
  switch (data.kind) {
    case "bytes":
      return elementType === "int64" && (elementCount(shape) ?? 0) <= 8 ? ` ${int64Text(data.bytes)}` : "";
    case "strings":
      return ` ${data.strings.length} strings`;
    case "synthetic":
      return ` synthetic ${data.low}..${data.high} seed ${data.seed}`;
    case "scaled":
      return ` scaled by ${data.channels.factors.length}${dataText(data.of)}`;
    case "missing":
      return data.location === "" ? " missing" : ` missing ${JSON.stringify(data.location)}`;
    default:
      return data satisfies never;
  }
}

function int64Text(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return listText(
    Array.from({ length: bytes.length / 8 }, (_, index) => String(view.getBigInt64(8 * index, true))),
  );
}

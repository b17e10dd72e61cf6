/**
 * What a set of operators is, whatever network it stands in: the key of a profile (DNNFusion, section 4.3: operators' types,
 * shapes, and how they are combined). Two sets have the same text if they have the same operators with the same attributes,
 * wired alike, on the same types and shapes; no name is in it, and the file's order of what may run in any order does
 * not matter, but where operators look alike from below. O(operators log operators).
 */
import { known } from "../../base/assert.ts";
import { sha256 } from "../../base/sha256.ts";
import type { Attribute, OpNode } from "../../graph/ir/graph.ts";
import type { Tensor, TensorType } from "../../graph/ir/tensor.ts";
import { borderOf } from "./cut-out.ts";
import type { Ecg } from "./ecg.ts";

/** What else matters of a value, such as the order of its axes in memory; "" where nothing does. */
export type NoteOf = (value: string) => string;

/** The text's digest, 32 hexadecimal digits. */
export function blockKey(ecg: Ecg, nodes: readonly number[], noteOf?: NoteOf): string {
  return sha256(blockText(ecg, nodes, noteOf)).slice(0, 32);
}

/** The canonical text: one line for each operator, those that it reads before it. */
export function blockText(ecg: Ecg, nodes: readonly number[], noteOf: NoteOf = () => ""): string {
  const describe = (name: string): string => `${typeText(ecg.typed.types.get(name))}${noteOf(name)}`;
  const inside = new Set(nodes);
  const leaving = new Set(borderOf(ecg, nodes).outputs);
  const producerOf = (name: string): number | undefined => {
    const producer = ecg.values.get(name)?.producer;
    return producer !== undefined && inside.has(producer) ? producer : undefined;
  };
  const names = new Map<string, string>();
  const lines: string[] = [];
  const done = new Set<number>();
  let inputs = 0;

  const operandText = (name: string): string => {
    if (name === "") return "-";
    if (ecg.flow.constants.has(name)) return `constant ${describe(name)}${contentText(ecg, name)}`;
    const old = names.get(name);
    if (old !== undefined) return old;
    const fresh = `i${inputs++}`;
    names.set(name, fresh);
    const given = ecg.values.get(name)?.producer === undefined ? " given" : "";
    return `${fresh}:${describe(name)}${given}`;
  };
  const write = (index: number): void => {
    if (done.has(index)) return;
    done.add(index);
    const node = known(ecg.typed.graph.nodes[index], "node");
    for (const name of node.inputs) {
      const producer = producerOf(name);
      if (producer !== undefined) write(producer);
    }
    const operands = node.inputs.map(operandText).join(", ");
    const results = node.outputs.map((name, output) => {
      const value = ecg.values.get(name);
      if (name === "" || value === undefined) return "-";
      names.set(name, `n${lines.length}.${output}`);
      const fate = value.isNetworkOutput ? " given away" : leaving.has(value) ? " leaves" : "";
      return `${describe(name)}${fate}`;
    });
    lines.push(`n${lines.length} = ${operatorText(node)}(${operands}) -> ${results.join(", ")}`);
  };
  for (const sink of sinksInOrder(ecg, nodes, describe)) write(sink);
  return lines.join("\n");
}

/** The operators whose results nobody inside reads, in an order that does not follow from the file. */
function sinksInOrder(
  ecg: Ecg,
  nodes: readonly number[],
  describe: (name: string) => string,
): readonly number[] {
  const inside = new Set(nodes);
  const shape = new Map<number, string>();
  // An operator as a tree, shared parts written anew: digests keep that short.
  for (const index of nodes) {
    const node = known(ecg.typed.graph.nodes[index], "node");
    const operands = node.inputs.map((name) => {
      const producer = ecg.values.get(name)?.producer;
      const made = producer === undefined ? undefined : shape.get(producer);
      return made ?? (name === "" ? "-" : describe(name));
    });
    shape.set(index, sha256(`${operatorText(node)}(${operands.join()})${node.outputs.map(describe).join()}`));
  }
  const isSink = (index: number): boolean =>
    known(ecg.results[index], "results").every(
      ({ consumers }) => !consumers.some((reader) => inside.has(reader)),
    );
  const text = (index: number): string => shape.get(index) ?? "";
  return nodes.filter(isSink).sort((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : a - b));
}

function operatorText({ domain, operator, opset, attributes }: OpNode): string {
  const parts = [...attributes].map(([name, value]) => `${name}=${attributeText(value)}`).sort();
  return `${domain === "" ? "" : `${domain}:`}${operator}@${opset}{${parts.join(", ")}}`;
}

function attributeText(attribute: Attribute): string {
  switch (attribute.kind) {
    case "float":
    case "int":
      return String(attribute.value);
    case "floats":
    case "ints":
      return `[${attribute.value.join()}]`;
    case "string":
      return JSON.stringify(attribute.value);
    case "strings":
      return JSON.stringify(attribute.value);
    case "tensor":
      return typeText(attribute.value) + elementsText(attribute.value);
    case "tensors":
      return `[${attribute.value.map((tensor) => typeText(tensor) + elementsText(tensor)).join()}]`;
    case "graph":
    case "graphs":
    case "unsupported":
      // Such operators are barriers and run alone.
      return attribute.kind;
    default:
      return attribute satisfies never;
  }
}

function typeText(type: TensorType | undefined): string {
  if (type?.shape === undefined) return `${type?.elementType ?? "?"}?`;
  return `${type.elementType}[${type.shape.join()}]`;
}

function contentText(ecg: Ecg, name: string): string {
  const tensor = ecg.typed.graph.constants.get(name) ?? ecg.typed.values.get(name);
  return tensor === undefined ? "" : elementsText(tensor);
}

const mostElements = 64;

/** Axes, sizes, places and single numbers (an exponent) decide the code; weights do not. */
function elementsText(tensor: Tensor): string {
  const count = tensor.shape.reduce((product, size) => product * size, 1);
  const isWhole = /^u?int/.test(tensor.elementType) || tensor.elementType === "bool";
  if (tensor.data.kind !== "bytes" || count > (isWhole ? mostElements : 1)) return "";
  return `=${Array.from(tensor.data.bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Reading a node's inputs and attributes, with errors that name the node and the attribute. */
import type { Attribute, Graph } from "../ir/graph.ts";
import { elementTypesByNumber } from "../ir/standard.ts";
import type { ElementType, Shape, Tensor } from "../ir/tensor.ts";
import type { Element, Elements, Fact } from "./fact.ts";
import { formatShape } from "./fact.ts";
import type { Call } from "./row.ts";

/** An input that the operator cannot do without. */
export function input(call: Call, index: number): Fact {
  const fact = call.inputs[index];
  if (fact === undefined) {
    throw call.error(
      `input ${index} is missing`,
      `${call.node.operator} needs it in opset ${call.node.opset}; export the network again`,
    );
  }
  return fact;
}

/** The shape of an input; undefined where its rank is not known or the input is left out. */
export function inputShape(call: Call, index: number): Shape | undefined {
  return call.inputs[index]?.shape;
}

/** `"x" [1,3,224,224]`, for messages. */
export function describeInput(call: Call, index: number): string {
  return `"${call.node.inputs[index] ?? ""}" ${formatShape(inputShape(call, index))}`;
}

/** A message names no more inputs than this. */
const mostDescribed = 8;

/** The inputs, for messages. */
export function describeInputs(call: Call): string {
  const given = call.node.inputs.flatMap((name, index) => (name === "" ? [] : [index]));
  const texts = given.slice(0, mostDescribed).map((index) => describeInput(call, index));
  return [...texts, ...(given.length > mostDescribed ? ["..."] : [])].join(", ");
}

function attribute<K extends Attribute["kind"]>(
  call: Call,
  name: string,
  kind: K,
): Extract<Attribute, { kind: K }> | undefined {
  const found = call.node.attributes.get(name);
  if (found === undefined) return undefined;
  if (found.kind !== kind) {
    throw call.error(`attribute "${name}" is of kind ${found.kind}, not ${kind}`, "export the network again");
  }
  return found as Extract<Attribute, { kind: K }>;
}

export function optionalInt(call: Call, name: string): number | undefined {
  const found = attribute(call, name, "int");
  return found === undefined ? undefined : Number(found.value);
}

export function int(call: Call, name: string, otherwise: number): number {
  return optionalInt(call, name) ?? otherwise;
}

export function float(call: Call, name: string, otherwise: number): number {
  return attribute(call, name, "float")?.value ?? otherwise;
}

export function string(call: Call, name: string, otherwise: string): string {
  return attribute(call, name, "string")?.value ?? otherwise;
}

/** A list of integers; undefined where the attribute is absent. */
export function ints(call: Call, name: string): number[] | undefined {
  return attribute(call, name, "ints")?.value.map(Number);
}

export function floats(call: Call, name: string): readonly number[] | undefined {
  return attribute(call, name, "floats")?.value;
}

export function tensorAttribute(call: Call, name: string): Tensor | undefined {
  return attribute(call, name, "tensor")?.value;
}

export function graphAttribute(call: Call, name: string): Graph {
  const found = attribute(call, name, "graph");
  if (found === undefined) throw call.error(`attribute "${name}" (a subgraph) is missing`);
  return found.value;
}

export function requiredInts(call: Call, name: string): number[] {
  const found = ints(call, name);
  if (found === undefined) throw call.error(`attribute "${name}" is missing`, "export the network again");
  return found;
}

/** An element type given by its number, as `to` and `dtype` are; opset 1 wrote its name. */
export function elementTypeAttribute(call: Call, name: string): ElementType | undefined {
  const found = call.node.attributes.get(name);
  if (found === undefined) return undefined;
  if (found.kind === "string") return elementTypeByName(found.value);
  const number = int(call, name, 0);
  // Number 0 stands for no type.
  const elementType = number === 0 ? undefined : elementTypesByNumber[number];
  if (elementType === undefined) {
    throw call.error(`attribute "${name}" is ${number}, which is no element type of ONNX opset 1 to 22`);
  }
  return elementType;
}

function elementTypeByName(name: string): ElementType | undefined {
  const lower = name.toLowerCase();
  if (lower === "float") return "float32";
  if (lower === "double") return "float64";
  return elementTypesByNumber.find((candidate) => candidate === lower);
}

/**
 * A list that newer opsets pass as an input and older ones as an attribute (axes, pads, starts, repeats).
 * "absent": the default applies. "unknown": given, but its elements are not known; its length may be.
 */
export type ListArgument =
  | { readonly kind: "absent" }
  | { readonly kind: "known"; readonly values: readonly Element[] }
  | { readonly kind: "unknown"; readonly length: number | undefined };

export function listArgument(call: Call, index: number, name: string): ListArgument {
  const fact = call.inputs[index];
  if (fact === undefined) {
    const values = ints(call, name);
    return values === undefined ? { kind: "absent" } : { kind: "known", values };
  }
  const values = call.elements(fact);
  if (values !== undefined) return { kind: "known", values };
  const length = fact.shape?.length === 0 ? 1 : fact.shape?.[0];
  return { kind: "unknown", length: typeof length === "number" ? length : undefined };
}

/** The values of a list argument where each is a number. */
export function allNumbers(elements: Elements | undefined): number[] | undefined {
  if (elements === undefined) return undefined;
  const values: number[] = [];
  for (const element of elements) {
    if (typeof element !== "number") return undefined;
    values.push(element);
  }
  return values;
}

/** A single number given as an input: a scalar or a list of one. */
export function scalarInput(call: Call, index: number): Element {
  const elements = call.elements(call.inputs[index]);
  return elements?.length === 1 ? elements[0] : undefined;
}

/** An axis counted from the front; an error where the rank does not have it. */
export function normalAxis(call: Call, axis: number, rank: number, describes?: string): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normal < 0 || normal >= rank) {
    throw call.error(
      `axis ${axis} is out of range for ${describes ?? describeInput(call, 0)}`,
      rank === 0 ? "a scalar has no axes" : `use an axis from ${-rank} to ${rank - 1}`,
    );
  }
  return normal;
}

/** Attributes of nodes as plain values, with the operator's default where there is none, and whose operators they are. */
import type { Attribute, OpNode } from "./graph.ts";

export function intOf(node: OpNode, name: string, otherwise: number): number {
  const found = node.attributes.get(name);
  return found?.kind === "int" ? Number(found.value) : otherwise;
}

export function floatOf(node: OpNode, name: string, otherwise: number): number {
  const found = node.attributes.get(name);
  return found?.kind === "float" ? found.value : otherwise;
}

export function intsOf(node: OpNode, name: string): readonly number[] | undefined {
  const found = node.attributes.get(name);
  return found?.kind === "ints" ? found.value.map(Number) : undefined;
}

export function stringOf(node: OpNode, name: string, otherwise: string): string {
  const found = node.attributes.get(name);
  return found?.kind === "string" ? found.value : otherwise;
}

export const intAttribute = (value: number): Attribute => ({ kind: "int", value: BigInt(value) });
export const floatAttribute = (value: number): Attribute => ({ kind: "float", value });
export const intsAttribute = (value: readonly number[]): Attribute => ({
  kind: "ints",
  value: value.map(BigInt),
});

/** Standard ONNX, by either of its names. */
export function isStandard(node: Pick<OpNode, "domain">): boolean {
  return node.domain === "" || node.domain === "ai.onnx";
}

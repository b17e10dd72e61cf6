/** A node's attributes as numbers, with ONNX's defaults given by the caller. */
import type { OpNode } from "../../../graph/ir/graph.ts";

export function intOf(node: OpNode, name: string, otherwise: number): number {
  const found = node.attributes.get(name);
  return found?.kind === "int" ? Number(found.value) : otherwise;
}

export function floatOf(node: OpNode, name: string, otherwise: number): number {
  const found = node.attributes.get(name);
  return found?.kind === "float" ? found.value : otherwise;
}

export function stringOf(node: OpNode, name: string, otherwise: string): string {
  const found = node.attributes.get(name);
  return found?.kind === "string" ? found.value : otherwise;
}

export function intsOf(node: OpNode, name: string): readonly number[] | undefined {
  const found = node.attributes.get(name);
  return found?.kind === "ints" ? found.value.map(Number) : undefined;
}

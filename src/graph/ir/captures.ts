/** What a node and its subgraphs read: a subgraph (of If, Loop, Scan) may use values of the graphs around it. */
import type { Attribute, Graph, OpNode } from "./graph.ts";

/** The subgraphs of a node, with the attribute each stands in. */
export function subgraphs(node: OpNode): readonly { readonly attribute: string; readonly graph: Graph }[] {
  const found: { readonly attribute: string; readonly graph: Graph }[] = [];
  for (const [attribute, value] of node.attributes) {
    for (const graph of graphsOf(value)) found.push({ attribute, graph });
  }
  return found;
}

function graphsOf(attribute: Attribute): readonly Graph[] {
  if (attribute.kind === "graph") return [attribute.value];
  return attribute.kind === "graphs" ? attribute.value : [];
}

/** The values a node needs: its inputs and what its subgraphs capture; may name a value twice. */
export function nodeReads(node: OpNode): readonly string[] {
  const reads = node.inputs.filter((name) => name !== "");
  for (const { graph } of subgraphs(node)) for (const name of capturedValues(graph)) reads.push(name);
  return reads;
}

/** The values of outer graphs that a graph uses. */
export function capturedValues(graph: Graph): ReadonlySet<string> {
  const own = new Set<string>(graph.constants.keys());
  for (const { name } of graph.inputs) own.add(name);
  for (const node of graph.nodes) for (const output of node.outputs) own.add(output);
  const captured = new Set<string>();
  for (const node of graph.nodes) {
    for (const name of nodeReads(node)) if (!own.has(name)) captured.add(name);
  }
  for (const { name } of graph.outputs) if (!own.has(name)) captured.add(name);
  return captured;
}

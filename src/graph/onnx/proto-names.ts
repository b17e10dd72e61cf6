/** The names that graphs use, gathered from the file's messages before there is a Graph. */
import type { GraphProto, NodeProto } from "./schema.ts";

/** All names of values and of nodes in a graph and its subgraphs. */
export function collectNames(graph: GraphProto, values: Set<string>, nodes: Set<string>): void {
  for (const { name } of [...graph.input, ...graph.output, ...graph.initializer]) values.add(name ?? "");
  for (const node of graph.node) {
    nodes.add(node.name ?? "");
    collectNodeNames(node, values, nodes);
  }
}

/** The names of the values that a node and its subgraphs read and make, and of the nodes in those. */
export function collectNodeNames(node: NodeProto, values: Set<string>, nodes: Set<string>): void {
  for (const name of [...node.input, ...node.output]) values.add(name);
  for (const { g, graphs } of node.attribute) {
    for (const graph of g === undefined ? graphs : [g, ...graphs]) collectNames(graph, values, nodes);
  }
}

/** Nodes and names in a list of nodes and their subgraphs: what copying it costs. */
export function countEntries(nodes: readonly NodeProto[]): number {
  let count = 0;
  for (const { input, output, attribute } of nodes) {
    count += 1 + input.length + output.length + attribute.length;
    for (const { g, graphs } of attribute) {
      for (const graph of g === undefined ? graphs : [g, ...graphs]) count += graphEntries(graph);
    }
  }
  return count;
}

function graphEntries({ input, output, valueInfo, initializer, node }: GraphProto): number {
  return input.length + output.length + valueInfo.length + initializer.length + countEntries(node);
}

/**
 * Nodes in an order in which every value is made before it is used, by depth-first search (Tarjan 1976). Stable in
 * this sense: a sorted list stays as it is, and otherwise a node moves only ahead of the first that needs it.
 * O(nodes + edges).
 */
import { known } from "../../base/assert.ts";
import { nodeReads } from "./captures.ts";
import type { OpNode } from "./graph.ts";

export type TopologicalOrder =
  | { readonly kind: "ordered"; readonly nodes: readonly OpNode[] }
  /** The nodes of one cycle, each using an output of the one before, the first one of the last. */
  | { readonly kind: "cycle"; readonly nodes: readonly OpNode[] };

/** Sorts nodes; values that no node makes (inputs, constants, values of outer graphs) count as there from the start. */
export function topologicalOrder(nodes: readonly OpNode[]): TopologicalOrder {
  const producers = producersOf(nodes);
  if (isOrdered(nodes, producers)) return { kind: "ordered", nodes };
  const needs = nodes.map((node) => neededNodes(node, producers));
  const order = depthFirstOrder(needs);
  if (order.kind === "cycle") return { kind: "cycle", nodes: order.nodes.map((index) => at(nodes, index)) };
  return { kind: "ordered", nodes: order.nodes.map((index) => at(nodes, index)) };
}

/** Value name to the index of the node that makes it. */
function producersOf(nodes: readonly OpNode[]): ReadonlyMap<string, number> {
  const producers = new Map<string, number>();
  nodes.forEach((node, index) => {
    for (const output of node.outputs) if (output !== "") producers.set(output, index);
  });
  return producers;
}

function isOrdered(nodes: readonly OpNode[], producers: ReadonlyMap<string, number>): boolean {
  return nodes.every((node, index) => neededNodes(node, producers).every((needed) => needed < index));
}

function neededNodes(node: OpNode, producers: ReadonlyMap<string, number>): readonly number[] {
  const needed: number[] = [];
  for (const name of nodeReads(node)) {
    const producer = producers.get(name);
    if (producer !== undefined) needed.push(producer);
  }
  return needed;
}

type Order = { readonly kind: "ordered" | "cycle"; readonly nodes: readonly number[] };

/**
 * Each node in the order of the list, what it needs just before it. With an explicit stack: a network may be a chain
 * of more nodes than the call stack holds.
 */
function depthFirstOrder(needs: readonly (readonly number[])[]): Order {
  const state = new Uint8Array(needs.length);
  const [open, done] = [1, 2];
  const ordered: number[] = [];
  const path: { readonly index: number; next: number }[] = [];
  for (let root = 0; root < needs.length; root++) {
    if (state[root] !== 0) continue;
    state[root] = open;
    path.push({ index: root, next: 0 });
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const needed = needs[top.index]?.[top.next++];
      if (needed === undefined) {
        state[top.index] = done;
        ordered.push(top.index);
        path.pop();
      } else if (state[needed] === open) {
        const indices = path.map(({ index }) => index);
        return { kind: "cycle", nodes: indices.slice(indices.indexOf(needed)).reverse() };
      } else if (state[needed] === 0) {
        state[needed] = open;
        path.push({ index: needed, next: 0 });
      }
    }
  }
  return { kind: "ordered", nodes: ordered };
}

function at(nodes: readonly OpNode[], index: number): OpNode {
  return known(nodes[index], `node ${index}`);
}

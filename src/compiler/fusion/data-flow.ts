/**
 * Who makes and who reads every value of a graph, and which nodes are constant: they depend on no input of the
 * network, or their results are known without running it (shapes, axes, indices). Linear in the graph.
 */
import { known } from "../../base/assert.ts";
import { nodeReads } from "../../graph/ir/captures.ts";
import type { Graph, OpNode, TypedGraph } from "../../graph/ir/graph.ts";

/** What a node is to a fusion plan. */
export interface DataFlow {
  /** Per node, the values that it reads, each once, with those that its subgraphs take from around them. */
  readonly reads: readonly (readonly string[])[];
  /** The node that makes a value; graph inputs and constants are not in it. */
  readonly producerOf: ReadonlyMap<string, number>;
  /** The nodes that read a value, ascending; values that nobody reads are not in it. */
  readonly consumersOf: ReadonlyMap<string, readonly number[]>;
  /** Per node, whether it is constant: such a node is never a layer and costs no activation traffic. */
  readonly isConstantNode: readonly boolean[];
  /** Values that are constants, results of constant nodes, or known without running the network. */
  readonly constants: ReadonlySet<string>;
  readonly networkOutputs: ReadonlySet<string>;
}

/** Follows the values of a graph. `barriers` are nodes that are never constant, whatever they read. */
export function dataFlow(typed: TypedGraph, barriers: ReadonlySet<number>): DataFlow {
  const { graph } = typed;
  const reads = graph.nodes.map((node) => [...new Set(nodeReads(node))]);
  const constants = new Set<string>([...graph.constants.keys(), ...typed.values.keys()]);
  const isConstantNode = graph.nodes.map((node, index) => {
    const constant = isConstant(node, known(reads[index], "reads"), constants, barriers.has(index));
    if (constant) for (const output of node.outputs) constants.add(output);
    return constant;
  });
  return {
    reads,
    producerOf: producers(graph),
    consumersOf: consumers(reads),
    isConstantNode,
    constants,
    networkOutputs: new Set(graph.outputs.map((output) => output.name)),
  };
}

/** Values that a node reads and that the network's input decides: what flows along the edges of the fused graph. */
export function activationsRead(flow: DataFlow, node: number): readonly string[] {
  if (flow.isConstantNode[node]) return [];
  return known(flow.reads[node], "reads").filter((value) => !flow.constants.has(value));
}

function isConstant(
  node: OpNode,
  reads: readonly string[],
  constants: ReadonlySet<string>,
  barrier: boolean,
): boolean {
  // Shape of an activation: it reads one, but what it says is known once the network's input shape is.
  if (node.outputs.every((output) => output === "" || constants.has(output))) return true;
  return !barrier && reads.every((value) => constants.has(value));
}

function producers(graph: Graph): ReadonlyMap<string, number> {
  const producerOf = new Map<string, number>();
  graph.nodes.forEach((node, index) => {
    for (const output of node.outputs) if (output !== "") producerOf.set(output, index);
  });
  return producerOf;
}

function consumers(reads: readonly (readonly string[])[]): ReadonlyMap<string, readonly number[]> {
  const consumersOf = new Map<string, number[]>();
  reads.forEach((values, index) => {
    for (const value of values) {
      const list = consumersOf.get(value);
      if (list === undefined) consumersOf.set(value, [index]);
      else list.push(index);
    }
  });
  return consumersOf;
}

/**
 * A set of operators cut out of their network as a network of its own: its inputs are the activations that they read, its
 * outputs what leaves the set. What they need of constants comes along, computed ones with the nodes that compute them.
 * So a candidate block can be compiled and measured alone (DNNFusion, section 4.3). Linear in the set and its edges.
 */
import { known } from "../../base/assert.ts";
import { nodeReads } from "../../graph/ir/captures.ts";
import type { TypedGraph, Value } from "../../graph/ir/graph.ts";
import type { Tensor, TensorType } from "../../graph/ir/tensor.ts";
import type { Ecg, EcgValue } from "./ecg.ts";

/** What a set of operators reads from outside, and gives to it. */
export interface Border {
  readonly inputs: readonly EcgValue[];
  readonly outputs: readonly EcgValue[];
}

export function borderOf(ecg: Ecg, nodes: readonly number[]): Border {
  const inside = new Set(nodes);
  const inputs = new Set<EcgValue>();
  for (const node of nodes) {
    for (const value of known(ecg.reads[node], "reads")) {
      if (value.producer === undefined || !inside.has(value.producer)) inputs.add(value);
    }
  }
  const outputs = nodes.flatMap((node) =>
    known(ecg.results[node], "results").filter(
      ({ isNetworkOutput, consumers }) => isNetworkOutput || consumers.some((reader) => !inside.has(reader)),
    ),
  );
  return { inputs: [...inputs], outputs };
}

/** The network of these operators alone; names, shapes and constants are those of the whole. */
export function cutOut(ecg: Ecg, nodes: readonly number[]): TypedGraph {
  const { graph, types, values, unsupported } = ecg.typed;
  const border = borderOf(ecg, nodes);
  const given = new Set(border.inputs.map(({ name }) => name));
  const taken = new Set(nodes);
  const constants = new Map<string, Tensor>();
  const open = [...nodes];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    for (const name of nodeReads(known(graph.nodes[index], "node"))) {
      if (given.has(name) || constants.has(name)) continue;
      const tensor = graph.constants.get(name) ?? values.get(name);
      const producer = ecg.flow.producerOf.get(name);
      if (tensor !== undefined) constants.set(name, tensor);
      else if (producer !== undefined && !taken.has(producer)) {
        taken.add(producer);
        open.push(producer);
      }
    }
  }
  const kept = [...taken].sort((a, b) => a - b).map((index) => known(graph.nodes[index], "node"));
  const names = new Set(kept.flatMap((node) => [...node.inputs, ...node.outputs]));
  const among = <T>(all: ReadonlyMap<string, T>): Map<string, T> =>
    new Map([...all].filter(([name]) => names.has(name)));
  const typed = ({ name }: EcgValue): Value => ({ name, type: types.get(name) ?? unknownType });
  return {
    graph: {
      name: "block",
      inputs: border.inputs.map(typed),
      outputs: border.outputs.map(typed),
      nodes: kept,
      constants,
      statedTypes: new Map(),
    },
    types: among(types),
    values: among(values),
    unsupported: unsupported.filter(({ node }) => kept.some(({ name }) => name === node)),
  };
}

const unknownType: TensorType = { elementType: "undefined", shape: undefined };

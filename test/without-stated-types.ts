/** Takes out of a model what it says of its values, so that a test can infer it again. */
import type { Graph, Model } from "../src/graph/ir/graph.ts";
import { rowOf } from "../src/graph/ops/registry.ts";

/** The model with the types of its inputs only, and of what operators without a row return. */
export function withoutStatedTypes(model: Model): Model {
  return { ...model, graph: strip(model.graph) };
}

function strip(graph: Graph): Graph {
  const barriers = new Set(
    graph.nodes.filter((node) => rowOf(node) === undefined).flatMap(({ outputs }) => outputs),
  );
  return {
    ...graph,
    outputs: graph.outputs.map((value) =>
      barriers.has(value.name)
        ? value
        : { name: value.name, type: { elementType: "undefined", shape: undefined } },
    ),
    statedTypes: new Map([...graph.statedTypes].filter(([name]) => barriers.has(name))),
    nodes: graph.nodes.map((node) => ({
      ...node,
      attributes: new Map(
        [...node.attributes].map(([name, attribute]) => [
          name,
          attribute.kind === "graph" ? { kind: "graph" as const, value: strip(attribute.value) } : attribute,
        ]),
      ),
    })),
  };
}

import { expect, test } from "vitest";
import type { Graph, OpNode } from "../ir/graph.ts";
import { planOf } from "./plan.ts";

const type = { elementType: "float32", shape: [] } as const;

function node(inputs: readonly string[], output: string, body?: Graph): OpNode {
  const attributes: OpNode["attributes"] =
    body === undefined ? new Map() : new Map([["body", { kind: "graph", value: body }]]);
  return { name: output, operator: "Any", domain: "", opset: 17, inputs, outputs: [output], attributes };
}

function graph(nodes: readonly OpNode[], outputs: readonly string[]): Graph {
  return {
    name: "test",
    nodes,
    inputs: [{ name: "x", type }],
    outputs: outputs.map((name) => ({ name, type })),
    constants: new Map(),
    statedTypes: new Map(),
  };
}

test("a value is let go after its last reader, captures included; outputs are kept", () => {
  const body = graph([node(["a"], "inner")], ["inner"]);
  const { lastReads } = planOf(
    graph([node(["x"], "a"), node(["a"], "b"), node(["b"], "c", body), node(["c"], "unread")], ["b"]),
  );
  // x: first node. a: read by the body of the third. b: an output. unread: at once.
  expect(lastReads).toEqual([["x"], [], ["a"], ["c", "unread"].toSorted()]);
});

import { expect, test } from "vitest";
import { floats, network, operatorsOf } from "../../../../test/network.ts";
import { runGraph } from "../../../graph/interpreter/run-graph.ts";
import type { Attribute, Graph, TypedGraph } from "../../../graph/ir/graph.ts";
import { tensorValue } from "../../../graph/ir/runtime-value.ts";
import { inlineBranches } from "./inline-branches.ts";

/** A branch of one operator over the outer value "x"; its result has the name that the other branch's has too. */
function branch(operator: string, reads: readonly string[]): Attribute {
  const { graph } = network({
    inputs: { x: [2, 3] },
    constants: { one: floats([3], [1, 1, 1]) },
    nodes: { y: [operator, reads] },
    outputs: ["y"],
  });
  return { kind: "graph", value: { ...graph, inputs: [] } satisfies Graph };
}

function withIf(then: Attribute, otherwise: Attribute): TypedGraph {
  return network({
    inputs: { x: [2, 3], c: ["bool", [1]] },
    nodes: { out: ["If", ["c"], { then_branch: then, else_branch: otherwise }] },
    outputs: ["out"],
  });
}

const x = tensorValue("float32", [2, 3], Float32Array.of(-3, -2, -1, 0, 1, 2));

function outputOf(typed: TypedGraph, condition: number): unknown {
  const c = tensorValue("bool", [1], Uint8Array.of(condition));
  const out = runGraph(typed, new Map([...Object.entries({ x, c })])).get("out");
  return out?.kind === "tensor" ? { shape: out.shape, elements: [...out.elements] } : undefined;
}

test("both branches run, and a Where takes the results of one", () => {
  const typed = withIf(branch("Add", ["x", "one"]), branch("Abs", ["x"]));
  const inlined = inlineBranches(typed);
  expect(operatorsOf(inlined)).toEqual(["Add", "Abs", "Reshape", "Where"]);
  for (const condition of [0, 1]) expect(outputOf(inlined, condition)).toEqual(outputOf(typed, condition));
});

test("branches that give different shapes stay branches", () => {
  const typed = withIf(branch("Transpose", ["x"]), branch("Abs", ["x"]));
  expect(operatorsOf(inlineBranches(typed))).toEqual(["If"]);
});

test("branches that draw random numbers stay branches", () => {
  const typed = withIf(branch("RandomNormalLike", ["x"]), branch("Abs", ["x"]));
  expect(operatorsOf(inlineBranches(typed))).toEqual(["If"]);
});

test("of a constant condition one branch is left", () => {
  const typed = withIf(branch("Add", ["x", "one"]), branch("Abs", ["x"]));
  const bytes = Uint8Array.of(0);
  const graph: Graph = {
    ...typed.graph,
    inputs: typed.graph.inputs.slice(0, 1),
    constants: new Map([["c", { elementType: "bool", shape: [1], data: { kind: "bytes", bytes } }]]),
  };
  expect(operatorsOf(inlineBranches({ ...typed, graph }))).toEqual(["Abs", "Identity"]);
});

import { describe, expect, test } from "vitest";
import type { Attribute, Graph, OpNode, Value } from "./graph.ts";
import { printGraph, printType } from "./print.ts";
import type { Tensor } from "./tensor.ts";
import { topologicalOrder } from "./topological-order.ts";
import { verifyGraph } from "./verify.ts";

function node(
  name: string,
  inputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): OpNode {
  return {
    name: `make_${name}`,
    operator: "Sum",
    domain: "",
    opset: 17,
    inputs,
    outputs: [name],
    attributes: new Map(Object.entries(attributes)),
  };
}

const value = (name: string): Value => ({ name, type: { elementType: "float32", shape: [2] } });

function graph(
  nodes: readonly OpNode[],
  output: string,
  constants: Readonly<Record<string, Tensor>> = {},
): Graph {
  return {
    name: "g",
    inputs: [value("x")],
    outputs: [value(output)],
    nodes,
    constants: new Map(Object.entries(constants)),
    statedTypes: new Map(),
  };
}

const branch = (nodes: readonly OpNode[], output: string): Attribute => ({
  kind: "graph",
  value: { ...graph(nodes, output), inputs: [] },
});

const tensor = (shape: readonly number[], length: number): Tensor => ({
  elementType: "int16",
  shape,
  data: { kind: "bytes", bytes: new Uint8Array(length) },
});

describe("verifyGraph", () => {
  test("refuses a constant that is scaled from one of another shape", () => {
    const channels = { factors: Float64Array.of(2), stride: 6, count: 1, perGroup: 0, groupStride: Infinity };
    const scaled = (of: Tensor): Tensor => ({
      elementType: "float32",
      shape: [6],
      data: { kind: "scaled", of, channels },
    });
    const floats = (shape: readonly number[]): Tensor => ({ ...tensor(shape, 24), elementType: "float32" });
    expect(() => verifyGraph(graph([node("y", ["x", "c"])], "y", { c: scaled(floats([6])) }))).not.toThrow();
    for (const other of [floats([2, 3]), tensor([6], 12), { ...floats([6]), data: tensor([5], 10).data }]) {
      expect(() => verifyGraph(graph([node("y", ["x", "c"])], "y", { c: scaled(other) }))).toThrow(
        'constant "c"',
      );
    }
  });

  test("passes a valid graph, with subgraphs that read values around them", () => {
    const body = branch([node("inner", ["a", "w"])], "inner");
    verifyGraph(graph([node("a", ["x", ""]), node("b", ["a"], { body })], "b", { w: tensor([3], 6) }));
  });

  test.each([
    [graph([node("b", ["a"]), node("a", ["x"])], "b"), 'node "make_b" (Sum): reads "a" before it is made'],
    [
      graph([node("a", ["z"])], "a"),
      'node "make_a" (Sum): reads "z", which no input, constant or node gives',
    ],
    [graph([node("x", ["x"])], "x"), 'node "make_x" (Sum): "x" is made twice'],
    [graph([], "y"), 'output "y" is given by no input, constant or node'],
    [graph([], "x", { x: tensor([], 2) }), '"x" is both an input and a constant'],
    [graph([], "x", { w: tensor([2], 2) }), 'constant "w" has 2 bytes, not 4'],
    [graph([], "x", { w: tensor([-1], 2) }), 'constant "w" has the impossible shape [-1]'],
    [graph([], "x", { w: { ...tensor([], 2), elementType: "string" } }), 'constant "w" has 2 bytes, not 0'],
    [
      graph([node("a", ["x"], { body: branch([node("c", ["a"])], "c") })], "a"),
      'node "make_a" (Sum): body: node "make_c" (Sum): reads "a", which no input, constant or node gives',
    ],
  ] as const)("%#: names the place and the fault", (broken, message) => {
    expect(() => verifyGraph(broken)).toThrow(`internal: graph "g": ${message}`);
  });
});

describe("topologicalOrder", () => {
  const names = (nodes: readonly OpNode[]): string => nodes.map(({ outputs }) => outputs[0]).join(" ");
  const [a, b, c, d] = [node("a", ["x"]), node("b", ["a"]), node("c", ["x"]), node("d", ["b", "c"])];

  test("leaves a sorted list as it is", () => {
    for (const sorted of [
      [a, b, c, d],
      [c, a, b, d],
      [a, c, b, d],
    ]) {
      expect(topologicalOrder(sorted)).toEqual({ kind: "ordered", nodes: sorted });
    }
  });

  test("moves a node ahead of the first that needs it", () => {
    expect(names(topologicalOrder([c, d, b, a]).nodes)).toBe("c a b d");
  });

  test("names the nodes of a cycle, each behind what it needs", () => {
    const cycle = topologicalOrder([
      a,
      node("p", ["a", "r"]),
      node("q", ["p"]),
      node("r", ["q"]),
      node("s", ["r"]),
    ]);
    expect(cycle.kind).toBe("cycle");
    expect(names(cycle.nodes)).toBe("q r p");
  });

  test("counts what subgraphs read, and finds a node that needs itself", () => {
    const needsB = node("e", ["x"], { body: branch([node("inner", ["b"])], "inner") });
    expect(names(topologicalOrder([needsB, b, a]).nodes)).toBe("a b e");
    expect(topologicalOrder([node("f", ["f"])]).kind).toBe("cycle");
  });
});

describe("printGraph", () => {
  test("shows types of a typed graph, attributes and constants", () => {
    const attributes: Readonly<Record<string, Attribute>> = {
      alpha: { kind: "float", value: Math.fround(0.1) },
      pads: { kind: "ints", value: [0n, 1n] },
      mode: { kind: "string", value: "edge" },
    };
    const plain = graph([node("a", ["x", "", "w"], attributes), node("b", ["a"])], "b", {
      w: tensor([3], 6),
    });
    const types = new Map([["a", { elementType: "float16", shape: ["batch", 3] } as const]]);
    expect(printGraph({ graph: plain, types, values: new Map(), unsupported: [] })).toMatchInlineSnapshot(`
      "graph g (x: float32[2]) -> (b: float32[2])
        const w: int16[3]
        a: float16[batch,3] = Sum(x, _, w) {alpha=0.1, pads=[0, 1], mode="edge"}  # make_a
        b: float32[2] = Sum(a)  # make_b
      "
    `);
  });

  test("shows what is not known as ?", () => {
    expect(printType({ elementType: "undefined", shape: undefined })).toBe("?[?]");
    expect(printType({ elementType: "bool", shape: [] })).toBe("bool[]");
  });
});

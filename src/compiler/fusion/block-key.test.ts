import { describe, expect, test } from "vitest";
import { type NetworkSpec, network } from "../../../test/network.ts";
import type { OpNode, TypedGraph } from "../../graph/ir/graph.ts";
import type { Tensor } from "../../graph/ir/tensor.ts";
import { blockKey, blockText } from "./block-key.ts";
import { extendGraph } from "./ecg.ts";

const weights = (shape: readonly number[], seed = 1): Tensor => ({
  elementType: "float32",
  shape,
  data: { kind: "synthetic", low: -1, high: 1, seed },
});
const places = (...numbers: readonly bigint[]): Tensor => ({
  elementType: "int64",
  shape: [numbers.length],
  data: { kind: "bytes", bytes: new Uint8Array(new BigInt64Array(numbers).buffer) },
});

/** A convolution with its gate: x -> conv -> sigmoid -> conv * sigmoid -> slice -> y. */
const gated = {
  inputs: { x: [1, 4, 8, 8] },
  constants: { w: weights([4, 4, 3, 3]), from: places(0n), to: places(4n), axes: places(2n) },
  nodes: {
    conv: ["Conv", ["x", "w"], { pads: [1, 1, 1, 1], kernel_shape: [3, 3] }],
    gate: ["Sigmoid", ["conv"]],
    product: ["Mul", ["conv", "gate"]],
    slice: ["Slice", ["product", "from", "to", "axes"]],
    y: ["Relu", ["slice"]],
  },
  outputs: ["y"],
} satisfies NetworkSpec;

const all = (typed: TypedGraph): readonly number[] => [...typed.graph.nodes.keys()];
const keyOf = (typed: TypedGraph, nodes = all(typed)): string => blockKey(extendGraph(typed), nodes);

/** The same network with other names for everything. */
function renamed({ inputs, constants, nodes, outputs }: typeof gated): TypedGraph {
  const name = (old: string): string => `other.${old}`;
  const keys = <T>(all: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(all).map(([key, value]) => [name(key), value]));
  const moved = Object.entries(nodes).map(([key, [operator, reads, attributes = {}]]) => {
    return [name(key), [operator, reads.map(name), attributes]] as const;
  });
  return network({
    inputs: keys(inputs),
    constants: keys(constants),
    nodes: Object.fromEntries(moved) as NetworkSpec["nodes"],
    outputs: outputs.map(name),
  });
}

/** Two branches of one input; the file has them in either order. */
function branches(order: readonly ["a" | "b", "a" | "b"]): TypedGraph {
  const nodes = { a: ["Relu", ["x"]], b: ["Tanh", ["x"]] } as const;
  const [first, second] = order;
  return network({
    inputs: { x: [4, 4] },
    nodes: { [first]: nodes[first], [second]: nodes[second], y: ["Sub", ["a", "b"]], z: ["Neg", ["b"]] },
    outputs: ["y", "z"],
  });
}

test("the text has operators, attributes, shapes and wiring, and no name", () => {
  const typed = network(gated);
  expect(blockText(extendGraph(typed), [0, 1, 2])).toMatchInlineSnapshot(`
    "n0 = Conv@17{kernel_shape=[3,3], pads=[1,1,1,1]}(i0:float32[1,4,8,8] given, constant float32[4,4,3,3]) -> float32[1,4,8,8]
    n1 = Sigmoid@17{}(n0.0) -> float32[1,4,8,8]
    n2 = Mul@17{}(n0.0, n1.0) -> float32[1,4,8,8] leaves"
  `);
});

describe("keys are equal", () => {
  test("for a network with other names", () => {
    expect(keyOf(renamed(gated))).toBe(keyOf(network(gated)));
  });

  test("for another order of operators that wait for nobody", () => {
    expect(keyOf(branches(["a", "b"]))).toBe(keyOf(branches(["b", "a"])));
  });

  test("for other weights, and for other blocks around", () => {
    const other = network({ ...gated, constants: { ...gated.constants, w: weights([4, 4, 3, 3], 2) } });
    expect(keyOf(other)).toBe(keyOf(network(gated)));
    const twice = network({
      inputs: { x: [2, 8] },
      nodes: {
        first: ["Exp", ["x"]],
        a: ["Relu", ["first"]],
        b: ["Tanh", ["a"]],
        c: ["Relu", ["b"]],
        d: ["Tanh", ["c"]],
        y: ["Exp", ["d"]],
      },
      outputs: ["y"],
    });
    expect(keyOf(twice, [1, 2])).toBe(keyOf(twice, [3, 4]));
  });
});

describe("keys differ", () => {
  const keys = new Set<string>();
  const isNew = (key: string): boolean => !keys.has(key) && keys.add(key).size > 0;
  const { conv, ...rest } = gated.nodes;
  const { constants } = gated;
  const cases: Readonly<Record<string, NetworkSpec>> = {
    "the network itself": gated,
    "another shape": { ...gated, inputs: { x: [1, 4, 8, 9] } },
    "another attribute": {
      ...gated,
      nodes: { conv: ["Conv", conv[1], { ...conv[2], dilations: [1, 1] }], ...rest },
    },
    "another operator": { ...gated, nodes: { ...gated.nodes, y: ["Tanh", ["slice"]] } },
    "other operands": { ...gated, nodes: { ...gated.nodes, product: ["Mul", ["gate", "gate"]] } },
    "operands the other way round": {
      ...gated,
      nodes: { ...gated.nodes, product: ["Mul", ["gate", "conv"]] },
    },
    "other places to cut at": { ...gated, constants: { ...constants, from: places(2n), to: places(6n) } },
    "a result that is also given away": { ...gated, outputs: ["y", "gate"] },
    "another opset": { ...gated, opset: 13 },
  };
  test.each(Object.entries(cases))("for %s", (_, spec) => {
    expect(isNew(keyOf(network(spec)))).toBe(true);
  });

  test("for a part", () => {
    const typed = network(gated);
    expect(isNew(keyOf(typed, [0, 1, 2, 3]))).toBe(true);
    expect(isNew(keyOf(typed, [0, 2]))).toBe(true);
  });

  test("for what is noted of a value", () => {
    const ecg = extendGraph(network(gated));
    const noted = blockKey(ecg, [0, 1], (value) => (value === "conv" ? " channels last" : ""));
    expect(noted).not.toBe(blockKey(ecg, [0, 1]));
  });
});

test("attributes count in any order", () => {
  const typed = network(gated);
  const turned = typed.graph.nodes.map(
    (node): OpNode => ({ ...node, attributes: new Map([...node.attributes].reverse()) }),
  );
  expect(keyOf({ ...typed, graph: { ...typed.graph, nodes: turned } })).toBe(keyOf(typed));
});

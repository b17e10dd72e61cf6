/** What is written for whole networks: sums, zeros, names, what is refused, and gradients of a real one. */
import { describe, expect, test } from "vitest";
import { expectGradients, runGraph } from "../../../test/check-gradients.ts";
import { floats, network } from "../../../test/network.ts";
import { constant, int64s } from "../../../test/one-node.ts";
import { seededRandom } from "../../base/random.ts";
import type { Graph } from "../ir/graph.ts";
import { printGraph } from "../ir/print.ts";
import { countOf, type TensorValue, tensorFromDoubles } from "../ir/runtime-value.ts";
import { differentiate } from "./differentiate.ts";

const sum = ["ReduceSum", ["y"], { keepdims: 0 }] as const;

test("a product and a bias: the rows of all batches are summed, and the bias has the sum of the gradient", () => {
  const typed = network({
    inputs: { x: [2, 3, 4], w: [4, 5], b: [5] },
    nodes: { p: ["MatMul", ["x", "w"]], y: ["Add", ["p", "b"]], loss: sum },
    outputs: ["y"],
  });
  const { typed: both, gradients } = differentiate(typed, { loss: "loss", parameters: ["w", "b"] });
  expect([...gradients]).toEqual([
    ["w", "w.gradient"],
    ["b", "b.gradient"],
  ]);
  expect(printGraph(both)).toMatchInlineSnapshot(`
    "graph test (x: float32[2,3,4], w: float32[4,5], b: float32[5]) -> (y: ?[?], loss: float32[], w.gradient: float32[4,5], b.gradient: float32[5])
      const constant~1: float32[]
      const constant~2: int64[3] [1, 1, 1]
      const constant~3: int64[3] [2, 3, 5]
      const constant~4: int64[2] [0, 1]
      const constant~5: int64[2] [6, 4]
      const constant~6: int64[2] [6, 5]
      p: float32[2,3,5] = MatMul(x, w)  # p
      y: float32[2,3,5] = Add(p, b)  # y
      loss: float32[] = ReduceSum(y) {keepdims=0}  # loss
      loss.gradient~1: float32[1,1,1] = Reshape(constant~1, constant~2)  # loss.gradient/Reshape~1
      loss.gradient~2: float32[2,3,5] = Expand(loss.gradient~1, constant~3)  # loss.gradient/Expand~1
      y.gradient~1: float32[5] = ReduceSum(loss.gradient~2, constant~4) {keepdims=0}  # y.gradient/ReduceSum~1
      p.gradient~1: float32[6,4] = Reshape(x, constant~5)  # p.gradient/Reshape~1
      p.gradient~2: float32[6,5] = Reshape(loss.gradient~2, constant~6)  # p.gradient/Reshape~2
      p.gradient~3: float32[4,6] = Transpose(p.gradient~1) {perm=[1, 0]}  # p.gradient/Transpose~1
      p.gradient~4: float32[4,5] = MatMul(p.gradient~3, p.gradient~2)  # p.gradient/MatMul~1
      w.gradient: float32[4,5] = Identity(p.gradient~4)  # w.gradient/Identity~1
      b.gradient: float32[5] = Identity(y.gradient~1)  # b.gradient/Identity~1
    "
  `);
});

describe("what a value is read by", () => {
  test("several times is summed: d (x x + x) / dx = x + x + 1", () => {
    const typed = network({
      inputs: { x: ["float64", [3]] },
      nodes: { square: ["Mul", ["x", "x"]], y: ["Add", ["square", "x"]], loss: sum },
      outputs: ["loss"],
    });
    expectGradients(typed, ["x"], doubles(typed.graph), "x * x + x");
    const { typed: both } = differentiate(typed, { loss: "loss", parameters: ["x"] });
    expect(both.graph.nodes.filter(({ operator }) => operator === "Add").length).toBe(3);
  });

  test("never gives zeros", () => {
    const typed = network({
      inputs: { x: [3], unused: [2, 2] },
      nodes: { y: ["Exp", ["x"]], aside: ["Exp", ["unused"]], loss: sum },
      outputs: ["loss", "aside"],
    });
    const { typed: both, gradients } = differentiate(typed, { loss: "loss", parameters: ["unused"] });
    expect(both.types.get(gradients.get("unused") ?? "")).toEqual({ elementType: "float32", shape: [2, 2] });
    expect(both.graph.nodes.at(-2)?.operator).toBe("Expand");
  });

  test("as another type of floats has the gradient in its own", () => {
    const typed = network({
      inputs: { x: ["float64", [2]] },
      nodes: { y: ["Cast", ["x"], { to: 1 }], loss: sum },
      outputs: ["loss"],
    });
    const { typed: both } = differentiate(typed, { loss: "loss", parameters: ["x"] });
    expect(both.types.get("x.gradient")).toEqual({ elementType: "float64", shape: [2] });
    const outputs = runGraph(both, doubles(typed.graph));
    expect(outputs.get("x.gradient")).toMatchObject({ elements: Float64Array.of(1, 1) });
  });

  test("only for its shape or in a comparison does not count", () => {
    const typed = network({
      inputs: { x: ["float64", [2, 3]] },
      constants: { zero: constant("float64", [], [0.05]) },
      nodes: {
        shape: ["Shape", ["x"]],
        above: ["Greater", ["x", "zero"]],
        flat: ["Reshape", ["x", "shape"]],
        y: ["Where", ["above", "flat", "zero"]],
        loss: sum,
      },
      outputs: ["loss"],
    });
    expectGradients(typed, ["x"], doubles(typed.graph), "x where it is positive");
  });
});

test("names that are taken are left alone, and a constant may be a parameter", () => {
  const typed = network({
    inputs: { "w.gradient": [2] },
    constants: { w: floats([2]) },
    nodes: { y: ["Mul", ["w", "w.gradient"]], loss: sum },
    outputs: ["loss"],
  });
  const { typed: both, gradients, model } = differentiate(typed, { loss: "loss", parameters: ["w"] });
  expect([...gradients.values()]).toEqual(["w.gradient~1"]);
  expect(both.graph.outputs.map(({ name }) => name)).toEqual(["loss", "w.gradient~1"]);
  expect([...model.opsets]).toEqual([["", 17]]);
});

test("the same graph gives the same names", () => {
  const typed = network({
    inputs: { x: [2, 3], w: [3, 4], b: [4] },
    nodes: { p: ["MatMul", ["x", "w"]], h: ["Add", ["p", "b"]], y: ["Tanh", ["h"]], loss: sum },
    outputs: ["loss"],
  });
  const [loss, parameters] = ["loss", ["w", "b"]] as const;
  const print = (): string => printGraph(differentiate(typed, { loss, parameters }).typed);
  expect(print()).toBe(print());
});

describe("refused, with the place", () => {
  const shapes = { x: [2, 3], w: [2, 3] };
  const single = (node: Parameters<typeof network>[0]["nodes"][string], opset = 17) =>
    network({ inputs: shapes, nodes: { y: node, loss: sum }, outputs: ["loss"], opset });

  test("an operator without a gradient", () => {
    const typed = network({
      inputs: { x: [1, 1, 4, 4], w: [1, 1, 3, 3] },
      nodes: { y: ["Conv", ["x", "w"]], loss: sum },
      outputs: ["loss"],
    });
    expect(() => differentiate(typed, { loss: "loss", parameters: ["w"] })).toThrow(
      expect.objectContaining({
        code: "bad-input",
        where: 'node "y" (Conv)',
        message: "Conv has no gradient",
      }),
    );
    // It may stand where no gradient goes.
    expect(differentiate(typed, { loss: "loss", parameters: [] }).gradients.size).toBe(0);
  });

  test("an exponent", () => {
    expect(() => differentiate(single(["Pow", ["x", "w"]]), { loss: "loss", parameters: ["w"] })).toThrow(
      "there is no gradient by an exponent",
    );
  });

  test("a loss of several elements", () => {
    expect(() => differentiate(single(["Exp", ["x"]]), { loss: "y", parameters: ["x"] })).toThrow(
      "the loss has the shape [2,3], and must have one element",
    );
  });

  test("names that are not there, and integers", () => {
    const typed = network({
      inputs: { x: [2] },
      constants: { places: int64s(1) },
      nodes: { y: ["Gather", ["x", "places"]], loss: sum },
      outputs: ["loss"],
    });
    const by = (name: string) => () => differentiate(typed, { loss: "loss", parameters: [name] });
    expect(by("v")).toThrow('there is no value "v", which is to be a parameter');
    expect(by("places")).toThrow("a parameter must be of floats, and this is int64");
  });

  test("sizes that are left open", () => {
    const typed = network({
      inputs: { x: ["N", 3] },
      nodes: { y: ["Exp", ["x"]], loss: sum },
      outputs: ["loss"],
    });
    expect(() => differentiate(typed, { loss: "loss", parameters: ["x"] })).toThrow(
      "the shape [N,3] leaves sizes open",
    );
  });

  test("opsets before 13", () => {
    expect(() => differentiate(single(["Exp", ["x"]], 11), { loss: "loss", parameters: ["x"] })).toThrow(
      "gradients are written in opset 13 or later, the network is of opset 11",
    );
  });
});

describe("of whole networks, against differences", () => {
  test("two layers with LogSoftmax, and the likelihood of one-hot targets", () => {
    const typed = network({
      inputs: {
        x: ["float64", [3, 4]],
        w1: ["float64", [4, 5]],
        b1: ["float64", [5]],
        w2: ["float64", [3, 5]],
        b2: ["float64", [3]],
        target: ["float64", [3, 3]],
      },
      nodes: {
        p1: ["MatMul", ["x", "w1"]],
        a1: ["Add", ["p1", "b1"]],
        h: ["Tanh", ["a1"]],
        scores: ["Gemm", ["h", "w2", "b2"], { transB: 1 }],
        log: ["LogSoftmax", ["scores"]],
        each: ["Mul", ["log", "target"]],
        total: ["ReduceSum", ["each"]],
        loss: ["Neg", ["total"]],
      },
      outputs: ["loss"],
    });
    expectGradients(typed, ["w1", "b1", "w2", "b2", "x"], doubles(typed.graph), "two layers");
  });
});

/** Random doubles in [-1, 1) for every input. */
function doubles(graph: Graph): ReadonlyMap<string, TensorValue> {
  const random = seededRandom(5);
  return new Map(
    graph.inputs.map(({ name, type }) => {
      const shape = (type.shape ?? []).map(Number);
      const numbers = Array.from({ length: countOf(shape) }, () => 2 * random.uniform() - 1);
      return [name, tensorFromDoubles("float64", shape, numbers)];
    }),
  );
}

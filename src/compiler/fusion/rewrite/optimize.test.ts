import { describe, expect, test } from "vitest";
import { expectSame, floats, network, nodesOf, operatorsOf } from "../../../../test/network.ts";
import { constant, int64s } from "../../../../test/one-node.ts";
import type { TypedGraph } from "../../../graph/ir/graph.ts";
import { optimizeGraph, passNames } from "./optimize.ts";

/** The network after one pass and those that make constants. */
function rewritten(typed: TypedGraph, ...names: readonly string[]): TypedGraph {
  const run = ["fold-constants", ...names, "fold-new-constants"];
  const result = optimizeGraph(typed, { skip: passNames.filter((name) => !run.includes(name)) });
  expectSame(typed, result);
  return result;
}

test("a network that has nothing to rewrite is given back as it is", () => {
  const typed = network({ inputs: { x: [2, 3] }, nodes: { y: ["Relu", ["x"]] }, outputs: ["y"] });
  expect(optimizeGraph(typed)).toBe(typed);
});

test("each pass is told of, unless it is skipped, and a name that is none is an error", () => {
  const typed = network({ inputs: { x: [2, 3] }, nodes: { y: ["Relu", ["x"]] }, outputs: ["y"] });
  const told: string[] = [];
  optimizeGraph(typed, { skip: ["fold-constants"], onPass: (name) => told.push(name) });
  expect(told).toEqual(passNames.filter((name) => name !== "fold-constants"));
  expect(() => optimizeGraph(typed, { skip: ["fold-constant"] })).toThrow('"fold-constant" is no pass');
});

/** ONNX seeds its random operators with floats. */
const seed = { kind: "float", value: 1 } as const;

describe("constants", () => {
  test("what depends on no input is computed, what shapes say is known", () => {
    const typed = network({
      inputs: { x: [2, 3] },
      constants: { w: floats([3, 2]), two: constant("float32", [], [2]) },
      nodes: {
        wt: ["Transpose", ["w"]],
        scaled: ["Mul", ["wt", "two"]],
        shape: ["Shape", ["x"]],
        flat: ["Reshape", ["x", "shape"]],
        y: ["Add", ["flat", "scaled"]],
      },
      outputs: ["y"],
    });
    expect(nodesOf(rewritten(typed))).toEqual(["Reshape(x, shape)", "Add(flat, scaled)"]);
  });

  test("an output that is known stays an output", () => {
    const typed = network({ inputs: { x: [2, 3] }, nodes: { shape: ["Shape", ["x"]] }, outputs: ["shape"] });
    const result = rewritten(typed);
    expect(result.graph.nodes).toEqual([]);
    expect([...result.graph.constants.keys()]).toEqual(["shape"]);
  });

  test("weights in half precision or in bytes become the floats to compute with", () => {
    const typed = network({
      inputs: { x: [4] },
      constants: {
        half: constant("int32", [4], [1, 2, 3, 4]),
        bytes: constant("int8", [4], [1, -2, 3, -4]),
        s: floats([], [0.5]),
      },
      nodes: {
        a: ["Cast", ["half"], { to: 10 }],
        b: ["Cast", ["a"], { to: 1 }],
        c: ["DequantizeLinear", ["bytes", "s"]],
        d: ["Add", ["x", "b"]],
        y: ["Mul", ["d", "c"]],
      },
      outputs: ["y"],
    });
    expect(nodesOf(rewritten(typed))).toEqual(["Add(x, b)", "Mul(d, c)"]);
  });

  test("large weights times a number are multiplied later, and are the same", () => {
    const typed = network({
      inputs: { x: [2, 80] },
      constants: { w: floats([80, 70]), half: floats([], [0.3]) },
      nodes: { a: ["Mul", ["half", "w"]], y: ["MatMul", ["x", "a"]] },
      outputs: ["y"],
    });
    const result = rewritten(typed);
    expect(nodesOf(result)).toEqual(["MatMul(x, a)"]);
    expect(result.graph.constants.get("a")?.data.kind).toBe("scaled");
  });

  test("a small constant is not blown up, and chance is left to the run", () => {
    const typed = network({
      inputs: { x: [1] },
      constants: { one: floats([1]), big: int64s(1 << 20) },
      nodes: {
        wide: ["Expand", ["one", "big"]],
        noise: ["RandomNormal", [], { shape: [1], seed }],
        sum: ["Add", ["wide", "x"]],
        y: ["Add", ["sum", "noise"]],
      },
      outputs: ["y"],
    });
    expect(operatorsOf(rewritten(typed))).toEqual(["Expand", "RandomNormal", "Add", "Add"]);
  });
});

test("dead code goes, with what only it needed", () => {
  const typed = network({
    inputs: { x: [2] },
    nodes: { a: ["Exp", ["x"]], b: ["Abs", ["a"]], y: ["Relu", ["x"]] },
    outputs: ["y"],
  });
  expect(nodesOf(rewritten(typed, "remove-dead-code"))).toEqual(["Relu(x)"]);
});

describe("identities", () => {
  test("operators that change nothing go", () => {
    const typed = network({
      inputs: { x: [2, 3] },
      constants: {
        zero: int64s(0, 0),
        end: int64s(2, 9),
        pads: int64s(0, 0, 0, 0),
        ones: int64s(1, 1),
        shape: int64s(2, 1),
        minus: int64s(-1),
        last: int64s(-9),
        axis: int64s(1),
      },
      nodes: {
        a: ["Identity", ["x"]],
        b: ["Dropout", ["a"]],
        c: ["Cast", ["b"], { to: 1 }],
        d: ["Slice", ["c", "zero", "end"]],
        e: ["Pad", ["d", "pads"]],
        f: ["Tile", ["e", "ones"]],
        g: ["Expand", ["f", "shape"]],
        h: ["Concat", ["g"], { axis: 0 }],
        // Backwards: the same shape, but not the same.
        back: ["Slice", ["h", "minus", "last", "axis", "minus"]],
        y: ["Relu", ["back"]],
      },
      outputs: ["y"],
    });
    expect(nodesOf(rewritten(typed, "remove-identities"))).toEqual([
      "Slice(x, minus, last, axis, minus)",
      "Relu(back)",
    ]);
  });

  test("an output keeps its name: its producer takes it over, an input cannot", () => {
    const typed = network({
      inputs: { x: [2] },
      nodes: { a: ["Relu", ["x"]], b: ["Exp", ["a"]], y: ["Identity", ["a"]], z: ["Identity", ["x"]] },
      outputs: ["y", "b", "z"],
    });
    expect(nodesOf(rewritten(typed, "remove-identities"))).toEqual(["Relu(x)", "Exp(y)", "Identity(x)"]);
  });
});

test("what is computed twice is computed once, in either order", () => {
  const typed = network({
    inputs: { x: [2], z: [2] },
    constants: { c: floats([2]), d: floats([2]) },
    nodes: {
      a: ["Add", ["x", "z"]],
      b: ["Add", ["z", "x"]],
      e: ["Mul", ["a", "c"]],
      f: ["Mul", ["b", "d"]],
      g: ["Sub", ["x", "z"]],
      h: ["Sub", ["z", "x"]],
      r: ["RandomUniformLike", ["x"], { seed }],
      s: ["RandomUniformLike", ["x"], { seed }],
      y: ["Sum", ["e", "f", "g", "h", "r", "s"]],
    },
    outputs: ["y"],
  });
  expect(nodesOf(rewritten(typed, "eliminate-common-subexpressions"))).toEqual([
    "Add(x, z)",
    "Mul(a, c)",
    "Sub(x, z)",
    "Sub(z, x)",
    "RandomUniformLike(x)",
    "RandomUniformLike(x)",
    "Sum(e, e, g, h, r, s)",
  ]);
});

describe("scale and shift", () => {
  const batchNorm = {
    gamma: floats([4], [1, -2, 0.5, 3]),
    beta: floats([4], [0, 1, 2, 3]),
    mean: floats([4], [0.1, 0.2, -0.3, 0.4]),
    variance: floats([4], [1, 2, 0.5, 0.1]),
  };
  const parameters = Object.keys(batchNorm);

  test.each([
    ["Conv without a bias", "Conv", [2, 3, 5, 5], [4, 3, 3, 3], [], {}],
    ["Conv with a bias", "Conv", [2, 3, 5, 5], [4, 3, 3, 3], ["bias"], { pads: [1, 1, 1, 1] }],
    ["grouped Conv", "Conv", [1, 4, 5, 5], [4, 2, 3, 3], [], { group: 2 }],
    ["ConvTranspose", "ConvTranspose", [1, 3, 4, 4], [3, 4, 2, 2], ["bias"], { strides: [2, 2] }],
    ["grouped ConvTranspose", "ConvTranspose", [1, 6, 4, 4], [6, 2, 2, 2], [], { group: 2 }],
    ["Gemm", "Gemm", [3, 5], [5, 4], ["bias"], {}],
    ["Gemm with factors", "Gemm", [3, 5], [4, 5], ["bias"], { transB: 1, alpha: 0.5, beta: 2.5 }],
  ] as const)("BatchNormalization goes into a %s", (_, operator, x, w, bias, attributes) => {
    const typed = network({
      inputs: { x },
      constants: { w: floats(w), bias: floats([4]), ...batchNorm },
      nodes: {
        a: [operator, ["x", "w", ...bias], attributes],
        y: ["BatchNormalization", ["a", ...parameters], { epsilon: 0.01 }],
      },
      outputs: ["y"],
    });
    const result = rewritten(typed, "fold-batch-normalization");
    expect(operatorsOf(result)).toEqual([operator]);
    expect(result.graph.nodes[0]?.name).toBe("a");
  });

  test("not where the result has another reader: then it is a product and a sum", () => {
    const typed = network({
      inputs: { x: [1, 3, 5, 5] },
      constants: { w: floats([4, 3, 1, 1]), ...batchNorm },
      nodes: {
        a: ["Conv", ["x", "w"]],
        b: ["BatchNormalization", ["a", ...parameters]],
        c: ["Relu", ["a"]],
        y: ["Add", ["b", "c"]],
      },
      outputs: ["y"],
    });
    expect(operatorsOf(rewritten(typed, "fold-batch-normalization"))).toEqual(operatorsOf(typed));
    expect(operatorsOf(rewritten(typed, "fold-batch-normalization", "split-batch-normalization"))).toEqual([
      "Conv",
      "Mul",
      "Add",
      "Relu",
      "Add",
    ]);
  });

  test("constants per channel go into weights and bias, one after the other", () => {
    const typed = network({
      inputs: { x: [1, 3, 5, 5] },
      constants: {
        w: floats([4, 3, 1, 1]),
        s: floats([4, 1, 1]),
        t: floats([1, 4, 1, 1]),
        two: floats([], [2]),
        image: floats([5, 5]),
      },
      nodes: {
        a: ["Conv", ["x", "w"]],
        b: ["Mul", ["s", "a"]],
        c: ["Add", ["b", "t"]],
        d: ["Div", ["c", "two"]],
        e: ["Sub", ["two", "d"]],
        // Not one number per channel.
        y: ["Add", ["e", "image"]],
      },
      outputs: ["y"],
    });
    expect(operatorsOf(rewritten(typed, "fold-scale-and-shift"))).toEqual(["Conv", "Add"]);
  });

  test("a bias after a MatMul stays: the code generator adds it as it stores", () => {
    const typed = network({
      inputs: { x: [2, 3, 5] },
      constants: { w: floats([5, 4]), s: floats([4]), t: floats([4]) },
      nodes: { a: ["MatMul", ["x", "w"]], b: ["Mul", ["a", "s"]], y: ["Add", ["b", "t"]] },
      outputs: ["y"],
    });
    expect(operatorsOf(rewritten(typed, "fold-scale-and-shift"))).toEqual(["MatMul", "Add"]);
  });
});

describe("layer normalisation", () => {
  const parts = {
    mean: ["ReduceMean", ["x"], { axes: [-1] }],
    centered: ["Sub", ["x", "mean"]],
    squared: ["Pow", ["centered", "two"]],
    variance: ["ReduceMean", ["squared"], { axes: [2] }],
    shifted: ["Add", ["variance", "epsilon"]],
    deviation: ["Sqrt", ["shifted"]],
    normal: ["Div", ["centered", "deviation"]],
    scaled: ["Mul", ["gamma", "normal"]],
    y: ["Add", ["scaled", "beta"]],
  } as const;
  const constants = {
    two: floats([], [2]),
    epsilon: floats([], [0.01]),
    gamma: floats([4]),
    beta: floats([4], [1, 2, 3, 4]),
  };

  test("its nine operators are one again", () => {
    const typed = network({ inputs: { x: [2, 3, 4] }, constants, nodes: parts, outputs: ["y"] });
    const result = rewritten(typed, "recognize-layer-normalization");
    expect(nodesOf(result)).toEqual(["LayerNormalization(x, gamma, beta)"]);
    expect(result.graph.nodes[0]?.attributes.get("axis")).toEqual({ kind: "int", value: -1n });
  });

  test("without a bias, as a square by itself and over a reciprocal", () => {
    const nodes = {
      ...parts,
      squared: ["Mul", ["centered", "centered"]],
      inverse: ["Reciprocal", ["deviation"]],
      normal: ["Mul", ["centered", "inverse"]],
      scaled: ["Mul", ["gamma", "normal"]],
      y: ["Relu", ["scaled"]],
    } as const;
    const { mean, centered, squared, variance, shifted, deviation, inverse, normal, scaled, y } = nodes;
    const ordered = { mean, centered, squared, variance, shifted, deviation, inverse, normal, scaled, y };
    const typed = network({ inputs: { x: [2, 3, 4] }, constants, nodes: ordered, outputs: ["y"] });
    expect(nodesOf(rewritten(typed, "recognize-layer-normalization"))).toEqual([
      "LayerNormalization(x, gamma)",
      "Relu(scaled)",
    ]);
  });

  test("not where somebody else reads the variance, and not along other axes", () => {
    const read = network({ inputs: { x: [2, 3, 4] }, constants, nodes: parts, outputs: ["y", "variance"] });
    expect(rewritten(read, "recognize-layer-normalization")).toBe(read);
    const other = { ...parts, mean: ["ReduceMean", ["x"], { axes: [1] }] } as const;
    const typed = network({ inputs: { x: [2, 3, 4] }, constants, nodes: other, outputs: ["y"] });
    expect(rewritten(typed, "recognize-layer-normalization")).toBe(typed);
  });
});

describe("layout", () => {
  test("transposes are composed, inverse ones cancel", () => {
    const typed = network({
      inputs: { x: [2, 3, 4] },
      nodes: {
        a: ["Transpose", ["x"], { perm: [1, 2, 0] }],
        b: ["Transpose", ["a"], { perm: [2, 0, 1] }],
        c: ["Relu", ["b"]],
        d: ["Transpose", ["c"], { perm: [1, 2, 0] }],
        y: ["Transpose", ["d"], { perm: [1, 0, 2] }],
      },
      outputs: ["y"],
    });
    const result = rewritten(typed, "merge-transposes");
    expect(nodesOf(result)).toEqual(["Relu(x)", "Transpose(c)"]);
    expect(result.graph.nodes[1]?.attributes.get("perm")).toEqual({ kind: "ints", value: [2n, 1n, 0n] });
  });

  test("transposes move through elementwise operators to where they cancel", () => {
    const typed = network({
      inputs: { x: [1, 4, 4, 3], z: [1, 4, 4, 3] },
      constants: { c: floats([3, 1, 1]), s: floats([]) },
      nodes: {
        a: ["Transpose", ["x"], { perm: [0, 3, 1, 2] }],
        b: ["Transpose", ["z"], { perm: [0, 3, 1, 2] }],
        d: ["Relu", ["a"]],
        e: ["Mul", ["d", "c"]],
        f: ["Add", ["e", "b"]],
        g: ["Sub", ["f", "s"]],
        h: ["Transpose", ["g"], { perm: [0, 2, 3, 1] }],
        // Somebody else still needs the other layout: one transpose instead of three.
        i: ["Softmax", ["f"], { axis: 1 }],
      },
      outputs: ["h", "i"],
    });
    const result = rewritten(typed, "merge-transposes", "move-transposes");
    expect(operatorsOf(result)).toEqual(["Relu", "Mul", "Add", "Transpose", "Sub", "Softmax"]);
  });

  test("a transpose that meets no other stays where it is", () => {
    const typed = network({
      inputs: { x: [2, 3] },
      nodes: { a: ["Transpose", ["x"]], b: ["Relu", ["a"]], y: ["Softmax", ["b"]] },
      outputs: ["y"],
    });
    expect(rewritten(typed, "merge-transposes", "move-transposes")).toBe(typed);
  });

  test("what keeps the order of the elements is one Reshape, or none", () => {
    const typed = network({
      inputs: { x: [1, 2, 3] },
      constants: { axes: int64s(0, 1), shape: int64s(3, -1), back: int64s(1, 2, 3) },
      nodes: {
        a: ["Transpose", ["x"], { perm: [1, 0, 2] }],
        b: ["Flatten", ["a"]],
        c: ["Unsqueeze", ["b", "axes"]],
        d: ["Reshape", ["c", "shape"]],
        e: ["Relu", ["d"]],
        f: ["Reshape", ["d", "back"]],
        g: ["Relu", ["f"]],
      },
      outputs: ["e", "g"],
    });
    expect(nodesOf(rewritten(typed, "merge-reshapes"))).toEqual([
      "Reshape(x, d.shape~1)",
      "Relu(d)",
      "Relu(x)",
    ]);
  });
});

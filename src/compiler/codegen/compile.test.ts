/** Compiled networks at the edges of what networks are: special numbers, all types, empty values, outputs of every kind. */
import { describe, expect, test } from "vitest";
import { floats, network } from "../../../test/network.ts";
import { constant, int64s } from "../../../test/one-node.ts";
import { seededRandom } from "../../base/random.ts";
import { type RuntimeValue, tensorFromDoubles } from "../../graph/ir/runtime-value.ts";
import type { ElementType } from "../../graph/ir/tensor.ts";
import { compileGraph } from "./compile.ts";
import { expectSame } from "./testing/compare-compiled.ts";
import { runSteps } from "./testing/run-steps.ts";

const special = [0, -0, 1, -1, Infinity, -Infinity, Number.NaN, 1e30, -1e30, 1e-40, 0.5];

/** Every special number beside every other. */
function specialInputs(): ReadonlyMap<string, RuntimeValue> {
  const pairs = special.flatMap((a) => special.map((b) => [a, b] as const));
  const column = (at: 0 | 1): RuntimeValue =>
    tensorFromDoubles(
      "float32",
      [pairs.length],
      pairs.map((pair) => Math.fround(pair[at])),
    );
  return new Map([
    ["x", column(0)],
    ["y", column(1)],
  ]);
}

function elementsOf(values: ReadonlyMap<string, RuntimeValue>, name: string): readonly number[] {
  const value = values.get(name);
  if (value?.kind !== "tensor" || !(value.elements instanceof Float32Array)) throw new Error(`no ${name}`);
  return [...value.elements];
}

describe("numbers that are none, infinite or -0 go the way they go in the interpreter", () => {
  const shapes = { x: [special.length ** 2], y: [special.length ** 2] };

  test.each([
    ...["Add", "Sub", "Mul", "Div", "Max", "Min"].map((operator) => [operator, ["x", "y"]] as const),
    ...["Relu", "Abs", "Neg", "Sqrt", "Exp", "Tanh", "Sigmoid", "Erf", "Floor", "Softplus", "LeakyRelu"].map(
      (operator) => [operator, ["x"]] as const,
    ),
  ])("%s", (operator, inputs) => {
    const typed = network({ inputs: shapes, nodes: { z: [operator, inputs] }, outputs: ["z"] });
    expectSame(typed, specialInputs());
  });

  test("through a chain with a broadcast and a Clip", () => {
    const typed = network({
      inputs: shapes,
      constants: { low: floats([], [-2]), high: floats([], [2]), scale: floats([1], [0.5]) },
      nodes: {
        a: ["Mul", ["x", "scale"]],
        b: ["Sub", ["a", "y"]],
        c: ["Clip", ["b", "low", "high"]],
        d: ["Add", ["c", "x"]],
      },
      outputs: ["d", "b"],
    });
    expectSame(typed, specialInputs());
  });

  test("the sign of 0 comes through what moves it and what keeps it", () => {
    const typed = network({
      inputs: { x: [2, 3] },
      nodes: { t: ["Transpose", ["x"]], n: ["Neg", ["t"]] },
      outputs: ["t", "n"],
    });
    const x = tensorFromDoubles("float32", [2, 3], [0, -0, 1, -0, 0, -1]);
    const given = runSteps(compileGraph(typed), new Map([["x", x]]));
    expect(elementsOf(given, "t")).toEqual([0, -0, -0, 0, 1, -1]);
    expect(elementsOf(given, "n")).toEqual([-0, 0, 0, -0, -1, 1]);
  });

  test("in pools, sums and softmax", () => {
    const typed = network({
      inputs: { x: [1, 4, 5, 5] },
      constants: { axes: int64s(2) },
      nodes: {
        pool: ["MaxPool", ["x"], { kernel_shape: [2, 2] }],
        most: ["ReduceMax", ["x"], { axes: [3] }],
        sum: ["ReduceSum", ["x", "axes"]],
        soft: ["Softmax", ["x"], { axis: 3 }],
      },
      outputs: ["pool", "most", "sum", "soft"],
    });
    const random = seededRandom(3);
    const numbers = Array.from({ length: 100 }, () => random.uniform());
    numbers[7] = Number.NaN;
    numbers[31] = Infinity;
    numbers[62] = -Infinity;
    expectSame(typed, new Map([["x", tensorFromDoubles("float32", [1, 4, 5, 5], numbers)]]));
  });
});

const types: readonly ElementType[] = [
  ...([
    "float32",
    "float64",
    "int64",
    "int32",
    "uint32",
    "int16",
    "uint16",
    "int8",
    "uint8",
    "bool",
  ] as const),
];

describe("inputs and outputs of every type that memory has", () => {
  test.each(types)("%s", (type) => {
    const isBool = type === "bool";
    const typed = network({
      inputs: { x: [type, [3, 7]], y: [type, [7]] },
      constants: { k: constant(type, [3, 1], [1, 0, 1]) },
      nodes: {
        moved: ["Transpose", ["x"]],
        joined: ["Concat", ["x", "x"], { axis: 1 }],
        made: [isBool ? "Or" : type.startsWith("float") ? "Add" : "Sub", ["x", "y"]],
        more: [isBool ? "And" : "Add", ["made", "k"]],
        float: ["Cast", ["more"], { to: 1 }],
        same: ["Equal", ["x", "y"]],
      },
      outputs: ["moved", "joined", "more", "float", "same"],
    });
    expectSame(typed);
  });

  test.each(types.filter((type) => type !== "bool"))("the least, largest and sum of %s", (type) => {
    const typed = network({
      inputs: { x: [type, [5, 6]] },
      constants: { axes: int64s(0, 1) },
      nodes: {
        most: ["ReduceMax", ["x"], { axes: [1] }],
        least: ["ReduceMin", ["x"], { axes: [0], keepdims: 0 }],
        sum: ["ReduceSum", ["x", "axes"], { keepdims: 0 }],
      },
      outputs: ["most", "least", "sum"],
    });
    expectSame(typed);
  });
});

describe("values without axes and without elements", () => {
  test("scalars", () => {
    const typed = network({
      inputs: { x: [], y: [2, 3] },
      constants: { axes: int64s(0, 1) },
      nodes: {
        a: ["Mul", ["x", "y"]],
        sum: ["ReduceSum", ["a", "axes"], { keepdims: 0 }],
        square: ["Mul", ["sum", "x"]],
      },
      outputs: ["sum", "square"],
    });
    expectSame(typed);
  });

  test("size 0", () => {
    const typed = network({
      inputs: { x: [2, 0, 3], y: [2, 4, 3] },
      constants: { axes: int64s(1), zero: int64s(0), one: int64s(1), none: int64s(0) },
      nodes: {
        a: ["Relu", ["x"]],
        b: ["Concat", ["x", "y"], { axis: 1 }],
        c: ["Transpose", ["a"]],
        sum: ["ReduceSum", ["x", "axes"]],
        soft: ["Softmax", ["a"]],
        along: ["Softmax", ["x"], { axis: 1 }],
        cut: ["Slice", ["y", "zero", "zero", "one"]],
        total: ["CumSum", ["x", "one"]],
        first: ["TopK", ["y", "none"], {}, { outputs: ["best", "places"] }],
      },
      outputs: ["a", "b", "c", "sum", "soft", "along", "cut", "total", "best", "places"],
    });
    expectSame(typed);
  });
});

describe("outputs", () => {
  test("that are an input, a constant, the same value twice, and read inside", () => {
    const typed = network({
      inputs: { x: [2, 3] },
      constants: { k: floats([3]) },
      nodes: {
        same: ["Identity", ["x"]],
        fixed: ["Identity", ["k"]],
        a: ["Add", ["x", "k"]],
        again: ["Identity", ["a"]],
        b: ["Relu", ["a"]],
        c: ["Mul", ["b", "a"]],
      },
      outputs: ["same", "fixed", "a", "again", "b", "c"],
    });
    expectSame(typed);
  });

  test("an input itself, and a constant itself", () => {
    const typed = network({
      inputs: { x: [2, 3] },
      constants: { k: floats([3]) },
      nodes: { y: ["Neg", ["x"]] },
      outputs: ["x", "k", "y"],
    });
    expectSame(typed);
  });

  test("inside of a convolution's block: before and behind its activation", () => {
    const typed = network({
      inputs: { x: [2, 4, 5, 5], r: [2, 6, 5, 5] },
      constants: { w: floats([6, 4, 3, 3]), b: floats([6]), w2: floats([3, 6, 2, 2]) },
      nodes: {
        c: ["Conv", ["x", "w", "b"], { pads: [1, 1, 1, 1] }],
        s: ["Add", ["c", "r"]],
        y: ["Relu", ["s"]],
        z: ["Conv", ["y", "w2"]],
      },
      outputs: ["c", "s", "y", "z"],
    });
    expectSame(typed);
  });
});

describe("what random networks found", () => {
  test("two softmaxes of one row keep their powers in places of their own", () => {
    expectSame(
      network({
        inputs: { x: [2, 3, 9] },
        nodes: { a: ["Softmax", ["x"], { axis: 2 }], b: ["Softmax", ["a"], { axis: 2 }] },
        outputs: ["a", "b"],
      }),
    );
  });

  test("a Gather from an axis of one place is a transposition that reads no indices", () => {
    expectSame(
      network({
        inputs: { x: [2, 4, 4, 6] },
        constants: { shape: int64s(192, 1, 1, 1), places: int64s(0, -1, 0, -1) },
        nodes: { flat: ["Reshape", ["x", "shape"]], y: ["Gather", ["flat", "places"], { axis: 3 }] },
        outputs: ["y"],
      }),
    );
  });
});

test("parts of a Split without names are left out, and the others stay where they are", () => {
  const split = (outputs: readonly string[]) =>
    network({
      inputs: { x: [6, 2] },
      constants: { sizes: int64s(1, 2, 3) },
      nodes: { parts: ["Split", ["x", "sizes"], {}, { outputs }], y: ["Exp", ["last"]] },
      outputs: ["y"],
    });
  expectSame(split(["first", "", "last"]));
  expectSame(split(["", "", "last"]));
});

test("six axes", () => {
  const typed = network({
    inputs: { x: [2, 1, 3, 2, 1, 4], y: [3, 1, 5, 1] },
    nodes: {
      a: ["Add", ["x", "y"]],
      b: ["Transpose", ["a"], { perm: [5, 0, 3, 1, 4, 2] }],
      c: ["ReduceMean", ["b"], { axes: [0, 3] }],
    },
    outputs: ["b", "c"],
  });
  expectSame(typed);
});

test("a type that memory does not hold is refused where it stands", () => {
  const typed = network({
    inputs: { x: ["uint64", [2]] },
    nodes: { y: ["Identity", ["x"]] },
    outputs: ["y"],
  });
  const fix = expect.stringContaining("interpreter");
  expect(() => compileGraph(typed)).toThrow(
    expect.objectContaining({ code: "bad-input", where: 'input "x"', fix }),
  );
});

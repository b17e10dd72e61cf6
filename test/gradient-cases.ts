/** Networks of one operator each, one or more for every row of gradients, with random shapes. */
import type { RandomSource } from "../src/base/random.ts";
import type { ElementType, Shape, Tensor } from "../src/graph/ir/tensor.ts";
import {
  anywhere,
  awayFromZero,
  broadcastable,
  type Draw,
  type GradientCheck,
  neverEqual,
  positive,
  randomShape,
} from "./check-gradients.ts";
import type { NetworkNode } from "./network.ts";
import { constant, int64s } from "./one-node.ts";

const double = (shape: Shape): readonly [ElementType, Shape] => ["float64", shape];

interface Parts {
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly others?: Readonly<Record<string, readonly [ElementType, Shape]>>;
  readonly constants?: Readonly<Record<string, Tensor>>;
  readonly y: NetworkNode;
  readonly opset?: number;
}

/** A network of one node, y. */
function one(make: (random: RandomSource) => Parts, draw: Draw = anywhere): GradientCheck {
  return {
    draw,
    network: (random) => {
      const { inputs, others = {}, constants = {}, y, opset = 17 } = make(random);
      const doubles = Object.entries(inputs).map(([name, shape]) => [name, double(shape)] as const);
      return { inputs: { ...Object.fromEntries(doubles), ...others }, constants, nodes: { y }, opset };
    },
  };
}

function unary(operator: string, draw?: Draw, attributes = {}, opset = 17): GradientCheck {
  return one(
    (random) => ({ inputs: { x: randomShape(random) }, y: [operator, ["x"], attributes], opset }),
    draw,
  );
}

/** So many operands that broadcast to one shape. */
function broadcasting(operator: string, count: number, draw?: Draw): GradientCheck {
  return one((random) => {
    const shape = randomShape(random);
    const names = ["a", "b", "c"].slice(0, count);
    const inputs = Object.fromEntries(names.map((name) => [name, broadcastable(random, shape)]));
    return { inputs, y: [operator, names] };
  }, draw);
}

const double0 = (value: number): Tensor => constant("float64", [], [value]);

function power(exponent: Tensor): GradientCheck {
  return one(
    (random) => ({
      inputs: { x: randomShape(random) },
      constants: { exponent },
      y: ["Pow", ["x", "exponent"]],
    }),
    positive,
  );
}

const elementwise: Readonly<Record<string, GradientCheck>> = {
  Abs: unary("Abs", awayFromZero),
  Add: broadcasting("Add", 2),
  "Cast to float64": unary("Cast", anywhere, { to: 11 }),
  Ceil: unary("Ceil", neverEqual),
  "Clip to both limits": one(
    (random) => ({
      inputs: { x: randomShape(random) },
      constants: { low: double0(-0.85), high: double0(0.75) },
      y: ["Clip", ["x", "low", "high"]],
    }),
    neverEqual,
  ),
  "Clip from above": one(
    (random) => ({
      inputs: { x: randomShape(random) },
      constants: { high: double0(0.75) },
      y: ["Clip", ["x", "", "high"]],
    }),
    neverEqual,
  ),
  Cos: unary("Cos"),
  Div: broadcasting("Div", 2, awayFromZero),
  "Dropout in inference": unary("Dropout"),
  Erf: unary("Erf"),
  Exp: unary("Exp"),
  Floor: unary("Floor", neverEqual),
  Gelu: unary("Gelu", anywhere, {}, 20),
  "Gelu by tanh": unary("Gelu", anywhere, { approximate: "tanh" }, 20),
  Identity: unary("Identity"),
  LeakyRelu: unary("LeakyRelu", awayFromZero, { alpha: 0.25 }),
  Log: unary("Log", positive),
  "Max of three": broadcasting("Max", 3, neverEqual),
  Mean: broadcasting("Mean", 3),
  Min: broadcasting("Min", 2, neverEqual),
  Mul: broadcasting("Mul", 2),
  "Mul of a value by itself": one((random) => ({
    inputs: { x: randomShape(random) },
    y: ["Mul", ["x", "x"]],
  })),
  Neg: unary("Neg"),
  "Pow 0": power(double0(0)),
  "Pow 1": power(double0(1)),
  "Pow 2": power(double0(2)),
  "Pow 2.5": power(double0(2.5)),
  "Pow of an int64 exponent": power(constant("int64", [], [3])),
  "Pow of several exponents": one(
    (random) => ({
      inputs: { x: [...randomShape(random, 0, 2), 3] },
      constants: { exponent: constant("float64", [3], [0.5, 2, -1]) },
      y: ["Pow", ["x", "exponent"]],
    }),
    positive,
  ),
  Reciprocal: unary("Reciprocal", awayFromZero),
  Relu: unary("Relu", awayFromZero),
  Round: unary("Round", positive),
  Sigmoid: unary("Sigmoid"),
  Sign: unary("Sign", awayFromZero),
  Sin: unary("Sin"),
  Softplus: unary("Softplus"),
  Sqrt: unary("Sqrt", positive),
  Sub: broadcasting("Sub", 2),
  Sum: broadcasting("Sum", 3),
  Tanh: unary("Tanh"),
  Where: one((random) => {
    const shape = randomShape(random);
    return {
      inputs: { a: broadcastable(random, shape), b: broadcastable(random, shape) },
      others: { condition: ["bool", broadcastable(random, shape)] },
      y: ["Where", ["condition", "a", "b"]],
    };
  }),
};

/** Matrices with batches that broadcast. */
function batched(ofA: boolean, ofB: boolean): GradientCheck {
  return one((random) => {
    const batch = randomShape(random, 1, 2);
    const [m, k, n] = [1 + random.below(3), 1 + random.below(3), 1 + random.below(3)];
    const a = [...(ofA ? broadcastable(random, batch) : []), m, k];
    const b = [...(ofB ? broadcastable(random, batch) : []), k, n];
    return { inputs: { a, b }, y: ["MatMul", ["a", "b"]] };
  });
}

function gemm(transA: number, transB: number, c: readonly number[]): GradientCheck {
  const shape = (transposed: number, rows: number, columns: number): readonly number[] =>
    transposed === 0 ? [rows, columns] : [columns, rows];
  return one(() => ({
    inputs: { a: shape(transA, 2, 3), b: shape(transB, 3, 4), c },
    y: ["Gemm", ["a", "b", "c"], { transA, transB, alpha: 0.5, beta: 0.75 }],
  }));
}

const products: Readonly<Record<string, GradientCheck>> = {
  "MatMul of two matrices": batched(false, false),
  "MatMul with batches on the left": batched(true, false),
  "MatMul with batches on the right": batched(false, true),
  "MatMul with batches that broadcast": batched(true, true),
  "MatMul of a vector and batches": one(() => ({
    inputs: { a: [3], b: [2, 3, 4] },
    y: ["MatMul", ["a", "b"]],
  })),
  "MatMul of batches and a vector": one(() => ({
    inputs: { a: [2, 4, 3], b: [3] },
    y: ["MatMul", ["a", "b"]],
  })),
  "MatMul of two vectors": one(() => ({ inputs: { a: [3], b: [3] }, y: ["MatMul", ["a", "b"]] })),
  Gemm: gemm(0, 0, [4]),
  "Gemm of a transposed A": gemm(1, 0, [2, 1]),
  "Gemm of a transposed B": gemm(0, 1, []),
  "Gemm of both transposed": gemm(1, 1, [2, 4]),
};

function reduction(operator: string, draw: Draw = anywhere): GradientCheck {
  return one((random) => {
    const x = randomShape(random, 1);
    const keepdims = random.below(2);
    const axes = x.map((_, axis) => axis).filter(() => random.below(2) === 0);
    if (operator !== "ReduceSum") return { inputs: { x }, y: [operator, ["x"], { axes, keepdims }] };
    return {
      inputs: { x },
      constants: { axes: int64s(...axes) },
      y: [operator, ["x", "axes"], { keepdims }],
    };
  }, draw);
}

const alongAxis = (operator: string): GradientCheck =>
  one((random) => {
    const x = randomShape(random, 1);
    return { inputs: { x }, y: [operator, ["x"], { axis: random.below(x.length) - x.length }] };
  });

const reductions: Readonly<Record<string, GradientCheck>> = {
  "LayerNormalization along the last axis": one(() => ({
    inputs: { x: [2, 2, 4], scale: [4], bias: [4] },
    y: ["LayerNormalization", ["x", "scale", "bias"]],
  })),
  "LayerNormalization along two axes, without a bias": one(() => ({
    inputs: { x: [2, 3, 2], scale: [3, 2] },
    y: ["LayerNormalization", ["x", "scale"], { axis: 1, epsilon: 0.125 }],
  })),
  LogSoftmax: alongAxis("LogSoftmax"),
  ReduceL2: reduction("ReduceL2", positive),
  ReduceLogSumExp: reduction("ReduceLogSumExp"),
  ReduceMean: reduction("ReduceMean"),
  ReduceSum: reduction("ReduceSum"),
  ReduceSumSquare: reduction("ReduceSumSquare"),
  Softmax: alongAxis("Softmax"),
};

/** A node of constant lists, by the names of its further inputs. */
function moved(
  operator: string,
  x: readonly number[],
  lists: Readonly<Record<string, Tensor>>,
  attributes = {},
): GradientCheck {
  return one(() => ({
    inputs: { x },
    constants: lists,
    y: [operator, ["x", ...Object.keys(lists)], attributes],
  }));
}

function slice(
  x: readonly number[],
  starts: number[],
  ends: number[],
  axes: number[],
  steps: number[],
): GradientCheck {
  const lists = {
    starts: int64s(...starts),
    ends: int64s(...ends),
    axes: int64s(...axes),
    steps: int64s(...steps),
  };
  return moved("Slice", x, lists);
}

const layout: Readonly<Record<string, GradientCheck>> = {
  Concat: one((random) => {
    const [left, right] = [1 + random.below(3), 1 + random.below(3)];
    return {
      inputs: { a: [2, left], b: [2, right], c: [2, 1] },
      y: ["Concat", ["a", "b", "c"], { axis: -1 }],
    };
  }),
  Expand: moved("Expand", [2, 1, 3], { shape: int64s(4, 2, 5, 3) }),
  "Expand by the ones of the shape": moved("Expand", [2, 3], { shape: int64s(2, 1) }),
  Flatten: moved("Flatten", [2, 3, 2], {}, { axis: 2 }),
  "Gather of places that come twice": one(() => ({
    inputs: { x: [4, 3] },
    constants: { places: constant("int64", [2, 3], [1, 3, 1, -4, 1, 2]) },
    y: ["Gather", ["x", "places"]],
  })),
  "Gather along the middle axis": moved(
    "Gather",
    [2, 4, 3],
    { places: constant("int64", [2, 2], [3, 0, 3, 1]) },
    { axis: 1 },
  ),
  "Gather of one place along the last axis": moved(
    "Gather",
    [2, 2, 4],
    { places: constant("int64", [], [2]) },
    { axis: -1 },
  ),
  GatherElements: moved(
    "GatherElements",
    [2, 3],
    { places: constant("int64", [2, 4], [0, 2, 2, 1, 1, 1, 1, 0]) },
    { axis: 1 },
  ),
  GatherND: moved("GatherND", [2, 3, 2], { places: constant("int64", [3, 2], [0, 1, 1, 2, 0, 1]) }),
  Pad: moved("Pad", [2, 3], { pads: int64s(1, 0, 2, 3) }),
  Reshape: moved("Reshape", [2, 3, 2], { shape: int64s(3, -1) }),
  "Slice from the middle": slice([5, 4], [1, -3], [4, 100], [0, 1], [1, 1]),
  "Slice by steps": slice([7, 5], [1, 0], [7, 5], [0, 1], [2, 3]),
  "Slice backwards": slice([6, 3], [-1, 2], [-100, 0], [0, 1], [-2, -1]),
  "Split with a part that is not used": one(() => ({
    inputs: { x: [5, 2] },
    constants: { sizes: int64s(1, 3, 1) },
    y: ["Split", ["x", "sizes"], { axis: 0 }, { outputs: ["first", "y", "last"] }],
  })),
  "Split with a part that has no name": one(() => ({
    inputs: { x: [5, 2] },
    constants: { sizes: int64s(2, 3) },
    y: ["Split", ["x", "sizes"], { axis: 0 }, { outputs: ["", "y"] }],
  })),
  Squeeze: moved("Squeeze", [2, 1, 3, 1], { axes: int64s(1, 3) }),
  Tile: moved("Tile", [2, 3], { repeats: int64s(3, 2) }),
  Transpose: moved("Transpose", [2, 3, 4], {}, { perm: [2, 0, 1] }),
  "Transpose without an order": moved("Transpose", [2, 3, 4], {}),
  Trilu: moved("Trilu", [2, 3, 3], { diagonal: constant("int64", [], [1]) }, { upper: 0 }),
  Unsqueeze: moved("Unsqueeze", [2, 3], { axes: int64s(0, 2) }),
};

/** By operator, and what is special about the case. */
export const gradientCases: Readonly<Record<string, GradientCheck>> = {
  ...elementwise,
  ...products,
  ...reductions,
  ...layout,
};

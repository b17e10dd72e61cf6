/** Attention in one kernel, against the interpreter: masks, scales, layouts, and when it must be lowered one by one. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { floats, type NetworkNode, network } from "../../../../test/network.ts";
import { int64s } from "../../../../test/one-node.ts";
import { seededRandom } from "../../../base/random.ts";
import { compareValues } from "../../../graph/interpreter/compare-values.ts";
import { randomInputs } from "../../../graph/interpreter/random-inputs.ts";
import { runGraph } from "../../../graph/interpreter/run-graph.ts";
import type { TypedGraph } from "../../../graph/ir/graph.ts";
import type { Tensor } from "../../../graph/ir/tensor.ts";
import { tensorFromNumbers } from "../../../graph/ir/tensor-values.ts";
import { compileGraph } from "../compile.ts";
import { runSteps } from "../testing/run-steps.ts";

const seed = Number(process.env.LAMINATE_SEED ?? 20_260_102);

const masks = ["none", "keys", "whole", "causal", "expanded", "batches"] as const;
const scales = ["none", "queries", "scores", "divided", "behind the mask"] as const;

interface Case {
  readonly batch: number;
  readonly heads: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly valueDepth: number;
  readonly mask: (typeof masks)[number];
  readonly scale: (typeof scales)[number];
  /** Heads side by side in memory, as projections leave them, or one after the other. */
  readonly projected: boolean;
  /** Batches and heads as one axis in the products, two at the mask. */
  readonly joined: boolean;
  /** Joined only in the first product. */
  readonly joinedFirst: boolean;
  /** One key and one value for all heads. */
  readonly shared: boolean;
  /** Weights that are not numbers become zeros. */
  readonly guarded: boolean;
  readonly relaxedSimd: boolean;
}

function attentionOf(shape: Case): TypedGraph {
  const {
    batch,
    heads,
    rows,
    columns,
    depth,
    valueDepth,
    mask,
    scale,
    projected,
    joined,
    joinedFirst,
    shared,
  } = shape;
  const nodes: Record<string, NetworkNode> = {};
  const constants: Record<string, Tensor> = {};
  const inputs: Record<string, readonly number[]> = {};
  const add = (name: string, ...node: NetworkNode): string => {
    nodes[name] = node;
    return name;
  };
  const constant = (name: string, tensor: Tensor): string => {
    constants[name] = tensor;
    return name;
  };
  const reshape = (name: string, to: readonly number[]): string =>
    add(`${name}_as_${to.join("x")}`, "Reshape", [
      name,
      constant(`${name}_to_${to.join("x")}`, int64s(...to)),
    ]);
  const operand = (name: string, length: number, width: number): string => {
    const own = shared && name !== "q" ? 1 : heads;
    inputs[name] = projected ? [batch, length, own * width] : [batch, own, length, width];
    const four = projected
      ? add(`${name}_heads`, "Transpose", [reshape(name, [batch, length, own, width])], {
          perm: [0, 2, 1, 3],
        })
      : name;
    return joined && !shared && !(joinedFirst && name === "v")
      ? reshape(four, [batch * heads, length, width])
      : four;
  };
  let queries = operand("q", rows, depth);
  const keys = operand("k", columns, depth);
  const values = operand("v", columns, valueDepth);
  const isJoined = joined && !shared;
  const transposed = add("k_turned", "Transpose", [keys], { perm: isJoined ? [0, 2, 1] : [0, 1, 3, 2] });
  const scaled = (operator: string, name: string): string =>
    add(`${name}_scaled`, operator, [name, constant("factor", floats([], [0.6]))]);
  if (scale === "queries") queries = scaled("Mul", queries);
  let scores = add("scores", "MatMul", [queries, transposed]);
  if (scale === "scores") scores = scaled("Mul", scores);
  if (scale === "divided") scores = scaled("Div", scores);
  if (isJoined) scores = reshape(scores, [batch, heads, rows, columns]);
  const ones = (dims: readonly number[], at: (index: number) => boolean): Tensor => {
    const count = dims.reduce((a, b) => a * b, 1);
    const tensor = tensorFromNumbers(
      "bool",
      dims,
      Array.from({ length: count }, (_, i) => Number(at(i))),
    );
    if (tensor === undefined) throw new Error("no tensor");
    return tensor;
  };
  const least = (): string => constant("least", floats([], [-1e30]));
  if (mask === "keys") {
    inputs.mask = [batch, 1, 1, columns];
    const moved = add("moved", "Sub", [constant("one", floats([], [1])), "mask"]);
    scores = add("masked", "Add", [scores, add("large", "Mul", [moved, constant("three", floats([], [3]))])]);
  } else if (mask === "whole") {
    inputs.mask = [batch, 1, rows, columns];
    scores = add("masked", "Add", ["mask", scores]);
  } else if (mask === "causal") {
    const lower = ones([1, 1, rows, columns], (index) => index % columns <= Math.floor(index / columns));
    scores = add("masked", "Where", [constant("lower", lower), scores, least()]);
  } else if (mask === "expanded") {
    inputs.mask = [batch, 1, 1, columns];
    const is = add("hides", "Greater", ["mask", constant("half", floats([], [0.5]))]);
    const dims = constant("dims", int64s(batch, heads, rows, columns));
    scores = add("masked", "Where", [add("hides_all", "Expand", [is, dims]), least(), scores]);
  } else if (mask === "batches") {
    inputs.mask = [batch, heads, 1, 1];
    scores = add("masked", "Add", [scores, "mask"]);
  }
  if (scale === "behind the mask") scores = scaled("Mul", scores);
  let weights = add("weights", "Softmax", [scores], { axis: -1 });
  if (shape.guarded) {
    const tested = add("tested", "IsNaN", [weights]);
    weights = add("numbers", "Where", [tested, constant("zero", floats([], [0])), weights]);
  }
  if (isJoined && !joinedFirst) weights = reshape(weights, [batch * heads, rows, columns]);
  let result = add("attended", "MatMul", [weights, values]);
  if (isJoined && !joinedFirst) result = reshape(result, [batch, heads, rows, valueDepth]);
  if (projected) {
    result = add("turned", "Transpose", [result], { perm: [0, 2, 1, 3] });
    result = reshape(result, [batch, rows, heads * valueDepth]);
  }
  add("y", "Relu", [result]);
  return network({ inputs, constants, nodes, outputs: ["y"] });
}

function expectSame(typed: TypedGraph, relaxedSimd = false): readonly string[] {
  const inputs = randomInputs(typed.graph, seed);
  const program = compileGraph(typed, { relaxedSimd });
  const actual = runSteps(program, inputs, { random: seededRandom(seed) });
  for (const [name, value] of runGraph(typed, inputs)) {
    const found = actual.get(name);
    if (found === undefined) throw new Error(`no ${name}`);
    const difference = compareValues(found, value, { relative: 1e-4, absolute: 2e-5 });
    expect(difference.isClose, `${name}: ${JSON.stringify(difference)}`).toBe(true);
  }
  return program.steps.map(({ kernel }) => kernel);
}

const upTo = (most: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: most });
const cases: fc.Arbitrary<Case> = fc.record({
  batch: upTo(2),
  heads: upTo(3),
  rows: upTo(9),
  columns: upTo(37),
  depth: upTo(9),
  valueDepth: upTo(13),
  mask: fc.constantFrom(...masks),
  scale: fc.constantFrom(...scales),
  projected: fc.boolean(),
  joined: fc.boolean(),
  joinedFirst: fc.boolean(),
  shared: fc.boolean(),
  guarded: fc.boolean(),
  relaxedSimd: fc.boolean(),
});

const plain: Case = {
  batch: 2,
  heads: 3,
  rows: 5,
  columns: 7,
  depth: 4,
  valueDepth: 6,
  mask: "causal",
  scale: "queries",
  projected: true,
  joined: false,
  joinedFirst: false,
  shared: false,
  guarded: false,
  relaxedSimd: false,
};

describe(`attention, seed ${seed}`, () => {
  test("in any shape is what the interpreter has", () => {
    const property = fc.property(cases, (shape) => {
      const kernels = expectSame(attentionOf(shape), shape.relaxedSimd);
      // A mask as large as the scores may be taken for them when the network is fused.
      const isSure = shape.rows > 1 && shape.columns > 1;
      if (isSure) expect(kernels.filter((kernel) => kernel.startsWith("attention"))).toHaveLength(1);
    });
    fc.assert(property, { seed, numRuns: 150 });
  });

  test.each(masks.flatMap((mask) => scales.map((scale) => [mask, scale] as const)))(
    "is one kernel with mask %s and scale %s",
    (mask, scale) => {
      const kernels = expectSame(attentionOf({ ...plain, mask, scale }));
      expect(kernels.filter((kernel) => kernel.startsWith("attention"))).toHaveLength(1);
      expect(kernels.filter((kernel) => /^(?:rows|product)/.test(kernel))).toEqual([]);
    },
  );

  test("of one row, and of one key and value for all heads, is one kernel", () => {
    for (const some of [
      { rows: 1 },
      { shared: true },
      { joined: true },
      { guarded: true },
      { projected: false, batch: 1, heads: 1 },
    ])
      expect(expectSame(attentionOf({ ...plain, ...some }))).toContain("attention");
  });

  test("of a row that sees no key is zero, where not-a-number is replaced", () => {
    const sees = [true, false, true, false, false, false].map(Number);
    const mask = tensorFromNumbers("bool", [2, 3], sees);
    if (mask === undefined) throw new Error("no tensor");
    const typed = network({
      inputs: { q: [2, 4], k: [4, 3], v: [3, 5] },
      constants: { mask, least: floats([], [Number.NEGATIVE_INFINITY]), zero: floats([], [0]) },
      nodes: {
        scores: ["MatMul", ["q", "k"]],
        masked: ["Where", ["mask", "scores", "least"]],
        weights: ["Softmax", ["masked"]],
        tested: ["IsNaN", ["weights"]],
        numbers: ["Where", ["tested", "zero", "weights"]],
        y: ["MatMul", ["numbers", "v"]],
      },
      outputs: ["y"],
    });
    expect(expectSame(typed)).toContain("attention");
  });

  test("holds no matrix of scores", () => {
    const size = 256;
    const long = attentionOf({ ...plain, batch: 1, heads: 4, rows: size, columns: size, mask: "keys" });
    const { memoryBytes, steps } = compileGraph(long);
    expect(steps.map(({ kernel }) => kernel)).toContain("attention");
    // All values together are smaller than the scores of one head.
    expect(memoryBytes).toBeLessThan(4 * size * size);
  });
});

describe("attention is lowered one by one", () => {
  const inputs = { q: [2, 5, 4], k: [2, 4, 7], v: [2, 7, 3] };
  const first: Record<string, NetworkNode> = { s: ["MatMul", ["q", "k"]] };
  const softmax = (operand: string, axis = -1): NetworkNode => ["Softmax", [operand], { axis }];
  const check = (nodes: Record<string, NetworkNode>, outputs: readonly string[]): void => {
    const constants = { column: int64s(2, 7, 1) };
    const kernels = expectSame(network({ inputs, constants, nodes: { ...first, ...nodes }, outputs }));
    expect(kernels.filter((kernel) => kernel.startsWith("attention"))).toEqual([]);
  };

  test("where somebody else wants the scores", () => {
    check({ p: softmax("s"), y: ["MatMul", ["p", "v"]], t: ["Relu", ["s"]] }, ["y", "t"]);
    check({ p: softmax("s"), y: ["MatMul", ["p", "v"]] }, ["y", "s"]);
  });

  test("where somebody else wants the weights", () => {
    check({ p: softmax("s"), y: ["MatMul", ["p", "v"]] }, ["y", "p"]);
    check({ p: softmax("s"), y: ["MatMul", ["p", "v"]], t: ["Exp", ["p"]] }, ["y", "t"]);
  });

  test("where the softmax runs over queries", () => {
    check({ p: softmax("s", 1), y: ["MatMul", ["p", "v"]] }, ["y"]);
  });

  test("where the weights are changed, or turned", () => {
    check({ p: softmax("s"), r: ["Neg", ["p"]], y: ["MatMul", ["r", "v"]] }, ["y"]);
    check({ t: ["Transpose", ["s"], { perm: [0, 2, 1] }], p: softmax("t"), y: ["MatMul", ["p", "q"]] }, [
      "y",
    ]);
  });

  test("where values depend on the scores", () => {
    check(
      {
        p: softmax("s"),
        m: ["ReduceMax", ["s"], { axes: [1], keepdims: 0 }],
        w: ["Reshape", ["m", "column"]],
        y: ["MatMul", ["p", "w"]],
      },
      ["y"],
    );
  });
});

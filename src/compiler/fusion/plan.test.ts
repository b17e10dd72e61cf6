import { describe, expect, test } from "vitest";
import { type GraphBuilder, graphBuilder } from "../../../test/graph-builder.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import { planFixed, planNone } from "./fixed-plan.ts";
import type { FusionPlan } from "./fusion-plan.ts";
import { exceptionNames, type PlanOptions, planFusion } from "./plan.ts";
import { summarizePlan } from "./plan-summary.ts";
import { explainNode, printPlan } from "./print-plan.ts";

/** Blocks as lines of node names. */
function blocksOf({ blocks, typed }: FusionPlan): string[] {
  return blocks.map(({ nodes }) => nodes.map((node) => typed.graph.nodes[node]?.name ?? "?").join(" "));
}

function expectBlocks(typed: TypedGraph, blocks: number, options?: PlanOptions): void {
  const plan = planFusion(typed, options);
  expect(summarizePlan(plan).blocks, blocksOf(plan).join("\n")).toBe(blocks);
}

const image = [1, 4, 8, 8];
const half = [1, 4, 4, 4];
const rows = [1, 8, 16];

/** conv -> BN -> relu, a second one, and the sum with what went in. */
function residual(): TypedGraph {
  const g = graphBuilder();
  const w = g.constant("w", [4, 4, 3, 3]);
  const stem = g.node("Conv", "stem", [g.input("x", image), w], image);
  const relu0 = g.node("Relu", "relu0", [stem], image);
  const c1 = g.node("Conv", "conv1", [relu0, w], image);
  const b1 = g.node("BatchNormalization", "bn1", [c1, w, w, w, w], image);
  const r1 = g.node("Relu", "relu1", [b1], image);
  const c2 = g.node("Conv", "conv2", [r1, w], image);
  const b2 = g.node("BatchNormalization", "bn2", [c2, w, w, w, w], image);
  const sum = g.node("Add", "add", [b2, relu0], image);
  const out = g.node("Relu", "relu2", [sum], image);
  return g.build([g.node("MaxPool", "pool", [out], half, { attributes: { kernel_shape: [2, 2] } })]);
}

/** A matrix product with constant weights. */
function linear(g: GraphBuilder, name: string, x: string, shape: readonly number[] = rows): string {
  const w = g.constant(`${name}.w`, [16, 16]);
  return g.node("MatMul", name, [x, w], shape);
}

/** Scores, softmax, and the weighted sum of values, each of one head. */
function attention(): TypedGraph {
  const g = graphBuilder();
  const x = g.input("x", rows);
  const [q, k, v] = [linear(g, "q", x), linear(g, "k", x), linear(g, "v", x)];
  const kt = g.node("Transpose", "kt", [k], [1, 16, 8], { attributes: { perm: [0, 2, 1] } });
  const scores = g.node("MatMul", "scores", [q, kt], [1, 8, 8]);
  const scaled = g.node("Div", "scaled", [scores, g.constant("scale", [])], [1, 8, 8]);
  const soft = g.node("Softmax", "softmax", [scaled], [1, 8, 8]);
  const sum = g.node("MatMul", "sum", [soft, v], rows);
  return g.build([linear(g, "out", sum)]);
}

/** Layer normalization as exporters decompose it, behind a matrix product with a residual sum. */
function layerNorm(): TypedGraph {
  const g = graphBuilder();
  const one = [1, 8, 1];
  const c = g.constant("c", []);
  const x = g.input("x", rows);
  const sum = g.node("Add", "residual", [linear(g, "product", x), x], rows);
  const mean = g.node("ReduceMean", "mean", [sum], one);
  const sub = g.node("Sub", "sub", [sum, mean], rows);
  const pow = g.node("Pow", "pow", [sub, c], rows);
  const variance = g.node("ReduceMean", "variance", [pow], one);
  const safe = g.node("Add", "safe", [variance, c], one);
  const deviation = g.node("Sqrt", "deviation", [safe], one);
  const normal = g.node("Div", "normal", [sub, deviation], rows);
  return g.build([g.node("Mul", "gamma", [normal, g.constant("g", [16])], rows)]);
}

describe("by the table", () => {
  test("a residual block: an epilogue belongs to its convolution, the sum to the later one", () => {
    const plan = planFusion(residual());
    expect(blocksOf(plan)).toEqual(["stem relu0", "conv1 bn1 relu1", "conv2 bn2 add relu2", "pool"]);
    expect(plan.removable).toEqual(new Set(["stem", "conv1", "bn1", "conv2", "bn2", "add"]));
  });

  test("a prologue joins where there is no producer to be the epilogue of", () => {
    const g = graphBuilder();
    const w = g.constant("w", [4, 4, 3, 3]);
    const relu = g.node("Relu", "relu", [g.input("x", image)], image);
    expectBlocks(g.build([g.node("Conv", "conv", [relu, w], image)]), 1);
  });

  test("two Many-to-Many operators do not join through a One-to-One operator", () => {
    const g = graphBuilder();
    const w = g.constant("w", [4, 4, 3, 3]);
    const c1 = g.node("Conv", "c1", [g.input("x", image), w], image);
    const c2 = g.node("Conv", "c2", [g.node("Relu", "relu", [c1], image), w], image);
    expectBlocks(g.build([c2]), 2);
  });

  test("a graph without One-to-One operators has seeds too", () => {
    const g = graphBuilder();
    const a = g.node("Reshape", "a", [g.input("x", [4, 6]), g.constant("s", [1], "int64")], [24]);
    const b = g.node("Transpose", "b", [g.node("Reshape", "b0", [a, "s"], [6, 4])], [4, 6]);
    expectBlocks(g.build([b]), 1);
  });

  test("a bias that is constant does not make an addition One-to-Many, one that is computed does", () => {
    const g = graphBuilder();
    const x = g.input("x", rows);
    const biased = g.node("Add", "biased", [x, g.constant("b", [16])], rows);
    const shifted = g.node("Add", "shifted", [biased, g.input("y", [16])], rows);
    const { ecg } = planFusion(g.build([shifted]));
    expect(ecg.operators.map((operator) => operator?.mappingType)).toEqual(["one-to-one", "one-to-many"]);
  });

  test("what is stretched does not go into a convolution (red), and a shuffle of it only where it is cheap", () => {
    const g = graphBuilder();
    const w = g.constant("w", [4, 4, 3, 3]);
    const up = g.node("Resize", "up", [g.input("x", half)], image);
    expectBlocks(g.build([g.node("Conv", "conv", [up, w], image)]), 2);
    const h = graphBuilder();
    const turned = h.node("Transpose", "turned", [h.input("x", [16, 8])], [8, 16]);
    // 2 x 512 bytes saved, half of 512 lost: a matrix product reads its operand once.
    expectBlocks(h.build([linear(h, "product", turned, [8, 16])]), 1);
    const i = graphBuilder();
    i.constant("w", [4, 4, 3, 3]);
    const nchw = i.node("Transpose", "nchw", [i.input("x", [1, 8, 8, 4])], image);
    // 2 x 1024 bytes saved, but each of the nine taps would jump: 4.5 x 1024 lost.
    const attributes = { kernel_shape: [3, 3] };
    expectBlocks(i.build([i.node("Conv", "conv", [nchw, "w"], image, { attributes })]), 2);
  });

  test("a latency that is known decides yellow cells, and only those", () => {
    const g = graphBuilder();
    const turned = g.node("Transpose", "turned", [g.input("x", [16, 8])], [8, 16]);
    const relu = g.node("Relu", "relu", [linear(g, "product", turned, [8, 16])], [8, 16]);
    const typed = g.build([relu]);
    expectBlocks(typed, 2, { latencyOf: (nodes) => nodes.length ** 2 });
    expectBlocks(typed, 1, { latencyOf: () => 1 });
    expectBlocks(typed, 1, { latencyOf: () => undefined });
  });

  test("operators with several results: what reads any of them may join", () => {
    const g = graphBuilder();
    const [a = "", b = ""] = g.nodes("Split", "split", [g.input("x", rows)], [rows, rows]);
    const product = g.node("Mul", "gate", [a, g.node("Sigmoid", "sigmoid", [b], rows)], rows);
    expectBlocks(g.build([product]), 1);
  });

  test("what is not understood stays alone", () => {
    const g = graphBuilder();
    const odd = g.node("Odd", "odd", [g.node("Relu", "before", [g.input("x", rows)], rows)], rows);
    g.unsupported("odd", "Odd");
    expect(blocksOf(planFusion(g.build([g.node("Relu", "after", [odd], rows)])))).toEqual([
      "before",
      "odd",
      "after",
    ]);
  });

  test("a mask that many layers read does not take a layer's addition from its product", () => {
    const g = graphBuilder();
    const mask = g.node("Mul", "mask", [g.input("m", [1, 8]), g.constant("c", [])], [1, 8]);
    const scores = g.node("MatMul", "scores", [g.input("x", rows), g.input("y", [1, 16, 8])], [1, 8, 8]);
    const masked = g.node("Add", "masked", [scores, mask], [1, 8, 8]);
    expect(blocksOf(planFusion(g.build([masked, mask])))).toEqual(["mask scores masked"]);
  });

  test("a concatenation goes to the reduction that makes its largest part, not to the last one", () => {
    const g = graphBuilder();
    const w = g.constant("w", [4, 4, 3, 3]);
    const x = g.input("x", image);
    const a = g.node("Conv", "a", [x, w], [1, 8, 8, 8]);
    const b = g.node("Conv", "b", [x, w], image);
    const pool = g.node("MaxPool", "pool", [x], image);
    const all = g.node("Concat", "concat", [a, b, pool], [1, 16, 8, 8]);
    expect(blocksOf(planFusion(g.build([all])))).toEqual(["b", "pool", "a concat"]);
  });

  test("limits hold: a sum of many tensors is cut", () => {
    const g = graphBuilder();
    const inputs = Array.from({ length: 40 }, (_, at) => g.input(`x${at}`, rows));
    const sum = inputs.reduce((left, right, at) => g.node("Add", `add${at}`, [left, right], rows));
    const plan = planFusion(g.build([sum]));
    // Each block of 15 additions reads 16 tensors: 39 = 15 + 15 + 9.
    expect(plan.blocks.map(({ nodes }) => nodes.length)).toEqual([15, 15, 9]);
    expect(plan.verdicts.filter(({ fused }) => !fused).map(({ reason }) => reason.kind)).toEqual([
      "limit",
      "limit",
    ]);
  });
});

describe("exceptions", () => {
  test("each is needed for what it joins", () => {
    expectBlocks(residual(), 3, { exceptions: ["pooling"] });
    // By the table: q, k, v, scores, softmax, sum, out.
    expectBlocks(attention(), 7);
    expectBlocks(attention(), 6, { exceptions: ["normalization"] });
    expectBlocks(attention(), 5, { exceptions: ["attention"] });
    expectBlocks(attention(), 5, { exceptions: ["merge-gemms"] });
    expectBlocks(attention(), 3, { exceptions: exceptionNames });
    // The product with its sum and mean and variance, each with what follows from it.
    expectBlocks(layerNorm(), 3);
    expectBlocks(layerNorm(), 1, { exceptions: ["normalization"] });
  });

  test("a block names the exceptions that made it", () => {
    const { blocks } = planFusion(attention(), { exceptions: exceptionNames });
    expect(blocks.map(({ exceptions }) => exceptions)).toEqual([
      ["merge-gemms"],
      ["normalization", "attention"],
      [],
    ]);
  });

  test("an unknown name is bad input", () => {
    expect(() => planFusion(residual(), { exceptions: ["poling"] })).toThrow(
      /there is no exception "poling"/,
    );
  });
});

describe("the plans to compare with", () => {
  test("fixed patterns: Conv+BatchNormalization+activation, nothing across a residual sum", () => {
    expect(blocksOf(planFixed(residual()))).toEqual([
      "stem relu0",
      "conv1 bn1 relu1",
      "conv2 bn2",
      "add",
      "relu2",
      "pool",
    ]);
    expect(summarizePlan(planNone(residual()))).toMatchObject({ operators: 10, blocks: 10, rate: 1 });
  });

  test("bytes are those of results that go from block to block", () => {
    // Nine results of 1024 bytes are read by another operator; relu0, relu1 and relu2 still leave their blocks.
    expect(summarizePlan(planFusion(residual()))).toMatchObject({
      intermediateBytesBefore: 9 * 1024,
      intermediateBytesAfter: 3 * 1024,
    });
  });

  test("Identity and constant nodes are no operators, and are in a block", () => {
    const g = graphBuilder();
    const x = g.input("x", rows);
    g.known("shape");
    g.node("Shape", "shape", [x], [3], { elementType: "int64" });
    const same = g.node("Identity", "same", [g.node("Relu", "relu", [x], rows)], rows);
    for (const plan of [planFusion, planFixed, planNone]) {
      const made = plan(g.build([same]));
      expect(summarizePlan(made)).toMatchObject({ operators: 1, blocks: 1 });
      expect(made.blocks.flatMap(({ nodes }) => nodes).sort()).toEqual([0, 1, 2]);
    }
  });
});

describe("as text", () => {
  test("a small residual block", () => {
    expect(`\n${printPlan(planFusion(residual()))}`).toMatchInlineSnapshot(`
      "
      10 operators (3 heavy) in 4 blocks, 2.50 to one; intermediate results 9.22 kB -> 3.07 kB

      block 1: many-to-many
        Conv stem: many-to-many -> (float32[1,4,8,8])
        Relu relu0: one-to-one -> float32[1,4,8,8]

      block 2: many-to-many
        Conv conv1: many-to-many -> (float32[1,4,8,8])
        BatchNormalization bn1: one-to-one -> (float32[1,4,8,8])
        Relu relu1: one-to-one -> float32[1,4,8,8]
        | not with relu0: red, many-to-many then many-to-many

      block 3: many-to-many
        Conv conv2: many-to-many -> (float32[1,4,8,8])
        BatchNormalization bn2: one-to-one -> (float32[1,4,8,8])
        Add add: one-to-one -> (float32[1,4,8,8])
        Relu relu2: one-to-one -> float32[1,4,8,8]
        | not with relu1: red, many-to-many then many-to-many
        | not with relu0: red, many-to-many then many-to-many

      block 4: many-to-many
        MaxPool pool: many-to-many -> float32[1,4,4,4]
        | not with relu2: red, many-to-many then many-to-many
      "
    `);
  });

  test("why a node is where it is", () => {
    const plan = planFusion(residual());
    expect(`\n${explainNode(plan, "add")}\n`).toMatchInlineSnapshot(`
      "
      Add add: one-to-one -> (float32[1,4,8,8]); in block 3
        not with: reads relu0: red, many-to-many then many-to-many
        with: reads bn2: green, one-to-one then one-to-one
        with: feeds relu2: green, one-to-one then one-to-one
      "
    `);
    expect(explainNode(plan, "none")).toBeUndefined();
  });
});

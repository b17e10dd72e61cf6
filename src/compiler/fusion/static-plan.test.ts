import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectOrder } from "../../../test/expect-order.ts";
import { graphBuilder } from "../../../test/graph-builder.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import { rowOf, supportedOperators } from "../../graph/ops/registry.ts";
import { extendGraph } from "./ecg.ts";
import type { FusedGraph } from "./fused-graph.ts";
import { planFusion } from "./plan.ts";
import { fuse } from "./static-plan.ts";

/** Blocks as lines of node names. */
function plan(typed: TypedGraph): string[] {
  const fused = fuse(typed);
  return fused.blocks.map((block) =>
    block.nodes.map((node) => typed.graph.nodes[node]?.name ?? "?").join(" "),
  );
}

const image = [1, 4, 8, 8];
const half = [1, 4, 4, 4];

describe("static plan", () => {
  test("activation, normalisation and pooling join the convolution that feeds them", () => {
    const g = graphBuilder();
    const x = g.input("x", image);
    const w = g.constant("w", [4, 4, 3, 3]);
    const c1 = g.node("Conv", "conv1", [x, w], image);
    const n1 = g.node("BatchNormalization", "bn1", [c1, w, w, w, w], image);
    const r1 = g.node("Relu", "relu1", [n1], image);
    const p1 = g.node("MaxPool", "pool1", [r1], half, { attributes: { kernel_shape: [2, 2] } });
    const c2 = g.node("Conv", "conv2", [p1, w], half);
    expect(plan(g.build([c2]))).toEqual(["conv1 bn1 relu1 pool1", "conv2"]);
  });

  test("a residual addition joins the later of its two producers", () => {
    const g = graphBuilder();
    const w = g.constant("w", [4, 4, 3, 3]);
    const stem = g.node("Conv", "stem", [g.input("x", image), w], image);
    const relu = g.node("Relu", "relu0", [stem], image);
    const c1 = g.node("Conv", "conv1", [relu, w], image);
    const c2 = g.node("Conv", "conv2", [c1, w], image);
    const down = g.node("Conv", "downsample", [relu, w], image);
    const sum = g.node("Add", "add", [c2, down], image);
    const out = g.node("Relu", "relu", [sum], image);
    expect(plan(g.build([out]))).toEqual(["stem relu0", "conv1", "conv2", "downsample add relu"]);
  });

  test("x * sigmoid(x) and a decomposed layer normalisation stay with the matrix product", () => {
    const g = graphBuilder();
    const [s, m] = [
      [1, 8, 16],
      [1, 8, 1],
    ];
    const w = g.constant("w", [16, 16]);
    const x = g.node("MatMul", "matmul", [g.input("x", s), w], s);
    const sig = g.node("Sigmoid", "sigmoid", [x], s);
    const swish = g.node("Mul", "swish", [x, sig], s);
    const mean = g.node("ReduceMean", "mean", [swish], m);
    const sub = g.node("Sub", "sub", [swish, mean], s);
    const sq = g.node("Pow", "pow", [sub, w], s);
    const variance = g.node("ReduceMean", "variance", [sq], m);
    const deviation = g.node("Sqrt", "sqrt", [variance], m);
    const norm = g.node("Div", "div", [sub, deviation], s);
    const q = g.node("MatMul", "q", [norm, w], s);
    const k = g.node("MatMul", "k", [norm, w], s);
    const add = g.node("Add", "add", [k, swish], s);
    expect(plan(g.build([q, add]))).toEqual([
      "matmul sigmoid swish mean sub pow variance sqrt div",
      "q",
      "k add",
    ]);
  });

  test("the gate of a squeeze-and-excitation is multiplied where its only reader is", () => {
    // In the gate's block the product would be written and read again: 2 x 256 elements for 2 x 4 of the gate.
    const g = graphBuilder();
    const w = g.constant("w", [4, 4, 1, 1]);
    const x = g.node("Conv", "depthwise", [g.input("x", image), w], image);
    const pooled = g.node("GlobalAveragePool", "squeeze", [x], [1, 4, 1, 1]);
    const fc1 = g.node("Conv", "fc1", [pooled, w], [1, 4, 1, 1]);
    const fc2 = g.node("Conv", "fc2", [fc1, w], [1, 4, 1, 1]);
    const gate = g.node("Sigmoid", "gate", [fc2], [1, 4, 1, 1]);
    const scaled = g.node("Mul", "scale", [x, gate], image);
    const out = g.node("Conv", "project", [scaled, w], image);
    expect(plan(g.build([out]))).toEqual(["depthwise squeeze", "fc1", "fc2 gate", "scale project"]);
  });

  test("a concatenation with one reader moves there, with many it joins what feeds it", () => {
    const build = (readers: number): TypedGraph => {
      const g = graphBuilder();
      const w = g.constant("w", [4, 4, 1, 1]);
      const x = g.input("x", image);
      const a = g.node("Conv", "a", [x, w], image);
      const b = g.node("Conv", "b", [x, w], image);
      const both = g.node("Concat", "concat", [a, b], [1, 8, 8, 8]);
      const outputs = Array.from({ length: readers }, (_, index) =>
        g.node("Conv", `reader${index}`, [both, w], image),
      );
      return g.build(outputs);
    };
    expect(plan(build(1))).toEqual(["a", "b", "concat reader0"]);
    expect(plan(build(2))).toEqual(["a", "b concat", "reader0", "reader1"]);
  });

  test("a concatenation joins its largest part, whose layer then waits for the others", () => {
    // Concatenated in c, the 8 x 64 elements of a would be written and read once more; in a the 2 x 4 x 64 of b and c are.
    const g = graphBuilder();
    const w = g.constant("w", [4, 4, 1, 1]);
    const x = g.input("x", image);
    const a = g.node("Conv", "a", [x, w], [1, 8, 8, 8]);
    const b = g.node("Conv", "b", [x, w], image);
    const c = g.node("Conv", "c", [x, w], image);
    const all = g.node("Concat", "concat", [a, b, c], [1, 16, 8, 8]);
    const outputs = ["d", "e"].map((name) => g.node("Conv", name, [all, w], image));
    expect(plan(g.build(outputs))).toEqual(["b", "c", "a concat", "d", "e"]);
  });

  test("a pool that one branch starts with runs where its operand is made", () => {
    // There it costs 2 x 64 elements, written and read; in the branch the 256 of its operand would be read again.
    const g = graphBuilder();
    const w = g.constant("w", [4, 4, 3, 3]);
    const x = g.node("Conv", "x", [g.input("in", image), w], image);
    const a = g.node("Conv", "a", [g.node("Conv", "a0", [x, w], half), w], half);
    const pooled = g.node("AveragePool", "pool", [x], half, { attributes: { kernel_shape: [3, 3] } });
    const both = g.node("Concat", "concat", [a, pooled], [1, 8, 4, 4]);
    expect(plan(g.build([g.node("Relu", "relu", [both], [1, 8, 4, 4])]))).toEqual([
      "x pool",
      "a0",
      "a concat relu",
    ]);
  });

  test("a feature pyramid: each addition, with the upsampling that feeds it, stays in its own level", () => {
    const g = graphBuilder();
    const w = g.constant("w", [4, 4, 1, 1]);
    const sizes = [16, 8, 4].map((extent) => [1, 4, extent, extent]);
    const [large = [], middle = [], small = []] = sizes;
    const top = g.node("Conv", "top", [g.input("z", small), w], small);
    const inner1 = g.node("Conv", "inner1", [g.input("y", middle), w], middle);
    const sum1 = g.node("Add", "sum1", [inner1, g.node("Resize", "up1", [top], middle)], middle);
    const inner0 = g.node("Conv", "inner0", [g.input("x", large), w], large);
    const sum0 = g.node("Add", "sum0", [inner0, g.node("Resize", "up0", [sum1], large)], large);
    const outputs = [top, sum1, sum0].map((value) =>
      g.node("Conv", `out_${value}`, [value, w], [1, 4, 4, 4]),
    );
    expect(plan(g.build(outputs))).toEqual([
      "top",
      "inner1 up1 sum1",
      "inner0 up0 sum0",
      "out_top",
      "out_sum1",
      "out_sum0",
    ]);
  });

  test("what the table keeps apart from all is no layer: it joins what feeds it", () => {
    const g = graphBuilder();
    const w = g.constant("w", [16, 16]);
    const rows = [8, 16];
    const x = g.node("MatMul", "scores", [g.input("x", rows), w], rows);
    const sums = g.node("CumSum", "sums", [x, w], rows);
    const best = g.node("TopK", "best", [sums, w], rows);
    expect(plan(g.build([g.node("GatherND", "picked", [best, best], rows)]))).toEqual([
      "scores sums best picked",
    ]);
  });

  test("constants and known shapes belong to the block that uses them", () => {
    const g = graphBuilder();
    const w = g.constant("w", [16, 8]);
    const x = g.input("x", [2, 3, 8]);
    const wt = g.node("Transpose", "transpose", [w], [8, 16]);
    const y = g.node("MatMul", "matmul", [x, wt], [2, 3, 16]);
    const shape = g.node("Shape", "shape", [y], [3], { elementType: "int64" });
    g.known(shape);
    const dims = g.node("Concat", "dims", [shape], [2], { elementType: "int64" });
    const z = g.node("MatMul", "late", [y, w], [2, 3, 16]);
    const out = g.node("Reshape", "reshape", [z, dims], [6, 16]);
    expect(plan(g.build([out]))).toEqual(["transpose matmul", "shape dims late reshape"]);
  });

  test("operators before the first layer join it, or form one block when several layers read them", () => {
    const build = (readers: number): TypedGraph => {
      const g = graphBuilder();
      const table = g.constant("table", [100, 16]);
      const ids = g.input("ids", [1, 8], "int64");
      const kinds = g.input("kinds", [1, 8], "int64");
      const a = g.node("Gather", "words", [table, ids], [1, 8, 16]);
      const b = g.node("Gather", "roles", [table, kinds], [1, 8, 16]);
      const x = g.node("Add", "embed", [a, b], [1, 8, 16]);
      const outputs = Array.from({ length: readers }, (_, index) =>
        g.node("MatMul", `matmul${index}`, [x, table], [1, 8, 16]),
      );
      return g.build(outputs);
    };
    expect(plan(build(1))).toEqual(["words roles embed matmul0"]);
    expect(plan(build(2))).toEqual(["words roles embed", "matmul0", "matmul1"]);
  });

  test("a mask that the file computes late takes nothing from the matrix product that it masks", () => {
    const g = graphBuilder();
    const [rows, square] = [
      [1, 8, 16],
      [1, 8, 8],
    ];
    const scores = g.node("MatMul", "qk", [g.input("q", rows), g.input("k", [1, 16, 8])], square);
    const bit = g.node("Cast", "cast", [g.input("mask", [1, 1, 8], "int64")], [1, 1, 8]);
    const mask = g.node("Expand", "expand", [bit], square);
    const masked = g.node("Where", "where", [mask, scores, bit], square);
    const weights = g.node("Softmax", "softmax", [masked], square);
    const mixed = g.node("MatMul", "mix", [weights, g.input("v", rows)], rows);
    expect(plan(g.build([mixed]))).toEqual(["qk cast expand where softmax", "mix"]);
  });

  test("what is not understood stays alone", () => {
    const g = graphBuilder();
    const w = g.constant("w", [4, 4, 1, 1]);
    const a = g.node("Conv", "a", [g.input("x", image), w], image);
    const strange = g.node("Strange", "strange", [a], image, { domain: "example" });
    g.unsupported("strange", "Strange");
    const after = g.node("Relu", "relu", [strange], image);
    const b = g.node("Conv", "b", [after, w], image);
    expect(plan(g.build([b]))).toEqual(["a", "strange", "relu b"]);
  });

  test("a graph of constants is one block", () => {
    const g = graphBuilder();
    const w = g.constant("w", [4]);
    expect(plan(g.build([g.node("Neg", "neg", [g.node("Abs", "abs", [w], [4])], [4])]))).toEqual(["abs neg"]);
  });
});

test("every heavy operator is Many-to-Many, so the table's red cells keep any two apart", () => {
  const heavy = supportedOperators()
    .flatMap((operator) => rowOf(operator) ?? [])
    .filter((row) => row.heavy);
  expect(heavy.length).toBeGreaterThan(10);
  for (const { operator, mappingType } of heavy) expect(mappingType, operator).toBe("many-to-many");
});

/** A random network: every node reads one or two earlier values, of sizes that make some moves worth it. */
const randomGraph = fc
  .array(
    fc.record({
      operator: fc.constantFrom("Conv", "Relu", "Add", "Concat", "MaxPool", "Resize", "TopK", "Strange"),
      first: fc.nat(),
      second: fc.nat(),
      extent: fc.constantFrom(1, 4, 8),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((rows) => {
    const g = graphBuilder();
    const w = g.constant("w", [4, 4, 1, 1]);
    const values = [g.input("x", image), w];
    rows.forEach(({ operator, first, second, extent }, index) => {
      const pick = (at: number): string => values[at % values.length] ?? w;
      const name = `n${index}`;
      const more =
        operator === "Add" || operator === "Concat" ? [pick(second)] : operator === "Conv" ? [w] : [];
      const reads = [pick(first), ...more];
      values.push(g.node(operator, name, reads, [1, 4, extent, extent]));
      if (operator === "Strange") g.unsupported(name, operator);
    });
    return g.build([values.at(-1) ?? w]);
  });

test("any network: all nodes in a topological order of blocks, one heavy operator at most, barriers alone", () => {
  fc.assert(
    fc.property(randomGraph, (typed) => {
      const { blocks } = fuse(typed);
      const { operators } = extendGraph(typed);
      const members = blocks.flatMap((block) => block.nodes);
      expect([...members].sort((a, b) => a - b)).toEqual(typed.graph.nodes.map((_, index) => index));
      expectOrder({ typed, blocks });
      for (const { nodes } of blocks) {
        const running = nodes.flatMap((node) => operators[node] ?? []);
        expect(running.filter(({ heavy }) => heavy).length).toBeLessThanOrEqual(1);
        if (running.some(({ barrier }) => barrier)) expect(running).toHaveLength(1);
      }
    }),
    { numRuns: 300 },
  );
});

test("any network: a block without a heavy operator follows from nothing, or last from a barrier", () => {
  fc.assert(
    fc.property(randomGraph, (typed) => {
      const { blocks } = fuse(typed);
      const { operators, reads } = extendGraph(typed);
      const blockOf = numbers(blocks);
      blocks.forEach(({ nodes }, own) => {
        if (nodes.some((node) => operators[node]?.heavy || operators[node]?.barrier)) return;
        const feeding = nodes.flatMap((node) =>
          (reads[node] ?? []).flatMap(({ producer }) => producer ?? []),
        );
        const outside = feeding.filter((node) => blockOf.get(node) !== own);
        expect(outside.length === 0 || outside.some((node) => operators[node]?.barrier)).toBe(true);
      });
    }),
    { numRuns: 300 },
  );
});

test("any network: no more bytes cross between blocks than by the table", () => {
  fc.assert(
    fc.property(randomGraph, (typed) => {
      const byTheTable = planFusion(typed, { exceptions: ["pooling", "normalization"] });
      expect(bytesBetween(fuse(typed))).toBeLessThanOrEqual(bytesBetween(byTheTable));
    }),
    { numRuns: 300 },
  );
});

function numbers(blocks: FusedGraph["blocks"]): ReadonlyMap<number, number> {
  return new Map(blocks.flatMap(({ nodes }, block) => nodes.map((node) => [node, block] as const)));
}

/** Written once where another block or the network's user reads it, read once by each block that does not make it. */
function bytesBetween({ typed, blocks }: FusedGraph): number {
  const blockOf = numbers(blocks);
  let total = 0;
  for (const { producer, consumers, isNetworkOutput, bytes } of extendGraph(typed).values.values()) {
    const home = producer === undefined ? undefined : blockOf.get(producer);
    const readers = new Set(consumers.map((node) => blockOf.get(node)).filter((block) => block !== home));
    const isWritten = home !== undefined && (readers.size > 0 || isNetworkOutput);
    total += bytes * (readers.size + (isWritten ? 1 : 0));
  }
  return total;
}

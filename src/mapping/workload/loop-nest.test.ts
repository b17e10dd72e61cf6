import { describe, expect, test } from "vitest";
import { graphBuilder } from "../../../test/graph-builder.ts";
import type { OpNode } from "../../graph/ir/graph.ts";
import { rowOf, supportedOperators } from "../../graph/ops/registry.ts";
import type { LoopNest } from "./loop-nest.ts";
import { loopNest, macsOf } from "./loop-nest.ts";

type Shapes = readonly (readonly number[])[];

interface Case {
  readonly operator: string;
  readonly inputs: Shapes;
  readonly output: readonly number[];
  readonly attributes?: Readonly<Record<string, number | string | readonly number[]>>;
  /** Which inputs are weights. */
  readonly constants?: readonly number[];
  readonly expected: string;
}

const conv = {
  inputs: [
    [2, 4, 9, 9],
    [6, 2, 3, 3],
  ],
  output: [2, 6, 4, 4],
} satisfies Partial<Case>;

const cases: readonly Case[] = [
  {
    operator: "Conv",
    ...conv,
    attributes: { group: 2, strides: [2, 2] },
    expected: "convolution N2 K6 C4 Y4 X4 R3 S3 g2",
  },
  {
    operator: "ConvInteger",
    ...conv,
    attributes: { group: 2 },
    expected: "convolution N2 K6 C4 Y4 X4 R3 S3 g2",
  },
  {
    operator: "QLinearConv",
    inputs: [[1, 4, 9, 9], [], [], [4, 1, 3, 3]],
    output: [1, 4, 7, 7],
    attributes: { group: 4 },
    expected: "depthwise N1 K4 C4 Y7 X7 R3 S3 g4",
  },
  {
    operator: "ConvTranspose",
    inputs: [
      [1, 6, 4, 5],
      [6, 2, 3, 3],
    ],
    output: [1, 4, 6, 7],
    attributes: { group: 2 },
    expected: "transposed-convolution N1 K4 C6 Y4 X5 R3 S3 g2",
  },
  {
    operator: "MatMul",
    inputs: [
      [2, 3, 8],
      [8, 5],
    ],
    output: [2, 3, 5],
    constants: [1],
    expected: "matmul N1 K5 C8 Y6 X1 R1 S1 g1",
  },
  // W x with constant W: its rows are the outputs.
  {
    operator: "MatMul",
    inputs: [
      [5, 8],
      [2, 8, 3],
    ],
    output: [2, 5, 3],
    constants: [0],
    expected: "matmul N1 K5 C8 Y6 X1 R1 S1 g1",
  },
  {
    operator: "MatMul",
    inputs: [
      [2, 4, 3, 8],
      [2, 4, 8, 5],
    ],
    output: [2, 4, 3, 5],
    expected: "attention N1 K40 C64 Y3 X1 R1 S1 g8",
  },
  { operator: "MatMul", inputs: [[8], [8]], output: [], expected: "attention N1 K1 C8 Y1 X1 R1 S1 g1" },
  {
    operator: "MatMulInteger",
    inputs: [
      [3, 8],
      [8, 5],
    ],
    output: [3, 5],
    constants: [1],
    expected: "matmul N1 K5 C8 Y3 X1 R1 S1 g1",
  },
  {
    operator: "QLinearMatMul",
    inputs: [[3, 8], [], [], [8, 5]],
    output: [3, 5],
    constants: [3],
    expected: "matmul N1 K5 C8 Y3 X1 R1 S1 g1",
  },
  {
    operator: "Gemm",
    inputs: [
      [8, 3],
      [5, 8],
    ],
    output: [3, 5],
    attributes: { transA: 1, transB: 1 },
    constants: [1],
    expected: "matmul N1 K5 C8 Y3 X1 R1 S1 g1",
  },
  {
    operator: "Einsum",
    inputs: [
      [2, 4, 3, 8],
      [2, 4, 5, 8],
    ],
    output: [2, 4, 3, 5],
    attributes: { equation: "bhid,bhjd->bhij" },
    expected: "attention N1 K40 C64 Y3 X1 R1 S1 g8",
  },
  {
    operator: "Einsum",
    inputs: [
      [2, 3, 8],
      [8, 5],
    ],
    output: [2, 3, 5],
    attributes: { equation: "...i, ij -> ...j" },
    constants: [1],
    expected: "matmul N1 K5 C8 Y6 X1 R1 S1 g1",
  },
  {
    operator: "Einsum",
    inputs: [
      [2, 3],
      [3, 4],
      [4, 5],
    ],
    output: [2, 5],
    attributes: { equation: "ab,bc,cd->ad" },
    expected: "matmul N1 K1 C2 Y120 X1 R1 S1 g1",
  },
  {
    operator: "LSTM",
    inputs: [
      [7, 2, 3],
      [1, 16, 3],
      [1, 16, 4],
    ],
    output: [7, 1, 2, 4],
    constants: [1, 2],
    expected: "matmul N2 K16 C7 Y7 X1 R1 S1 g1",
  },
  {
    operator: "GRU",
    inputs: [
      [7, 2, 3],
      [2, 12, 3],
      [2, 12, 4],
    ],
    output: [7, 2, 2, 4],
    constants: [1, 2],
    expected: "matmul N2 K24 C7 Y7 X1 R1 S1 g1",
  },
];

function nodeOf({ operator, inputs, output, attributes = {} }: Case): OpNode {
  const g = graphBuilder();
  const names = inputs.map((shape, index) => g.input(`i${index}`, shape));
  g.node(operator, "node", names, output, { attributes });
  const node = g.build(["node"]).graph.nodes[0];
  if (node === undefined) throw new Error("no node");
  return node;
}

function nestOf(row: Case, images = 1): LoopNest {
  const nest = loopNest({
    node: nodeOf(row),
    images,
    input: (index) => row.inputs[index] ?? [],
    output: () => row.output,
    isConstant: (index) => row.constants?.includes(index) ?? false,
  });
  if (nest === undefined) throw new Error(`no rule for ${row.operator}`);
  return nest;
}

describe("loop nest", () => {
  test.each(cases)("$operator $inputs", (row) => {
    const { kind, dimensions } = nestOf(row);
    const { N, K, C, Y, X, R, S, groups } = dimensions;
    expect(`${kind} N${N} K${K} C${C} Y${Y} X${X} R${R} S${S} g${groups}`).toBe(row.expected);
    const type = (shape: readonly number[] | undefined) => ({ elementType: "float32" as const, shape });
    const call = { node: nodeOf(row), inputs: row.inputs.map(type), outputs: [type(row.output)] };
    expect(macsOf(dimensions)).toBe(rowOf(call.node)?.macs?.(call));
  });

  test("the share of one image of two", () => {
    const of = (index: number): LoopNest => nestOf(cases[index] as Case, 2);
    expect(of(0).dimensions).toMatchObject({ N: 1, Y: 4 });
    expect(of(4).dimensions).toMatchObject({ Y: 3, groups: 1 });
    expect(of(6).dimensions).toMatchObject({ K: 20, C: 32, Y: 3, groups: 4 });
  });

  test("every heavy operator has a rule", () => {
    const heavy = supportedOperators().filter((row) => rowOf(row)?.heavy);
    const covered = new Set(cases.map((row) => row.operator));
    // RNN is the same rule as LSTM with one gate, DeformConv as Conv.
    expect(
      heavy
        .map((row) => row.operator)
        .filter((name) => !covered.has(name))
        .sort(),
    ).toEqual(["DeformConv", "RNN"]);
  });
});

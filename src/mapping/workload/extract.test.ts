import { describe, expect, test } from "vitest";
import { graphBuilder } from "../../../test/graph-builder.ts";
import { fuse } from "../../compiler/fusion/static-plan.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import type { ExtractOptions } from "./extract.ts";
import { extractWorkload, workloadTotals } from "./extract.ts";
import type { Workload } from "./workload.ts";

const workloadOf = (typed: TypedGraph, options?: ExtractOptions): Workload =>
  extractWorkload(fuse(typed), options);

/** One line per layer and per tensor. */
function show({ layers, tensors }: Workload): string {
  const names = (indices: readonly number[]): string => indices.map((at) => tensors[at]?.name).join(",");
  return [
    "",
    ...layers.map((layer) => {
      const { N, K, C, Y, X, R, S, groups } = layer.dimensions;
      const loops = `N${N} K${K} C${C} Y${Y} X${X} R${R} S${S} g${groups}`;
      const set = `window ${layer.inputWindowBytes} row ${layer.outputRowBytes}`;
      return `${layer.name} ${layer.kind} ${loops} macs ${layer.macs} weights ${layer.weightBytes} ${names(layer.inputs)} -> ${names(layer.outputs)} ${set}`;
    }),
    ...tensors.map((tensor) => {
      const source = tensor.source.kind === "layer" ? `layer ${tensor.source.layer}` : "input";
      return `${tensor.name} ${tensor.bytes} B from ${source} to [${tensor.consumers}]${tensor.isNetworkOutput ? " out" : ""}`;
    }),
    "",
  ].join("\n");
}

describe("workload", () => {
  test("a residual block: loops, weights, edges and working sets", () => {
    const g = graphBuilder();
    const x = g.input("x", [1, 3, 8, 8]);
    const w1 = g.constant("w1", [4, 3, 3, 3]);
    const w2 = g.constant("w2", [4, 4, 3, 3]);
    const b = g.constant("b", [4]);
    const stem = g.node("Conv", "stem", [x, w1, b], [1, 4, 8, 8], { attributes: { strides: [1, 1] } });
    const relu = g.node("Relu", "relu", [stem], [1, 4, 8, 8]);
    const body = g.node("Conv", "body", [relu, w2], [1, 4, 8, 8]);
    const sum = g.node("Add", "add", [body, relu], [1, 4, 8, 8]);
    const pool = g.node("MaxPool", "pool", [sum], [1, 4, 4, 4], { attributes: { kernel_shape: [2, 2] } });
    // stem: window 3 rows x 8 x 3 channels; weights 4 x 27 + 4. body: 3 rows x 8 x 4 of relu, read by the Add as well;
    // its row of 4 x 4 pooled elements needs two rows of 8 x 4.
    expect(show(workloadOf(g.build([pool])))).toMatchInlineSnapshot(`
      "
      stem convolution N1 K4 C3 Y8 X8 R3 S3 g1 macs 6912 weights 112 x -> relu window 72 row 32
      body convolution N1 K4 C4 Y8 X8 R3 S3 g1 macs 9216 weights 144 relu -> pool window 96 row 80
      x 192 B from input to [0]
      relu 256 B from layer 0 to [1]
      pool 64 B from layer 1 to [] out
      "
    `);
  });

  test("float16 doubles what int8 counts; integers keep their width", () => {
    const g = graphBuilder();
    const table = g.constant("table", [1000, 16]);
    const ids = g.input("ids", [1, 8], "int64");
    const x = g.node("Gather", "embed", [table, ids], [1, 8, 16]);
    const w = g.constant("w", [16, 32]);
    const a = g.node("MatMul", "a", [x, w], [1, 8, 32]);
    const b = g.node("MatMul", "b", [x, w], [1, 8, 32]);
    const typed = g.build([a, b]);
    expect(show(workloadOf(typed))).toMatchInlineSnapshot(`
      "
      embed vector N1 K1 C1 Y1 X1 R1 S1 g1 macs 0 weights 128 ids -> embed window 64 row 16
      a matmul N1 K32 C16 Y8 X1 R1 S1 g1 macs 4096 weights 512 embed -> a window 16 row 32
      b matmul N1 K32 C16 Y8 X1 R1 S1 g1 macs 4096 weights 512 embed -> b window 16 row 32
      ids 64 B from input to [0]
      embed 128 B from layer 0 to [1,2]
      a 256 B from layer 1 to [] out
      b 256 B from layer 2 to [] out
      "
    `);
    expect(show(workloadOf(typed, { elementType: "float16" }))).toMatchInlineSnapshot(`
      "
      embed vector N1 K1 C1 Y1 X1 R1 S1 g1 macs 0 weights 256 ids -> embed window 64 row 32
      a matmul N1 K32 C16 Y8 X1 R1 S1 g1 macs 4096 weights 1024 embed -> a window 32 row 64
      b matmul N1 K32 C16 Y8 X1 R1 S1 g1 macs 4096 weights 1024 embed -> b window 32 row 64
      ids 64 B from input to [0]
      embed 256 B from layer 0 to [1,2]
      a 512 B from layer 1 to [] out
      b 512 B from layer 2 to [] out
      "
    `);
  });

  test("attention: heads are groups, the two products have no weights", () => {
    const g = graphBuilder();
    const q = g.input("q", [1, 2, 8, 4]);
    const k = g.input("k", [1, 2, 4, 8]);
    const v = g.input("v", [1, 2, 8, 4]);
    const mask = g.input("mask", [1, 1, 1, 8]);
    const scores = g.node("MatMul", "scores", [q, k], [1, 2, 8, 8]);
    const masked = g.node("Add", "masked", [scores, mask], [1, 2, 8, 8]);
    const weights = g.node("Softmax", "softmax", [masked], [1, 2, 8, 8]);
    const mixed = g.node("MatMul", "mix", [weights, v], [1, 2, 8, 4]);
    const merged = g.node("Reshape", "merge", [mixed], [1, 8, 8]);
    expect(show(workloadOf(g.build([merged])))).toMatchInlineSnapshot(`
      "
      scores attention N1 K16 C8 Y8 X1 R1 S1 g2 macs 512 weights 0 q,k,mask -> softmax window 20 row 8
      mix attention N1 K8 C16 Y8 X1 R1 S1 g2 macs 512 weights 0 softmax,v -> merge window 12 row 8
      q 64 B from input to [0]
      k 64 B from input to [0]
      v 64 B from input to [1]
      mask 8 B from input to [0]
      softmax 128 B from layer 0 to [1]
      merge 64 B from layer 1 to [] out
      "
    `);
  });

  test("convolutions of every kind: depthwise, 1-D, 3-D, transposed", () => {
    const g = graphBuilder();
    const x = g.input("x", [1, 4, 8, 8]);
    const line = g.input("line", [1, 4, 10]);
    const volume = g.input("volume", [1, 4, 6, 8, 8]);
    const outputs = [
      g.node("Conv", "depthwise", [x, g.constant("w0", [4, 1, 3, 3])], [1, 4, 4, 4], {
        attributes: { group: 4, strides: [2, 2], dilations: [2, 2] },
      }),
      g.node("Conv", "conv1d", [line, g.constant("w1", [2, 4, 3])], [1, 2, 8]),
      g.node("Conv", "conv3d", [volume, g.constant("w2", [2, 4, 3, 3, 3])], [1, 2, 4, 6, 6]),
      g.node("ConvTranspose", "up", [x, g.constant("w3", [4, 2, 2, 2])], [1, 2, 16, 16], {
        attributes: { strides: [2, 2] },
      }),
    ];
    expect(show(workloadOf(g.build(outputs)))).toMatchInlineSnapshot(`
      "
      depthwise depthwise N1 K4 C4 Y4 X4 R3 S3 g4 macs 576 weights 36 x -> depthwise window 160 row 16
      conv1d convolution N1 K2 C4 Y1 X8 R1 S3 g1 macs 192 weights 24 line -> conv1d window 40 row 16
      conv3d convolution N1 K2 C4 Y24 X6 R9 S3 g1 macs 31104 weights 216 volume -> conv3d window 288 row 12
      up transposed-convolution N1 K2 C4 Y8 X8 R2 S2 g1 macs 2048 weights 32 x -> up window 32 row 32
      x 256 B from input to [0,3]
      line 40 B from input to [1]
      volume 1536 B from input to [2]
      depthwise 64 B from layer 0 to [] out
      conv1d 16 B from layer 1 to [] out
      conv3d 288 B from layer 2 to [] out
      up 512 B from layer 3 to [] out
      "
    `);
  });

  test("shapes that hold four images give the quantities of one", () => {
    const build = (images: number): TypedGraph => {
      const g = graphBuilder();
      const x = g.input("x", [images, 3, 8, 8]);
      const c = g.node("Conv", "conv", [x, g.constant("w", [4, 3, 3, 3])], [images, 4, 6, 6]);
      const f = g.node("Flatten", "flatten", [c], [images, 144]);
      const y = g.node("Gemm", "fc", [f, g.constant("w2", [10, 144])], [images, 10], {
        attributes: { transB: 1 },
      });
      return g.build([y]);
    };
    expect(workloadOf(build(4))).toEqual(workloadOf(build(1)));
  });

  test("without a convolution a leading dimension may be a sequence, and one image has it all", () => {
    const g = graphBuilder();
    const x = g.input("x", [2048, 64]);
    const y = g.node("MatMul", "up", [x, g.constant("w", [64, 64])], [2048, 64]);
    expect(workloadTotals(workloadOf(g.build([y]))).macs).toBe(2048 * 64 * 64);
  });

  test("an opaque operator is shown with its stated shapes and never fused", () => {
    const g = graphBuilder();
    const a = g.node("Conv", "a", [g.input("x", [1, 4, 8, 8]), g.constant("w", [4, 4, 1, 1])], [1, 4, 8, 8]);
    const strange = g.node("Strange", "strange", [a, g.constant("table", [7])], [1, 4, 8, 8], {
      domain: "x",
    });
    g.unsupported("strange", "Strange");
    const layer = workloadOf(g.build([strange])).layers[1];
    expect(layer).toMatchObject({
      kind: "opaque",
      fusible: false,
      macs: 0,
      weightBytes: 7,
      inputWindowBytes: 256,
      outputRowBytes: 256,
    });
  });

  test("dead operators are no layers", () => {
    const g = graphBuilder();
    const x = g.input("x", [1, 4, 8, 8]);
    const w = g.constant("w", [4, 4, 1, 1]);
    const a = g.node("Conv", "a", [x, w], [1, 4, 8, 8]);
    g.node("Conv", "dead2", [g.node("Conv", "dead1", [x, w], [1, 4, 8, 8]), w], [1, 4, 8, 8]);
    expect(workloadOf(g.build([a])).layers.map((layer) => layer.name)).toEqual(["a"]);
  });

  test("a symbol without a size is named, with the option that binds it", () => {
    const g = graphBuilder();
    const x = g.input("x", ["batch", 3, 8, 8]);
    const y = g.node("Conv", "conv", [x, g.constant("w", [4, 3, 1, 1])], ["batch", 4, 8, 8]);
    expect(() => workloadOf(g.build([y]))).toThrowError(
      expect.objectContaining({
        code: "bad-input",
        message: expect.stringContaining('"batch" has no size'),
        where: 'input "x" [batch,3,8,8]',
        fix: expect.stringContaining("--shape x:1,3,8,8"),
      }),
    );
  });

  test("more MACs than a double counts exactly are refused", () => {
    const g = graphBuilder();
    const x = g.input("x", [1, 2 ** 20, 2 ** 20]);
    const y = g.node("MatMul", "huge", [x, g.constant("w", [2 ** 20, 2 ** 20])], [1, 2 ** 20, 2 ** 20]);
    expect(() => workloadOf(g.build([y]))).toThrowError('MACs of "huge"');
  });

  test("a size that only a run can tell names the node", () => {
    const g = graphBuilder();
    const x = g.input("x", [8]);
    const at = g.node("NonZero", "nonzero", [x], [1, "?1"], { elementType: "int64" });
    expect(() => workloadOf(g.build([at]))).toThrowError(
      expect.objectContaining({ code: "bad-input", where: 'node "nonzero" (NonZero)' }),
    );
  });
});

/** Every ONNX file of the shared material is read, and read again after it was written. */
import { readdirSync, readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { subgraphs } from "../src/graph/ir/captures.ts";
import type { Graph } from "../src/graph/ir/graph.ts";
import { verifyGraph } from "../src/graph/ir/verify.ts";
import { exportOnnx } from "../src/graph/onnx/export-onnx.ts";
import { exportTensor } from "../src/graph/onnx/export-tensor.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { importTensor } from "../src/graph/onnx/import-tensor.ts";
import { describeShared, hasShared, sharedPath } from "./shared.ts";

interface ManifestFile {
  readonly file: string;
  readonly ops?: Readonly<Record<string, number>>;
}

const manifest: readonly ManifestFile[] = hasShared
  ? JSON.parse(readFileSync(sharedPath("models", "manifest.json"), "utf8")).files
  : [];

/** The manifest counts calls of functions, the graph has their bodies: Silu(x) is Mul(x, Sigmoid(x)). */
const inlinedOperators: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "models/third-party/stream_swiglu_2048_4096_14336.onnx": { Gemm: 3, Mul: 2, Sigmoid: 1 },
};

function filesEndingWith(ending: string): readonly string[] {
  if (!hasShared) return [];
  return ["structure", "complete", "third-party"].flatMap((folder) =>
    readdirSync(sharedPath("models", folder)).flatMap((file) =>
      file.endsWith(ending) ? [`models/${folder}/${file}`] : [],
    ),
  );
}

/** Operators by name, those of subgraphs too. */
function operatorCounts(graph: Graph, counts = new Map<string, number>()): ReadonlyMap<string, number> {
  for (const node of graph.nodes) {
    const name = node.domain === "" ? node.operator : `${node.domain}.${node.operator}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const inner of subgraphs(node)) operatorCounts(inner.graph, counts);
  }
  return counts;
}

describeShared("ONNX files", 74, () => {
  describe.each(filesEndingWith(".onnx"))("%s", (file) => {
    const model = importOnnx(readFileSync(sharedPath(file)), { name: file });

    test("is a valid graph", () => {
      verifyGraph(model.graph);
    });

    test("reads the same after it is written", () => {
      const again = importOnnx(exportOnnx(model), { name: file });
      // Not toEqual, which takes seconds for a megabyte of weights.
      expect(isDeepStrictEqual(again, model)).toBe(true);
    });

    test("has the operators that the manifest lists", () => {
      const ops = inlinedOperators[file] ?? manifest.find((entry) => entry.file === file)?.ops;
      expect(ops).toBeDefined();
      expect(Object.fromEntries(operatorCounts(model.graph))).toEqual(ops);
    });
  });

  test.each(filesEndingWith(".pb"))("%s", (file) => {
    const { name, tensor } = importTensor(readFileSync(sharedPath(file)), { name: file });
    expect(tensor.shape.length).toBeGreaterThan(0);
    expect(importTensor(exportTensor(tensor, name))).toEqual({ name, tensor });
  });
});

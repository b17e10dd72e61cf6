/** Random and ill-fitting inputs for the conformance models: outputs, or an error that can be acted on. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LaminateError } from "../src/base/errors.ts";
import { randomInputs } from "../src/graph/interpreter/random-inputs.ts";
import { runGraph } from "../src/graph/interpreter/run-graph.ts";
import type { Graph, Value } from "../src/graph/ir/graph.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { describeShared, sharedPath } from "./shared.ts";
import { readTarGz } from "./tar.ts";

/** With a delta of 0, which is drawn often, these loop for as long as the interpreter allows. */
const endless = /range_.*_expanded/;

/** The graph with the first axis of every input one shorter. */
function shortened(graph: Graph): Graph {
  const inputs = graph.inputs.map(
    ({ name, type }): Value => ({
      name,
      type: {
        ...type,
        shape: type.shape?.map((size, axis) =>
          axis === 0 && typeof size === "number" ? Math.max(size - 1, 0) : size,
        ),
      },
    }),
  );
  return { ...graph, inputs };
}

function problemOf(graph: Graph, seed: number): unknown {
  try {
    runGraph({ graph }, randomInputs(graph, seed));
  } catch (error) {
    if (!(error instanceof LaminateError)) return error;
    if (error.where === undefined || error.fix === undefined) return error;
  }
  return undefined;
}

describeShared("conformance models with random inputs", 1072, () => {
  test("give outputs, or an error with its place and a way out", () => {
    const files = readTarGz(readFileSync(sharedPath("vectors", "onnx-1.12-testdata.tar.gz")));
    const problems: string[] = [];
    for (const [path, bytes] of files) {
      if (!path.endsWith("/model.onnx") || endless.test(path)) continue;
      const { graph } = importOnnx(bytes, { name: path });
      for (const [of, seed] of [
        [graph, 1],
        [graph, 2],
        [shortened(graph), 3],
      ] as const) {
        const problem = problemOf(of, seed);
        if (problem !== undefined) problems.push(`${path}, seed ${seed}: ${problem}`);
      }
    }
    expect(problems).toEqual([]);
  });
});

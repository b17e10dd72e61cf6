/** Test data in ONNX's standard layout: a folder of input_K.pb and output_K.pb. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { badInput } from "../base/errors.ts";
import type { Graph, Value } from "../graph/ir/graph.ts";
import type { RuntimeValue } from "../graph/ir/runtime-value.ts";
import { importValue } from "../graph/onnx/import-value.ts";
import { readWholeFile } from "../host/read-file.ts";

export interface TestData {
  readonly inputs: ReadonlyMap<string, RuntimeValue>;
  /** By output name; at least one. */
  readonly expected: ReadonlyMap<string, RuntimeValue>;
}

/** Throws bad-input where the folder has no expected output. */
export function readTestData(folder: string, graph: Graph): TestData {
  const expected = valuesIn(folder, "output", graph, graph.outputs);
  if (expected.size === 0) {
    throw badInput("there is no output_0.pb in this folder", {
      where: folder,
      fix: "give a folder of test data, like test_data_set_0 beside the model",
    });
  }
  return { inputs: valuesIn(folder, "input", graph, graph.inputs), expected };
}

function valuesIn(
  folder: string,
  kind: "input" | "output",
  graph: Graph,
  names: readonly Value[],
): ReadonlyMap<string, RuntimeValue> {
  return new Map(
    names.flatMap(({ name }, index) => {
      const path = join(folder, `${kind}_${index}.pb`);
      if (!existsSync(path)) return [];
      return [
        [name, importValue(readWholeFile(path), { name: path, type: graph.otherTypes?.get(name) })] as const,
      ];
    }),
  );
}

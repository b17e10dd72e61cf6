/** tfjs against the ONNX operator conformance models: what our program for it does not refuse must be right. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LaminateError } from "../src/base/errors.ts";
import { tfjsContender } from "../src/cli/bench/tfjs/tfjs-contender.ts";
import { compareValues } from "../src/graph/interpreter/compare-values.ts";
import type { Graph, Value } from "../src/graph/ir/graph.ts";
import type { RuntimeValue } from "../src/graph/ir/runtime-value.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { importValue } from "../src/graph/onnx/import-value.ts";
import { describeShared, sharedPath } from "./shared.ts";
import { readTarGz } from "./tar.ts";

/** tfjs computes 3x3 convolutions and exponentials in single precision with other roundings than the reference. */
const tolerance = { relative: 1e-3, absolute: 1e-5 };

/** What only a run can tell. */
const knownWrong: readonly { readonly names: RegExp; readonly why: string }[] = [
  { names: /gather_negative_indices/, why: "computed negative indices; tfjs says so when it runs" },
];

type Outcome = "right" | "refused" | `wrong: ${string}`;

describeShared("ONNX conformance models in tfjs", 1072, () => {
  const files = readTarGz(readFileSync(sharedPath("vectors", "onnx-1.12-testdata.tar.gz")));
  const folders = [...files.keys()].flatMap((path) =>
    path.endsWith("/model.onnx") ? [path.slice(0, -11)] : [],
  );

  function valuesIn(folder: string, graph: Graph, kind: string, names: readonly Value[]) {
    return new Map(
      names.flatMap(({ name }, index): (readonly [string, RuntimeValue])[] => {
        const path = `${folder}/test_data_set_0/${kind}_${index}.pb`;
        const bytes = files.get(path);
        if (bytes === undefined) return [];
        return [[name, importValue(bytes, { name: path, type: graph.otherTypes?.get(name) })]];
      }),
    );
  }

  async function outcomeOf(folder: string): Promise<Outcome> {
    const bytes = files.get(`${folder}/model.onnx`) ?? new Uint8Array();
    try {
      const { graph } = importOnnx(bytes, { name: folder });
      const inputs = valuesIn(folder, graph, "input", graph.inputs);
      const loading = await tfjsContender().load({ name: folder, bytes, shapes: {} }, { threads: 1 });
      if (loading.kind === "unsupported") return "refused";
      const bound = loading.bind(inputs);
      for (let run = 0; run < 2; run++) await bound.run();
      const outputs = bound.outputs();
      await loading.dispose();
      for (const [name, value] of valuesIn(folder, graph, "output", graph.outputs)) {
        const actual = outputs.get(name);
        const difference = actual === undefined ? undefined : compareValues(actual, value, tolerance);
        if (difference?.isClose !== true)
          return `wrong: ${difference?.reason ?? difference?.maxAbsoluteError}`;
      }
      return "right";
    } catch (error) {
      if (error instanceof LaminateError) return "refused";
      return `wrong: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  test("every model is refused or right", async () => {
    const outcomes = new Map<string, Outcome>();
    for (const folder of folders) outcomes.set(folder, await outcomeOf(folder));
    const count = (wanted: Outcome): number => [...outcomes.values()].filter((one) => one === wanted).length;
    console.log(`${count("right")} right, ${count("refused")} refused of ${folders.length}`);
    const wrong = [...outcomes].filter(([, outcome]) => outcome.startsWith("wrong"));
    expect(wrong.filter(([name]) => !knownWrong.some(({ names }) => names.test(name)))).toEqual([]);
    expect(count("right")).toBeGreaterThan(200);
  });
});

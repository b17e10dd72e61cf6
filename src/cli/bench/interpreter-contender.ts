/** The contender laminate-interpreter: the reference kernels, for small networks. It is slow by design. */
import { assert, known } from "../../base/assert.ts";
import { runGraph } from "../../graph/interpreter/run-graph.ts";
import { importOnnx } from "../../graph/onnx/import-onnx.ts";
import { packageVersion } from "../../host/package-root.ts";
import type { Contender, Values } from "./contender.ts";

export function interpreterContender(): Contender {
  return {
    name: "laminate-interpreter",
    version: async () => packageVersion(),
    load: async ({ name, bytes }, { threads }) => {
      if (threads > 1) return { kind: "unsupported", reason: "it has no threads" };
      const model = importOnnx(bytes, { name });
      return {
        kind: "loaded",
        flavour: "JavaScript",
        download: [],
        bind: (inputs) => {
          let last: Values | undefined;
          return {
            run: () => {
              last = runGraph(model, inputs);
              assert(last.size === model.graph.outputs.length, "every output was computed");
            },
            outputs: () => known(last, "a run"),
          };
        },
        dispose: async () => {},
      };
    },
  };
}

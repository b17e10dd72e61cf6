/**
 * The contender laminate: the network compiled into fused WebAssembly. Compiling is part of the time to the first output;
 * with relaxed SIMD where the engine has it (on Node 20 behind a flag, which is set here).
 */
import { LaminateError } from "../../base/errors.ts";
import { compileGraph } from "../../compiler/codegen/compile.ts";
import { bytesOfContent, type Content } from "../../compiler/codegen/content.ts";
import { supportsRelaxedSimd } from "../../compiler/runtime/features.ts";
import { modelParts } from "../../compiler/runtime/model-parts.ts";
import { createRuntime } from "../../compiler/runtime/runtime.ts";
import type { RunningModel } from "../../compiler/runtime/start-model.ts";
import type { TensorValue } from "../../graph/ir/runtime-value.ts";
import { importOnnx } from "../../graph/onnx/import-onnx.ts";
import { inferShapes } from "../../graph/ops/infer-shapes.ts";
import { nodeThreads } from "../../host/node-threads.ts";
import { packageVersion } from "../../host/package-root.ts";
import { enableRelaxedSimd } from "../../host/wasm-engine.ts";
import type { BoundRun, Contender, DownloadFile, Loading, Values } from "./contender.ts";

export function compiledContender(): Contender {
  return {
    name: "laminate",
    version: async () => packageVersion(),
    load: async ({ name, bytes, shapes }, { threads }): Promise<Loading> => {
      enableRelaxedSimd();
      const typed = inferShapes(importOnnx(bytes, { name }), shapes);
      try {
        const parts = modelParts([compileGraph(typed, { relaxedSimd: supportsRelaxedSimd() })], { threads });
        const startThread = nodeThreads();
        const model = await createRuntime({ threads, startThread }).load(parts);
        const kernels = model.relaxedSimd ? "relaxed simd" : "simd";
        return {
          kind: "loaded",
          flavour: model.threads === 1 ? kernels : `${kernels}, ${model.threads} threads`,
          download: downloadFiles(parts.files),
          bind: (inputs) => bind(model, inputs),
          dispose: async () => model.dispose(),
        };
      } catch (error) {
        if (error instanceof LaminateError) return { kind: "unsupported", reason: error.message };
        throw error;
      }
    },
  };
}

/** All but the weights. */
function downloadFiles(files: ReadonlyMap<string, Content>): readonly DownloadFile[] {
  return [...files]
    .filter(([name]) => name.endsWith(".wasm"))
    .map(([name, content]) => ({ name, bytes: bytesOfContent(content) }));
}

function bind(model: RunningModel, inputs: Values): BoundRun {
  const given = new Map(
    [...inputs].flatMap(([name, value]) => (value.kind === "tensor" ? [[name, value] as const] : [])),
  );
  let last: Awaited<ReturnType<RunningModel["run"]>> = {};
  return {
    run: async () => {
      last = await model.run(given);
    },
    outputs: () =>
      new Map(
        model.outputs.map(({ name, elementType, shape }): [string, TensorValue] => [
          name,
          { kind: "tensor", elementType, shape, elements: last[name] as TensorValue["elements"] },
        ]),
      ),
  };
}

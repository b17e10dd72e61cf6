/**
 * The contender ort-web: onnxruntime-web with its wasm execution provider, as its users run it (all graph optimisations,
 * SIMD, threads through shared memory). It reads the number of threads once in a process.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type * as Ort from "onnxruntime-web";
import { assert, known } from "../../base/assert.ts";
import {
  type RuntimeValue,
  type TensorValue,
  tensorFromDoubles,
  tensorValue,
} from "../../graph/ir/runtime-value.ts";
import type { ElementType } from "../../graph/ir/tensor.ts";
import type { BoundRun, Contender, DownloadFile, LoadedNetwork, Loading, Values } from "./contender.ts";
import { importOptional, packageFolder, packageVersionOf } from "./optional-package.ts";

type OrtModule = typeof Ort;

const packageName = "onnxruntime-web";
const install = `${packageName}@1.30.0`;

/** Threads that this process's runtime was started with. */
let startedThreads: number | undefined;

export function ortWebContender(): Contender {
  return {
    name: "ort-web",
    version: async () => {
      await importOptional<OrtModule>(packageName, install);
      return packageVersionOf(packageName);
    },
    load: async ({ bytes }, { threads }): Promise<Loading> => {
      const ort = await importOptional<OrtModule>(packageName, install);
      assert(startedThreads === undefined || startedThreads === threads, "ort-web was started with threads");
      startedThreads = threads;
      ort.env.wasm.numThreads = threads;
      ort.env.logLevel = "error";
      let session: Ort.InferenceSession;
      try {
        session = await ort.InferenceSession.create(bytes, {
          executionProviders: ["wasm"],
          logSeverityLevel: 3,
        });
      } catch (error) {
        return { kind: "unsupported", reason: error instanceof Error ? error.message : String(error) };
      }
      return loaded(ort, session, threads);
    },
  };
}

function loaded(ort: OrtModule, session: Ort.InferenceSession, threads: number): LoadedNetwork {
  return {
    kind: "loaded",
    flavour: threads === 1 ? "simd" : `simd, ${threads} threads`,
    download: downloadFiles(),
    bind: (inputs) => bind(ort, session, inputs),
    dispose: () => session.release(),
  };
}

/** The smallest build: wasm only, without the files for WebGPU and WebNN. */
function downloadFiles(): readonly DownloadFile[] {
  const names = ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"];
  const folder = join(packageFolder(packageName), "dist");
  return names.map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
}

function bind(ort: OrtModule, session: Ort.InferenceSession, inputs: Values): BoundRun {
  const feeds = Object.fromEntries([...inputs].map(([name, value]) => [name, toOrt(ort, value)]));
  let last: Ort.InferenceSession.ReturnType | undefined;
  return {
    run: async () => {
      last = await session.run(feeds);
    },
    outputs: () =>
      new Map(Object.entries(known(last, "a run")).map(([name, tensor]) => [name, fromOrt(tensor)])),
  };
}

function toOrt(ort: OrtModule, value: RuntimeValue): Ort.Tensor {
  assert(value.kind === "tensor" && !Array.isArray(value.elements), "inputs are tensors of numbers");
  const { elementType, elements, shape } = value;
  return new ort.Tensor(elementType as "float32", elements as Float32Array, shape);
}

function fromOrt({ type, data, dims }: Ort.Tensor): TensorValue {
  if (Array.isArray(data)) return tensorValue("string", dims, data);
  const elementType = type as ElementType;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    return tensorValue(elementType, dims, data);
  return tensorFromDoubles(elementType, dims, Array.from(data as Float32Array));
}

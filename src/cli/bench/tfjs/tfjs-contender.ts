/**
 * The contender tfjs-wasm: TensorFlow.js with its wasm backend, as a careful user runs it: images with the channels last,
 * weights permuted once, bias and activation through tf.fused, production mode. It has no threads in Node
 * (tensorflow/tfjs issue 3830).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { known } from "../../../base/assert.ts";
import type { TypedGraph } from "../../../graph/ir/graph.ts";
import { type RuntimeValue, type TensorValue, tensorFromDoubles } from "../../../graph/ir/runtime-value.ts";
import { importOnnx } from "../../../graph/onnx/import-onnx.ts";
import { staticShape } from "../../../graph/ops/fold.ts";
import { inferShapes } from "../../../graph/ops/infer-shapes.ts";
import type { BoundRun, Contender, DownloadFile, Loading, Values } from "../contender.ts";
import { packageFolder, packageVersionOf } from "../optional-package.ts";
import { inLayout, toLast, toPlain, transposed } from "./layout.ts";
import { tfDataType, tfElements } from "./program-builder.ts";
import { loadTf, type Tf, tfjsPackages, UnsupportedByTfjs } from "./tf.ts";
import { type ProgramEnd, type TfjsProgram, tfjsProgram } from "./tfjs-program.ts";

export function tfjsContender(): Contender {
  return {
    name: "tfjs-wasm",
    version: async () => {
      await loadTf();
      return packageVersionOf(tfjsPackages.wasm);
    },
    load: async ({ name, bytes, shapes }, { threads }): Promise<Loading> => {
      if (threads > 1) return { kind: "unsupported", reason: "tfjs has no threads in Node" };
      const tf = await loadTf();
      const typed = inferShapes(importOnnx(bytes, { name }), shapes);
      try {
        const program = tfjsProgram(tf, typed);
        return {
          kind: "loaded",
          flavour: "simd",
          download: downloadFiles(),
          bind: (inputs) => bind(tf, typed, program, inputs),
          dispose: async () => program.dispose(),
        };
      } catch (error) {
        if (error instanceof UnsupportedByTfjs) return { kind: "unsupported", reason: error.message };
        throw error;
      }
    },
  };
}

function downloadFiles(): readonly DownloadFile[] {
  const files = [
    [tfjsPackages.core, "tf-core.min.js"],
    [tfjsPackages.wasm, "tf-backend-wasm.min.js"],
    [tfjsPackages.wasm, "tfjs-backend-wasm-simd.wasm"],
  ] as const;
  return files.map(([from, name]) => ({
    name,
    bytes: readFileSync(join(packageFolder(from), "dist", name)),
  }));
}

/** An input as tfjs is given it. */
interface Feed {
  readonly elements: Float32Array | Int32Array | Uint8Array;
  readonly shape: number[];
  readonly dataType: ReturnType<typeof tfDataType>;
}

function bind(tf: Tf, typed: TypedGraph, program: TfjsProgram, inputs: Values): BoundRun {
  const feeds = program.inputs.map((end) => feedOf(end, inputs.get(end.name)));
  let last: readonly ArrayLike<number>[] | undefined;
  return {
    run: () => {
      const tensors = feeds.map(({ elements, shape, dataType }) => tf.tensor(elements, shape, dataType));
      const results = program.run(tensors);
      last = results.map((tensor) => tensor.dataSync() as Float32Array);
      for (const tensor of results) tensor.dispose();
    },
    outputs: () => {
      const arrays = known(last, "a run");
      return new Map(
        program.outputs.map((end, index) => [end.name, outputOf(typed, end, arrays[index] ?? [])] as const),
      );
    },
  };
}

function feedOf({ name, layout }: ProgramEnd, value: RuntimeValue | undefined): Feed {
  if (value?.kind !== "tensor") throw new UnsupportedByTfjs(`input "${name}" is no tensor`);
  const plain = tfElements(value);
  const elements =
    layout === "plain" ? plain : transposed(plain, value.shape, toLast, plain.slice() as typeof plain);
  return { elements, shape: inLayout(layout, value.shape), dataType: tfDataType(value.elementType) };
}

function outputOf(typed: TypedGraph, { name, layout }: ProgramEnd, elements: ArrayLike<number>): TensorValue {
  const type = typed.types.get(name);
  const shape = staticShape(type?.shape) ?? [];
  const numbers = Float64Array.from(elements);
  const plain =
    layout === "plain"
      ? numbers
      : transposed(numbers, inLayout("last", shape), toPlain, new Float64Array(numbers.length));
  return tensorFromDoubles(type?.elementType ?? "float32", shape, plain);
}

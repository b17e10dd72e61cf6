/** Compiles a network and runs it once, on values as the interpreter takes and gives them. */
import { setFlagsFromString } from "node:v8";
import { type CompileOptions, compileGraph } from "../src/compiler/codegen/compile.ts";
import type { Program } from "../src/compiler/codegen/program.ts";
import { createRuntime } from "../src/compiler/runtime/runtime.ts";
import type { Model } from "../src/graph/ir/graph.ts";
import type { ElementArray, RuntimeValue } from "../src/graph/ir/runtime-value.ts";
import type { Shape } from "../src/graph/ir/tensor.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";

// Node 20 has relaxed SIMD behind a flag, which must be set before the first validation. Code is optimized when it is
// compiled, as the first run is the only one.
setFlagsFromString("--experimental-wasm-relaxed-simd");
setFlagsFromString("--no-liftoff");

export type Values = ReadonlyMap<string, RuntimeValue>;

/** Whether tests run kernels with relaxed SIMD where they run one flavour only; LAMINATE_RELAXED=1 says so. */
export const runsRelaxed = process.env.LAMINATE_RELAXED === "1";

/** The outputs by name, for the shapes of these inputs. Throws LaminateError as compileGraph and the runtime do. */
export async function runCompiled(
  model: Model,
  inputs: Values,
  options: CompileOptions = {},
): Promise<Values> {
  const open = model.graph.inputs.filter(({ type }) => type.shape?.some((size) => typeof size === "string"));
  const bindings = new Map<string, Shape>(
    open.flatMap(({ name }) => {
      const value = inputs.get(name);
      return value?.kind === "tensor" ? [[name, value.shape]] : [];
    }),
  );
  return runProgram(
    compileGraph(inferShapes(model, { bindings }), { relaxedSimd: runsRelaxed, ...options }),
    inputs,
  );
}

/** The outputs of a program by name. */
export async function runProgram(program: Program, inputs: Values): Promise<Values> {
  const runtime = createRuntime();
  try {
    const model = await runtime.load(program);
    const tensors = [...inputs].flatMap(([name, value]) =>
      value.kind === "tensor" ? [[name, value] as const] : [],
    );
    const outputs = await model.run(new Map(tensors));
    return new Map(
      program.outputs.map(({ name, elementType, shape }) => [
        name,
        { kind: "tensor", elementType, shape, elements: outputs[name] as ElementArray },
      ]),
    );
  } finally {
    runtime.dispose();
  }
}

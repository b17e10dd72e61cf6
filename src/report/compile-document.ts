/** `laminate.compile/1`: what `compile --json` prints of a compiled network. */
import { z } from "zod";
import type { Program } from "../compiler/codegen/program.ts";
import type { FusionPlan } from "../compiler/fusion/fusion-plan.ts";
import { summarizePlan } from "../compiler/fusion/plan-summary.ts";
import type { DeepReadonly } from "./map-schema.ts";

export const compileSchemaName = "laminate.compile/1";

const counting = z.int().nonnegative();
const tensor = z.object({ name: z.string(), elementType: z.string(), shape: z.array(counting) });

export const compileSchema = z
  .object({
    schema: z.literal(compileSchemaName),
    model: z.string(),
    operators: counting,
    blocks: counting.describe("of the fusion plan that hold an operator"),
    kernels: counting.describe("different functions, each once however often it is called"),
    steps: counting.describe("calls of kernels in one run"),
    weightBytes: counting.describe("packed weights, constants and tables"),
    memoryBytes: counting.describe("all memory of a run, weights included"),
    threads: counting.describe("threads that it can be run on; 1: its memory is not shared"),
    relaxedSimd: z.boolean().describe("whether there is a variant with relaxed SIMD too"),
    inputs: z.array(tensor),
    outputs: z.array(tensor),
    files: z.array(z.object({ path: z.string(), bytes: counting })).describe("what was written"),
  })
  .describe("A network compiled to WebAssembly.");

/** A document of `laminate.compile/1`. */
export type CompileDocument = DeepReadonly<z.infer<typeof compileSchema>>;

export interface CompileFacts {
  readonly model: string;
  readonly plan: FusionPlan;
  readonly programs: readonly [Program, ...Program[]];
  readonly threads: number;
  readonly files: CompileDocument["files"];
}

export function compileDocument({ model, plan, programs, threads, files }: CompileFacts): CompileDocument {
  const [program] = programs;
  const { operators, blocks } = summarizePlan(plan);
  const tensors = (of: Program["inputs"]) =>
    of.map(({ name, elementType, shape }) => ({ name, elementType, shape: [...shape] }));
  return {
    schema: compileSchemaName,
    model,
    operators,
    blocks,
    kernels: program.functions.length,
    steps: program.steps.length,
    weightBytes: program.constants.byteLength,
    memoryBytes: program.memoryBytes,
    threads,
    relaxedSimd: programs.some(({ relaxedSimd }) => relaxedSimd),
    inputs: tensors(program.inputs),
    outputs: tensors(program.outputs),
    files,
  };
}

/** From a model to the programs that it compiles to, for the verbs that run or write them. */
import { compilePlan } from "../compiler/codegen/compile.ts";
import type { Program } from "../compiler/codegen/program.ts";
import type { FusionPlan } from "../compiler/fusion/fusion-plan.ts";
import { optimizeGraph } from "../compiler/fusion/rewrite/optimize.ts";
import type { TypedGraph } from "../graph/ir/graph.ts";
import { type PlanOptions, planAsAsked } from "./plan-options.ts";

export interface CompileSettings extends PlanOptions {
  /** Whether rewriting may change rounding a lot. */
  readonly fastMath?: boolean;
  /** Also for engines with relaxed SIMD; true, unless given. */
  readonly relaxedSimd?: boolean;
  /** Whether Winograd's method may be used; true, unless given. */
  readonly winograd?: boolean;
}

export interface CompiledModel {
  /** The plan, with the network as it was rewritten. */
  readonly plan: FusionPlan;
  /** For any engine, then for one with relaxed SIMD. */
  readonly programs: readonly [Program, ...Program[]];
}

/** The programs get the name, as the graphs of exporters are all called alike. */
export function compileModel(
  name: string,
  typed: TypedGraph,
  settings: CompileSettings,
  onPass?: (pass: string, typed: TypedGraph) => void,
): CompiledModel {
  const { fastMath = false, relaxedSimd = true, winograd = true } = settings;
  const rewritten = optimizeGraph(typed, { fastMath, ...(onPass === undefined ? {} : { onPass }) });
  const plan = planAsAsked(rewritten, settings);
  const programFor = (relaxed: boolean): Program => ({
    ...compilePlan(plan, { relaxedSimd: relaxed, winograd }),
    name,
  });
  return { plan, programs: relaxedSimd ? [programFor(false), programFor(true)] : [programFor(false)] };
}

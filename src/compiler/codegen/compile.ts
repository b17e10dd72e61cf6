/**
 * From a network to a program: rewrite, plan the fusion, lower block after block, place everything in memory. The paper's
 * section 4.4: a block becomes loops from its data flow, one operator decides its layout, and what only moves elements
 * becomes other indices.
 */
import { usageError } from "../../base/errors.ts";
import { quote } from "../../base/quote.ts";
import type { OpNode, TypedGraph } from "../../graph/ir/graph.ts";
import type { FusionPlan } from "../fusion/fusion-plan.ts";
import { exceptionNames, planFusion } from "../fusion/plan.ts";
import { optimizeGraph } from "../fusion/rewrite/optimize.ts";
import { mathFunction } from "./loops/vector-math.ts";
import type { Program } from "./program.ts";
import { Assembly } from "./schedule/assembly.ts";
import type { Context } from "./schedule/context.ts";
import { KernelCache } from "./schedule/kernel-cache.ts";
import { chooseLayouts } from "./schedule/layouts.ts";
import { lowerBlock } from "./schedule/lower-block.ts";
import { Memory } from "./schedule/memory.ts";
import { clearHalo } from "./schedule/operands.ts";
import { Placement } from "./schedule/placement.ts";
import { memoryTypeOf, refuseDataDependentSizes, shapeOf } from "./schedule/shapes.ts";
import { storeValues } from "./schedule/stores.ts";
import { allocateView } from "./schedule/views.ts";

export interface CompileOptions {
  /** Whether kernels may use fused multiply-add (relaxed SIMD); false, unless given. */
  readonly relaxedSimd?: boolean;
  /** Whether 3 x 3 convolutions may use Winograd's method, two to three times as fast; true, unless given. */
  readonly winograd?: boolean;
  /** How operators are gathered; by the table and all exceptions, unless given. */
  readonly plan?: (typed: TypedGraph) => FusionPlan;
  /** Whether the network is rewritten first; true, unless given. */
  readonly rewrite?: boolean;
  /**
   * Inputs that stay in the memory after a run, where a caller can change them in place (`inputView`): the state of a network
   * that runs step by step, without a copy at each. None, unless given.
   */
  readonly keptInputs?: readonly string[];
  /** Whether rewriting may change rounding a lot; false, unless given. */
  readonly fastMath?: boolean;
  /** Told the graph after each pass of rewriting. */
  readonly onPass?: (name: string, typed: TypedGraph) => void;
}

/**
 * Compiles a network whose shapes are all known.
 *
 * @throws LaminateError bad-input for operators that have no generated code, and for shapes and element types that are not
 * known before the network runs; it names the node or the value
 */
export function compileGraph(typed: TypedGraph, options: CompileOptions = {}): Program {
  const { fastMath = false, onPass } = options;
  const rewritten =
    options.rewrite === false
      ? typed
      : optimizeGraph(typed, { fastMath, ...(onPass === undefined ? {} : { onPass }) });
  const plan = (options.plan ?? ((graph) => planFusion(graph, { exceptions: exceptionNames })))(rewritten);
  return compilePlan(plan, options);
}

export interface PlanCompileOptions extends Pick<CompileOptions, "relaxedSimd" | "winograd" | "keptInputs"> {
  /** Told which of the program's steps run a block of the plan: from the first to before the end. */
  readonly onBlock?: (block: number, steps: { readonly first: number; readonly end: number }) => void;
}

/** Compiles the blocks of a fusion plan. */
export function compilePlan(
  plan: FusionPlan,
  { relaxedSimd = false, winograd = true, keptInputs = [], onBlock }: PlanCompileOptions = {},
): Program {
  const { typed } = plan;
  const { graph } = typed;
  refuseDataDependentSizes(typed);
  const assembly = new Assembly();
  const memory = new Memory(typed, chooseLayouts(typed));
  const producers = new Map<string, { node: OpNode; output: number }>();
  for (const node of graph.nodes) {
    node.outputs.forEach((name, output) => {
      if (name !== "") producers.set(name, { node, output });
    });
  }
  const placement = new Placement(memory, (view) => clearHalo(context, view));
  const context: Context = {
    typed,
    plan,
    memory,
    placement,
    assembly,
    kernels: new KernelCache(),
    relaxed: relaxedSimd,
    winograd,
    math: {
      callee: (name) => assembly.addHelper(mathFunction(name, relaxedSimd)),
      relaxed: relaxedSimd,
    },
    copies: new Map(),
    producerOf: (name) => producers.get(name),
  };
  const inputs = graph.inputs.map(({ name, type }) => {
    const view = allocateView(name, memoryTypeOf(type.elementType, `input "${name}"`), shapeOf(typed, name));
    memory.place(name, view);
    return { name, elementType: type.elementType, view };
  });
  plan.blocks.forEach((_, block) => {
    const first = assembly.stepCount;
    lowerBlock(context, block);
    onBlock?.(block, { first, end: assembly.stepCount });
  });
  const outputs = graph.outputs.map(({ name, type }) => {
    const view = placement.viewFor(name);
    if (memory.viewOf(name) !== view) storeValues(context, [{ name, view }], `output ${name}`);
    // Files need not say what their outputs are.
    return { name, elementType: typed.types.get(name)?.elementType ?? type.elementType, view };
  });
  const missing = keptInputs.find((name) => !inputs.some((input) => input.name === name));
  if (missing !== undefined)
    throw usageError(`there is no input ${quote(missing)} to keep`, { where: graph.name });
  return assembly.finish(graph.name, inputs, outputs, { relaxedSimd, keptInputs });
}

/** What the lowering of all blocks shares. */

import type { OpNode, TypedGraph } from "../../../graph/ir/graph.ts";
import type { FusionPlan } from "../../fusion/fusion-plan.ts";
import type { MathLibrary } from "../loops/emitter.ts";
import type { Buffer } from "../loops/expr.ts";
import { lowerKernel } from "../loops/lower.ts";
import type { Statement } from "../loops/nest.ts";
import { type Assembly, KernelBuffers } from "./assembly.ts";
import type { KernelCache } from "./kernel-cache.ts";
import type { Memory } from "./memory.ts";
import type { Placement } from "./placement.ts";
import { ValueReader } from "./read-value.ts";
import type { View } from "./views.ts";

export interface Context {
  readonly typed: TypedGraph;
  readonly plan: FusionPlan;
  readonly memory: Memory;
  readonly placement: Placement;
  readonly assembly: Assembly;
  readonly kernels: KernelCache;
  readonly relaxed: boolean;
  /** Whether 3 x 3 convolutions may be computed by Winograd's method, which changes the last digits. */
  readonly winograd: boolean;
  readonly math: MathLibrary;
  /** Values that were copied into another order, by value and order. */
  readonly copies: Map<string, View>;
  readonly producerOf: (name: string) => { readonly node: OpNode; readonly output: number } | undefined;
}

/** A reader of values for one kernel, and the buffers that it comes to use. */
export function newReader(context: Context): {
  readonly reader: ValueReader;
  readonly buffers: KernelBuffers;
} {
  const buffers = new KernelBuffers();
  const reader = new ValueReader(context.memory, context.producerOf, (view) => buffers.of(view));
  return { reader, buffers };
}

/** Makes a kernel of a loop nest and a step that runs it. */
export function addNest(
  { assembly, math, kernels }: Context,
  {
    name,
    body,
    buffers,
    work,
    label,
  }: {
    readonly name: string;
    readonly body: readonly Statement[];
    readonly buffers: KernelBuffers;
    readonly work: number;
    readonly label: string;
  },
): void {
  const nest = { name, buffers: buffers.buffers, body };
  const kernel = kernels.once("nest", [nest], () => lowerKernel(nest, math));
  assembly.addStep({ ...kernel, work, label, buffers: buffers.placed, writes: body.flatMap(storedBuffers) });
}

/** The buffers that a statement stores to. */
function storedBuffers(statement: Statement): readonly Buffer[] {
  switch (statement.kind) {
    case "loop":
    case "vector-loop":
      return statement.body.flatMap(storedBuffers);
    case "store":
      return [statement.buffer];
    case "reduce":
      return [];
    default:
      return statement satisfies never;
  }
}

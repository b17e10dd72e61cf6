/** Transposed convolution: one ordinary convolution for each phase of the output, whose pixels are a stride apart. */
import type { OpNode } from "../../../graph/ir/graph.ts";
import type { BlockState } from "./block.ts";
import { notCompiled } from "./not-compiled.ts";

export function lowerTransposedConvolution(_state: BlockState, node: OpNode): void {
  throw notCompiled(node);
}

/**
 * A block as kernels. Operators with kernels of their own (convolution, product, pool, rows) come in their order, each
 * taking what follows it along; what is left over is stored by loops over expressions. A value that only moves elements of
 * what is in memory needs no kernel: it is another view.
 */

import type { OpNode } from "../../../graph/ir/graph.ts";
import { intOf, isStandard } from "../../../graph/ir/node-attributes.ts";
import { lowerAttention } from "./attention.ts";
import { makeAvailable, viewAsOther } from "./available.ts";
import { BlockState } from "./block.ts";
import type { Context } from "./context.ts";
import { lowerConvolution, lowerPool } from "./convolutions.ts";
import { nestOf } from "./nest-operators.ts";
import { notCompiled } from "./not-compiled.ts";
import { lowerGemm, lowerMatMul } from "./products.ts";
import { isExpression } from "./read-value.ts";
import { reducedAxesOf } from "./row-operators.ts";
import { lowerRows } from "./rows.ts";
import { shapeOf } from "./shapes.ts";
import { storeGroups, storeValues } from "./stores.ts";
import { lowerTransposedConvolution } from "./transposed.ts";
import { partOf } from "./views.ts";

type Lower = (state: BlockState, node: OpNode, label: string) => void;

const kernels: Readonly<Record<string, Lower>> = {
  Conv: lowerConvolution,
  ConvTranspose: lowerTransposedConvolution,
  MaxPool: lowerPool,
  AveragePool: lowerPool,
  MatMul: (state, node, label) => {
    if (!lowerAttention(state, node, label)) lowerMatMul(state, node, label);
  },
  Gemm: lowerGemm,
};

export function lowerBlock(context: Context, block: number): void {
  const state = new BlockState(context, block);
  for (const node of state.nodes) {
    if (state.done.has(node) || node.outputs.every((name) => name === "" || context.memory.has(name)))
      continue;
    if (node.operator === "Concat" && isStandard(node)) {
      lowerConcat(state, node);
      continue;
    }
    if (isExpression(context.memory, node)) continue;
    const lower = nestOf(context.memory, node) ?? (isStandard(node) ? tiledOf(context, node) : undefined);
    if (lower === undefined) throw notCompiled(node);
    for (const name of operandsInMemory(state, node)) makeAvailable(state, name);
    lower(state, node, labelOf(state, node));
  }
  storePending(state);
}

function tiledOf(context: Context, node: OpNode): Lower | undefined {
  return kernels[node.operator] ?? (reducedAxesOf(context, node) === undefined ? undefined : lowerRows);
}

/** Operands that the node's kernel reads from memory, or that are needed there and ready. */
function operandsInMemory(state: BlockState, node: OpNode): readonly string[] {
  return node.inputs.filter((name) => state.needed.has(name) && state.isInside(name));
}

/** For people: the node, and how many more the block has. */
function labelOf(state: BlockState, node: OpNode): string {
  const others = state.nodes.length - 1;
  return `${node.operator} ${node.name}${others > 0 ? ` + ${others}` : ""}`;
}

/** Copies the parts that are not in their places yet. */
function lowerConcat(state: BlockState, node: OpNode): void {
  const { context } = state;
  const { memory, placement, typed } = context;
  const [whole = ""] = node.outputs;
  const view = placement.viewFor(whole);
  const shape = shapeOf(typed, whole);
  const axis = concatenationAxis(node, shape.length);
  let start = 0;
  for (const name of node.inputs) {
    const size = shapeOf(typed, name)[axis] ?? 0;
    const part = partOf(view, axis, start, size);
    start += size;
    // A part may have come into memory elsewhere first, as part of another whole.
    if (placement.isPartOf(name, whole) && memory.viewOf(name) === placement.viewFor(name)) continue;
    const before = memory.viewOf(name);
    storeValues(context, [{ name, view: part }], `${node.operator} ${node.name}`);
    if (before !== undefined) memory.place(name, before);
  }
  memory.place(whole, view);
}

function concatenationAxis(node: OpNode, rank: number): number {
  const at = intOf(node, "axis", 1);
  return at < 0 ? at + rank : at;
}

/** Stores what the block still owes. */
function storePending(state: BlockState): void {
  const { context } = state;
  const left: string[] = [];
  for (const name of state.pending()) if (!viewAsOther(context, name)) left.push(name);
  const targets = left.map((name) => ({ name, view: context.placement.viewFor(name) }));
  storeGroups(context, targets, (names) => `elementwise ${names.join(", ")}`);
}

/** A fused block with what a layer is made of: its live operators, the values it reads and makes, its heavy operator. */
import { assert, known } from "../../base/assert.ts";
import type { DataFlow } from "../../compiler/fusion/data-flow.ts";
import { activationsRead } from "../../compiler/fusion/data-flow.ts";
import type { FusedGraph } from "../../compiler/fusion/fused-graph.ts";
import type { Roles } from "../../compiler/fusion/roles.ts";
import type { OpNode } from "../../graph/ir/graph.ts";

export interface BlockView {
  /** The operators that run, in topological order: constant ones are left out. */
  readonly nodes: readonly number[];
  readonly heavy: number | undefined;
  readonly isBarrier: boolean;
  /** Activations from other blocks or from the network's inputs, by first use. */
  readonly reads: readonly string[];
  /** Activations made here that other blocks read or the network returns. */
  readonly makes: readonly string[];
}

/** The blocks that become layers: those from which a network output can be reached and that do anything at run time. */
export function blockViews(fused: FusedGraph, { flow, roles }: Roles): readonly BlockView[] {
  const { nodes } = fused.typed.graph;
  const blockOf = new Map<number, number>();
  const running = fused.blocks.map((block) => block.nodes.filter((node) => roles[node] !== "constant"));
  running.forEach((members, index) => {
    for (const node of members) blockOf.set(node, index);
  });
  const needed = running.map(() => false);
  const views: BlockView[] = [];
  for (let index = running.length - 1; index >= 0; index--) {
    const members = known(running[index], "block");
    const makes = outputsOf(members, nodes).filter((value) => leaves(value, index, flow, blockOf, needed));
    if (makes.length === 0) continue;
    needed[index] = true;
    const heavy = members.filter((node) => roles[node] === "heavy");
    assert(heavy.length <= 1, "a block has at most one heavy operator");
    views.push({
      nodes: members,
      heavy: heavy[0],
      isBarrier: members.some((node) => roles[node] === "barrier"),
      reads: readFromOutside(members, flow, nodes),
      makes,
    });
  }
  return views.reverse();
}

function outputsOf(members: readonly number[], nodes: readonly OpNode[]): readonly string[] {
  return members.flatMap((node) => known(nodes[node], "node").outputs.filter((output) => output !== ""));
}

/** Blocks are in topological order, so whether a reader is needed is decided before. */
function leaves(
  value: string,
  block: number,
  flow: DataFlow,
  blockOf: ReadonlyMap<number, number>,
  needed: readonly boolean[],
): boolean {
  if (flow.networkOutputs.has(value)) return true;
  return (flow.consumersOf.get(value) ?? []).some((consumer) => {
    const reader = blockOf.get(consumer);
    return reader !== undefined && reader !== block && needed[reader] === true;
  });
}

function readFromOutside(
  members: readonly number[],
  flow: DataFlow,
  nodes: readonly OpNode[],
): readonly string[] {
  const made = new Set(outputsOf(members, nodes));
  const reads = new Set<string>();
  for (const node of members)
    for (const value of activationsRead(flow, node)) if (!made.has(value)) reads.add(value);
  return [...reads];
}

/**
 * The static fusion plan: the same blocks on every machine, with at most one heavy operator each, made in three steps.
 * 1. Grow: an operator joins the block that feeds it (`joins`), the latest one where several do.
 * 2. Sink: the tail of a block moves into the only block that reads it where fewer bytes then cross between blocks
 *    (sink.ts): a concatenation before one convolution, the gate of a squeeze-and-excitation, embeddings.
 * 3. Constants go to the block that uses them.
 * No step can close a cycle: blocks are numbered as they are opened, and every edge leads from a lower number to a
 * higher one. Joining the latest of the feeding blocks keeps that, and so does moving towards the only reader.
 * Edges into constant nodes (Shape of an activation) carry no data and do not count. Cost: linear in the graph.
 */
import { known } from "../../base/assert.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import { activationsRead } from "./data-flow.ts";
import type { Block, FusedGraph } from "./fused-graph.ts";
import type { Role, Roles } from "./roles.ts";
import { rolesOf } from "./roles.ts";
import { sinkTails } from "./sink.ts";

/** Gathers the operators of a network into blocks. A planner that measures has this type too. */
export type FusionPlanner = (typed: TypedGraph) => FusedGraph;

/**
 * Whether an operator joins the block that feeds it, given the role of the operator that opened the block. This is the
 * whole rule: light operators always do, so a block has one heavy operator at most, and barriers stay alone.
 */
export function joins(operator: Role, blockOpener: Role): boolean {
  return operator === "light" && blockOpener !== "barrier";
}

/** Gathers the operators of a network into blocks by the static plan. */
export function fuse(typed: TypedGraph): FusedGraph {
  const roles = rolesOf(typed);
  const blockOf = growBlocks(roles);
  sinkTails(typed, roles, blockOf);
  placeConstants(typed, roles, blockOf);
  return { typed, blocks: collect(blockOf) };
}

/** The block number of every node that is not constant; constant nodes have none yet (-1). */
function growBlocks(roles: Roles): number[] {
  const { flow } = roles;
  const openers: Role[] = [];
  const blockOf = roles.roles.map(() => -1);
  for (const node of growthOrder(roles)) {
    const role = known(roles.roles[node], "role");
    const feeding = latestProducer(activationsRead(flow, node), flow.producerOf, blockOf);
    const opener = openers[feeding];
    if (opener !== undefined && joins(role, opener)) blockOf[node] = feeding;
    else blockOf[node] = openers.push(role) - 1;
  }
  return blockOf;
}

/**
 * The operators that run, those that follow from the network's inputs by light operators alone first: a mask that the
 * file computes late must not look like the later of two producers, and take the softmax from its matrix product.
 */
function growthOrder({ flow, roles }: Roles): readonly number[] {
  const early: number[] = [];
  const late: number[] = [];
  const isEarly: boolean[] = [];
  roles.forEach((role, node) => {
    isEarly[node] =
      role === "light" &&
      activationsRead(flow, node).every((value) => isEarly[flow.producerOf.get(value) ?? -1] !== false);
    if (role !== "constant") (isEarly[node] ? early : late).push(node);
  });
  return [...early, ...late];
}

function latestProducer(
  values: readonly string[],
  producerOf: ReadonlyMap<string, number>,
  blockOf: readonly number[],
): number {
  let latest = -1;
  for (const value of values) {
    const producer = producerOf.get(value);
    if (producer !== undefined) latest = Math.max(latest, blockOf[producer] ?? -1);
  }
  return latest;
}

/** A constant node goes to the first block that uses it, through other constants too; unused ones to the last block. */
function placeConstants(typed: TypedGraph, { flow, roles }: Roles, blockOf: number[]): void {
  const last = blockOf.reduce((latest, block) => Math.max(latest, block), 0);
  for (let node = roles.length - 1; node >= 0; node--) {
    if (roles[node] !== "constant") continue;
    let first = Number.POSITIVE_INFINITY;
    for (const output of known(typed.graph.nodes[node], "node").outputs)
      for (const consumer of flow.consumersOf.get(output) ?? [])
        first = Math.min(first, blockOf[consumer] ?? last);
    blockOf[node] = Math.min(first, last);
  }
}

function collect(blockOf: readonly number[]): Block[] {
  const nodesOf = new Map<number, number[]>();
  blockOf.forEach((block, node) => {
    const nodes = nodesOf.get(block);
    if (nodes === undefined) nodesOf.set(block, [node]);
    else nodes.push(node);
  });
  return [...nodesOf.entries()].sort(([a], [b]) => a - b).map(([, nodes]) => ({ nodes }));
}

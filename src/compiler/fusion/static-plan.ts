/**
 * The static fusion plan, from which the mapping side takes its layers: the table-driven plan (plan.ts) as it is on every
 * machine, without a measured latency and without an exception that joins heavy operators, so that a block has one of
 * them at most. The table says what one loop of a processor does well. For layers of an accelerator three steps follow:
 * 1. Borders between blocks move to where the fewest bytes cross (borders.ts).
 * 2. A block without a heavy operator joins the last of the blocks that feed it, whatever the table says: what only
 *    selects, sorts or reduces is no layer of its own.
 * 3. Blocks are put in the file's order, as far as they can be.
 * Barriers stay alone. Deterministic; the cost is that of `planFusion`.
 */
import { known } from "../../base/assert.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import { moveBorders } from "./borders.ts";
import type { Ecg } from "./ecg.ts";
import type { Block, FusedGraph } from "./fused-graph.ts";
import { placeNodes } from "./fusion-plan.ts";
import { planFusion } from "./plan.ts";

/** Gathers the operators of a network into blocks. A planner that measures has this type too. */
export type FusionPlanner = (typed: TypedGraph) => FusedGraph;

/** The exceptions beyond the table that leave a block with one heavy operator at most. */
const exceptions = ["pooling", "normalization"];

/** Gathers the operators of a network into blocks by the static plan. */
export function fuse(typed: TypedGraph): FusedGraph {
  const { ecg, blockOf: planned } = planFusion(typed, { exceptions });
  // Constants have no block while others move. The numbers are a topological order of the blocks, and stay one.
  const blockOf = planned.map((block, node) => (ecg.operators[node] === undefined ? -1 : block));
  const barriers = new Set(blockOf.filter((_, node) => ecg.operators[node]?.barrier));
  moveBorders(ecg, blockOf, barriers);
  joinLight(ecg, blockOf, barriers);
  return { typed, blocks: gather(placeNodes(ecg, inFileOrder(ecg, gather(blockOf)))) };
}

/**
 * Towards the last block that feeds it no path leads through a third one, so joining it closes no cycle. What joins a
 * light block may read from an earlier one, so this goes on until nothing joins; hardly ever is there a third round.
 */
function joinLight(ecg: Ecg, blockOf: number[], barriers: ReadonlySet<number>): void {
  for (let joined = true; joined; ) {
    joined = false;
    for (const { nodes } of gather(blockOf)) {
      const own = known(blockOf[known(nodes[0], "node")], "block");
      if (barriers.has(own) || nodes.some((node) => ecg.operators[node]?.heavy)) continue;
      const last = feeders(ecg, nodes).reduce((latest, node) => {
        const block = known(blockOf[node], "block");
        return block === own ? latest : Math.max(latest, block);
      }, -1);
      if (last < 0 || barriers.has(last)) continue;
      for (const node of nodes) blockOf[node] = last;
      joined = true;
    }
  }
}

/** The operators whose results some others read. */
function feeders(ecg: Ecg, nodes: readonly number[]): readonly number[] {
  return nodes.flatMap((node) =>
    known(ecg.reads[node], "reads").flatMap(({ producer }) => (producer === undefined ? [] : producer)),
  );
}

/** Blocks by the place of their heavy operators (or first ones) in the file, each behind those that feed it. */
function inFileOrder(ecg: Ecg, blocks: readonly Block[]): readonly Block[] {
  const placeOf: number[] = [];
  const places = blocks.map(({ nodes }) => {
    const own = nodes.find((node) => ecg.operators[node]?.heavy) ?? known(nodes[0], "node");
    const place = feeders(ecg, nodes).reduce((latest, node) => Math.max(latest, placeOf[node] ?? 0), own);
    for (const node of nodes) placeOf[node] = place;
    return place;
  });
  const order = [...blocks.keys()].sort(
    (a, b) => known(places[a], "place") - known(places[b], "place") || a - b,
  );
  return order.map((at) => known(blocks[at], "block"));
}

/** Blocks by number; nodes without one are left out. */
function gather(blockOf: readonly number[]): readonly Block[] {
  const nodesOf = new Map<number, number[]>();
  blockOf.forEach((block, node) => {
    if (block < 0) return;
    const nodes = nodesOf.get(block);
    if (nodes === undefined) nodesOf.set(block, [node]);
    else nodes.push(node);
  });
  return [...nodesOf.entries()].sort(([a], [b]) => a - b).map(([, nodes]) => ({ nodes }));
}

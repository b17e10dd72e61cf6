/** The order of a static plan's blocks: for tests of random graphs and of real models. */
import { expect } from "vitest";
import { extendGraph } from "../src/compiler/fusion/ecg.ts";
import type { FusedGraph } from "../src/compiler/fusion/fused-graph.ts";

/**
 * Every value comes from the same block or an earlier one. Blocks follow the file by their heavy operators, or by their
 * first ones, but for those that wait for a block which stands later there.
 */
export function expectOrder({ typed, blocks }: FusedGraph): void {
  const { operators, reads } = extendGraph(typed);
  const blockOf = new Map(blocks.flatMap(({ nodes }, block) => nodes.map((node) => [node, block] as const)));
  const places: number[] = [];
  blocks.forEach(({ nodes }, block) => {
    const own = nodes.find((node) => operators[node]?.heavy) ?? nodes.find((node) => operators[node]) ?? 0;
    const feeding = nodes.flatMap((node) => (reads[node] ?? []).flatMap(({ producer }) => producer ?? []));
    for (const node of feeding) expect(blockOf.get(node)).toBeLessThanOrEqual(block);
    places.push(Math.max(own, ...feeding.map((node) => places[blockOf.get(node) ?? block] ?? 0)));
  });
  expect(places, "the file's order").toEqual([...places].sort((a, b) => a - b));
}

/**
 * The quotient graph of a plan in the making: blocks as vertices, kept acyclic and in a topological order while blocks
 * merge. The order makes the check cheap: a path from one block to another runs only through what lies between the
 * two in the order, so a merge looks at that part and reorders that part (after Pearce and Kelly's dynamic order).
 * A merge costs the edges of the blocks in between, which for neighbours are few.
 */
import { assert, known } from "../../base/assert.ts";
import type { Ecg } from "./ecg.ts";

export interface Quotient {
  /** The block of a node; -1 for constant nodes. */
  blockOf(node: number): number;
  /** The nodes of a block, ascending. */
  nodesOf(block: number): readonly number[];
  /** The blocks in topological order. */
  inOrder(): readonly number[];
  /** Position in the topological order; only comparisons mean anything, and merges change it. */
  positionOf(block: number): number;
  /** Whether a path leaves these blocks and comes back to one of them: merged they would close a cycle. */
  wouldCycle(blocks: readonly number[]): boolean;
  /** Merges different blocks, which must not close a cycle; returns the block that they now are. */
  merge(blocks: readonly number[]): number;
}

export function quotientOf(ecg: Ecg): Quotient {
  const successors = ecg.results.map((values) => [...new Set(values.flatMap(({ consumers }) => consumers))]);
  const block = ecg.operators.map((operator, index) => (operator === undefined ? -1 : index));
  const members = block.map((own): number[] => (own < 0 ? [] : [own]));
  /** Block by place in the order, -1 where one has merged away; and the other way round. */
  const order = block.slice();
  const position = block.map((_, index) => index);

  const blockOf = (node: number): number => block[node] ?? -1;
  const nodesOf = (at: number): readonly number[] => members[at] ?? [];
  const positionOf = (at: number): number => known(position[at], "position");

  /** What follows from the blocks, before the last of them; undefined if one of them does, through others. */
  const between = (blocks: readonly number[]): ReadonlySet<number> | undefined => {
    const end = Math.max(...blocks.map(positionOf));
    const own = new Set(blocks);
    const found = new Set<number>();
    const open = [...blocks];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const node of nodesOf(at)) {
        for (const successor of known(successors[node], "successors")) {
          const next = blockOf(successor);
          if (own.has(next)) {
            if (!own.has(at)) return undefined;
          } else if (next !== at && !found.has(next) && positionOf(next) < end) {
            found.add(next);
            open.push(next);
          }
        }
      }
    }
    return found;
  };

  /** The blocks from one place to another: those that do not follow from the merged block, it, those that do. */
  const reorder = (first: number, last: number, merged: number, after: ReadonlySet<number>): void => {
    const places: number[] = [];
    const [before, behind]: [number[], number[]] = [[], []];
    for (let at = first; at <= last; at++) {
      const here = known(order[at], "block");
      places.push(at);
      if (here >= 0 && nodesOf(here).length > 0 && here !== merged)
        (after.has(here) ? behind : before).push(here);
    }
    const fresh = [...before, merged, ...behind];
    places.forEach((place, index) => {
      const here = fresh[index] ?? -1;
      order[place] = here;
      if (here >= 0) position[here] = place;
    });
  };

  return {
    blockOf,
    nodesOf,
    positionOf,
    inOrder: () => order.filter((at) => at >= 0),
    wouldCycle: (blocks) => between(blocks) === undefined,
    merge: (blocks) => {
      const after = between(blocks);
      assert(after !== undefined, "a merge that closes a cycle");
      assert(new Set(blocks).size === blocks.length, "a block merged with itself");
      const positions = blocks.map(positionOf);
      const kept = largest(blocks, (at) => nodesOf(at).length);
      const nodes = blocks.flatMap(nodesOf).sort((x, y) => x - y);
      for (const gone of blocks) members[gone] = [];
      for (const node of nodes) block[node] = kept;
      members[kept] = nodes;
      reorder(Math.min(...positions), Math.max(...positions), kept, after);
      return kept;
    },
  };
}

function largest(blocks: readonly number[], size: (block: number) => number): number {
  return blocks.reduce((best, at) => (size(at) > size(best) ? at : best));
}

/**
 * Where the border between two blocks lies: light operators at the edge of a block move to its neighbour where fewer
 * bytes then cross between blocks, counted as every tensor written once by its block and read once by each block that
 * uses it. That is what the mapping side pays for; the table of mapping types says what one loop does well, and is blind
 * to it. Two kinds of move:
 * - back: the head of a block, which follows from other blocks alone, moves to the last of those. A pool with which a
 *   branch begins; an upsampling and the addition behind it, in a feature pyramid.
 * - on: the tail of a block, which leads to one other block alone, moves there. A concatenation before one convolution
 *   (DenseNet, U-Net), x * gate (squeeze-and-excitation), a normalisation whose input the residual path needs anyway,
 *   embeddings before the first layer. A residual addition gains nothing that way, and stays where it is.
 * Neither closes a cycle: block numbers are a topological order, and both leave every edge from a lower to a higher one.
 * Heads and tails are at most `longest` operators, and readers are counted by block: linear in the graph, but for that.
 */
import { known } from "../../base/assert.ts";
import type { Ecg, EcgValue } from "./ecg.ts";

const longest = 48;

/** What moves are made on; blockOf and readers change with each. */
interface Borders {
  readonly ecg: Ecg;
  /** Block number by node, -1 for constant nodes. */
  readonly blockOf: number[];
  /** By activation, how many operators of each block read it. */
  readonly readers: ReadonlyMap<string, Map<number, number>>;
  /** Blocks that nothing may join. */
  readonly barriers: ReadonlySet<number>;
}

/** Operators of one block, ascending, that would run in another. */
interface Move {
  readonly nodes: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** Moves operators between blocks whose numbers are a topological order; changes `blockOf`. Blocks may end up empty. */
export function moveBorders(ecg: Ecg, blockOf: number[], barriers: ReadonlySet<number>): void {
  const borders: Borders = { ecg, blockOf, barriers, readers: countReaders(ecg, blockOf) };
  // In the order of the network: once a head has moved, what follows from it may be free to follow it.
  for (let node = 0; node < blockOf.length; node++) {
    const move = isLight(ecg, node) ? moveBack(borders, node) : undefined;
    if (move !== undefined && changeInBytes(borders, move) < 0) apply(borders, move);
  }
  // And back, for the same reason.
  for (let node = blockOf.length - 1; node >= 0; node--) {
    if (!isLight(ecg, node)) continue;
    for (const value of known(ecg.results[node], "results")) {
      const move = moveOn(borders, value, node);
      if (move !== undefined) apply(borders, move);
    }
  }
}

function isLight(ecg: Ecg, node: number): boolean {
  const operator = ecg.operators[node];
  return operator !== undefined && !operator.heavy && !operator.barrier;
}

function countReaders(ecg: Ecg, blockOf: readonly number[]): ReadonlyMap<string, Map<number, number>> {
  const readers = new Map<string, Map<number, number>>();
  for (const { name, consumers } of ecg.values.values()) {
    const counts = new Map<number, number>();
    for (const node of consumers) {
      const block = known(blockOf[node], "block");
      counts.set(block, (counts.get(block) ?? 0) + 1);
    }
    readers.set(name, counts);
  }
  return readers;
}

function readersOf({ readers }: Borders, value: EcgValue): ReadonlyMap<number, number> {
  return known(readers.get(value.name), "readers");
}

function apply({ ecg, blockOf, readers }: Borders, { nodes, from, to }: Move): void {
  for (const node of nodes) {
    blockOf[node] = to;
    for (const { name } of known(ecg.reads[node], "reads")) {
      const counts = known(readers.get(name), "readers");
      const left = known(counts.get(from), "readers in the block") - 1;
      if (left === 0) counts.delete(from);
      else counts.set(from, left);
      counts.set(to, (counts.get(to) ?? 0) + 1);
    }
  }
}

/** An operator with all of its block that it follows from, to the last of the blocks that feed those. */
function moveBack({ ecg, blockOf, barriers }: Borders, node: number): Move | undefined {
  const from = known(blockOf[node], "block");
  const head = new Set([node]);
  let to = -1;
  // A set is walked in the order in which it grows.
  for (const at of head) {
    if (!isLight(ecg, at) || head.size > longest) return undefined;
    for (const { producer } of known(ecg.reads[at], "reads")) {
      if (producer === undefined) continue;
      const block = known(blockOf[producer], "block");
      if (block === from) head.add(producer);
      else to = Math.max(to, block);
    }
  }
  if (to < 0 || barriers.has(to)) return undefined;
  return { nodes: [...head].sort((a, b) => a - b), from, to };
}

/** The end of a tail whose result only one other block reads: most bytes saved, then fewest operators. */
function moveOn(borders: Borders, value: EcgValue, producer: number): Move | undefined {
  const { blockOf, barriers } = borders;
  const from = known(blockOf[producer], "block");
  const counts = readersOf(borders, value);
  if (counts.size > 2 || value.isNetworkOutput) return undefined;
  const [to, ...others] = [...counts.keys()].filter((block) => block !== from);
  if (to === undefined || others.length > 0 || barriers.has(to)) return undefined;
  const tail = tailOf(borders, producer, from, to);
  let best: Move | undefined;
  let bestChange = 0;
  for (let start = tail.length - 1; start >= 0; start--) {
    const move = { nodes: tail.slice(start), from, to };
    const change = changeInBytes(borders, move);
    if (change < bestChange) [best, bestChange] = [move, change];
  }
  return best;
}

/** The light operators up to one whose results lead nowhere but to one block or to each other, in the graph's order. */
function tailOf(borders: Borders, end: number, from: number, to: number): readonly number[] {
  const { ecg, blockOf } = borders;
  const tail = new Set<number>();
  const readInTail = new Map<string, number>();
  const leadsOut = (result: EcgValue): boolean => {
    const counts = readersOf(borders, result);
    const elsewhere = counts.size - (counts.has(from) ? 1 : 0) - (counts.has(to) ? 1 : 0);
    const stays = (counts.get(from) ?? 0) - (readInTail.get(result.name) ?? 0);
    return !result.isNetworkOutput && elsewhere === 0 && stays === 0;
  };
  // Latest first, so that all that an operator feeds has been looked at before it.
  const candidates = [end];
  for (let at = candidates.pop(); at !== undefined && tail.size < longest; at = candidates.pop()) {
    if (tail.has(at) || !isLight(ecg, at) || !known(ecg.results[at], "results").every(leadsOut)) continue;
    tail.add(at);
    for (const { name, producer } of known(ecg.reads[at], "reads")) {
      readInTail.set(name, (readInTail.get(name) ?? 0) + 1);
      if (producer !== undefined && blockOf[producer] === from) candidates.push(producer);
    }
    candidates.sort((a, b) => a - b);
  }
  return [...tail].sort((a, b) => a - b);
}

/** How many more bytes cross between blocks after a move. */
function changeInBytes(borders: Borders, move: Move): number {
  const { reads, results } = borders.ecg;
  const moved = new Set(move.nodes);
  const timesRead = new Map<EcgValue, number>();
  for (const node of moved) {
    for (const value of known(reads[node], "reads")) timesRead.set(value, (timesRead.get(value) ?? 0) + 1);
    for (const value of known(results[node], "results")) timesRead.set(value, timesRead.get(value) ?? 0);
  }
  let change = 0;
  for (const [value, times] of timesRead)
    change += value.bytes * changeInCrossings(borders, value, times, moved, move);
  return change;
}

/**
 * How much more often a value crosses a border, once out of its block if anybody needs it there and once into every
 * other block that reads it, when so many of its readers move, and its producer with them or not.
 */
function changeInCrossings(
  borders: Borders,
  value: EcgValue,
  readersMoved: number,
  moved: ReadonlySet<number>,
  { from, to }: Move,
): number {
  const { producer, isNetworkOutput } = value;
  const counts = readersOf(borders, value);
  const home = producer === undefined ? undefined : known(borders.blockOf[producer], "block");
  const homeAfter = producer !== undefined && moved.has(producer) ? to : home;
  const isInFrom = (counts.get(from) ?? 0) > readersMoved;
  const isInTo = counts.has(to) || readersMoved > 0;
  const isRead = (block: number): boolean =>
    block === from ? isInFrom : block === to ? isInTo : counts.has(block);
  const blocksAfter =
    counts.size + Number(isInFrom) - Number(counts.has(from)) + Number(isInTo) - Number(counts.has(to));
  const crossings = (outside: number): number =>
    outside + Number(home !== undefined && (outside > 0 || isNetworkOutput));
  const before = counts.size - Number(home !== undefined && counts.has(home));
  const after = blocksAfter - Number(homeAfter !== undefined && isRead(homeAfter));
  return crossings(after) - crossings(before);
}

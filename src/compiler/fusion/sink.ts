/**
 * Sinking: where a block ends in light operators whose result only one other block reads, those operators may run in
 * the reader instead. They do when fewer bytes then cross between blocks, counted as every tensor written once by its
 * block and read once by each block that uses it. Typical: Concat -> BatchNormalization -> Relu before one convolution
 * (DenseNet), a concatenation or an upsampling before one convolution (U-Net, FPN), x * gate (squeeze-and-excitation),
 * a normalisation whose input the residual path needs anyway, embeddings before the first layer.
 * A residual addition gains nothing that way, and stays where it is. Segments longer than `longestTail` are cut, and readers are counted by block, which keeps the cost linear in the graph.
 */
import { known } from "../../base/assert.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import { elementBits, elementCount } from "../../graph/ir/tensor.ts";
import { activationsRead } from "./data-flow.ts";
import type { Roles } from "./roles.ts";

const longestTail = 48;

/** What sinking works on; blockOf and readers change with every move. */
interface Plan {
  readonly typed: TypedGraph;
  readonly roles: Roles;
  /** Block number by node, -1 for constants. */
  readonly blockOf: number[];
  /** For every activation, how many operators of each block read it. */
  readonly readers: ReadonlyMap<string, Map<number, number>>;
  readonly barriers: ReadonlySet<number>;
}

/** A result of one block that exactly one other block reads. */
interface Crossing {
  readonly producer: number;
  readonly from: number;
  readonly to: number;
}

/** Moves tails to the blocks that read them; changes `blockOf` (block number by node, -1 for constants). */
export function sinkTails(typed: TypedGraph, roles: Roles, blockOf: number[]): void {
  const plan: Plan = {
    typed,
    roles,
    blockOf,
    readers: countReaders(roles, blockOf),
    barriers: new Set(blockOf.filter((_, node) => roles.roles[node] === "barrier")),
  };
  // From the last result back: once a tail has moved, what it reads may be free to follow.
  for (let node = blockOf.length - 1; node >= 0; node--) {
    if (roles.roles[node] !== "light") continue;
    for (const value of outputsOf(plan, node)) {
      const crossing = onlyReader(plan, value, node);
      if (crossing === undefined) continue;
      for (const moved of bestTail(plan, tailOf(plan, crossing), crossing)) move(plan, moved, crossing);
    }
  }
}

function countReaders({ flow, roles }: Roles, blockOf: readonly number[]): Map<string, Map<number, number>> {
  const readers = new Map<string, Map<number, number>>();
  roles.forEach((_, node) => {
    const block = known(blockOf[node], "block");
    for (const value of activationsRead(flow, node)) {
      const counts = readers.get(value) ?? new Map<number, number>();
      readers.set(value, counts.set(block, (counts.get(block) ?? 0) + 1));
    }
  });
  return readers;
}

function move({ roles, blockOf, readers }: Plan, node: number, { from, to }: Crossing): void {
  blockOf[node] = to;
  for (const value of activationsRead(roles.flow, node)) {
    const counts = known(readers.get(value), "readers");
    const left = known(counts.get(from), "readers in the block") - 1;
    if (left === 0) counts.delete(from);
    else counts.set(from, left);
    counts.set(to, (counts.get(to) ?? 0) + 1);
  }
}

function outputsOf({ typed }: Plan, node: number): readonly string[] {
  return known(typed.graph.nodes[node], "node").outputs.filter((output) => output !== "");
}

function onlyReader(
  { roles, blockOf, readers, barriers }: Plan,
  value: string,
  producer: number,
): Crossing | undefined {
  const from = known(blockOf[producer], "block");
  const counts = readers.get(value);
  if (counts === undefined || counts.size > 2 || roles.flow.networkOutputs.has(value)) return undefined;
  const [to, ...others] = [...counts.keys()].filter((block) => block !== from);
  if (to === undefined || others.length > 0 || barriers.has(to)) return undefined;
  return { producer, from, to };
}

/** The light operators of the block whose results lead nowhere but through the crossing, in topological order. */
function tailOf(plan: Plan, { producer, from, to }: Crossing): number[] {
  const { roles, blockOf, readers } = plan;
  const tail = new Set<number>();
  const readInTail = new Map<string, number>();
  const leadsOut = (output: string): boolean => {
    const counts = readers.get(output);
    if (roles.flow.networkOutputs.has(output)) return false;
    if (counts === undefined) return true;
    const elsewhere = counts.size - (counts.has(from) ? 1 : 0) - (counts.has(to) ? 1 : 0);
    return elsewhere === 0 && (counts.get(from) ?? 0) === (readInTail.get(output) ?? 0);
  };
  // Latest first, so that all that an operator feeds has been looked at before it.
  const candidates = [producer];
  for (let at = candidates.pop(); at !== undefined && tail.size < longestTail; at = candidates.pop()) {
    if (tail.has(at) || roles.roles[at] !== "light" || !outputsOf(plan, at).every(leadsOut)) continue;
    tail.add(at);
    for (const value of activationsRead(roles.flow, at)) {
      readInTail.set(value, (readInTail.get(value) ?? 0) + 1);
      const feeder = roles.flow.producerOf.get(value);
      if (feeder !== undefined && blockOf[feeder] === from) candidates.push(feeder);
    }
    candidates.sort((a, b) => a - b);
  }
  return [...tail].sort((a, b) => a - b);
}

/** The end of the tail that is worth moving: most bytes saved, then fewest operators; empty if none saves any. */
function bestTail(plan: Plan, tail: readonly number[], crossing: Crossing): readonly number[] {
  let best: readonly number[] = [];
  let bestChange = 0;
  for (let start = tail.length - 1; start >= 0; start--) {
    const moved = tail.slice(start);
    const change = changeInBytes(plan, moved, crossing);
    if (change < bestChange) [best, bestChange] = [moved, change];
  }
  return best;
}

/** How many more bytes cross between blocks when these operators move; NaN where a size is not known. */
function changeInBytes(plan: Plan, moved: readonly number[], crossing: Crossing): number {
  const reads = new Map<string, number>();
  const made = new Set<string>();
  for (const node of moved) {
    for (const output of outputsOf(plan, node)) made.add(output);
    for (const value of activationsRead(plan.roles.flow, node)) reads.set(value, (reads.get(value) ?? 0) + 1);
  }
  let change = 0;
  for (const value of new Set([...reads.keys(), ...made])) {
    const times = changeInCrossings(plan, value, reads.get(value) ?? 0, made.has(value), crossing);
    if (times !== 0) change += times * bytesOf(plan.typed, value);
  }
  return change;
}

/**
 * How much more often a value crosses a block's edge, once out of its block if anybody needs it there and once into
 * every other block that reads it, when so many of its readers in the block move, and its producer with them or not.
 */
function changeInCrossings(
  { roles, blockOf, readers }: Plan,
  value: string,
  readersMoved: number,
  producerMoves: boolean,
  { from, to }: Crossing,
): number {
  const counts = readers.get(value) ?? new Map<number, number>();
  const producer = roles.flow.producerOf.get(value);
  const home = producer === undefined ? undefined : blockOf[producer];
  const isOutput = roles.flow.networkOutputs.has(value);
  const crossings = (outside: number): number =>
    outside + (producer !== undefined && (outside > 0 || isOutput) ? 1 : 0);
  const before = counts.size - (home !== undefined && counts.has(home) ? 1 : 0);
  const fromReads = (counts.get(from) ?? 0) > readersMoved;
  const toReads = counts.has(to) || readersMoved > 0;
  const elsewhere = counts.size - (counts.has(from) ? 1 : 0) - (counts.has(to) ? 1 : 0);
  const newHome = producerMoves ? to : home;
  const isElsewhere = newHome !== undefined && newHome !== from && newHome !== to && counts.has(newHome);
  const after =
    elsewhere -
    (isElsewhere ? 1 : 0) +
    (fromReads && newHome !== from ? 1 : 0) +
    (toReads && newHome !== to ? 1 : 0);
  return crossings(after) - crossings(before);
}

function bytesOf(typed: TypedGraph, value: string): number {
  const type = typed.types.get(value);
  const elements = type?.shape === undefined ? undefined : elementCount(type.shape);
  if (type === undefined || elements === undefined) return Number.NaN;
  return (elements * (elementBits[type.elementType] || 32)) / 8;
}

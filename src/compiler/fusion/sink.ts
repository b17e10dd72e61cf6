/**
 * Sinking: where a block ends in light operators whose result only one other block reads, those operators may run in
 * the reader instead. They do when fewer bytes then cross between blocks, counted as every tensor written once by its
 * block and read once by each block that uses it. Typical: Concat -> BatchNormalization -> Relu before one convolution
 * (DenseNet), a concatenation or an upsampling before one convolution (U-Net, FPN), x * gate (squeeze-and-excitation),
 * a normalisation whose input the residual path needs anyway, embeddings before the first layer.
 * A residual addition gains nothing that way, and stays where it is. Segments longer than `longestTail` are cut, which
 * keeps the cost linear in the graph.
 */
import { known } from "../../base/assert.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import { elementBits, elementCount } from "../../graph/ir/tensor.ts";
import type { DataFlow } from "./data-flow.ts";
import { activationsRead } from "./data-flow.ts";
import type { Roles } from "./roles.ts";

const longestTail = 48;

/** A result of one block that exactly one other block reads. */
interface Crossing {
  readonly value: string;
  readonly producer: number;
  readonly from: number;
  readonly to: number;
}

/** Moves tails to the blocks that read them; changes `blockOf` (block number by node, -1 for constants). */
export function sinkTails(typed: TypedGraph, roles: Roles, blockOf: number[]): void {
  const { flow } = roles;
  // From the last result back: once a tail has moved, what it reads may be free to follow.
  for (let node = blockOf.length - 1; node >= 0; node--) {
    if (roles.roles[node] !== "light") continue;
    for (const value of known(typed.graph.nodes[node], "node").outputs) {
      const crossing = onlyReader(value, node, roles, blockOf);
      if (crossing === undefined) continue;
      const tail = bestTail(typed, flow, tailOf(typed, roles, blockOf, crossing), blockOf, crossing);
      for (const moved of tail) blockOf[moved] = crossing.to;
    }
  }
}

function onlyReader(
  value: string,
  producer: number,
  roles: Roles,
  blockOf: readonly number[],
): Crossing | undefined {
  const from = known(blockOf[producer], "block");
  const consumers = liveConsumers(roles.flow, value);
  const [first] = consumers;
  if (first === undefined || roles.flow.networkOutputs.has(value)) return undefined;
  const to = known(blockOf[first], "block");
  if (to === from || consumers.some((consumer) => blockOf[consumer] !== to)) return undefined;
  return roles.roles[first] === "barrier" ? undefined : { value, producer, from, to };
}

/** The light operators of the block whose results lead nowhere but through the crossing, in topological order. */
function tailOf(typed: TypedGraph, roles: Roles, blockOf: readonly number[], crossing: Crossing): number[] {
  const { flow } = roles;
  const tail = new Set<number>();
  const stays = (consumer: number): boolean => !tail.has(consumer) && blockOf[consumer] !== crossing.to;
  const leadsOut = (node: number): boolean =>
    known(typed.graph.nodes[node], "node").outputs.every(
      (output) => !flow.networkOutputs.has(output) && !liveConsumers(flow, output).some(stays),
    );
  // Latest first, so that all that an operator feeds has been looked at before it.
  const candidates = [crossing.producer];
  for (let at = candidates.pop(); at !== undefined && tail.size < longestTail; at = candidates.pop()) {
    if (tail.has(at) || roles.roles[at] !== "light" || !leadsOut(at)) continue;
    tail.add(at);
    for (const value of activationsRead(flow, at)) {
      const producer = flow.producerOf.get(value);
      if (producer !== undefined && blockOf[producer] === crossing.from) candidates.push(producer);
    }
    candidates.sort((a, b) => a - b);
  }
  return [...tail].sort((a, b) => a - b);
}

/** The end of the tail that is worth moving: most bytes saved, then fewest operators; empty if none saves any. */
function bestTail(
  typed: TypedGraph,
  flow: DataFlow,
  tail: readonly number[],
  blockOf: readonly number[],
  crossing: Crossing,
): readonly number[] {
  let best: readonly number[] = [];
  let bestChange = 0;
  for (let start = tail.length - 1; start >= 0; start--) {
    const moved = tail.slice(start);
    const change = changeInBytes(typed, flow, new Set(moved), blockOf, crossing);
    if (change < bestChange) [best, bestChange] = [moved, change];
  }
  return best;
}

/** How many more bytes cross between blocks when these operators move; NaN where a size is not known. */
function changeInBytes(
  typed: TypedGraph,
  flow: DataFlow,
  moved: ReadonlySet<number>,
  blockOf: readonly number[],
  { from, to }: Crossing,
): number {
  const touched = new Set<string>();
  for (const node of moved) {
    for (const value of activationsRead(flow, node)) touched.add(value);
    for (const output of known(typed.graph.nodes[node], "node").outputs)
      if (output !== "") touched.add(output);
  }
  let change = 0;
  for (const value of touched) {
    const before = crossings(flow, value, (node) => blockOf[node]);
    const after = crossings(flow, value, (node) =>
      blockOf[node] === from && moved.has(node) ? to : blockOf[node],
    );
    if (after !== before) change += (after - before) * bytesOf(typed, value);
  }
  return change;
}

/** How often a value crosses a block's edge: once out of its block if anybody needs it, once into every reader. */
function crossings(flow: DataFlow, value: string, blockOf: (node: number) => number | undefined): number {
  const producer = flow.producerOf.get(value);
  const home = producer === undefined ? undefined : blockOf(producer);
  const readers = new Set<number | undefined>();
  for (const consumer of liveConsumers(flow, value)) readers.add(blockOf(consumer));
  readers.delete(home);
  const written = producer !== undefined && (readers.size > 0 || flow.networkOutputs.has(value));
  return readers.size + (written ? 1 : 0);
}

function liveConsumers(flow: DataFlow, value: string): readonly number[] {
  return (flow.consumersOf.get(value) ?? []).filter((consumer) => !flow.isConstantNode[consumer]);
}

function bytesOf(typed: TypedGraph, value: string): number {
  const type = typed.types.get(value);
  const elements = type?.shape === undefined ? undefined : elementCount(type.shape);
  if (type === undefined || elements === undefined) return Number.NaN;
  return (elements * (elementBits[type.elementType] || 32)) / 8;
}

/**
 * A plan in the making: the quotient graph, the mapping type of every block, and the verdict on every edge examined.
 * `tryFuse` is the one place where the table, the limits, a cost and the acyclicity of the quotient graph meet.
 */
import { known } from "../../base/assert.ts";
import type { MappingType } from "../../graph/ops/row.ts";
import type { Ecg, EcgValue } from "./ecg.ts";
import { estimateFusion } from "./estimate.ts";
import { type FusionCell, fusionCell, moreComplex } from "./fusion-table.ts";
import { type BlockLimits, brokenLimit } from "./limits.ts";
import { type Quotient, quotientOf } from "./quotient.ts";
import type { Reason, Verdict } from "./verdict.ts";

/** The seconds that operators take, run as one block; undefined where that is not known. */
export type LatencyOf = (nodes: readonly number[]) => number | undefined;

/** What decides the yellow cells, and who wants to know. */
export interface Costs {
  readonly latencyOf?: LatencyOf | undefined;
  /** Told each yellow cell that was looked at: the operators of the two blocks, ascending, and what decided. */
  readonly onYellow?:
    | ((first: readonly number[], second: readonly number[], reason: Reason) => void)
    | undefined;
}

/** An edge between two operators. */
export interface Edge {
  /** Its place in the list of all edges. */
  readonly id: number;
  readonly producer: number;
  readonly consumer: number;
  readonly value: EcgValue;
}

export interface Draft {
  readonly ecg: Ecg;
  readonly quotient: Quotient;
  readonly limits: BlockLimits;
  readonly costs: Costs;
  /** By block. */
  readonly types: MappingType[];
  /** Names of the exceptions that made a block, by block. */
  readonly exceptions: Map<number, ReadonlySet<string>>;
  readonly edges: readonly Edge[];
  /** Edges by the node that they lead from, and by the one that they lead to. */
  readonly edgesFrom: readonly (readonly Edge[])[];
  readonly edgesTo: readonly (readonly Edge[])[];
  /** By edge. */
  readonly verdicts: (Verdict | undefined)[];
  /** By edge, the sizes of its blocks when they were last refused. */
  readonly refusedAt: (number | undefined)[];
}

export function newDraft(ecg: Ecg, limits: BlockLimits, costs: Costs): Draft {
  const edges = edgesOf(ecg);
  const edgesFrom = ecg.operators.map((): Edge[] => []);
  const edgesTo = ecg.operators.map((): Edge[] => []);
  for (const edge of edges) {
    edgesFrom[edge.producer]?.push(edge);
    edgesTo[edge.consumer]?.push(edge);
  }
  return {
    ecg,
    edges,
    edgesFrom,
    edgesTo,
    quotient: quotientOf(ecg),
    limits,
    costs,
    types: ecg.operators.map((operator) => operator?.mappingType ?? "one-to-one"),
    exceptions: new Map(),
    verdicts: [],
    refusedAt: [],
  };
}

/** Every edge between operators, by consumer. */
export function edgesOf(ecg: Ecg): readonly Edge[] {
  const edges: Edge[] = [];
  ecg.reads.forEach((values, consumer) => {
    for (const value of values) {
      const { producer } = value;
      if (producer !== undefined) edges.push({ id: edges.length, producer, consumer, value });
    }
  });
  return edges;
}

/** Edges by the size of what they carry, the largest first. */
export function bySize(edges: readonly Edge[]): readonly Edge[] {
  return [...edges].sort((a, b) => b.value.bytes - a.value.bytes || a.consumer - b.consumer);
}

export function typeOf(draft: Draft, block: number): MappingType {
  return known(draft.types[block], "type of the block");
}

/**
 * Fuses the blocks of an edge if the table, the limits, the cost and the quotient graph agree; says if it did. Blocks only
 * grow, so two that were refused and are no larger now are refused again: a path between them does not go away.
 */
export function tryFuse(draft: Draft, edge: Edge): boolean {
  const { quotient, refusedAt } = draft;
  const [first, second] = [quotient.blockOf(edge.producer), quotient.blockOf(edge.consumer)];
  const sizes = quotient.nodesOf(first).length * draft.ecg.operators.length + quotient.nodesOf(second).length;
  if (refusedAt[edge.id] === sizes) return false;
  const types = [typeOf(draft, first), typeOf(draft, second)] as const;
  const cell = fusionCell(...types);
  const reason = judge(draft, first, second, cell);
  const fused = cell.colour !== "red" && isYes(reason);
  record(draft, edge, { fused, types, reason });
  if (fused) draft.types[mergeBlocks(draft, [first, second])] = cell.fused;
  else refusedAt[edge.id] = sizes;
  return fused;
}

/** Whether a cost, or the table, is for fusing. */
export function isYes(reason: Reason): boolean {
  if (reason.kind === "estimate") return reason.estimate.savedBytes > reason.estimate.lostBytes;
  if (reason.kind === "latency") return reason.fusedLatency < reason.separateLatency;
  return reason.kind === "green";
}

function judge(draft: Draft, first: number, second: number, { colour }: FusionCell): Reason {
  const { ecg, quotient } = draft;
  const parts = [quotient.nodesOf(first), quotient.nodesOf(second)] as const;
  if (parts.some((nodes) => nodes.some((node) => ecg.operators[node]?.barrier))) return { kind: "barrier" };
  if (colour === "red") return { kind: "red" };
  const limit = brokenLimit(ecg, parts, draft.limits);
  if (limit !== undefined) return { kind: "limit", limit };
  const cost: Reason = colour === "green" ? { kind: "green" } : costOfFusing(draft, ...parts);
  return isYes(cost) && quotient.wouldCycle([first, second]) ? { kind: "cycle" } : cost;
}

function costOfFusing(draft: Draft, first: readonly number[], second: readonly number[]): Reason {
  const { latencyOf, onYellow } = draft.costs;
  const measured = latencyOf && latencies(latencyOf, first, second);
  const reason: Reason = measured ?? { kind: "estimate", estimate: estimateFusion(draft.ecg, first, second) };
  onYellow?.(first, second, reason);
  return reason;
}

/** Part of the time of separate blocks by which fused ones must differ from it: closer is noise, and the estimate decides. */
const tellingPart = 0.03;

function latencies(
  latencyOf: LatencyOf,
  first: readonly number[],
  second: readonly number[],
): Extract<Reason, { kind: "latency" }> | undefined {
  const [a, b] = [latencyOf(first), latencyOf(second)];
  const fusedLatency = latencyOf([...first, ...second].sort((x, y) => x - y));
  if (a === undefined || b === undefined || fusedLatency === undefined) return undefined;
  const separateLatency = a + b;
  const isTelling = Math.abs(fusedLatency - separateLatency) > tellingPart * separateLatency;
  return isTelling ? { kind: "latency", fusedLatency, separateLatency } : undefined;
}

/** Fuses the blocks of some operators by a named exception, if limits and quotient graph allow; says if it did. */
export function tryException(draft: Draft, name: string, nodes: readonly number[]): boolean {
  const { quotient, ecg } = draft;
  const blocks = [...new Set(nodes.map((node) => quotient.blockOf(node)))];
  if (blocks.length < 2) return false;
  const parts = blocks.map((block) => quotient.nodesOf(block));
  const limit = brokenLimit(ecg, parts, draft.limits);
  const reason: Reason =
    limit !== undefined
      ? { kind: "limit", limit }
      : quotient.wouldCycle(blocks)
        ? { kind: "cycle" }
        : { kind: "exception", name };
  const fused = reason.kind === "exception";
  recordBetween(draft, parts, fused, reason);
  if (!fused) return false;
  const type = blocks.map((block) => typeOf(draft, block)).reduce(moreComplex);
  const merged = mergeBlocks(draft, blocks);
  draft.types[merged] = type;
  draft.exceptions.set(merged, new Set([...(draft.exceptions.get(merged) ?? []), name]));
  return true;
}

/** The same verdict on every edge between the parts. */
function recordBetween(
  draft: Draft,
  parts: readonly (readonly number[])[],
  fused: boolean,
  reason: Reason,
): void {
  const { quotient } = draft;
  const blocks = new Set(parts.flatMap((nodes) => nodes.slice(0, 1).map((node) => quotient.blockOf(node))));
  for (const node of parts.flat()) {
    for (const edge of known(draft.edgesTo[node], "edges")) {
      const [first, second] = [quotient.blockOf(edge.producer), quotient.blockOf(edge.consumer)];
      if (first === second || !blocks.has(first)) continue;
      record(draft, edge, { fused, types: [typeOf(draft, first), typeOf(draft, second)], reason });
    }
  }
}

function mergeBlocks(draft: Draft, blocks: readonly number[]): number {
  const names = new Set(blocks.flatMap((block) => [...(draft.exceptions.get(block) ?? [])]));
  const merged = draft.quotient.merge(blocks);
  for (const block of blocks) draft.exceptions.delete(block);
  if (names.size > 0) draft.exceptions.set(merged, names);
  return merged;
}

export function record(
  { verdicts }: Draft,
  { id, producer, consumer, value }: Edge,
  { fused, types, reason }: Pick<Verdict, "fused" | "types" | "reason">,
): void {
  verdicts[id] = { producer, consumer, value: value.name, fused, types, reason };
}

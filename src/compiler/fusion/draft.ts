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

/** The latency of operators run as one block, in any unit; undefined where it is not known. */
export type LatencyOf = (nodes: readonly number[]) => number | undefined;

/** An edge between two operators. */
export interface Edge {
  readonly producer: number;
  readonly consumer: number;
  readonly value: EcgValue;
}

export interface Draft {
  readonly ecg: Ecg;
  readonly quotient: Quotient;
  readonly limits: BlockLimits;
  readonly latencyOf: LatencyOf | undefined;
  /** By block. */
  readonly types: MappingType[];
  /** Names of the exceptions that made a block, by block. */
  readonly exceptions: Map<number, ReadonlySet<string>>;
  /** By consumer and value. */
  readonly verdicts: Map<string, Verdict>;
}

export function newDraft(ecg: Ecg, limits: BlockLimits, latencyOf: LatencyOf | undefined): Draft {
  return {
    ecg,
    quotient: quotientOf(ecg),
    limits,
    latencyOf,
    types: ecg.operators.map((operator) => operator?.mappingType ?? "one-to-one"),
    exceptions: new Map(),
    verdicts: new Map(),
  };
}

/** Every edge between operators, by consumer. */
export function edgesOf(ecg: Ecg): readonly Edge[] {
  return ecg.reads.flatMap((values, consumer) =>
    values.flatMap((value) =>
      value.producer === undefined ? [] : [{ producer: value.producer, consumer, value }],
    ),
  );
}

export function typeOf(draft: Draft, block: number): MappingType {
  return known(draft.types[block], "type of the block");
}

/** Fuses the blocks of an edge if the table, the limits, the cost and the quotient graph agree; says if it did. */
export function tryFuse(draft: Draft, edge: Edge): boolean {
  const { quotient } = draft;
  const [first, second] = [quotient.blockOf(edge.producer), quotient.blockOf(edge.consumer)];
  const types = [typeOf(draft, first), typeOf(draft, second)] as const;
  const cell = fusionCell(...types);
  const reason = judge(draft, first, second, cell);
  const fused = cell.colour !== "red" && isYes(reason);
  record(draft, { ...edge, value: edge.value.name, fused, types, reason });
  if (fused) draft.types[mergeBlocks(draft, [first, second])] = cell.fused;
  return fused;
}

function isYes(reason: Reason): boolean {
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
  const measured = draft.latencyOf && latencies(draft.latencyOf, first, second);
  return measured ?? { kind: "estimate", estimate: estimateFusion(draft.ecg, first, second) };
}

function latencies(
  latencyOf: LatencyOf,
  first: readonly number[],
  second: readonly number[],
): Reason | undefined {
  const [a, b] = [latencyOf(first), latencyOf(second)];
  const fusedLatency = latencyOf([...first, ...second].sort((x, y) => x - y));
  if (a === undefined || b === undefined || fusedLatency === undefined) return undefined;
  return { kind: "latency", fusedLatency, separateLatency: a + b };
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
  const { quotient, ecg } = draft;
  const blocks = new Set(parts.flatMap((nodes) => nodes.slice(0, 1).map((node) => quotient.blockOf(node))));
  for (const consumer of parts.flat()) {
    for (const { name, producer } of known(ecg.reads[consumer], "reads")) {
      if (producer === undefined) continue;
      const [first, second] = [quotient.blockOf(producer), quotient.blockOf(consumer)];
      if (first === second || !blocks.has(first)) continue;
      const types = [typeOf(draft, first), typeOf(draft, second)] as const;
      record(draft, { producer, consumer, value: name, fused, types, reason });
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

export function record(draft: Draft, verdict: Verdict): void {
  draft.verdicts.set(`${verdict.consumer}:${verdict.value}`, verdict);
}

/**
 * What a block may hold at once: DNNFusion's constraint on register pressure, as counts that are the same on every
 * machine. A loop over the block has a pointer for each tensor from outside and each result that leaves, and keeps
 * the values in between in registers; beyond these counts it spills, and the tensors push each other out of the cache.
 * An operator that exceeds a limit by itself (Concat of 40 tensors) is a legal block: a merge may not make it worse.
 */
import { known } from "../../base/assert.ts";
import type { Ecg } from "./ecg.ts";

export interface BlockLimits {
  /** Different activations that a block reads from outside. */
  readonly inputs: number;
  /** Results that are read outside, or that the network gives. */
  readonly outputs: number;
  /**
   * Results alive at once inside, run in the order of the graph: a machine has 16 vector registers. What only a Concat
   * reads goes straight to its place, and is not held.
   */
  readonly live: number;
  readonly operators: number;
}

export const defaultLimits: BlockLimits = { inputs: 16, outputs: 12, live: 14, operators: 256 };

/** What a set of operators holds; `nodes` ascending. Linear in the operators and their edges. */
export function holdings(ecg: Ecg, nodes: readonly number[]): BlockLimits {
  const inside = new Set(nodes);
  const inputs = new Set<string>();
  const lastUse = new Map<string, number>();
  for (const node of nodes) {
    for (const { name, producer } of known(ecg.reads[node], "reads")) {
      if (producer === undefined || !inside.has(producer)) inputs.add(name);
      else if (ecg.operators[node]?.node.operator !== "Concat") lastUse.set(name, node);
    }
  }
  let outputs = 0;
  for (const node of nodes) {
    for (const { consumers, isNetworkOutput } of known(ecg.results[node], "results")) {
      if (isNetworkOutput || consumers.some((consumer) => !inside.has(consumer))) outputs++;
    }
  }
  return { inputs: inputs.size, outputs, live: mostAlive(ecg, nodes, lastUse), operators: nodes.length };
}

function mostAlive(ecg: Ecg, nodes: readonly number[], lastUse: ReadonlyMap<string, number>): number {
  let alive = 0;
  let most = 0;
  for (const node of nodes) {
    for (const { name } of known(ecg.results[node], "results")) if (lastUse.has(name)) alive++;
    most = Math.max(most, alive);
    for (const { name } of known(ecg.reads[node], "reads")) if (lastUse.get(name) === node) alive--;
  }
  return most;
}

/** The limit that a merge breaks, or undefined. */
export interface BrokenLimit {
  readonly what: keyof BlockLimits;
  readonly held: number;
  readonly allowed: number;
}

export function brokenLimit(
  ecg: Ecg,
  parts: readonly (readonly number[])[],
  limits: BlockLimits,
): BrokenLimit | undefined {
  if (isSmall(ecg, parts, limits)) return undefined;
  const merged = holdings(
    ecg,
    parts.flat().sort((a, b) => a - b),
  );
  const exceeded = limitNames.filter((what) => merged[what] > limits[what]);
  if (exceeded.length === 0) return undefined;
  const alone = parts.map((nodes) => holdings(ecg, nodes));
  for (const what of exceeded) {
    const allowed = Math.max(limits[what], ...alone.map((part) => part[what]));
    if (merged[what] > allowed) return { what, held: merged[what], allowed };
  }
  return undefined;
}

/** Whether so few values are read and made in all that no limit can break; saves most of the work. */
function isSmall(ecg: Ecg, parts: readonly (readonly number[])[], limits: BlockLimits): boolean {
  let [operators, reads, results] = [0, 0, 0];
  for (const nodes of parts) {
    for (const node of nodes) {
      operators++;
      reads += known(ecg.reads[node], "reads").length;
      results += known(ecg.results[node], "results").length;
    }
  }
  const fewest = Math.min(limits.outputs, limits.live);
  return operators <= limits.operators && reads <= limits.inputs && results <= fewest;
}

const limitNames = ["inputs", "outputs", "live", "operators"] as const;

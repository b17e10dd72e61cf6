/**
 * Fills a profile for a network: plans, measures the yellow cells that were decided without a measurement, and plans again,
 * until a plan meets nothing new. Each decision measured may lead the planner to others, so this cannot be done at
 * once; every turn measures something or ends. DNNFusion, section 4.3: the profile is made once and used by many networks.
 */
import { known } from "../../base/assert.ts";
import type { Clock } from "../../base/host.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import { isYes } from "../fusion/draft.ts";
import type { Ecg } from "../fusion/ecg.ts";
import { estimateFusion } from "../fusion/estimate.ts";
import type { FusionPlan } from "../fusion/fusion-plan.ts";
import { mergeEntries, type ProfileEntries, type ProfileEntry } from "../fusion/latency-profile.ts";
import { type PlanOptions, planFusion } from "../fusion/plan.ts";
import type { Reason } from "../fusion/verdict.ts";
import type { MeasureBlocks } from "./measure-blocks.ts";
import { type KeyMaker, keyMaker, profiledLatency } from "./profiled-latency.ts";

export interface TuneOptions extends Pick<PlanOptions, "exceptions" | "limits"> {
  readonly measure: MeasureBlocks;
  /** What is known already. */
  readonly entries: ProfileEntries;
  readonly clock: Clock;
  /** After this time nothing more is measured. */
  readonly budgetSeconds: number;
  /** Ends it as the budget does. */
  readonly signal?: AbortSignal;
  /** Told all entries after each measurement, and how many decisions of this plan wait. */
  readonly onMeasured?: (entries: ProfileEntries, waiting: number) => void;
}

export interface Tuned {
  readonly entries: ProfileEntries;
  /** Decisions that were measured now, of which several may be alike. */
  readonly measured: number;
  /** Yellow cells of the last plan: two blocks that a cost decides about, as often as they stand in the network. */
  readonly decisions: number;
  /** Those of them that a measurement decided, and those that it decided otherwise than the static estimate would. */
  readonly byLatency: number;
  readonly changed: number;
  /** Whether nothing that can be measured is left. */
  readonly complete: boolean;
  /** With the static estimate alone, and with the profile. */
  readonly staticPlan: FusionPlan;
  readonly plan: FusionPlan;
}

/** Two blocks of which a cost decides if they become one. */
interface Decision {
  readonly first: readonly number[];
  readonly second: readonly number[];
  readonly reason: Reason;
}

/** Tunes for a network, as it is after rewriting. */
export async function tuneNetwork(typed: TypedGraph, options: TuneOptions): Promise<Tuned> {
  const keys = keyMaker(typed);
  const { clock, budgetSeconds, signal, measure, onMeasured } = options;
  const end = clock() + budgetSeconds;
  const isOver = (): boolean => signal?.aborted === true || clock() >= end;
  const staticPlan = planFusion(typed, planOptions(options));
  let { entries } = options;
  let measured = 0;
  for (;;) {
    const met = decide(typed, keys, entries, options);
    const open = openDecisions(keys, entries, met.decisions);
    if (open.length === 0 || isOver())
      return { ...summary(), ...counted(keys.ecg, met), complete: open.length === 0 };
    for (const [index, { sets }] of open.entries()) {
      if (isOver()) break;
      // The decision before may have measured the same blocks.
      if (!isOpen(keys, entries, sets)) continue;
      entries = mergeEntries(entries, await measureSets(keys, sets, measure));
      measured++;
      onMeasured?.(entries, open.length - index - 1);
    }
  }
  function summary(): Pick<Tuned, "entries" | "measured" | "staticPlan"> {
    return { entries, measured, staticPlan };
  }
}

function planOptions({ exceptions, limits }: TuneOptions): PlanOptions {
  return { ...(exceptions === undefined ? {} : { exceptions }), ...(limits === undefined ? {} : { limits }) };
}

interface Met {
  readonly plan: FusionPlan;
  readonly decisions: readonly Decision[];
}

/** Plans, and lists the yellow cells looked at: two blocks that were looked at along several edges count once. */
function decide(typed: TypedGraph, keys: KeyMaker, entries: ProfileEntries, options: TuneOptions): Met {
  const decisions = new Map<string, Decision>();
  const plan = planFusion(typed, {
    ...planOptions(options),
    latencyOf: profiledLatency(typed, entries, keys),
    onYellow: (first, second, reason) => {
      decisions.set(`${first.join()}|${second.join()}`, { first, second, reason });
    },
  });
  return { plan, decisions: [...decisions.values()] };
}

type Sets = readonly [first: readonly number[], second: readonly number[], fused: readonly number[]];

/** Decisions that wait for a measurement, each kind once; first those that move the most bytes, as budgets end. */
function openDecisions(
  keys: KeyMaker,
  entries: ProfileEntries,
  decisions: readonly Decision[],
): readonly { readonly sets: Sets }[] {
  const open = new Map<string, { readonly sets: Sets; readonly bytes: number }>();
  for (const { first, second } of decisions) {
    const sets = [first, second, [...first, ...second].sort((a, b) => a - b)] as const;
    if (!isOpen(keys, entries, sets)) continue;
    const { savedBytes, lostBytes } = estimateFusion(keys.ecg, first, second);
    const name = sets.map(keys.keyOf).join();
    if (!open.has(name)) open.set(name, { sets, bytes: Math.max(savedBytes, lostBytes) });
  }
  return [...open.values()].sort((a, b) => b.bytes - a.bytes);
}

/** Whether a latency is unknown and may become known. */
function isOpen({ keyOf, ecg }: KeyMaker, entries: ProfileEntries, sets: Sets): boolean {
  const found = sets.map((nodes) => entries.get(keyOf(nodes)));
  if (found.some((entry) => entry?.seconds === null)) return false;
  return found.some((entry) => entry === undefined) && sets.every((nodes) => hasSizes(ecg, nodes));
}

function hasSizes({ typed, reads, results }: Ecg, nodes: readonly number[]): boolean {
  return nodes.every((node) =>
    [...known(reads[node], "reads"), ...known(results[node], "results")].every(
      ({ name }) => typed.types.get(name)?.shape?.every((size) => typeof size === "number") === true,
    ),
  );
}

async function measureSets(keys: KeyMaker, sets: Sets, measure: MeasureBlocks): Promise<ProfileEntries> {
  const latencies = await measure(keys, sets);
  const entryAt = (at: number, nodes: readonly number[]): ProfileEntry => ({
    seconds: latencies[at] ?? null,
    operators: nodes.flatMap((node) => keys.ecg.operators[node]?.node.operator ?? []).join(" "),
  });
  const fresh = sets.map((nodes, at) => [keys.keyOf(nodes), entryAt(at, nodes)] as const);
  // The two blocks may be alike.
  return fresh.reduce<ProfileEntries>((all, one) => mergeEntries(all, new Map([one])), new Map());
}

function counted(
  ecg: Ecg,
  { plan, decisions }: Met,
): Pick<Tuned, "plan" | "decisions" | "byLatency" | "changed"> {
  const byLatency = decisions.filter(({ reason }) => reason.kind === "latency");
  const changed = byLatency.filter(({ first, second, reason }) => {
    const estimate: Reason = { kind: "estimate", estimate: estimateFusion(ecg, first, second) };
    return isYes(estimate) !== isYes(reason);
  });
  return { plan, decisions: decisions.length, byLatency: byLatency.length, changed: changed.length };
}

/** Looks latencies up in a profile: the function that `planFusion` asks at yellow cells (DNNFusion, section 4.3). */
import type { TypedGraph } from "../../graph/ir/graph.ts";
import { chooseLayouts } from "../codegen/schedule/layouts.ts";
import { blockKey } from "../fusion/block-key.ts";
import type { LatencyOf } from "../fusion/draft.ts";
import { type Ecg, extendGraph } from "../fusion/ecg.ts";
import type { ProfileEntries } from "../fusion/latency-profile.ts";

/** Names sets of operators of one network. */
export interface KeyMaker {
  readonly ecg: Ecg;
  readonly channelsLast: ReadonlySet<string>;
  keyOf(nodes: readonly number[]): string;
}

/** Keys hold the order of axes in memory, which latencies depend on; each set's is made once. */
export function keyMaker(typed: TypedGraph): KeyMaker {
  const ecg = extendGraph(typed);
  const { channelsLast } = chooseLayouts(typed);
  const noteOf = (name: string): string => (channelsLast.has(name) ? " channels last" : "");
  const keys = new Map<string, string>();
  return {
    ecg,
    channelsLast,
    keyOf: (nodes) => {
      const set = nodes.join();
      const key = keys.get(set) ?? blockKey(ecg, nodes, noteOf);
      keys.set(set, key);
      return key;
    },
  };
}

/**
 * The latencies of a network's operators as far as the entries have them. The network must be the one that is planned: as
 * it is after rewriting, where it is rewritten.
 */
export function profiledLatency(
  typed: TypedGraph,
  entries: ProfileEntries,
  { keyOf } = keyMaker(typed),
): LatencyOf {
  return (nodes) => entries.get(keyOf(nodes))?.seconds ?? undefined;
}

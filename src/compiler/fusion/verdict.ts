/** Why two operators run in one block or do not: what the plan says of every edge that it examined. */
import { formatSeconds } from "../../base/format.ts";
import type { MappingType } from "../../graph/ops/row.ts";
import type { YellowEstimate } from "./estimate.ts";
import type { BrokenLimit } from "./limits.ts";

export type Reason =
  /** The table says yes. */
  | { readonly kind: "green" }
  /** The table leaves it to a cost: the static estimate, or measured (or modelled) latencies in seconds. */
  | { readonly kind: "estimate"; readonly estimate: YellowEstimate }
  | { readonly kind: "latency"; readonly fusedLatency: number; readonly separateLatency: number }
  /** The table says no. */
  | { readonly kind: "red" }
  /** A named exception says yes, whatever the table says. */
  | { readonly kind: "exception"; readonly name: string }
  /** The two would wait for each other, through a third block. */
  | { readonly kind: "cycle" }
  | { readonly kind: "limit"; readonly limit: BrokenLimit }
  /** One of the two is not understood or has a subgraph. */
  | { readonly kind: "barrier" }
  /** Both came into the block by other edges, which are fused with that. */
  | { readonly kind: "together" }
  /** A fixed pattern, by its name; or none of them. */
  | { readonly kind: "pattern"; readonly name: string }
  | { readonly kind: "no-pattern" };

export interface Verdict {
  /** Node indices. */
  readonly producer: number;
  readonly consumer: number;
  /** The result that goes from one to the other. */
  readonly value: string;
  readonly fused: boolean;
  /** The types with which the table was entered: those of the blocks as they were then. */
  readonly types: readonly [first: MappingType, second: MappingType];
  readonly reason: Reason;
}

/** A reason in words. */
export function reasonText({ types: [first, second], reason, fused }: Verdict): string {
  const pair = `${first} then ${second}`;
  switch (reason.kind) {
    case "green":
      return `green, ${pair}`;
    case "estimate": {
      const { savedBytes, lostBytes } = reason.estimate;
      return `yellow, ${pair}: saves ${savedBytes} bytes, loses ${lostBytes}`;
    }
    case "latency":
      return `yellow, ${pair}: measured ${formatSeconds(reason.fusedLatency)} fused, ${formatSeconds(reason.separateLatency)} apart`;
    case "red":
      return `red, ${pair}`;
    case "exception":
      return fused ? `exception ${reason.name}, ${pair}` : `exception ${reason.name} does not apply, ${pair}`;
    case "cycle":
      return "would close a cycle through another block";
    case "limit":
      return `too many ${reason.limit.what}: ${reason.limit.held}, ${reason.limit.allowed} allowed`;
    case "barrier":
      return "barrier: not understood, or with a subgraph";
    case "together":
      return "in one block by other edges";
    case "pattern":
      return `pattern ${reason.name}`;
    case "no-pattern":
      return "no pattern";
    default:
      reason satisfies never;
      return "";
  }
}

/** What a mapping costs, or why it cannot be. All quantities are for the whole batch. */

import type { Section } from "../space/lanes.ts";
import type { Objective } from "./problem.ts";

/** The roofline's three roofs. */
export type Bound = "compute" | "on-chip" | "off-chip";

/** The cost of one group: layers that run together, with the tensors between them staged on chip. */
export interface GroupCost {
  /** Indices of the layers, ascending. */
  readonly layers: readonly number[];
  /** Images per pass of each of those layers. */
  readonly passes: readonly number[];
  /** Cores that the group runs on. */
  readonly cores: number;
  /** On-chip bytes reserved while the group runs. */
  readonly footprintBytes: number;
  readonly offChipBytes: number;
  readonly onChipTrafficBytes: number;
  /** Those of rows that several cores make included. */
  readonly macs: number;
  /** Lane of its section; left out where nothing runs beside it. */
  readonly lane?: number;
  /** When it starts, from the start of the network. */
  readonly startSeconds: number;
  /** From its start to its end. */
  readonly latencyCycles: number;
  readonly latencySeconds: number;
  /** Of the latency: what sharing the off-chip channel with other lanes costs. */
  readonly contentionSeconds: number;
  /** What the slowest core computes. */
  readonly computeSeconds: number;
  /** Of the latency: to start the group, and to wait for its cores. */
  readonly overheadSeconds: number;
  readonly energyJoules: number;
  /** Which roof the latency touches, contention left out; ties go to compute, then off-chip. */
  readonly bound: Bound;
}

export interface FeasibleEvaluation {
  readonly feasible: true;
  /** False when a paper-mode answer does not fit under the full model's footprint; always true in full mode. */
  readonly physical: boolean;
  /** The full model's peak footprint: differs from peakFootprintBytes in paper mode only. */
  readonly physicalPeakFootprintBytes: number;
  readonly latencyCycles: number;
  readonly latencySeconds: number;
  readonly offChipBytes: number;
  readonly onChipTrafficBytes: number;
  readonly peakFootprintBytes: number;
  readonly energyJoules: number;
  /** In the order of their layers. */
  readonly groups: readonly GroupCost[];
  /** Which of them run side by side (space/lanes.ts); sections run one after another, and their latencies add up. */
  readonly sections: readonly Section[];
}

/** Does not fit: an answer, not an exception. */
export interface InfeasibleEvaluation {
  readonly feasible: false;
  /** Indices of the layers of the group that needs most, or of the largest groups of the lanes that together need most. */
  readonly group: readonly number[];
  /** What they need: the smallest memory in which this mapping would fit, if its cores' own buffers allow it. */
  readonly requiredBytes: number;
  /** The memory, or what the own buffers of their cores hold, whichever is less. */
  readonly availableBytes: number;
}

export type Evaluation = FeasibleEvaluation | InfeasibleEvaluation;

/** What the objective minimises, in seconds, joules or bytes. */
export function costOf(evaluation: FeasibleEvaluation, objective: Objective): number {
  switch (objective) {
    case "latency":
      return evaluation.latencySeconds;
    case "energy":
      return evaluation.energyJoules;
    case "traffic":
      return evaluation.offChipBytes;
    default:
      return objective satisfies never;
  }
}

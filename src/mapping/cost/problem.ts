/** The problem that a mapper solves. */
import type { Accelerator } from "../accelerator/accelerator.ts";
import type { Workload } from "../workload/workload.ts";

/** What is minimised; all three are sums over groups. */
export type Objective = "latency" | "energy" | "traffic";

/** paper: DNNFuser's subset and memory rule. full: ring buffers, working sets, DAG groups. */
export type CostMode = "paper" | "full";

export interface Problem {
  readonly workload: Workload;
  readonly accelerator: Accelerator;
  /** Images, at least 1. */
  readonly batch: number;
  /** On-chip bytes that the mapping may use; the accelerator's own capacity when left out. */
  readonly memoryBytes?: number;
  readonly objective: Objective;
  readonly mode: CostMode;
}

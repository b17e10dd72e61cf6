/** The problem that a mapper solves. */
import { badInput } from "../../base/errors.ts";
import type { Accelerator } from "../accelerator/accelerator.ts";
import type { Workload } from "../workload/workload.ts";

/** What is minimised; all three are sums over groups. */
export type Objective = "latency" | "energy" | "traffic";

/** paper: DNNFuser's subset and memory rule. full: ring buffers, working sets, shared inputs. */
export type CostMode = "paper" | "full";

export interface Problem {
  readonly workload: Workload;
  readonly accelerator: Accelerator;
  /** Images, 1..maxBatch. */
  readonly batch: number;
  /**
   * On-chip bytes that the mapping may use; the accelerator's own capacity when left out. Never more than the cores' own
   * buffers hold together, where they have any.
   */
  readonly memoryBytes?: number;
  /** "latency" when left out. */
  readonly objective?: Objective;
  /** "full" when left out. */
  readonly mode?: CostMode;
}

/** Larger batches are refused: pass counts times bytes must stay exact integers. */
export const maxBatch = 65_536;

/** The problem with its defaults filled in. */
export type CompleteProblem = Required<Problem>;

/**
 * Fills in the defaults and checks the numbers.
 *
 * @throws LaminateError (bad-input) for a batch or memory out of range and for a workload without layers
 */
export function completeProblem(problem: Problem): CompleteProblem {
  const { batch, workload } = problem;
  if (!Number.isInteger(batch) || batch < 1 || batch > maxBatch) {
    throw badInput(`batch ${batch} is not a whole number from 1 to ${maxBatch}`, { where: "batch" });
  }
  const given = problem.memoryBytes ?? problem.accelerator.onChipBytes;
  if (!(given > 0 && Number.isFinite(given))) {
    throw badInput(`${given} bytes of on-chip memory`, {
      where: "memory",
      fix: "give more than 0 bytes",
    });
  }
  if (workload.layers.length === 0) {
    throw badInput("the network has no layers", {
      where: workload.name || "workload",
      fix: "a mapping needs at least one operator that computes something from an input",
    });
  }
  return {
    ...problem,
    memoryBytes: memoryOfCores({ ...problem, memoryBytes: given }, problem.accelerator.cores),
    objective: problem.objective ?? "latency",
    mode: problem.mode ?? "full",
  };
}

/** On-chip bytes that a group on so many cores may use: where cores have buffers of their own, no more than those hold. */
export function memoryOfCores(
  { memoryBytes, accelerator }: Pick<CompleteProblem, "memoryBytes" | "accelerator">,
  cores: number,
): number {
  return Math.min(memoryBytes, cores * (accelerator.coreBufferBytes ?? Number.POSITIVE_INFINITY));
}

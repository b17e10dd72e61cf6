/**
 * Problems of a network that is given, on a machine that is given or one like it: what a mapper is tuned to. A grid of a few batches and
 * memories is soon known by heart; drawn problems are all different, as those are that will be asked.
 */
import type { Accelerator } from "../../mapping/accelerator/accelerator.ts";
import { type CompleteProblem, completeProblem } from "../../mapping/cost/problem.ts";
import type { Workload } from "../../mapping/workload/workload.ts";
import { childRandom, childSeed, happens, logUniform } from "./draw.ts";
import { drawBatch, drawObjective, type GenerateOptions, nearAccelerator } from "./generate-problem.ts";

export interface DrawOptions extends GenerateOptions {
  readonly workload: Workload;
  readonly accelerator: Accelerator;
  /** From the least to the most of them, as likely from 1 to 2 as from 2 to 4. */
  readonly batches: readonly number[];
  readonly memoriesBytes: readonly number[];
}

/** Half of the problems are for the machine itself, in the others each number is drawn from half of its own to twice it. */
const nearProbability = 0.5;
const nearSpread = 2;

/** A stream that generated problems do not use. */
const drawStream = -1;

/** The index-th problem of a seed. O(1). */
export function drawProblem(index: number, options: DrawOptions): CompleteProblem {
  const { workload, accelerator, batches, memoriesBytes, seed, mode, objective } = options;
  const random = childRandom(childSeed(seed, drawStream), index);
  const isNear = happens(random, nearProbability);
  const batch = drawBatch(random, Math.min(...batches), Math.max(...batches));
  const memoryBytes = Math.round(logUniform(random, Math.min(...memoriesBytes), Math.max(...memoriesBytes)));
  const wanted = drawObjective(random, objective);
  const machine = isNear ? nearAccelerator(random, accelerator, nearSpread) : accelerator;
  return completeProblem({ workload, accelerator: machine, batch, memoryBytes, mode, objective: wanted });
}

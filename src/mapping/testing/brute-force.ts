/** The truth for small problems: every vector of a space, evaluated by the cost model. */
import { createCostModel } from "../cost/cost-model.ts";
import { evaluateWith } from "../cost/evaluate.ts";
import type { Problem } from "../cost/problem.ts";
import { endsGroup, type LayerMapping } from "../space/mapping.ts";

export interface BruteForced {
  readonly latencyCycles: number;
  readonly offChipBytes: number;
}

/** Faster, or as fast with less traffic. */
function isBetter(a: BruteForced, b: BruteForced): boolean {
  const slack = 1e-9 * a.latencyCycles;
  if (a.latencyCycles < b.latencyCycles - slack) return true;
  return a.latencyCycles <= b.latencyCycles + slack && a.offChipBytes < b.offChipBytes;
}

/**
 * The least latency over all mappings, and the fewest off-chip bytes of those that reach it: each layer stages or syncs, with any of the pass sizes. With `syncedFollows` a
 * synced layer has no pass size of its own, and the last layer may be staged (paper vectors). Each group runs on any of the numbers of
 * cores: all cores when left out.
 */
export function bruteForce(
  problem: Problem,
  passSizes: readonly number[],
  syncedFollows: boolean,
  coreNumbers: readonly number[] = [problem.accelerator.cores],
): BruteForced {
  const model = createCostModel(problem);
  const count = model.layerCount;
  let best: BruteForced = { latencyCycles: Number.POSITIVE_INFINITY, offChipBytes: Number.POSITIVE_INFINITY };
  const mapping: LayerMapping[] = [];
  const place = (): void => {
    if (mapping.length === count) {
      const evaluation = evaluateWith(model, mapping);
      if (evaluation.feasible && isBetter(evaluation, best)) best = evaluation;
      return;
    }
    const before = mapping.at(-1);
    const goesOn = before?.output === "stage" && !endsGroup(problem.workload, mapping.length - 1);
    const implied = before?.output === "stage" ? before.pass : problem.batch;
    const withEntry = (pass: number, output: LayerMapping["output"], cores: number): void => {
      mapping.push({ pass, output, weights: "streamed", cores });
      place();
      mapping.pop();
    };
    for (const cores of goesOn ? [before.cores] : coreNumbers) {
      for (const pass of passSizes) {
        if (syncedFollows || mapping.length < count - 1) withEntry(pass, "stage", cores);
        if (!syncedFollows) withEntry(pass, "sync", cores);
      }
      if (syncedFollows) withEntry(implied, "sync", cores);
    }
  };
  place();
  return best;
}

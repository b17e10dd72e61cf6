/** The truth for small problems: every vector of a space, evaluated by the cost model. */
import { createCostModel } from "../cost/cost-model.ts";
import { evaluateWith } from "../cost/evaluate.ts";
import type { Problem } from "../cost/problem.ts";
import type { LayerMapping } from "../space/mapping.ts";

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
 * synced layer has no pass size of its own, and the last layer may be staged (paper vectors).
 */
export function bruteForce(
  problem: Problem,
  passSizes: readonly number[],
  syncedFollows: boolean,
): BruteForced {
  const model = createCostModel(problem);
  const count = model.layerCount;
  let best: BruteForced = { latencyCycles: Number.POSITIVE_INFINITY, offChipBytes: Number.POSITIVE_INFINITY };
  const mapping: LayerMapping[] = [];
  const entry = (pass: number, output: LayerMapping["output"]): LayerMapping => ({
    pass,
    output,
    weights: "streamed",
    cores: problem.accelerator.cores,
  });
  const place = (): void => {
    if (mapping.length === count) {
      const evaluation = evaluateWith(model, mapping);
      if (evaluation.feasible && isBetter(evaluation, best)) best = evaluation;
      return;
    }
    const before = mapping.at(-1);
    const implied = before?.output === "stage" ? before.pass : problem.batch;
    for (const pass of passSizes) {
      if (syncedFollows || mapping.length < count - 1) {
        mapping.push(entry(pass, "stage"));
        place();
        mapping.pop();
      }
      if (!syncedFollows) {
        mapping.push(entry(pass, "sync"));
        place();
        mapping.pop();
      }
    }
    if (syncedFollows) {
      mapping.push(entry(implied, "sync"));
      place();
      mapping.pop();
    }
  };
  place();
  return best;
}

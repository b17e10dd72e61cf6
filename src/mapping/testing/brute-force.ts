/** The truth for small problems: every vector of a space, evaluated by the cost model. */
import { createCostModel } from "../cost/cost-model.ts";
import { evaluateWith } from "../cost/evaluate.ts";
import type { Problem } from "../cost/problem.ts";
import type { LayerMapping } from "../space/mapping.ts";

/**
 * The least latency over all mappings: each layer stages or syncs, with any of the pass sizes. With `syncedFollows` a
 * synced layer has no pass size of its own, and the last layer may be staged (paper vectors).
 */
export function bruteForceLatency(
  problem: Problem,
  passSizes: readonly number[],
  syncedFollows: boolean,
): number {
  const model = createCostModel(problem);
  const count = model.layerCount;
  let best = Number.POSITIVE_INFINITY;
  const mapping: LayerMapping[] = [];
  const entry = (pass: number, output: LayerMapping["output"]): LayerMapping => ({
    pass,
    output,
    weights: "streamed",
    cores: 1,
  });
  const place = (): void => {
    if (mapping.length === count) {
      const evaluation = evaluateWith(model, mapping);
      if (evaluation.feasible) best = Math.min(best, evaluation.latencyCycles);
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

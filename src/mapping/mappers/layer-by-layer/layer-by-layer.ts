/** No fusion: every layer alone, in one pass. The baseline of every speed-up. */
import { createCostModel } from "../../cost/cost-model.ts";
import { evaluateWith, layerByLayer } from "../../cost/evaluate.ts";
import { costOf } from "../../cost/evaluation.ts";
import type { Mapper } from "../mapper.ts";

export function layerByLayerMapper(): Mapper {
  return {
    name: "layer-by-layer",
    ignoresSeed: true,
    // biome-ignore lint/correctness/useYield: there is nothing to watch in one evaluation.
    *search(problem) {
      const mapping = layerByLayer(problem);
      const evaluation = evaluateWith(createCostModel(problem), mapping);
      return {
        best: evaluation.feasible ? mapping : undefined,
        bestCost: evaluation.feasible ? costOf(evaluation, problem.objective ?? "latency") : undefined,
        ...(evaluation.feasible ? {} : { leastRequiredBytes: evaluation.requiredBytes }),
        evaluations: 1,
        progress: 1,
        proof: { optimal: false, space: "", lowerBound: undefined },
      };
    },
  };
}

/** The cost model of an accelerator as a target: a block is one group, its inner tensors staged, for one image. */

import { cutOut } from "../../compiler/fusion/cut-out.ts";
import { extendGraph } from "../../compiler/fusion/ecg.ts";
import { fuse } from "../../compiler/fusion/static-plan.ts";
import type { ElementType } from "../../graph/ir/tensor.ts";
import type { Accelerator } from "../accelerator/accelerator.ts";
import { evaluate } from "../cost/evaluate.ts";
import { endsGroup } from "../space/mapping.ts";
import { extractWorkload } from "../workload/extract.ts";
import { checkCores, type Target } from "./target.ts";
import { acceleratorOrigin } from "./target-origin.ts";

/** `laminate`: the version, as the cost model may change with it. */
export function analyticTarget(
  accelerator: Accelerator,
  { laminate }: { readonly laminate: string },
): Target {
  const target: Target = {
    name: accelerator.name,
    origin: acceleratorOrigin(accelerator, laminate),
    coreNumbers: Array.from({ length: accelerator.cores }, (_, index) => index + 1),
    isExact: true,
    async measure({ typed, nodes }, cores) {
      checkCores(target, cores);
      const block = cutOut(extendGraph(typed), nodes);
      const elementType = accelerator.elementType as ElementType;
      const workload = extractWorkload(fuse(block), { name: "block", elementType });
      const mapping = workload.layers.map((_, layer) => ({
        pass: 1,
        output: endsGroup(workload, layer) ? ("sync" as const) : ("stage" as const),
        weights: "streamed" as const,
        cores,
      }));
      const evaluation = evaluate({ workload, accelerator, batch: 1 }, mapping);
      return evaluation.feasible ? evaluation.latencySeconds : undefined;
    },
  };
  return target;
}

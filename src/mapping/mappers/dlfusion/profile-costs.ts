/**
 * What blocks cost by a profile: seconds as the fit of its target predicts them (targets/predict-seconds.ts), for one image. Any layers
 * that follow each other can be a block. O(layers of the block) for each block that is asked for the first time.
 */
import { sum } from "../../../base/integers.ts";
import { blockPredictor, layerWorks } from "../../targets/predict-seconds.ts";
import type { TargetProfile } from "../../targets/target-profile.ts";
import type { Workload } from "../../workload/workload.ts";
import type { BlockCosts } from "./block-costs.ts";

/** On 1 to `cores` cores; the profile must have been fitted on as many. */
export function profileCosts(
  workload: Workload,
  profile: Pick<TargetProfile, "fit">,
  cores: number,
): BlockCosts {
  const layers = layerWorks(workload);
  const { secondsOf } = blockPredictor(profile);
  const worked = new Map<string, number>();
  return {
    layerCount: layers.length,
    coreCount: cores,
    reach: () => layers.length - 1,
    macs: (first, last) => sum(layers.slice(first, last + 1).map(({ macs }) => macs)),
    channels: (layer) => layers[layer]?.channels ?? 1,
    costOf(block) {
      const key = `${block.first} ${block.last} ${block.cores}`;
      const cost = worked.get(key) ?? secondsOf(layers.slice(block.first, block.last + 1), block.cores);
      worked.set(key, cost);
      return cost;
    },
  };
}

/**
 * What the group that the next layer joins would be worth if it went on for some layers more: the numbers that a decision to stage
 * or to sync hangs on, which a network that sees one layer at a time cannot know. By tables of the cost model, O(1) each.
 */
import type { CostModel } from "../../mapping/cost/cost-model.ts";

export interface LookAhead {
  /**
   * The group's cost with every further layer in one pass of the batch, as a share of what its layers cost one by one: no pass sizes of
   * theirs make it cheaper. Below 1 where fusing may gain.
   */
  readonly leastCostShare: number;
  /** The images of each further tensor that the memory left has room for, all of them staged alike. */
  readonly imagesThatFit: number;
  /** As leastCostShare, with so many images a pass; that of the unfused layers, 1, where not one image fits. */
  readonly fittingCostShare: number;
}

/** The group that the next layer would join. */
export interface OpenGroup {
  readonly first: number;
  /** Bytes of weights that its decided layers stream. */
  readonly weightBytes: number;
  /** Bytes that it holds; 0 where it has no layer yet. */
  readonly heldBytes: number;
}

/** Of the group that ends `ahead` layers behind `layer`, or where it must end if that is earlier. */
export type LookFrom = (group: OpenGroup, layer: number, ahead: number) => LookAhead;

/** `unfused[l]`: cost of the layers l, l + 1, .. one by one. O(layers). */
export function createLookFrom(model: CostModel, unfused: Float64Array): LookFrom {
  const { batch, memoryBytes } = model.problem;
  const weights = sumsBefore(model, model.weightBytes);
  const outputs = sumsBefore(model, model.outputBytes);
  const between = (sums: Float64Array, first: number, end: number): number =>
    (sums[end] as number) - (sums[first] as number);
  return ({ first, weightBytes, heldBytes }, layer, ahead) => {
    const last = Math.min(layer + ahead, model.reach(first));
    const apart = (unfused[first] as number) - (unfused[last + 1] as number);
    const share = (passCount: number): number => {
      const streamed = weightBytes + passCount * between(weights, layer, last + 1);
      return apart > 0 ? model.cost(first, last, streamed) / apart : 1;
    };
    const free = memoryBytes - Math.max(heldBytes, model.workingSetBytes(layer));
    // The last layer's output leaves the chip.
    const staged = between(outputs, layer, last);
    const images = Math.min(batch, Math.max(0, staged > 0 ? free / staged : batch));
    return {
      leastCostShare: share(1),
      imagesThatFit: images,
      fittingCostShare: images < 1 ? 1 : share(model.passCount(Math.floor(images))),
    };
  };
}

/** sums[l]: of the layers before l. */
function sumsBefore({ layerCount }: CostModel, of: (layer: number) => number): Float64Array {
  const sums = new Float64Array(layerCount + 1);
  for (let layer = 0; layer < layerCount; layer++) sums[layer + 1] = (sums[layer] as number) + of(layer);
  return sums;
}

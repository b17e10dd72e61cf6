/**
 * Networks that look like real ones, for a mapper that is to know more than the gallery. They go the way of a file: graph,
 * shape inference, fusion, workload. The index-th network of a seed is always the same. Networks far from the gallery's
 * sizes are drawn again, so that what is learned is about networks that exist.
 */
import { known } from "../../base/assert.ts";
import { fuse } from "../../compiler/fusion/static-plan.ts";
import type { Model } from "../../graph/ir/graph.ts";
import { networkBuilder } from "../../graph/ir/network-builder.ts";
import { type ElementType, elementBits } from "../../graph/ir/tensor.ts";
import { inferShapes } from "../../graph/ops/infer-shapes.ts";
import { extractWorkload, workloadTotals } from "../../mapping/workload/extract.ts";
import type { Workload } from "../../mapping/workload/workload.ts";
import { childRandom, childSeed } from "./draw.ts";
import { families } from "./families.ts";

/** What the gallery's networks span, with some room: MACs and bytes of weights for one image, and layers. */
export const galleryRange = {
  macs: [20e6, 250e9],
  weightBytes: [100e3, 150e6],
  layers: [5, 100],
} as const satisfies Record<string, readonly [least: number, most: number]>;

/** A draw hardly ever fails thrice. */
const mostDraws = 100;

/** The network of a seed and an index, of any size; its name says its family. */
export function generateModel(seed: number, index: number): Model {
  const names = Object.keys(families);
  const random = childRandom(seed, index);
  const family = known(names[random.below(names.length)], "a family");
  const build = networkBuilder();
  const outputs = known(families[family], "a family")(build, random);
  return build.build(`${family}-${seed}-${index}`, outputs);
}

/** Its workload, drawn again until it is of a size that the gallery has. */
export function generateWorkload(seed: number, index: number, elementType: ElementType): Workload {
  for (let draw = 0; draw < mostDraws; draw++) {
    const model = generateModel(draw === 0 ? seed : childSeed(seed, draw), index);
    const workload = extractWorkload(fuse(inferShapes(model)), { elementType });
    if (!isOfGallerySize(workload)) continue;
    return { ...workload, name: workload.name.replace(/-\d+-\d+$/, `-${seed}-${index}`) };
  }
  throw new Error(`internal: no network of the gallery's size in ${mostDraws} draws`);
}

/** Whether MACs, layers and elements of weights are within the gallery's. */
export function isOfGallerySize(workload: Workload): boolean {
  const { macs, weightBytes } = workloadTotals(workload);
  const isWithin = (value: number, [least, most]: readonly [number, number]): boolean =>
    value >= least && value <= most;
  return (
    isWithin(macs, galleryRange.macs) &&
    // Counted in int8, as the range is, whatever the elements are.
    isWithin(
      (8 * weightBytes) / elementBits[workload.elementType as ElementType],
      galleryRange.weightBytes,
    ) &&
    isWithin(workload.layers.length, galleryRange.layers)
  );
}

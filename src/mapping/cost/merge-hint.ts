/**
 * What a little more memory would buy: of all neighbouring groups of a mapping, the two whose merging needs the fewest
 * bytes beyond the memory there is, and what merging them saves. Merged groups are tried with the pass sizes they have
 * and with every single pass size of the ladder, on the cores of the one that has more. What no memory would allow, since the
 * cores' own buffers are too small, is no hint. O(groups x pass sizes x layers of the two groups).
 */
import { groupsOf, type LayerRange, type Mapping } from "../space/mapping.ts";
import { doublingLadder } from "../space/pass-sizes.ts";
import { type CostModel, createCostModel, streamedWeightBytes } from "./cost-model.ts";
import { fullFootprintBytes, paperFootprintBytes } from "./footprint.ts";
import type { Problem } from "./problem.ts";

export interface MergeHint {
  /** Indices of the two groups, in the order of the evaluation. */
  readonly groups: readonly [number, number];
  /** On-chip bytes needed beyond the problem's memory. */
  readonly extraBytes: number;
  /** What the merged group saves, in the objective's unit: seconds, joules or bytes. */
  readonly saved: number;
}

/** Merges that save less than this share of the whole cost are not worth a word. */
const worthwhileShare = 0.001;

/** The cheapest merge that more memory would allow; undefined when none saves anything. */
export function mergeHint(problem: Problem, mapping: Mapping): MergeHint | undefined {
  const model = createCostModel(problem);
  const ranges = groupsOf(
    model.problem.workload,
    mapping.map((entry) => entry.output),
  );
  const passOf = (layer: number): number => mapping[layer]?.pass ?? 1;
  const sizes = doublingLadder(model.problem.batch);
  const coresOf = (range: LayerRange | undefined): number => mapping[range?.first ?? 0]?.cores ?? model.cores;
  const ownCost = (range: LayerRange | undefined): number =>
    costOfRange(model.onCores(coresOf(range)), range, passOf);
  const total = ranges.reduce((sum, range) => sum + ownCost(range), 0);
  let best: MergeHint | undefined;
  for (let index = 0; index + 1 < ranges.length; index++) {
    const merged = { first: ranges[index]?.first ?? 0, last: ranges[index + 1]?.last ?? 0 };
    if (merged.last > model.reach(merged.first)) continue;
    // What runs side by side does not cost the sum of its groups.
    if ([merged.first, merged.last].some((layer) => mapping[layer]?.lane !== undefined)) continue;
    const apart = ownCost(ranges[index]) + ownCost(ranges[index + 1]);
    const joined = model.onCores(Math.max(coresOf(ranges[index]), coresOf(ranges[index + 1])));
    const { accelerator, memoryBytes } = joined.problem;
    const ownBuffers = joined.cores * (accelerator.coreBufferBytes ?? Number.POSITIVE_INFINITY);
    for (const pass of [passOf, ...sizes.map((size) => () => size)]) {
      const bytes = footprintOf(joined, merged, pass);
      const extraBytes = bytes - memoryBytes;
      const saved = (apart - costOfRange(joined, merged, pass)) * model.costUnit;
      if (bytes > ownBuffers) continue;
      if (extraBytes <= 0 || saved < worthwhileShare * total * model.costUnit) continue;
      if (!best || extraBytes < best.extraBytes || (extraBytes === best.extraBytes && saved > best.saved)) {
        best = { groups: [index, index + 1], extraBytes, saved };
      }
    }
  }
  return best;
}

function costOfRange(
  model: CostModel,
  range: LayerRange | undefined,
  passOf: (layer: number) => number,
): number {
  return range ? model.cost(range.first, range.last, streamedWeightBytes(model, range, passOf)) : 0;
}

function footprintOf(model: CostModel, range: LayerRange, passOf: (layer: number) => number): number {
  return model.problem.mode === "full"
    ? fullFootprintBytes(model, range, passOf)
    : paperFootprintBytes(model, range, passOf, (layer) => layer < range.last);
}

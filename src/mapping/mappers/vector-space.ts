/**
 * What the sampling searches share that look for DNNFuser's vector [mB_0 .. mB_N] (space/encoding.ts): the pass sizes that its
 * entries are drawn from, and the way back to a mapping.
 */
import type { CostModel } from "../cost/cost-model.ts";
import { decodeMapping } from "../space/encoding.ts";
import { groupsOf, type Mapping } from "../space/mapping.ts";
import { doublingLadder } from "../space/pass-sizes.ts";

/** Every size in paper mode, as in the paper; the ladder of the exact search in full mode. Ascending. */
export function passSizesOf({ problem: { mode, batch } }: CostModel): readonly number[] {
  return mode === "full" ? doublingLadder(batch) : Array.from({ length: batch }, (_, index) => index + 1);
}

/** The mapping of [mB_1 .. mB_N]; `inputImages` is mB_0, -1 when left out. */
export function mappingOfVector(model: CostModel, vector: Int32Array, inputImages = -1): Mapping {
  const { batch, accelerator } = model.problem;
  const shape = { layerCount: model.layerCount, batch, cores: accelerator.cores };
  return decodeMapping([inputImages, ...vector], shape).mapping;
}

/** The mapping whose groups run on the cores that a vector cannot say: each on those of its first layer. */
export function withCores(model: CostModel, mapping: Mapping, cores: Int32Array): Mapping {
  const outputs = mapping.map(({ output }) => output);
  return groupsOf(model.problem.workload, outputs).flatMap(({ first, last }) =>
    mapping.slice(first, last + 1).map((entry) => ({ ...entry, cores: cores[first] ?? entry.cores })),
  );
}

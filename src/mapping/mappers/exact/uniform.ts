/**
 * A first mapping: every group as good as it gets with one pass size for all of its layers. With one pass size m every
 * ring buffer holds m images, so a group's footprint is m x (its buffered bytes) + its largest working set, and the
 * largest m that fits streams the fewest weights. Also tells which groups fit at no pass size at all.
 * O(layers x edges + layers^2 x pass sizes), the latter for each number of cores.
 */
import type { CostModel } from "../../cost/cost-model.ts";
import { bufferedBytesRow, largestAtMost } from "../../cost/uniform-pass.ts";
import { type Bounds, type Path, takePath } from "./bounds.ts";
import { type CoreChoices, createRowRooms } from "./core-choices.ts";

/**
 * Improves bounds.best, and marks the groups that can never fit in bounds.lowerRows. `passSizes` ascend.
 * Returns how many groups it worked out the cost of, each number of cores counted.
 */
export function startUniform(
  model: CostModel,
  choices: CoreChoices,
  bounds: Bounds,
  passSizes: readonly number[],
): number {
  const { groups, cost, path } = uniformPath(model, choices, bounds, { passSizes, from: 0 });
  takePath(bounds, cost, path);
  return groups;
}

export interface UniformOptions {
  /** They ascend. */
  readonly passSizes: readonly number[];
  /** The first layer of the first group. */
  readonly from: number;
}

/** Such groups for the layers from `from` on, and what they cost; marks the groups among them that can never fit. */
export function uniformPath(
  model: CostModel,
  choices: CoreChoices,
  bounds: Pick<Bounds, "lowerRows">,
  { passSizes, from }: UniformOptions,
): { readonly groups: number; readonly cost: number; readonly path: Path } {
  const count = model.layerCount;
  const best = new Float64Array(count + 1).fill(Number.POSITIVE_INFINITY);
  best[from] = 0;
  const starts = new Int32Array(count + 1);
  const sizes = new Float64Array(count + 1);
  const cores = new Int32Array(count + 1);
  let groups = 0;
  for (let first = from; first < count; first++) {
    const lowerRow = bounds.lowerRows[first] ?? new Float64Array();
    const buffered = bufferedBytesRow(model, first, lowerRow.length);
    const rooms = createRowRooms(choices, first, lowerRow.length);
    let weights = 0;
    for (let last = first; last < first + lowerRow.length; last++) {
      weights += model.weightBytes(last);
      const bytes = buffered[last - first] ?? 0;
      let fits = false;
      for (let index = 0; index < rooms.models.length; index++) {
        const onCores = rooms.models[index] as CostModel;
        const room = (rooms.roomBytes[index] as Float64Array)[last - first] as number;
        const pass =
          last === first
            ? model.problem.batch
            : largestAtMost(passSizes, bytes > 0 ? room / bytes : Number.POSITIVE_INFINITY);
        if (room < 0 || pass === undefined) continue;
        fits = true;
        groups++;
        const total = (best[first] as number) + onCores.cost(first, last, weights * model.passCount(pass));
        if (total >= (best[last + 1] as number)) continue;
        best[last + 1] = total;
        starts[last + 1] = first;
        cores[last + 1] = onCores.cores;
        sizes[last + 1] = pass;
      }
      if (!fits) lowerRow[last - first] = Number.POSITIVE_INFINITY;
    }
  }
  const passesOf = (end: number): readonly number[] =>
    new Array<number>(end - (starts[end] ?? 0)).fill(sizes[end] ?? 1);
  return { groups, cost: best[count] ?? Number.POSITIVE_INFINITY, path: { starts, cores, passesOf } };
}

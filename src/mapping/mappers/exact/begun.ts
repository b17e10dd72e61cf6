/**
 * A mapping of which the first layers are decided: what the exact search may still choose. Their pass sizes and cores are fixed, their
 * groups end where they sync, and the last of them goes on into the layers behind it, on its cores, if it is staged.
 */
import { assert } from "../../../base/assert.ts";
import { type CostModel, streamedWeightBytes } from "../../cost/cost-model.ts";
import type { LayerMapping } from "../../space/mapping.ts";
import { type Bounds, groupsOf, updateSuffix } from "./bounds.ts";
import type { CoreChoices } from "./core-choices.ts";
import { uniformPath } from "./uniform.ts";

/** The first layers' entries; none for a search that is free. */
export type Begun = readonly Pick<LayerMapping, "pass" | "output" | "cores">[];

/** The indices of the pass sizes on the ladder that a layer may have. */
export function choicesOf(ladder: readonly number[], begun: Begun): (layer: number) => readonly number[] {
  const all = ladder.map((_, index) => index);
  const fixed = begun.map(({ pass }) => {
    const index = ladder.indexOf(pass);
    assert(index >= 0, `a decided pass of ${pass} images is on the ladder`);
    return [index];
  });
  return (layer) => fixed[layer] ?? all;
}

/**
 * Makes the bounds those of the mappings that begin so. The best known becomes the one that ends the open group at once, with groups of one
 * pass size behind it (uniform.ts): a search that starts far from the optimum skips little, and where it is stopped shows what it
 * started with.
 */
export function startBegun(
  model: CostModel,
  choices: CoreChoices,
  bounds: Bounds,
  { begun, passSizes }: { readonly begun: Begun; readonly passSizes: readonly number[] },
): void {
  const ends = begun.map(({ output }, layer) => output === "sync" || model.reach(layer) === layer);
  bounds.lowerRows.forEach((row, first) => {
    let crossed = false;
    row.forEach((_, index) => {
      const last = first + index;
      const isDecided = last < begun.length;
      if (crossed || (isDecided && ends[last] !== true)) row[index] = Number.POSITIVE_INFINITY;
      crossed ||= isDecided && ends[last] === true;
    });
  });
  updateSuffix(bounds);
  bounds.lower = Math.max(0, bounds.suffix[0] ?? 0);
  const isOpen = begun.length > 0 && ends[begun.length - 1] !== true;
  const passes: number[] = begun.map(({ pass }) => pass);
  const cores: number[] = begun.map((entry) => entry.cores);
  const lasts = ends.flatMap((isEnd, layer) => (isEnd ? [layer] : []));
  if (isOpen) {
    // The layer behind a staged tensor joins its group with the least that it can ask for.
    passes.push(1);
    cores.push(cores.at(-1) ?? 1);
    lasts.push(begun.length);
  }
  const from = passes.length;
  const rest = groupsOf(uniformPath(model, choices, bounds, { passSizes, from }).path, from);
  lasts.push(...rest.lasts);
  passes.push(...rest.passes);
  cores.push(...rest.cores);
  bounds.lasts = lasts;
  bounds.passes = passes;
  bounds.cores = cores;
  bounds.best = costOfGroups(model, bounds);
}

/** What a mapping of groups costs, in the objective's unit of the cost model. */
export function costOfGroups(
  model: CostModel,
  { lasts, passes, cores }: Pick<Bounds, "lasts" | "passes" | "cores">,
): number {
  let total = 0;
  let first = 0;
  for (const last of lasts) {
    const streamed = streamedWeightBytes(model, { first, last }, (layer) => passes[layer] ?? 1);
    total += model.onCores(cores[first] ?? 1).cost(first, last, streamed);
    first = last + 1;
  }
  return total;
}

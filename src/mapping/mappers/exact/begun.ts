/**
 * A mapping of which the first layers are decided: what the exact search may still choose. Their pass sizes and cores are fixed, their
 * groups end where they sync, and the last of them goes on into the layers behind it, on its cores, if it is staged.
 */
import { assert } from "../../../base/assert.ts";
import { type CostModel, streamedWeightBytes } from "../../cost/cost-model.ts";
import type { LayerMapping } from "../../space/mapping.ts";
import { type Bounds, updateSuffix } from "./bounds.ts";
import { type CoreChoices, createRowRooms } from "./core-choices.ts";

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

/** Makes the bounds those of the mappings that begin so; the best known becomes the one that ends the open group at once and fuses no more. */
export function startBegun(model: CostModel, choices: CoreChoices, bounds: Bounds, begun: Begun): void {
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
  const { batch } = model.problem;
  const isOpen = begun.length > 0 && ends[begun.length - 1] !== true;
  const passes: number[] = begun.map(({ pass }) => pass);
  const cores: number[] = begun.map((entry) => entry.cores);
  const lasts = ends.flatMap((isEnd, layer) => (isEnd ? [layer] : []));
  for (let layer = begun.length; layer < model.layerCount; layer++) {
    // The layer behind a staged tensor joins its group with the least that it can ask for.
    const joins = isOpen && layer === begun.length;
    passes.push(joins ? 1 : batch);
    cores.push(joins ? (cores.at(-1) ?? 1) : coresAlone(choices, layer));
    lasts.push(layer);
  }
  bounds.lasts = lasts;
  bounds.passes = passes;
  bounds.cores = cores;
  bounds.best = costOfGroups(model, bounds);
}

/** The cores on which a layer by itself costs least, of those on which it fits. */
function coresAlone(choices: CoreChoices, layer: number): number {
  const rooms = createRowRooms(choices, layer, 1);
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  rooms.models.forEach((model, index) => {
    const cost = model.cost(layer, layer, model.weightBytes(layer));
    if ((rooms.roomBytes[index]?.[0] ?? -1) < 0 || cost >= least) return;
    [best, least] = [model.cores, cost];
  });
  return best;
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

/**
 * Measures the grid of synthesized layers on a target: pass after pass through the whole grid, so that what drifts (the clock of a
 * processor, other load) meets all layers alike, and a layer's repeats lie far apart.
 */
import { LaminateError } from "../../base/errors.ts";
import { doublingLadder } from "../space/pass-sizes.ts";
import { type GridPoint, layerGrid, synthesize } from "./synthesized-layers.ts";
import type { Target } from "./target.ts";

export interface GridSettings {
  /** Passes; targets that answer exactly are asked once. */
  readonly repeats: number;
  /** MACs of a core in the smallest and the largest layers, about. */
  readonly leastMacs: number;
  readonly mostMacs: number;
}

export const defaultGrid: GridSettings = { repeats: 7, leastMacs: 2 ** 12, mostMacs: 2 ** 26 };

/** A layer of the grid with its time. */
export interface Measurement extends GridPoint {
  /** Of one run, one entry for each pass; none where the layer does not run on the target. */
  readonly seconds: readonly number[];
}

export interface MeasureOptions {
  /** Ends after the pass before. */
  readonly signal?: AbortSignal;
  /** Told before each layer: passes that are done, and the part of this one. */
  readonly onProgress?: (done: number, part: number) => void;
}

/**
 * The measurements, in the order of the grid.
 *
 * @throws LaminateError (interrupted) when it is ended before the first pass is done
 */
export async function measureGrid(
  target: Target,
  settings: GridSettings,
  { signal, onProgress }: MeasureOptions = {},
): Promise<readonly Measurement[]> {
  const ladder = doublingLadder(target.coreNumbers.at(-1) ?? 1);
  const coreNumbers = target.coreNumbers.filter((cores) => ladder.includes(cores));
  const grid = layerGrid({ ...settings, coreNumbers });
  const repeats = target.isExact ? 1 : settings.repeats;
  const passes: (readonly (number | undefined)[])[] = [];
  for (let pass = 0; pass < repeats; pass++) {
    const times: (number | undefined)[] = [];
    for (const [index, point] of grid.entries()) {
      if (signal?.aborted) break;
      onProgress?.(pass, index / grid.length);
      times.push(await target.measure(synthesize(point), point.cores));
    }
    if (signal?.aborted) break;
    passes.push(times);
  }
  if (passes.length === 0)
    throw new LaminateError({
      code: "interrupted",
      message: "interrupted before every layer was measured once",
    });
  return grid.map((point, index) => ({
    ...point,
    seconds: passes.flatMap((times) => times[index] ?? []),
  }));
}

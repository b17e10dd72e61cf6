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

export interface GridMeasurements {
  /** Passes through the whole grid. */
  readonly repeats: number;
  /** In the order of the grid. */
  readonly measurements: readonly Measurement[];
}

export interface MeasureOptions {
  /** Passes that were measured before, which count among the repeats. */
  readonly earlier?: GridMeasurements | undefined;
  /** Ends after the pass before. */
  readonly signal?: AbortSignal;
  /** Told before each layer: passes that are done, and the part of this one. */
  readonly onProgress?: (done: number, part: number) => void;
  /** Given all that was measured, after each pass. */
  readonly onPass?: (measured: GridMeasurements) => void;
}

/** The layers that a target is asked for. */
export function gridOf(target: Pick<Target, "coreNumbers">, settings: GridSettings): readonly GridPoint[] {
  const ladder = doublingLadder(target.coreNumbers.at(-1) ?? 1);
  const coreNumbers = target.coreNumbers.filter((cores) => ladder.includes(cores));
  return layerGrid({ ...settings, coreNumbers });
}

/**
 * The measurements, in the order of the grid.
 *
 * @throws LaminateError (interrupted) when it is ended before the first pass is done
 */
export async function measureGrid(
  target: Target,
  settings: GridSettings,
  { earlier, signal, onProgress, onPass }: MeasureOptions = {},
): Promise<readonly Measurement[]> {
  const grid = gridOf(target, settings);
  const repeats = target.isExact ? 1 : settings.repeats;
  let measured: GridMeasurements = earlier ?? {
    repeats: 0,
    measurements: grid.map((point) => ({ ...point, seconds: [] })),
  };
  while (measured.repeats < repeats) {
    const times: (number | undefined)[] = [];
    for (const [index, point] of grid.entries()) {
      if (signal?.aborted) break;
      onProgress?.(measured.repeats, index / grid.length);
      times.push(await target.measure(synthesize(point), point.cores));
    }
    if (signal?.aborted) break;
    measured = {
      repeats: measured.repeats + 1,
      measurements: measured.measurements.map((one, index) => ({
        ...one,
        seconds: [...one.seconds, ...(times[index] === undefined ? [] : [times[index]])],
      })),
    };
    onPass?.(measured);
  }
  if (measured.repeats === 0)
    throw new LaminateError({
      code: "interrupted",
      message: "interrupted before every layer was measured once",
    });
  return measured.measurements;
}

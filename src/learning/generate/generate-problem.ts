/**
 * Problems to learn from: a generated network on a machine near one of the presets, with a batch and a memory. Batches
 * from 1 to 256 and memories from 1 to 128 MB are log-uniform, as what matters of them are ratios.
 */

import type { RandomSource } from "../../base/random.ts";
import type { Accelerator } from "../../mapping/accelerator/accelerator.ts";
import { oneCorePresets } from "../../mapping/accelerator/presets/presets.ts";
import type { CompleteProblem, CostMode, Objective } from "../../mapping/cost/problem.ts";
import { completeProblem } from "../../mapping/cost/problem.ts";
import { childRandom, logUniform, pick } from "./draw.ts";
import { generateWorkload } from "./generate-network.ts";

export interface GenerateOptions {
  readonly seed: number;
  readonly mode: CostMode;
  /** The same for all, or drawn for each. */
  readonly objective: Objective | typeof anyObjective;
}

/** Latency for three problems of four, as most are asked for that, and energy and off-chip traffic for the others. */
export const anyObjective = "any";
const drawnObjectives: readonly Objective[] = [
  ...(["latency", "latency", "latency", "latency", "latency", "latency"] as const),
  ...(["energy", "traffic"] as const),
];

export const memoryRange = [1e6, 128e6] as const;
export const batchRange = [1, 256] as const;

/** Each number of a machine is drawn from a quarter of the preset's to four times it. */
const spread = 4;
const elementTypes = ["int8", "int8", "float16", "float32"] as const;

/** The index-th problem of a seed. O(network). */
export function generateProblem(index: number, { seed, mode, objective }: GenerateOptions): CompleteProblem {
  // Streams of their own, so that a network does not change with the machine that it runs on.
  const random = childRandom(seed, -2 - index);
  const elementType = pick(random, elementTypes);
  const accelerator = generateAccelerator(random, elementType);
  const batch = drawBatch(random, ...batchRange);
  const memoryBytes = Math.round(logUniform(random, ...memoryRange));
  const workload = generateWorkload(seed, index, elementType);
  // Drawn last: with one objective for all the problems are those that they were.
  const wanted = drawObjective(random, objective);
  return completeProblem({ workload, accelerator, batch, memoryBytes, mode, objective: wanted });
}

/** A batch from least to most, both included. */
export function drawBatch(random: RandomSource, least: number, most: number): number {
  return Math.min(most, Math.floor(logUniform(random, least, most + 1)));
}

/** The objective, or one that is drawn. */
export function drawObjective(random: RandomSource, objective: GenerateOptions["objective"]): Objective {
  return objective === anyObjective ? pick(random, drawnObjectives) : objective;
}

/** A machine near a preset: every number that a mapping's cost hangs on is drawn by itself. */
export function generateAccelerator(random: RandomSource, elementType: string): Accelerator {
  // Machines of many cores are no part of what is learned: a mapping there has a knob more.
  const preset = pick(random, oneCorePresets);
  return { ...nearAccelerator(random, preset, spread), elementType, sources: {} };
}

/** The accelerator with every number that a mapping's cost hangs on drawn from a share of it, 1 / spread, to as many times. */
export function nearAccelerator(random: RandomSource, preset: Accelerator, spread: number): Accelerator {
  const near = (value: number): number => value * logUniform(random, 1 / spread, spread);
  const count = (value: number): number => Math.max(1, Math.round(near(value)));
  // Three significant digits, as machines have them.
  const short = (value: number): number => Number(value.toPrecision(3));
  return {
    ...preset,
    name: `near ${preset.name}`,
    description: `drawn near ${preset.name}`,
    pesPerCore: count(preset.pesPerCore),
    macsPerPePerCycle: preset.macsPerPePerCycle === 1 ? 1 : count(preset.macsPerPePerCycle),
    frequencyHertz: short(near(preset.frequencyHertz)),
    onChipBytesPerSecond: short(near(preset.onChipBytesPerSecond)),
    offChipBytesPerSecond: short(near(preset.offChipBytesPerSecond)),
    energyPerMacPicojoules: short(near(preset.energyPerMacPicojoules)),
    energyPerOnChipBytePicojoules: short(near(preset.energyPerOnChipBytePicojoules)),
    energyPerOffChipBytePicojoules: short(near(preset.energyPerOffChipBytePicojoules)),
  };
}

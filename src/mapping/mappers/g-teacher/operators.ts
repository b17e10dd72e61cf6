/**
 * The operators of the genetic search, which extend GAMMA's (Kao and Krishna, ICCAD 2020) from tiles and loop orders to
 * pass sizes and syncs. A genome is a vector of pass sizes, one entry a layer, -1 for sync; on several cores the genes of
 * core-genes.ts follow, one a layer.
 *
 * | GAMMA | here | what it does |
 * |---|---|---|
 * | crossover | crossover | takes a run of layers from another parent |
 * | tile mutation | mutate | draws up to three entries anew |
 * | reorder | shift | swaps two neighbouring entries: a boundary between groups moves by a layer |
 * | growth | fuse | replaces a sync by a neighbour's pass size: two groups become one |
 * | aging | split | replaces a pass size by a sync: one group becomes two |
 */
import type { RandomSource } from "../../../base/random.ts";
import { type CoreGenes, mutateCores, randomCores } from "./core-genes.ts";

export type Genome = Int32Array;

/** What a genetic operator needs besides genomes. */
export interface GeneticContext {
  readonly random: RandomSource;
  /** The pass sizes of the space. */
  readonly passSizes: readonly number[];
  readonly layerCount: number;
  /** Left out where every group runs on all cores. */
  readonly coreGenes: CoreGenes | undefined;
}

/** The part of a genome that says pass sizes, as a view. */
export function passesOf(genome: Genome, { layerCount }: Pick<GeneticContext, "layerCount">): Int32Array {
  return genome.subarray(0, layerCount);
}

/** The part that says cores, as a view; empty where every group runs on all cores. */
export function coresOf(genome: Genome, { layerCount }: Pick<GeneticContext, "layerCount">): Int32Array {
  return genome.subarray(layerCount);
}

/** How often each operator is applied to a child, as in GAMMA. */
export const rates = { crossover: 0.57, mutate: 0.53, shift: 0.47, fuse: 0.57, split: 0.27 } as const;

/** Share of the population whose genomes parents are drawn from, and share kept unchanged, as in GAMMA. */
export const parentShare = 0.4;
export const eliteShare = 0.05;

/** The unfused network, on so many cores. */
export function unfusedGenome({ layerCount, coreGenes }: GeneticContext, cores: number): Genome {
  const genome: Genome = new Int32Array(coreGenes ? 2 * layerCount : layerCount).fill(-1);
  return genome.fill(cores, layerCount);
}

/** A random genome: each has its own share of syncs and its own largest pass size. */
export function randomGenome(context: GeneticContext): Genome {
  const { random, passSizes, layerCount, coreGenes } = context;
  const syncShare = random.uniform();
  const sizes = 1 + random.below(passSizes.length);
  const genome: Genome = new Int32Array(coreGenes ? 2 * layerCount : layerCount);
  for (let layer = 0; layer < layerCount; layer++)
    genome[layer] = random.uniform() < syncShare ? -1 : (passSizes[random.below(sizes)] ?? -1);
  if (coreGenes) randomCores(coresOf(genome, context), coreGenes, random);
  return genome;
}

/** A child of two parents: crossover, then each of the mutations, each at its rate. */
export function breed(mother: Genome, father: Genome, context: GeneticContext): Genome {
  const { random, coreGenes } = context;
  const child = mother.slice();
  const passes = passesOf(child, context);
  if (random.uniform() < rates.crossover) crossover(child, father, context);
  if (random.uniform() < rates.shift) shift(passes, context);
  if (random.uniform() < rates.mutate) mutate(passes, context);
  if (random.uniform() < rates.fuse) fuse(passes, context);
  if (random.uniform() < rates.split) split(passes, context);
  if (coreGenes) mutateCores(passes, coresOf(child, context), coreGenes, random);
  return child;
}

function crossover(child: Genome, father: Genome, { random, layerCount, coreGenes }: GeneticContext): void {
  const a = random.below(layerCount);
  const b = random.below(layerCount);
  const [from, to] = [Math.min(a, b), Math.max(a, b) + 1];
  child.set(father.subarray(from, to), from);
  if (coreGenes) child.set(father.subarray(layerCount + from, layerCount + to), layerCount + from);
}

function mutate(child: Int32Array, { random, passSizes }: GeneticContext): void {
  for (let tries = 0; tries < 3; tries++) {
    const draw = random.below(passSizes.length + 1);
    child[random.below(child.length)] = passSizes[draw] ?? -1;
  }
}

function shift(child: Int32Array, { random }: GeneticContext): void {
  if (child.length < 2) return;
  const layer = random.below(child.length - 1);
  const entry = child[layer] as number;
  child[layer] = child[layer + 1] as number;
  child[layer + 1] = entry;
}

function fuse(child: Int32Array, { random, passSizes }: GeneticContext): void {
  const layer = nthWhere(child, (entry) => entry === -1, random);
  if (layer < 0) return;
  const neighbour = Math.max(child[layer - 1] ?? -1, child[layer + 1] ?? -1);
  child[layer] = neighbour === -1 ? (passSizes[random.below(passSizes.length)] ?? 1) : neighbour;
}

function split(child: Int32Array, { random }: GeneticContext): void {
  const layer = nthWhere(child, (entry) => entry !== -1, random);
  if (layer >= 0) child[layer] = -1;
}

/** A random index whose entry the test accepts; -1 when there is none. */
function nthWhere(genome: Int32Array, accepts: (entry: number) => boolean, random: RandomSource): number {
  let count = 0;
  for (const entry of genome) if (accepts(entry)) count++;
  if (count === 0) return -1;
  let left = random.below(count);
  for (let layer = 0; layer < genome.length; layer++) {
    if (accepts(genome[layer] as number) && left-- === 0) return layer;
  }
  return -1;
}

/**
 * Genes for the cores of groups, on accelerators that have several: a number for each layer behind the pass sizes, of which that of a
 * group's first layer counts. Mutations give a whole group its number, so that it keeps it where the group is cut. GAMMA has
 * nothing like it.
 */
import type { RandomSource } from "../../../base/random.ts";
import { doublingLadder } from "../../space/pass-sizes.ts";

/** What the genes of a problem are. */
export interface CoreGenes {
  /** Cores of the accelerator. */
  readonly most: number;
  /** Whether a group must end after a layer, synced or not. */
  readonly mustEnd: (layer: number) => boolean;
}

/** How often each mutation is applied to a child. */
const rates = { step: 0.3, copy: 0.2, draw: 0.1 } as const;

/** Genes around one number: of half the genomes all cores, else its own; each has its own share of layers that differ. */
export function randomCores(cores: Int32Array, { most }: CoreGenes, random: RandomSource): void {
  const numbers = doublingLadder(most);
  const draw = (): number => numbers[random.below(numbers.length)] ?? most;
  const common = random.uniform() < 0.5 ? most : draw();
  const share = random.uniform();
  for (let layer = 0; layer < cores.length; layer++)
    cores[layer] = random.uniform() < share / 2 ? draw() : common;
}

/** Each of the mutations at its rate: a group steps, takes a neighbour's cores, or draws any number. */
export function mutateCores(
  passes: Int32Array,
  cores: Int32Array,
  genes: CoreGenes,
  random: RandomSource,
): void {
  const group = () => groupAround(passes, genes, random.below(passes.length));
  if (random.uniform() < rates.step) {
    const { first, last } = group();
    cores.fill(stepped(cores[first] as number, genes.most, random), first, last + 1);
  }
  if (random.uniform() < rates.copy) {
    const { first, last } = group();
    const neighbour = random.below(2) === 0 ? cores[first - 1] : cores[last + 1];
    if (neighbour !== undefined) cores.fill(neighbour, first, last + 1);
  }
  if (random.uniform() < rates.draw) {
    const { first, last } = group();
    cores.fill(1 + random.below(genes.most), first, last + 1);
  }
}

/** Twice or half as many, or a quarter more or fewer. */
function stepped(cores: number, most: number, random: RandomSource): number {
  const quarter = Math.max(1, cores >> 2);
  const wanted = [2 * cores, cores >> 1, cores + quarter, cores - quarter][random.below(4)] ?? cores;
  return Math.min(most, Math.max(1, wanted));
}

/** The group that a layer lies in. */
function groupAround(
  passes: Int32Array,
  { mustEnd }: CoreGenes,
  layer: number,
): { readonly first: number; readonly last: number } {
  const ends = (at: number): boolean => passes[at] === -1 || mustEnd(at);
  let first = layer;
  while (first > 0 && !ends(first - 1)) first--;
  let last = layer;
  while (last < passes.length - 1 && !ends(last)) last++;
  return { first, last };
}

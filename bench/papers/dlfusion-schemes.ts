/**
 * DLFusion's strategies on this machine: what each decides by a profile's predictions (a scheme: blocks that follow each other
 * through the network, each on a number of threads), the time that takes, and how far the orders of both agree.
 */
import { known } from "../../src/base/assert.ts";
import type { RandomSource } from "../../src/base/random.ts";
import { bootstrapSpearman, type CorrelationInterval, median, ranks } from "../../src/base/statistics.ts";
import { optimizeGraph } from "../../src/compiler/fusion/rewrite/optimize.ts";
import { rolesOf } from "../../src/compiler/fusion/roles.ts";
import { fuse } from "../../src/compiler/fusion/static-plan.ts";
import type { TypedGraph } from "../../src/graph/ir/graph.ts";
import type { Block } from "../../src/mapping/mappers/dlfusion/block-costs.ts";
import { decideBlocks, decidedNames } from "../../src/mapping/mappers/dlfusion/mapper.ts";
import { profileCosts } from "../../src/mapping/mappers/dlfusion/profile-costs.ts";
import type { MachineTarget } from "../../src/mapping/targets/machine-target.ts";
import { characteristicsOf, type TargetProfile } from "../../src/mapping/targets/target-profile.ts";
import { blockViews } from "../../src/mapping/workload/block-view.ts";
import { extractWorkload } from "../../src/mapping/workload/extract.ts";
import type { Workload } from "../../src/mapping/workload/workload.ts";

/** A network as it is compiled. */
export interface RewrittenNetwork {
  readonly name: string;
  readonly typed: TypedGraph;
  readonly workload: Workload;
  /** The graph's nodes in each layer. */
  readonly nodesOf: readonly (readonly number[])[];
}

/** What a strategy makes of a network. */
export interface Scheme {
  readonly strategy: string;
  readonly blocks: readonly Block[];
  readonly predictedSeconds: number;
}

export interface MeasuredScheme extends Scheme {
  /** Of one run, one entry for each round; none where a block has no generated code. */
  readonly seconds: readonly number[];
}

/** Rewritten as for compiling, for one image. */
export function rewrittenNetwork(name: string, typed: TypedGraph): RewrittenNetwork {
  const rewritten = optimizeGraph(typed, { fastMath: false });
  const fused = fuse(rewritten);
  return {
    name,
    typed: rewritten,
    workload: extractWorkload(fused, { name, elementType: "float32" }),
    nodesOf: blockViews(fused, rolesOf(rewritten)).map(({ nodes }) => nodes),
  };
}

/** What each strategy decides for 1 to `cores` cores. */
export function schemesOf(
  { workload }: RewrittenNetwork,
  profile: TargetProfile,
  cores: number,
): readonly Scheme[] {
  const costs = profileCosts(workload, profile, cores);
  const characteristics = characteristicsOf(profile);
  return decidedNames.map((strategy) => {
    const blocks = known(
      decideBlocks(strategy, costs, characteristics),
      "blocks: here any layers can be one",
    );
    const predictedSeconds = blocks.reduce((total, block) => total + costs.costOf(block), 0);
    return { strategy, blocks, predictedSeconds };
  });
}

export interface MeasureOptions {
  readonly rounds: number;
  /** Of the order in a round. */
  readonly random: RandomSource;
  /** Told before each round: rounds that are done. */
  readonly onProgress?: (done: number) => void;
}

/**
 * Measures all schemes of a network: each is run whole, its blocks in turn. Schemes that are alike are measured once in a
 * round, and every round takes them in another order, so that what drifts meets all alike.
 */
export async function measureSchemes(
  { typed, nodesOf }: RewrittenNetwork,
  schemes: readonly Scheme[],
  target: Pick<MachineTarget, "measureParts">,
  { rounds, random, onProgress }: MeasureOptions,
): Promise<readonly MeasuredScheme[]> {
  const seconds = new Map(schemes.map((scheme): [string, number[]] => [schemeName(scheme), []]));
  const byName = new Map(schemes.map((scheme) => [schemeName(scheme), scheme]));
  for (let round = 0; round < rounds; round++) {
    onProgress?.(round);
    for (const [name, { blocks }] of shuffled([...byName], random)) {
      const parts = blocks.map(({ first, last, cores }) => {
        const nodes = nodesOf.slice(first, last + 1).flat();
        return { nodes: nodes.sort((a, b) => a - b), cores };
      });
      const measured = await target.measureParts(typed, parts);
      if (measured !== undefined) seconds.get(name)?.push(measured);
    }
  }
  return schemes.map((scheme) => ({ ...scheme, seconds: seconds.get(schemeName(scheme)) ?? [] }));
}

/** Names the blocks of a scheme: strategies that decide alike have one. */
export function schemeName({ blocks }: Scheme): string {
  return blocks.map(({ first, last, cores }) => `${first}-${last} on ${cores}`).join(", ");
}

/** In an order in which any is as likely (Fisher and Yates). */
function shuffled<T>(values: readonly T[], random: RandomSource): readonly T[] {
  const order = [...values];
  for (let end = order.length - 1; end > 0; end--) {
    const at = random.below(end + 1);
    [order[end], order[at]] = [order[at] as T, order[end] as T];
  }
  return order;
}

/** The schemes that ran, one for each of those that are alike: counted twice, one would agree with itself. */
export function distinctSchemes(schemes: readonly MeasuredScheme[]): readonly MeasuredScheme[] {
  const ran = schemes.filter(({ seconds }) => seconds.length > 0);
  return [...new Map(ran.toReversed().map((scheme) => [schemeName(scheme), scheme])).values()].toReversed();
}

/** How far predicted and measured order agree. */
export interface Agreement {
  /** Schemes that are ordered. */
  readonly count: number;
  /** undefined where they are too few, or all alike. */
  readonly interval: CorrelationInterval | undefined;
}

/** Of the distinct schemes of one network. */
export function agreementOn(schemes: readonly MeasuredScheme[], random: RandomSource): Agreement {
  return agreementOf(distinctSchemes(schemes).map(timesOf), random);
}

/**
 * Of all networks together: times over those of the first scheme of their network, so that large networks do not order
 * everything. The first schemes are left out, being 1 in both by definition.
 */
export function pooledAgreement(
  networks: readonly (readonly MeasuredScheme[])[],
  random: RandomSource,
): Agreement {
  const pairs = networks.flatMap((schemes) => {
    const [base, ...others] = distinctSchemes(schemes).map(timesOf);
    return others.map(({ predicted, measured }) => ({
      predicted: predicted / (base?.predicted ?? 1),
      measured: measured / (base?.measured ?? 1),
    }));
  });
  return agreementOf(pairs, random);
}

/**
 * Of all networks together, each network's schemes by their places in it, from 0 to 1: whether the strategies are in the right order
 * whatever the network, and not whether one network gains more than another.
 */
export function rankedAgreement(
  networks: readonly (readonly MeasuredScheme[])[],
  random: RandomSource,
): Agreement {
  const pairs = networks.flatMap((schemes) => {
    const times = distinctSchemes(schemes).map(timesOf);
    const [predicted, measured] = [placesOf(times, "predicted"), placesOf(times, "measured")];
    return times.map((_, at) => ({ predicted: predicted[at] ?? 0, measured: measured[at] ?? 0 }));
  });
  return agreementOf(pairs, random);
}

function placesOf(times: readonly Times[], of: keyof Times): readonly number[] {
  return ranks(times.map((pair) => pair[of])).map((rank) => (rank - 1) / Math.max(1, times.length - 1));
}

interface Times {
  readonly predicted: number;
  readonly measured: number;
}

function timesOf({ predictedSeconds, seconds }: MeasuredScheme): Times {
  // Sums of the same numbers in another order differ in their last digits, and are no order.
  return { predicted: Number(predictedSeconds.toPrecision(9)), measured: median(seconds) };
}

/** Two points are on a line whatever they are. */
const fewestSchemes = 3;

function agreementOf(times: readonly Times[], random: RandomSource): Agreement {
  const [predicted, measured] = [times.map((pair) => pair.predicted), times.map((pair) => pair.measured)];
  const interval =
    times.length < fewestSchemes ? undefined : bootstrapSpearman(predicted, measured, { random });
  return { count: times.length, interval };
}

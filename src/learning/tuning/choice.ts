/**
 * Which weights a tuning ends with: those that it began at, those that it came to, or some between them (Wortsman et al., WiSE-FT, CVPR
 * 2022: between the two a network often keeps what it could and has most of what it learned). A loss does not say how good mappings are, so
 * they are chosen by what they are for: the mappings that they decode greedily, of problems that the tuning never saw, against the optimum.
 * Whoever tunes never gets worse weights on his problems than those he had, as far as these can tell.
 */
import { sum } from "../../base/integers.ts";
import { quietly } from "../../base/steps.ts";
import { type CostModel, createCostModel } from "../../mapping/cost/cost-model.ts";
import { costWith, layerByLayer } from "../../mapping/cost/evaluate.ts";
import type { Problem } from "../../mapping/cost/problem.ts";
import { exactMapper } from "../../mapping/mappers/exact/exact.ts";
import { decodeMappings } from "../inference/decode.ts";
import { createStepNetwork } from "../inference/step-network.ts";
import type { MapperWeights } from "../network/mapper-weights.ts";

/** A problem that weights are tried on. */
export interface Trial {
  readonly model: CostModel;
  /** Of the networks that are tuned to, or of others. */
  readonly kind: "own" | "other";
  /** The unfused network's cost and the best that is known, in the objective's unit. */
  readonly unfusedCost: number;
  readonly bestCost: number;
}

/** Where the optimum gains less, every share is nearly 1 and says nothing. */
const leastGain = 1.01;

/** The trial of a problem; undefined where nothing fits or there is nothing to gain. Yields between pieces of work of some milliseconds. */
export function* trialOf(
  problem: Problem,
  { kind, exactEvaluations }: Pick<Trial, "kind"> & { readonly exactEvaluations: number },
): Generator<void, Trial | undefined> {
  const model = createCostModel(problem);
  const unfusedCost = costWith(model, layerByLayer(model.problem));
  if (unfusedCost === Number.POSITIVE_INFINITY) return undefined;
  // Steps decide no cores: a learned mapper takes all.
  const teacher = exactMapper({ coreNumbers: [model.problem.accelerator.cores] });
  const search = teacher.search(model.problem, { seed: 1, maxEvaluations: exactEvaluations });
  const { bestCost = unfusedCost } = yield* quietly(search);
  return unfusedCost < leastGain * bestCost ? undefined : { model, kind, unfusedCost, bestCost };
}

/** How far from the weights that a tuning began at (0) to those that it came to (1), and the shares of the optimum's speed-up there. */
export interface Candidate {
  readonly way: number;
  /** One for each trial of the kind. */
  readonly own: readonly number[];
  readonly other: readonly number[];
}

/** Those that are tried. */
export const ways: readonly number[] = [0, 0.25, 0.5, 0.75, 1];

/** Parameters between two of the same network. */
export function between(from: MapperWeights, to: MapperWeights["parameters"], way: number): MapperWeights {
  const parameters = [...from.parameters].map(([name, before]) => {
    const after = to.get(name);
    if (after === undefined) throw new Error(`internal: no ${name} to go to`);
    // At the ends the very same numbers.
    const moved = before.map((value, at) =>
      way === 1 ? (after[at] ?? 0) : value + way * ((after[at] ?? 0) - value),
    );
    return [name, moved] as const;
  });
  return { ...from, parameters: new Map(parameters) };
}

/** Decodes every trial greedily with the weights between. O(trials) decodings; yields after each. */
export async function* tryCandidate(
  from: MapperWeights,
  to: MapperWeights["parameters"],
  way: number,
  trials: readonly Trial[],
): AsyncGenerator<void, Candidate> {
  const network = await createStepNetwork(between(from, to, way), 1);
  const shares = { own: [] as number[], other: [] as number[] };
  for (const { model, kind, unfusedCost, bestCost } of trials) {
    const greedy = { samples: 1, temperature: 0, seed: 1 };
    const [mapping] = [...decodeMappings(network, model, greedy)].flat();
    const cost = mapping === undefined ? unfusedCost : costWith(model, mapping);
    // As the mapper answers: never worse than the unfused network.
    shares[kind].push(bestCost / Math.min(unfusedCost, cost));
    yield;
  }
  return { way, ...shares };
}

/** What others may lose of the optimum in the mean. */
const toleratedLoss = 0.005;

/**
 * The candidate with the best mean on own trials, of those with which others lose little; the first, which began, unless one gains more than the
 * standard error of its gain. Of equals the nearer one.
 */
export function choose([began, ...others]: readonly [Candidate, ...Candidate[]]): Candidate {
  let chosen = began;
  for (const candidate of others) {
    const gains = candidate.own.map((share, at) => share - (began.own[at] ?? share));
    if (meanOf(gains) <= standardError(gains) || meanOf(gains) <= 0) continue;
    if (meanOf(candidate.other) < meanOf(began.other) - toleratedLoss) continue;
    if (meanOf(candidate.own) > meanOf(chosen.own)) chosen = candidate;
  }
  return chosen;
}

/** 0 of none. */
export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}

/** Of the mean of independent values. */
function standardError(values: readonly number[]): number {
  const mean = meanOf(values);
  const squares = sum(values.map((value) => (value - mean) ** 2));
  return values.length < 2
    ? Number.POSITIVE_INFINITY
    : Math.sqrt(squares / (values.length - 1) / values.length);
}

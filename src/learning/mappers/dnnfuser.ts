/**
 * DNNFuser as a mapper: a trained network says a mapping in one pass, or several of which the best is taken. It starts from the
 * unfused network, as the other searches do, so its answer is never worse; where no mapping fits it finds none. The cost model has
 * the last word on what the network says. O(steps) runs of the network for each batch of samples; compiled in `prepare`, once
 * for all problems of about as many layers.
 *
 * Evaluations are what cost is worked out for: the unfused network, for each sample the rest of the mapping at every step (the
 * state's performance so far, so N + 1), and the mapping that comes out.
 */
import { assert } from "../../base/assert.ts";
import { usageError } from "../../base/errors.ts";
import { type CostModel, createCostModel } from "../../mapping/cost/cost-model.ts";
import { evaluateWith, layerByLayer } from "../../mapping/cost/evaluate.ts";
import { costOf, type InfeasibleEvaluation } from "../../mapping/cost/evaluation.ts";
import type { Problem } from "../../mapping/cost/problem.ts";
import type { Mapper, SearchOptions, SearchState } from "../../mapping/mappers/mapper.ts";
import type { Mapping } from "../../mapping/space/mapping.ts";
import { decodeMappings } from "../inference/decode.ts";
import { createStepNetwork, type StepNetwork } from "../inference/step-network.ts";
import type { MapperWeights } from "../network/mapper-weights.ts";

export const dnnfuserName = "dnnfuser";

export interface DnnfuserOptions {
  readonly weights: MapperWeights;
  /** Mappings that are decoded, of which the best is the answer; 1, the greedy one, unless given. */
  readonly samples?: number;
  /** What the noise is multiplied by that makes the others differ from the first (inference/decode.ts). */
  readonly temperature?: number;
}

export const mostSamples = 65_536;
/**
 * Enough to turn a decision that the network is not sure of, and little enough to keep most of the others: choices as likely as the network
 * says, shares of the batch by a tenth.
 */
export const defaultTemperatures = { choice: 1, share: 0.1 } as const;
/** Samples that run side by side: beyond 4 one takes no less time, and beyond 8 a little more, as the cache outgrows the processor's. */
const mostTogether = 8;
/** Attention goes over all the room that it is compiled for, filled or not: a quarter of a step's time in a window of 57. */
const roomStep = 16;

/**
 * @throws LaminateError (usage) for options out of range
 */
export function dnnfuserMapper({
  weights,
  samples = 1,
  temperature = defaultTemperatures[weights.schema.action.kind],
}: DnnfuserOptions): Mapper {
  checkOptions(samples, temperature);
  const together = Math.min(samples, mostTogether);
  /** By the steps that they have room for. */
  const networks = new Map<number, StepNetwork>();
  return {
    name: dnnfuserName,
    ignoresSeed: samples === 1 || temperature === 0,
    async prepare(problem) {
      const roomy = withRoomFor(weights, problem);
      const { steps } = roomy.sizes;
      if (!networks.has(steps)) networks.set(steps, await createStepNetwork(roomy, together));
    },
    *search(problem, options) {
      const network = networks.get(withRoomFor(weights, problem).sizes.steps);
      assert(network !== undefined, "the network is compiled before the first search");
      return yield* search(network, problem, { ...options, samples, temperature });
    },
  };
}

/** The weights with a window no longer than a mapping of the problem needs, which changes no answer. */
export function withRoomFor(weights: MapperWeights, { workload }: Pick<Problem, "workload">): MapperWeights {
  const needed = roomStep * Math.ceil((workload.layers.length + 1) / roomStep);
  return { ...weights, sizes: { ...weights.sizes, steps: Math.min(weights.sizes.steps, needed) } };
}

function checkOptions(samples: number, temperature: number): void {
  if (!Number.isInteger(samples) || samples < 1 || samples > mostSamples)
    throw usageError(`${samples} is no number of samples`, {
      where: "samples",
      fix: `give a whole number from 1 to ${mostSamples}`,
    });
  if (!(temperature >= 0 && Number.isFinite(temperature)))
    throw usageError(`${temperature} is no temperature`, { where: "temperature", fix: "give 0 or more" });
}

interface NetworkSearch extends SearchOptions {
  readonly samples: number;
  readonly temperature: number;
}

function* search(
  network: StepNetwork,
  problem: Problem,
  options: NetworkSearch,
): Generator<SearchState, SearchState> {
  const model = createCostModel(problem);
  const unfused = ranked(model, layerByLayer(model.problem));
  let best = unfused.feasible ? unfused : undefined;
  let evaluations = 1;
  const perSample = model.layerCount + 2;
  const { maxEvaluations = Number.POSITIVE_INFINITY } = options;
  const affordable = Math.max(0, Math.floor((maxEvaluations - 1) / perSample));
  const samples = unfused.feasible ? Math.min(options.samples, affordable) : 0;
  const state = (): SearchState => ({
    best: best?.mapping,
    bestCost: best?.cost,
    ...(unfused.feasible ? {} : { leastRequiredBytes: unfused.requiredBytes }),
    evaluations,
    progress: samples === 0 ? 1 : (evaluations - 1) / (samples * perSample),
    proof: { optimal: false, space: "", lowerBound: undefined },
  });
  if (samples === 0) return state();
  yield state();
  for (const mappings of decodeMappings(network, model, { ...options, samples })) {
    for (const mapping of mappings) {
      const found = ranked(model, mapping);
      assert(found.feasible, "what the environment allows fits");
      if (best === undefined || isBetter(found, best)) best = found;
    }
    evaluations += perSample * mappings.length;
    yield state();
  }
  return state();
}

/** A mapping that fits, with what decides between two of them. */
interface Ranked {
  readonly feasible: true;
  readonly mapping: Mapping;
  readonly cost: number;
  readonly offChipBytes: number;
}

function ranked(model: CostModel, mapping: Mapping): Ranked | InfeasibleEvaluation {
  const evaluation = evaluateWith(model, mapping);
  if (!evaluation.feasible) return evaluation;
  const cost = costOf(evaluation, model.problem.objective);
  return { feasible: true, mapping, cost, offChipBytes: evaluation.offChipBytes };
}

/** Where compute bounds both, the one that moves fewer bytes; of equals the earlier one stays. */
function isBetter(a: Ranked, b: Ranked): boolean {
  return a.cost < b.cost || (a.cost === b.cost && a.offChipBytes < b.offChipBytes);
}

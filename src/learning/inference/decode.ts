/**
 * A mapping by the network (DNNFuser, section 4.5.2): step by step it is told the state and the memory that is asked for, and answers
 * with an action, which is bent to the nearest decision that some mapping that fits goes on from. So every mapping fits, whatever
 * the weights are. O(steps) runs of the network for each batch of samples.
 *
 * Readings of what the paper leaves open:
 * - The memory that is asked for, its reward and return-to-go, is the problem's, at every step: as in the trajectories.
 * - The network's input is never staged, whatever the network says at step 0: that is no part of a mapping, never better, and in no
 *   trajectory.
 * - The network goes on from what was decided, not from what it said: the action that it is told next is the bent one.
 * - It decides greedily: of choices the most wanted that is allowed, of shares the nearest decision that is. Further samples add noise
 *   to the numbers of the network's answer before they are read as a decision, for each number of the action anew, temperature times
 *   Gumbel's for choices (at temperature 1 a sample is drawn as the network's softmax has it), and times N(0, 1) for shares, where noise
 *   moves the share of the batch, and below the middle makes it a sync. Each sample has its own stream of noise, which follows from
 *   the seed and its number alone.
 * - Where the weights know groups and not networks (network-sizes.ts) the network forgets what was when a group ends.
 * - A network has no embedding for more steps than its window; of a longer network it remembers the last steps (step-network.ts).
 */
import { normalDraw } from "../../base/normal.ts";
import type { RandomSource } from "../../base/random.ts";
import type { CostModel } from "../../mapping/cost/cost-model.ts";
import type { Mapping } from "../../mapping/space/mapping.ts";
import { nearestAllowed } from "../environment/allowed.ts";
import { type Decision, mappingOfDecisions } from "../environment/decision.ts";
import { createStateEncoder, readAction, type StateEncoder, writeAction } from "../environment/encode.ts";
import { createEnvironment, type Environment } from "../environment/environment.ts";
import { actionWidth, type FeatureSchema } from "../environment/schema.ts";
import { childRandom } from "../generate/draw.ts";
import type { StepNetwork } from "./step-network.ts";

export interface DecodeOptions {
  /** How many mappings; the first is the greedy one. */
  readonly samples: number;
  /** What the noise of all but the first is multiplied by. */
  readonly temperature: number;
  readonly seed: number;
  /** What is decided of the first layers; it must be allowed. Nothing, unless given. */
  readonly begun?: Mapping;
}

/**
 * The mappings, as many in each batch as the network takes side by side. Between batches the network may be used for another
 * problem, within one it may not: so each is decoded in one go. None where no mapping fits.
 */
export function* decodeMappings(
  network: StepNetwork,
  model: CostModel,
  { samples, temperature, seed, begun = [] }: DecodeOptions,
): Generator<readonly Mapping[]> {
  const places = Array.from({ length: Math.min(samples, network.samples) }, () =>
    createPlace(network, model),
  );
  if (places.some(({ environment }) => !environment.feasible)) return;
  const { schema } = network.weights;
  for (let first = 0; first < samples; first += places.length) {
    const batch = places.slice(0, samples - first).map((place, index): Sample => {
      return { ...place, noise: noiseOf(schema, { sample: first + index, temperature, seed }) };
    });
    yield decodeBatch(network, model, batch, begun);
  }
}

/** One of the places that the network has side by side. */
interface Place {
  readonly environment: Environment;
  readonly encoder: StateEncoder;
}

interface Sample extends Place {
  /** Added to the next number of an answer. */
  readonly noise: () => number;
}

function createPlace({ weights }: StepNetwork, model: CostModel): Place {
  const environment = createEnvironment(model.problem, model);
  return { environment, encoder: createStateEncoder(weights.schema, environment) };
}

function noiseOf(
  { action }: FeatureSchema,
  {
    sample,
    temperature,
    seed,
  }: { readonly sample: number; readonly temperature: number; readonly seed: number },
): () => number {
  if (sample === 0 || temperature === 0) return () => 0;
  const random = childRandom(seed, sample);
  const draw = action.kind === "choice" ? gumbelDraw : normalDraw;
  return () => temperature * draw(random);
}

/** -log(-log u): the largest of logits with such noise is a draw of their softmax (Gumbel; Maddison et al., A* sampling, NeurIPS 2014). */
function gumbelDraw(random: RandomSource): number {
  // 1 - u is in (0, 1]; at 1 the draw is infinite, and any number so large does.
  return -Math.log(Math.max(Number.MIN_VALUE, -Math.log(1 - random.uniform())));
}

function decodeBatch(
  network: StepNetwork,
  model: CostModel,
  batch: readonly Sample[],
  begun: Mapping,
): readonly Mapping[] {
  const { schema, sizes } = network.weights;
  const numbers = actionWidth(schema);
  const steps = model.layerCount + 1;
  const made = batch.map(() => ({ passes: new Int32Array(steps), synced: new Int32Array(steps) }));
  network.restart();
  for (let step = 0; step < steps; step++) {
    batch.forEach(({ encoder }, index) => {
      encoder.write(network.states, index * encoder.width);
      network.returns[index] = encoder.returnToGo;
    });
    const predicted = network.step();
    batch.forEach(({ environment, noise }, index) => {
      const at = index * numbers;
      const answer = predicted.slice(at, at + numbers).map((number) => number + noise());
      // Step 0 is the network's input.
      const decided = step === 0 ? notStaged(environment) : begun[step - 1];
      const wishes = decided === undefined ? readAction(schema, answer, 0, environment) : [decided];
      const decision = nearestAllowed(environment, wishes);
      environment.push(decision);
      if (sizes.sequence === "group" && environment.openLayers === 0) network.restart(index);
      writeAction(schema, decision, model.problem.batch, network.actions, at);
      record(made[index], step, decision);
    });
  }
  for (const { environment } of batch) for (let step = 0; step < steps; step++) environment.pop();
  return made.map((decisions) => mappingOfDecisions(decisions, model.problem.accelerator.cores));
}

function notStaged({ impliedPass }: Environment): Decision {
  return { pass: impliedPass, output: "sync" };
}

function record(
  made: { readonly passes: Int32Array; readonly synced: Int32Array } | undefined,
  step: number,
  { pass, output }: Decision,
): void {
  if (made === undefined) return;
  made.passes[step] = pass;
  made.synced[step] = output === "sync" ? 1 : 0;
}

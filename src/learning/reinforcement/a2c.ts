/**
 * Advantage actor-critic, A2C: the synchronous form of A3C (Mnih et al., Asynchronous methods for deep reinforcement learning, ICML
 * 2016, algorithm S3) with one environment. After every `rolloutSteps` steps, over the borders of episodes, actor and critic take
 * one step on the returns of these steps. The defaults are those of the library Stable Baselines 2, but for the optimiser:
 * AdamW without decay in place of RMSprop. Two runs of small networks a step.
 */

import { normalDraw } from "../../base/normal.ts";
import type { RandomSource } from "../../base/random.ts";
import type { RunningModel } from "../../compiler/runtime/start-model.ts";
import {
  type A2cLoss,
  type A2cShape,
  a2cActingGraph,
  a2cTrainingGraph,
  firstA2cParameters,
  logDeviation,
} from "./a2c-graphs.ts";
import type { Agent } from "./agent.ts";
import { discountedReturns, type Reward } from "./returns.ts";
import { type CompiledTraining, compileHere, compileTraining, trainedNetwork } from "./trained-network.ts";

export interface A2cSettings extends A2cLoss, Pick<A2cShape, "rolloutSteps" | "hiddenWidth"> {
  readonly discount: number;
  readonly learningRate: number;
  readonly clipNorm: number;
}

export const a2cDefaults: A2cSettings = {
  rolloutSteps: 5,
  hiddenWidth: 64,
  discount: 0.99,
  learningRate: 7e-4,
  valueShare: 0.25,
  entropyShare: 0.01,
  clipNorm: 0.5,
};

/** What agents of one shape share; it holds nothing of an agent. */
export interface CompiledA2c {
  readonly shape: A2cShape;
  readonly settings: A2cSettings;
  readonly acting: RunningModel;
  readonly training: CompiledTraining;
}

export async function compileA2c(
  { stateWidth, actions }: Pick<A2cShape, "stateWidth" | "actions">,
  settings: A2cSettings = a2cDefaults,
): Promise<CompiledA2c> {
  const { rolloutSteps, hiddenWidth } = settings;
  const shape: A2cShape = { stateWidth, actions, rolloutSteps, hiddenWidth };
  const training = await compileTraining(a2cTrainingGraph(shape, settings, settings.clipNorm));
  return { shape, settings, acting: await compileHere(a2cActingGraph(shape)), training };
}

/** A new agent with first weights of its own. */
export function createA2c(compiled: CompiledA2c, random: RandomSource): Agent {
  const { shape, settings, acting, training } = compiled;
  const { stateWidth, actions, rolloutSteps } = shape;
  const network = trainedNetwork(training, firstA2cParameters(shape, random), settings.learningRate);
  const rollout = createRollout(shape);
  const state = new Float32Array(stateWidth);
  // The deviation is part of the policy and no input of the acting network.
  const inputs = new Map([...network.parameters].filter(([name]) => name !== logDeviation));
  const look = (at: Float32Array): { readonly policy: Float32Array; readonly value: number } => {
    const { policy, value } = acting.runNow(inputs.set("state", at), { views: true });
    return { policy: policy as Float32Array, value: Number(value?.[0]) };
  };
  const draw = (policy: Float32Array): number => {
    if (actions.kind === "choice") return drawChoice(policy, random);
    const deviation = Math.exp(network.parameters.get(logDeviation)?.[0] ?? 0);
    return (policy[0] as number) + deviation * normalDraw(random);
  };
  let action = 0;
  let value = 0;
  return {
    act(given) {
      state.set(given);
      const seen = look(state);
      value = seen.value;
      action = draw(seen.policy);
      return actions.kind === "choice" ? action : clip(action);
    },
    learn(reward, next) {
      rollout.add(state, action, value, { reward, ends: next === undefined });
      if (rollout.count < rolloutSteps) return;
      const after = next === undefined ? 0 : look(next).value;
      network.step(rollout.take(after, settings.discount));
    },
    best(given) {
      const { policy } = look(given);
      return actions.kind === "choice" ? policy.indexOf(Math.max(...policy)) : clip(policy[0] as number);
    },
  };
}

/** What the environment sees of a number; the policy learns from the number itself. */
function clip(action: number): number {
  return Math.max(-1, Math.min(1, action));
}

/** An index with the probability that the softmax of the logits gives it. */
function drawChoice(logits: Float32Array, random: RandomSource): number {
  const highest = Math.max(...logits);
  const shares = Float64Array.from(logits, (logit) => Math.exp(logit - highest));
  let left = random.uniform() * shares.reduce((total, share) => total + share, 0);
  for (let index = 0; index < shares.length; index++) {
    left -= shares[index] as number;
    if (left < 0) return index;
  }
  return shares.length - 1;
}

interface Rollout {
  /** Steps kept since the last batch. */
  readonly count: number;
  add(state: Float32Array, action: number, value: number, reward: Reward): void;
  /** The training batch of the steps so far; begins anew. The arrays are the same each time. */
  take(valueAfter: number, discount: number): ReadonlyMap<string, Float32Array>;
}

/** The steps between two updates. */
function createRollout({ stateWidth, actions, rolloutSteps }: A2cShape): Rollout {
  const width = actions.kind === "choice" ? actions.count : 1;
  const states = new Float32Array(rolloutSteps * stateWidth);
  const taken = new Float32Array(rolloutSteps * width);
  const returns = new Float32Array(rolloutSteps);
  const advantages = new Float32Array(rolloutSteps);
  const batch = new Map(Object.entries({ states, actions: taken, returns, advantages }));
  let values: number[] = [];
  let rewards: Reward[] = [];
  return {
    get count() {
      return rewards.length;
    },
    add(state, action, value, reward) {
      const at = rewards.length;
      states.set(state, at * stateWidth);
      taken.fill(0, at * width, (at + 1) * width);
      if (actions.kind === "choice") taken[at * width + action] = 1;
      else taken[at] = action;
      values.push(value);
      rewards.push(reward);
    },
    take(valueAfter, discount) {
      discountedReturns(rewards, valueAfter, discount).forEach((sum, at) => {
        returns[at] = sum;
        advantages[at] = sum - (values[at] as number);
      });
      values = [];
      rewards = [];
      return batch;
    },
  };
}

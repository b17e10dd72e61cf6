/**
 * Deep deterministic policy gradient, DDPG (Lillicrap et al., Continuous control with deep reinforcement learning, 2015, algorithm
 * 1): a critic learns from a replay buffer what an action is worth, the actor climbs the critic, and both learn towards copies of
 * themselves that follow slowly. Exploration is an Ornstein-Uhlenbeck process, at 0 again in each episode. The defaults are the
 * paper's, but for hidden layers of 64 in place of 400 and 300, no weight decay, and 50 steps of training for 100 of the
 * environment, which are those of the library Stable Baselines 2, and so is a buffer of 50,000. Two runs a step of training.
 */

import { normalDraw } from "../../base/normal.ts";
import type { RandomSource } from "../../base/random.ts";
import type { RunningModel } from "../../compiler/runtime/start-model.ts";
import type { Agent } from "./agent.ts";
import {
  type DdpgShape,
  ddpgActingGraph,
  ddpgTrainingGraphs,
  firstDdpgParameters,
  targetPrefix,
} from "./ddpg-graphs.ts";
import type { Parameters } from "./layers.ts";
import { createReplayBuffer, emptyBatch } from "./replay.ts";
import { type CompiledTraining, compileHere, compileTraining, trainedNetwork } from "./trained-network.ts";

export interface DdpgSettings extends Pick<DdpgShape, "batchSize" | "hiddenWidth"> {
  readonly discount: number;
  readonly actorRate: number;
  readonly criticRate: number;
  /** AdamW's weight decay of the critic. */
  readonly criticDecay: number;
  /** The share of a network that its target takes over with each step. */
  readonly targetShare: number;
  readonly bufferSteps: number;
  /** Steps of the environment, after which so many steps of training follow. */
  readonly rolloutSteps: number;
  readonly trainingSteps: number;
  /** The process x += pull (0 - x) + deviation N(0, 1). */
  readonly noise: { readonly pull: number; readonly deviation: number };
}

export const ddpgDefaults: DdpgSettings = {
  discount: 0.99,
  actorRate: 1e-4,
  criticRate: 1e-3,
  criticDecay: 0,
  targetShare: 1e-3,
  bufferSteps: 50_000,
  batchSize: 64,
  hiddenWidth: 64,
  rolloutSteps: 100,
  trainingSteps: 50,
  noise: { pull: 0.15, deviation: 0.2 },
};

/** What agents of one shape share; it holds nothing of an agent. */
export interface CompiledDdpg {
  readonly shape: DdpgShape;
  readonly settings: DdpgSettings;
  readonly acting: RunningModel;
  readonly actor: CompiledTraining;
  readonly critic: CompiledTraining;
}

export async function compileDdpg(
  stateWidth: number,
  settings: DdpgSettings = ddpgDefaults,
): Promise<CompiledDdpg> {
  const { batchSize, hiddenWidth } = settings;
  const shape: DdpgShape = { stateWidth, batchSize, hiddenWidth };
  const { actor, critic } = ddpgTrainingGraphs(shape, settings);
  return {
    ...{ shape, settings },
    acting: await compileHere(ddpgActingGraph(shape)),
    actor: await compileTraining(actor),
    critic: await compileTraining(critic),
  };
}

/** A new agent with first weights of its own. */
export function createDdpg(compiled: CompiledDdpg, random: RandomSource): Agent {
  const { shape, settings, acting } = compiled;
  const { noise } = settings;
  const buffer = createReplayBuffer(settings.bufferSteps, shape.stateWidth);
  const networks = createNetworks(compiled, random);
  const batch = emptyBatch(settings.batchSize, shape.stateWidth);
  const state = new Float32Array(shape.stateWidth);
  const inputs = new Map(networks.actor);
  const best = (at: Float32Array): number =>
    Number(acting.runNow(inputs.set("state", at), { views: true }).action?.[0]);
  let action = 0;
  let wander = 0;
  let sinceTraining = 0;
  return {
    act(given) {
      state.set(given);
      wander += -noise.pull * wander + noise.deviation * normalDraw(random);
      action = Math.max(-1, Math.min(1, best(state) + wander));
      return action;
    },
    learn(reward, next) {
      buffer.add(state, action, reward, next);
      if (next === undefined) wander = 0;
      if (++sinceTraining < settings.rolloutSteps) return;
      sinceTraining = 0;
      for (let step = 0; step < settings.trainingSteps; step++) {
        buffer.draw(random, batch);
        networks.step(new Map(Object.entries(batch)));
      }
    },
    best,
  };
}

interface Networks {
  /** The actor's parameters, which a step writes to. */
  readonly actor: Parameters;
  /** A step of the critic, then one of the actor, then of their targets. */
  step(batch: Parameters): void;
}

function createNetworks({ shape, settings, ...compiled }: CompiledDdpg, random: RandomSource): Networks {
  const first = firstDdpgParameters(shape, random);
  const actor = trainedNetwork(compiled.actor, first.actor, settings.actorRate);
  const critic = trainedNetwork(compiled.critic, first.critic, settings.criticRate);
  const own = new Map([...actor.parameters, ...critic.parameters]);
  const targets = new Map([...own].map(([name, elements]) => [`${targetPrefix}${name}`, elements.slice()]));
  return {
    actor: actor.parameters,
    step(batch) {
      critic.step(new Map([...batch, ...targets]));
      actor.step(new Map([["states", batch.get("states") as Float32Array], ...critic.parameters]));
      for (const [name, elements] of own)
        follow(targets.get(`${targetPrefix}${name}`) as Float32Array, elements, settings.targetShare);
    },
  };
}

function follow(target: Float32Array, source: Float32Array, share: number): void {
  for (let at = 0; at < target.length; at++) {
    const old = target[at] as number;
    target[at] = old + share * ((source[at] as number) - old);
  }
}

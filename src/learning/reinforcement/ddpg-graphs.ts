/**
 * The networks of DDPG (Lillicrap et al., Continuous control with deep reinforcement learning, 2015, algorithm 1 and section 7): an
 * actor that ends in tanh, and a critic that reads the action behind its first layer; two hidden layers with relu each. First weights are the paper's: even, within one over the root of
 * the layer's inputs, the last layer within 0.003.
 *
 * The critic's graph holds the target networks too: y = r + discount Q'(s', mu'(s')), 0 behind the end of an episode, and
 * loss = mean of (Q(s, a) - y)^2. The actor's loss is -mean of Q(s, mu(s)): its gradient goes through the critic, whose parameters
 * are inputs and stay.
 */
import type { RandomSource } from "../../base/random.ts";
import type { GraphWriter } from "../../graph/autodiff/graph-writer.ts";
import { type TrainingGraph, trainingGraph } from "../../graph/autodiff/training-graph.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import {
  type DenseLayer,
  emptyGraph,
  firstParameters,
  Inputs,
  parametersOf,
  writeBeside,
  writeLayer,
  writeLayers,
} from "./layers.ts";

export interface DdpgShape {
  readonly stateWidth: number;
  /** Rows of a training batch. */
  readonly batchSize: number;
  /** Width of both hidden layers, of the actor and of the critic. */
  readonly hiddenWidth: number;
}

/** Names of the target networks' parameters begin with it. */
export const targetPrefix = "target.";

function actorLayers({ stateWidth, hiddenWidth: width }: DdpgShape): readonly DenseLayer[] {
  return [
    hidden("actor.hidden1", stateWidth, width),
    hidden("actor.hidden2", width, width),
    { ...last("actor.head", width), activation: "tanh" },
  ];
}

function criticLayers({ stateWidth, hiddenWidth: width }: DdpgShape): readonly [DenseLayer, ...DenseLayer[]] {
  return [
    hidden("critic.hidden1", stateWidth, width),
    hidden("critic.hidden2", width + 1, width),
    { ...last("critic.head", width), activation: "none" },
  ];
}

function hidden(name: string, from: number, to: number): DenseLayer {
  const first = { kind: "uniform", limit: 1 / Math.sqrt(from) } as const;
  return { name, from, to, activation: "relu", first };
}

function last(name: string, from: number): Omit<DenseLayer, "activation"> {
  return { name, from, to: 1, first: { kind: "uniform", limit: 3e-3 } };
}

export function firstDdpgParameters(
  shape: DdpgShape,
  random: RandomSource,
): Readonly<Record<"actor" | "critic", Map<string, Float32Array>>> {
  return {
    actor: firstParameters(actorLayers(shape), random),
    critic: firstParameters(criticLayers(shape), random),
  };
}

/** The "action" for one state. */
export function ddpgActingGraph(shape: DdpgShape): TypedGraph {
  const write = emptyGraph("DDPG, acting");
  const inputs = new Inputs(write);
  const state = inputs.add("state", [1, shape.stateWidth]);
  inputs.addLayers(actorLayers(shape));
  return inputs.finish({ action: writeLayers(write, state, actorLayers(shape)) }).typed;
}

/** "loss" of the critic on a batch, and the target "y" of each row. */
export function criticLossGraph(shape: DdpgShape, discount: number): TypedGraph {
  const { stateWidth, batchSize: rows } = shape;
  const write = emptyGraph("DDPG, critic");
  const inputs = new Inputs(write);
  const states = inputs.add("states", [rows, stateWidth]);
  const actions = inputs.add("actions", [rows, 1]);
  const rewards = inputs.add("rewards", [rows, 1]);
  const nextStates = inputs.add("nextStates", [rows, stateWidth]);
  const goesOn = inputs.add("goesOn", [rows, 1]);
  inputs.addLayers(criticLayers(shape));
  inputs.addLayers([...actorLayers(shape), ...criticLayers(shape)], targetPrefix);
  const nextActions = writeLayers(write, nextStates, actorLayers(shape), targetPrefix);
  const later = writeCritic(write, shape, nextStates, nextActions, targetPrefix);
  write.stem = "loss";
  const y = write.add(rewards, write.mul(write.mul(goesOn, later), discount));
  const error = write.sub(writeCritic(write, shape, states, actions), y);
  return inputs.finish({ y, loss: writeMean(write, write.mul(error, error), rows) }).typed;
}

/** "loss" of the actor on a batch of states. */
export function actorLossGraph(shape: DdpgShape): TypedGraph {
  const { stateWidth, batchSize: rows } = shape;
  const write = emptyGraph("DDPG, actor");
  const inputs = new Inputs(write);
  const states = inputs.add("states", [rows, stateWidth]);
  inputs.addLayers([...actorLayers(shape), ...criticLayers(shape)]);
  const quality = writeCritic(write, shape, states, writeLayers(write, states, actorLayers(shape)));
  return inputs.finish({ loss: writeMean(write, write.neg(quality), rows) }).typed;
}

function writeCritic(
  write: GraphWriter,
  shape: DdpgShape,
  states: string,
  actions: string,
  prefix = "",
): string {
  const [first, ...others] = criticLayers(shape);
  const seen = writeLayer(write, states, first, prefix);
  return writeLayers(write, writeBeside(write, seen, actions), others, prefix);
}

function writeMean(write: GraphWriter, column: string, rows: number): string {
  return write.sum(write.mul(column, 1 / rows), [0, 1], false);
}

/** Steps of AdamW on both losses. */
export function ddpgTrainingGraphs(
  shape: DdpgShape,
  { discount, criticDecay }: { readonly discount: number; readonly criticDecay: number },
): Readonly<Record<"actor" | "critic", TrainingGraph>> {
  return {
    critic: trainingGraph(criticLossGraph(shape, discount), {
      loss: "loss",
      parameters: parametersOf(criticLayers(shape)),
      optimizer: { kind: "adamw", weightDecay: criticDecay },
    }),
    actor: trainingGraph(actorLossGraph(shape), {
      loss: "loss",
      parameters: parametersOf(actorLayers(shape)),
      optimizer: { kind: "adamw", weightDecay: 0 },
    }),
  };
}

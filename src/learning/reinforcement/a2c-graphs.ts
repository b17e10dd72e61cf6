/**
 * The networks of A2C: an actor and a critic of two hidden layers with tanh, and the loss of both as one graph (Mnih et al., 2016,
 * section 4; first weights are those of the library Stable Baselines 2):
 *
 *   loss = mean of -log pi(a | s) advantage + valueShare (return - V(s))^2 - entropyShare H(pi(s))
 *
 * The advantage is an input, so nothing flows through it to the critic. The policy is a choice of logits, or a normal
 * distribution whose mean the actor gives and whose deviation is one parameter, at first 1.
 */
import type { RandomSource } from "../../base/random.ts";
import type { GraphWriter } from "../../graph/autodiff/graph-writer.ts";
import { type TrainingGraph, trainingGraph } from "../../graph/autodiff/training-graph.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import { intAttribute } from "../../graph/ir/node-attributes.ts";
import type { ActionSpace } from "./agent.ts";
import { type DenseLayer, emptyGraph, firstParameters, Inputs, parametersOf, writeLayers } from "./layers.ts";

export interface A2cShape {
  readonly stateWidth: number;
  readonly actions: ActionSpace;
  /** Rows of a training batch: steps between two updates. */
  readonly rolloutSteps: number;
  /** Width of both hidden layers, of the actor and of the critic. */
  readonly hiddenWidth: number;
}

/** What weighs how much in the loss. */
export interface A2cLoss {
  readonly valueShare: number;
  readonly entropyShare: number;
}

/** The logarithm of the policy's deviation, where the action is a number. */
export const logDeviation = "actor.log_deviation";

function actorLayers(shape: A2cShape): readonly DenseLayer[] {
  return perceptron("actor", shape, shape.actions.kind === "choice" ? shape.actions.count : 1, 0.01);
}

function criticLayers(shape: A2cShape): readonly DenseLayer[] {
  return perceptron("critic", shape, 1, 1);
}

function perceptron(
  name: string,
  { stateWidth: from, hiddenWidth }: A2cShape,
  to: number,
  lastGain: number,
): readonly DenseLayer[] {
  const hidden = { activation: "tanh", first: { kind: "orthogonal", gain: Math.SQRT2 } } as const;
  return [
    { name: `${name}.hidden1`, from, to: hiddenWidth, ...hidden },
    { name: `${name}.hidden2`, from: hiddenWidth, to: hiddenWidth, ...hidden },
    {
      ...{ name: `${name}.head`, from: hiddenWidth, to },
      ...{ activation: "none", first: { kind: "orthogonal", gain: lastGain } },
    },
  ];
}

/** Names of all parameters. */
export function a2cParameters(shape: A2cShape): readonly string[] {
  const layers = [...actorLayers(shape), ...criticLayers(shape)];
  return [...parametersOf(layers), ...(shape.actions.kind === "number" ? [logDeviation] : [])];
}

export function firstA2cParameters(shape: A2cShape, random: RandomSource): Map<string, Float32Array> {
  const first = firstParameters([...actorLayers(shape), ...criticLayers(shape)], random);
  if (shape.actions.kind === "number") first.set(logDeviation, Float32Array.of(0));
  return first;
}

/** For one state: "policy", the logits or the mean, and "value". */
export function a2cActingGraph(shape: A2cShape): TypedGraph {
  const write = emptyGraph("A2C, acting");
  const inputs = new Inputs(write);
  const state = inputs.add("state", [1, shape.stateWidth]);
  inputs.addLayers([...actorLayers(shape), ...criticLayers(shape)]);
  const policy = writeLayers(write, state, actorLayers(shape));
  const value = writeLayers(write, state, criticLayers(shape));
  return inputs.finish({ policy, value }).typed;
}

/** The loss of a batch, "loss". Actions are numbers [rows, 1], or for choices 1 at the choice and 0 elsewhere, [rows, count]. */
export function a2cLossGraph(shape: A2cShape, { valueShare, entropyShare }: A2cLoss): TypedGraph {
  const { stateWidth, actions, rolloutSteps: rows } = shape;
  const write = emptyGraph("A2C, loss");
  const inputs = new Inputs(write);
  const states = inputs.add("states", [rows, stateWidth]);
  const taken = inputs.add("actions", [rows, actions.kind === "choice" ? actions.count : 1]);
  const column = (name: string): string => inputs.add(name, [rows, 1]);
  const [returns, advantages] = [column("returns"), column("advantages")];
  inputs.addLayers([...actorLayers(shape), ...criticLayers(shape)]);
  if (actions.kind === "number") inputs.add(logDeviation, [1]);
  const policy = writeLayers(write, states, actorLayers(shape));
  const value = writeLayers(write, states, criticLayers(shape));
  write.stem = "loss";
  const { logShare, entropy } =
    actions.kind === "choice" ? writeChoice(write, policy, taken) : writeNormal(write, policy, taken);
  const error = write.sub(returns, value);
  const gain = write.add(write.mul(logShare, advantages), write.mul(entropy, entropyShare));
  const each = write.sub(write.mul(write.mul(error, error), valueShare), gain);
  return inputs.finish({ loss: write.sum(write.mul(each, 1 / rows), [0, 1], false) }).typed;
}

interface Likelihood {
  /** log pi(a | s), [rows, 1]. */
  readonly logShare: string;
  /** H(pi(s)), [rows, 1] or [1]. */
  readonly entropy: string;
}

function writeChoice(write: GraphWriter, logits: string, taken: string): Likelihood {
  const logShares = write.op("LogSoftmax", [logits], { axis: intAttribute(-1) });
  const shares = write.op("Exp", [logShares]);
  return {
    logShare: write.sum(write.mul(logShares, taken), [1], true),
    entropy: write.neg(write.sum(write.mul(shares, logShares), [1], true)),
  };
}

function writeNormal(write: GraphWriter, mean: string, taken: string): Likelihood {
  const distance = write.div(write.sub(taken, mean), write.op("Exp", [logDeviation]));
  const density = write.add(write.mul(write.mul(distance, distance), 0.5), logDeviation);
  return {
    logShare: write.neg(write.add(density, Math.log(2 * Math.PI) / 2)),
    entropy: write.add(logDeviation, (1 + Math.log(2 * Math.PI)) / 2),
  };
}

/** A step of AdamW without decay on the loss; epsilon and clipping as the library has them for its RMSprop. */
export function a2cTrainingGraph(shape: A2cShape, loss: A2cLoss, clipNorm: number): TrainingGraph {
  return trainingGraph(a2cLossGraph(shape, loss), {
    loss: "loss",
    parameters: a2cParameters(shape),
    optimizer: { kind: "adamw", weightDecay: 0, epsilon: 1e-5, clipNorm },
  });
}

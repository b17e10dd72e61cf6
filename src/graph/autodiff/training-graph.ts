/**
 * One step of training as a graph: forward, backward and optimiser. What changes from step to step (parameters, moments, the
 * number of steps) goes in as inputs and comes out as outputs, and the learning rate is an input, so the graph has no state
 * and any runtime of ONNX trains with it.
 */
import { known } from "../../base/assert.ts";
import { usageError } from "../../base/errors.ts";
import { quote } from "../../base/quote.ts";
import type { Model, TypedGraph, Value } from "../ir/graph.ts";
import type { TensorType } from "../ir/tensor.ts";
import {
  type AdamW,
  defaultBetas,
  writeAdamW,
  writeClipFactor,
  writeCorrection,
  writeGlobalNorm,
} from "./adamw.ts";
import { writeBackward } from "./backward.ts";
import { typedModel, withOutputs } from "./differentiate.ts";
import { GraphWriter } from "./graph-writer.ts";

export interface TrainingOptions {
  /** A value of one element: what is to become small. */
  readonly loss: string;
  /** Inputs or constants of the graph; constants become inputs. */
  readonly parameters: readonly string[];
  readonly optimizer: AdamW;
}

/** A tensor that a step reads and writes anew: an input, and the output to give as this input of the next step. */
export interface TrainingState {
  readonly input: string;
  readonly output: string;
  readonly type: TensorType;
}

export interface TrainingGraph {
  readonly typed: TypedGraph;
  /** The same as a model, for exportOnnx. */
  readonly model: Model;
  /** The input for the learning rate, a scalar of the loss's type. */
  readonly learningRate: string;
  /** The output that is the loss before the step. */
  readonly loss: string;
  /** The output that is the norm of all gradients, before they are clipped. */
  readonly gradientNorm: string;
  /** How many steps were made, a scalar: 0 before the first. */
  readonly step: TrainingState;
  /** In the order in which they were asked for. */
  readonly parameters: readonly TrainingState[];
  /** First and second moment of each parameter: zeros before the first step. */
  readonly moments: readonly (readonly [TrainingState, TrainingState])[];
}

/**
 * The graph of one training step. Outputs of the graph itself stay; behind them come the loss, the norm of the gradients, and
 * what the next step is given. Names are `NAME.next`, `NAME.moment1`, `NAME.moment2`, `step` and `learning_rate` where these are
 * free.
 *
 * @throws LaminateError bad-input as `differentiate` does, usage for a parameter that is neither input nor constant
 */
export function trainingGraph(typed: TypedGraph, options: TrainingOptions): TrainingGraph {
  checkParameters(typed, options);
  const write = new GraphWriter(typed);
  const { loss, parameters, optimizer } = options;
  const raw = writeBackward(typed, write, options);
  write.stem = "clip";
  const norm = writeGlobalNorm(write, raw);
  const factor =
    optimizer.clipNorm === undefined ? undefined : writeClipFactor(write, norm, optimizer.clipNorm);
  const gradients = raw.map((gradient) => (factor === undefined ? gradient : write.mul(gradient, factor)));
  const scalar: TensorType = { elementType: write.elementType(loss), shape: [] };
  const learningRate = write.input("learning_rate", scalar);
  const counter = write.input("step", scalar);
  write.stem = "step";
  const nextStep = write.add(counter.name, 1);
  const [beta1, beta2] = optimizer.betas ?? defaultBetas;
  const scalars = {
    learningRate: learningRate.name,
    corrections: [writeCorrection(write, nextStep, beta1), writeCorrection(write, nextStep, beta2)],
  } as const;
  const updates = parameters.map((name, index) => {
    const type = write.type(name);
    write.stem = `${name}.update`;
    const inputs = [write.input(`${name}.moment1`, type), write.input(`${name}.moment2`, type)] as const;
    const moments = [inputs[0].name, inputs[1].name] as const;
    const gradient = known(gradients[index], "gradient");
    const next = writeAdamW(write, optimizer, name, gradient, { value: name, moments }, scalars);
    return {
      value: stateOf(write, { name, type }, next.value),
      moments: [
        stateOf(write, inputs[0], next.moments[0]),
        stateOf(write, inputs[1], next.moments[1]),
      ] as const,
    };
  });
  const step = stateOf(write, counter, nextStep);
  const gradientNorm = write.copy(norm, "gradient_norm");
  const states = [step, ...updates.flatMap(({ value, moments }) => [value, ...moments])];
  const { graph } = typed;
  const isInput = new Set(graph.inputs.map(({ name }) => name));
  const added = states
    .filter(({ input }) => !isInput.has(input))
    .map(({ input: name, type }) => ({ name, type }));
  const finished = write.finish({
    inputs: [...graph.inputs, learningRate, ...added],
    outputs: withOutputs(typed, write, [loss, gradientNorm, ...states.map(({ output }) => output)]),
    constants: new Map([...graph.constants].filter(([name]) => !parameters.includes(name))),
  });
  return {
    ...typedModel(finished),
    learningRate: learningRate.name,
    loss,
    gradientNorm,
    step,
    parameters: updates.map(({ value }) => value),
    moments: updates.map(({ moments }) => moments),
  };
}

function stateOf(write: GraphWriter, { name, type }: Value, next: string): TrainingState {
  return { input: name, output: write.copy(next, `${name}.next`), type };
}

function checkParameters({ graph }: TypedGraph, { parameters }: TrainingOptions): void {
  const given = new Set([...graph.inputs.map(({ name }) => name), ...graph.constants.keys()]);
  const place = { where: "trainingGraph", fix: "name each input or constant that is to be trained once" };
  if (parameters.length === 0) throw usageError("there is no parameter to train", place);
  parameters.forEach((name, index) => {
    if (parameters.indexOf(name) !== index)
      throw usageError(`parameter ${quote(name)} is there twice`, place);
    if (given.has(name)) return;
    throw usageError(`parameter ${quote(name)} is neither an input nor a constant of the graph`, place);
  });
}

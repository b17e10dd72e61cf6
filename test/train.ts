/** Runs training graphs: gives each step what the one before it has made, and keeps the losses. */

import type { TrainingGraph } from "../src/graph/autodiff/training-graph.ts";
import { runGraph } from "../src/graph/interpreter/run-graph.ts";
import type { Model, TypedGraph } from "../src/graph/ir/graph.ts";
import { valueOfTensor } from "../src/graph/ir/runtime-tensor.ts";
import {
  countOf,
  numbersOf,
  type RuntimeValue,
  type TensorValue,
  tensorFromDoubles,
} from "../src/graph/ir/runtime-value.ts";
import type { TensorType } from "../src/graph/ir/tensor.ts";

export type Tensors = ReadonlyMap<string, TensorValue>;
export type RunStep = (inputs: Tensors) => Promise<ReadonlyMap<string, RuntimeValue>>;

export const inInterpreter =
  ({ typed }: { readonly typed: TypedGraph }): RunStep =>
  async (inputs) =>
    runGraph(typed, inputs);

export function tensorOf(value: RuntimeValue | undefined): TensorValue {
  if (value?.kind !== "tensor") throw new Error("no tensor");
  return value;
}

export function zeros({ elementType, shape }: TensorType): TensorValue {
  const sizes = (shape ?? []).map(Number);
  return tensorFromDoubles(elementType, sizes, new Array<number>(countOf(sizes)).fill(0));
}

/** What a first step is given: the parameters as the untrained network has them, no steps, moments of 0. */
export function initialState(training: TrainingGraph, { graph }: Pick<Model, "graph">): Tensors {
  const state = new Map([[training.step.input, zeros(training.step.type)]]);
  for (const { input } of training.parameters) {
    const tensor = graph.constants.get(input);
    if (tensor !== undefined) state.set(input, valueOfTensor(tensor));
  }
  for (const { input, type } of training.moments.flat()) state.set(input, zeros(type));
  return state;
}

/** So many steps on the same batch; the loss before each, and the last state. */
export async function train(
  training: TrainingGraph,
  run: RunStep,
  state: Tensors,
  batch: Tensors,
  { steps, learningRate }: { readonly steps: number; readonly learningRate: number },
): Promise<{ readonly losses: readonly number[]; readonly state: Tensors }> {
  const rate = tensorFromDoubles(training.step.type.elementType, [], [learningRate]);
  const losses: number[] = [];
  let current = state;
  for (let step = 0; step < steps; step++) {
    const outputs = await run(new Map([...batch, ...current, [training.learningRate, rate]]));
    losses.push(numbersOf(tensorOf(outputs.get(training.loss)))[0] ?? Number.NaN);
    const states = [training.step, ...training.parameters, ...training.moments.flat()];
    current = new Map(states.map(({ input, output }) => [input, tensorOf(outputs.get(output))]));
  }
  return { losses, state: current };
}

/**
 * The state of a network in training: parameters and moments as arrays of their own, moved on by a compiled training graph.
 * A running model is shared by searches, so nothing of a search stays in its memory between two runs.
 */
import { known } from "../../base/assert.ts";
import { product } from "../../base/integers.ts";
import { compileGraph } from "../../compiler/codegen/compile.ts";
import { createRuntime } from "../../compiler/runtime/runtime.ts";
import type { RunningModel } from "../../compiler/runtime/start-model.ts";
import type { TrainingGraph, TrainingState } from "../../graph/autodiff/training-graph.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import type { Parameters } from "./layers.ts";

/** A training graph with what runs it. */
export interface CompiledTraining {
  readonly graph: TrainingGraph;
  readonly model: RunningModel;
}

/** Compiles a graph and loads it here, on one thread. */
export async function compileHere(typed: TypedGraph): Promise<RunningModel> {
  return createRuntime().load(compileGraph(typed));
}

export async function compileTraining(graph: TrainingGraph): Promise<CompiledTraining> {
  return { graph, model: await compileHere(graph.typed) };
}

export interface TrainedNetwork {
  /** As they are now: a step writes to the same arrays. */
  readonly parameters: Parameters;
  /** One step; the loss before it. `batch` is every input of the graph that is not trained. */
  step(batch: Parameters): number;
}

/** Takes the arrays of the first parameters for its own. */
export function trainedNetwork(
  { graph, model }: CompiledTraining,
  first: Parameters,
  learningRate: number,
): TrainedNetwork {
  const parameters = new Map(
    graph.parameters.map(({ input }) => [input, known(first.get(input), `first ${input}`)]),
  );
  const states: readonly TrainingState[] = [graph.step, ...graph.parameters, ...graph.moments.flat()];
  const arrays = states.map(({ input, type }) => ({
    elements: parameters.get(input) ?? new Float32Array(product((type.shape ?? []).map(Number))),
  }));
  const inputs = new Map<string, Float32Array>([[graph.learningRate, Float32Array.of(learningRate)]]);
  states.forEach(({ input }, at) => {
    inputs.set(input, known(arrays[at], "state").elements);
  });
  return {
    parameters,
    step(batch) {
      for (const [name, elements] of batch) inputs.set(name, elements);
      const outputs = model.runNow(inputs, { views: true });
      states.forEach(({ output }, at) => {
        arrays[at]?.elements.set(outputs[output] as Float32Array);
      });
      return Number(outputs[graph.loss]?.[0]);
    },
  };
}

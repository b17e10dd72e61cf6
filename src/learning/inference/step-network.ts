/**
 * The network of step-graph.ts, compiled and with its state: which steps it has seen. Compiled once for its weights and number of
 * samples, whatever is mapped then. A step costs O(parameters + blocks x cached tokens x width) for each sample.
 *
 * Keys and values of past steps lie in the network's own memory, where a step writes the few that it adds; copied in at
 * each step they would be an eighth of a step of one sample, and a fifth of one of eight. Compiled without fused multiply-add, which engines may
 * lack: so that the same weights give the same mapping everywhere.
 */
import { compileGraph } from "../../compiler/codegen/compile.ts";
import { createRuntime } from "../../compiler/runtime/runtime.ts";
import type { RunningModel } from "../../compiler/runtime/start-model.ts";
import { inferShapes } from "../../graph/ops/infer-shapes.ts";
import type { MapperWeights } from "../network/mapper-weights.ts";
import { cachedTokens, cacheNames, stepModel, tokensPerStep } from "./step-graph.ts";

export interface StepNetwork {
  readonly weights: MapperWeights;
  readonly samples: number;
  /** What the next step is told, a row for each sample: write it here. `actions` are those of the step before. */
  readonly actions: Float32Array;
  readonly returns: Float32Array;
  readonly states: Float32Array;
  /** Forgets every step: the next one is step 0. */
  restart(): void;
  /**
   * Runs the next step: the action that each sample predicts, a row for each, until the next step. Where the window of the weights is
   * full, its last half is run anew from its start: the network then knows of nothing before that, as of what it learned from
   * the middle of a long network (training/sampler.ts).
   */
  step(): Float32Array;
}

/** Added to a score that does not count: the weight is 0, as no score of a float comes near. */
const hiddenScore = -1e30;

/**
 * @throws LaminateError (bad-input) where the network does not run here: no SIMD, or more memory than there is
 */
export async function createStepNetwork(weights: MapperWeights, samples: number): Promise<StepNetwork> {
  const typed = inferShapes(stepModel(weights, samples));
  const names = typed.graph.inputs.map(({ name }) => name);
  const model = await createRuntime().load(compileGraph(typed, { keptInputs: names }));
  const inputs = new Map(names.map((name) => [name, floatsOf(model, name)]));
  const { steps, blocks, width } = weights.sizes;
  const view = (name: string): Float32Array => inputs.get(name) ?? new Float32Array();
  const [actions, returns, states] = [view("actions"), view("returns"), view("states")];
  const [times, hidden] = [view("times"), view("hidden")];
  const embeddings = weights.parameters.get("times") ?? new Float32Array();
  const caches = Array.from({ length: blocks }, (_, block) => cacheNames(block));
  const cached = cachedTokens(weights.sizes);
  const told = [actions, returns, states];
  /** What the steps of the window were told, of each the three. */
  const past: (readonly Float32Array[])[] = [];
  let at = 0;

  const forget = (): void => {
    at = 0;
    for (const name of caches.flatMap(({ keys, values }) => [keys, values])) view(name).fill(0);
    times.fill(0);
    hideAll(hidden, cached);
  };
  const restart = (): void => {
    past.length = 0;
    for (const input of told) input.fill(0);
    forget();
  };
  restart();
  const step = (): Float32Array => {
    if (at === steps) {
      const now = told.map((input) => input.slice());
      const kept = past.splice(0).slice(steps - Math.floor(steps / 2));
      forget();
      for (const numbers of [...kept, now]) {
        told.forEach((input, index) => {
          input.set(numbers[index] as Float32Array);
        });
        if (numbers !== now) run();
      }
    }
    return run();
  };
  const run = (): Float32Array => {
    past.push(told.map((input) => input.slice()));
    const row = (time: number): Float32Array => embeddings.subarray(time * width, (time + 1) * width);
    if (at > 0) times.set(row(at - 1));
    for (let token = 1; token < tokensPerStep; token++) times.set(row(at), token * width);
    const outputs = model.runNow(inputs, { views: true });
    const output = (name: string): Float32Array => outputs[name] as Float32Array;
    const token = at * tokensPerStep;
    for (const { keys, values, newKeys, newValues } of caches) {
      insertRows(view(keys), output(newKeys), { rows: cached, at: token, width: keyWidth(weights) });
      insertRows(view(values), output(newValues), { rows: cached, at: token, width: 1 });
    }
    showStep(hidden, cached, at);
    at++;
    return output("predicted");
  };
  return { weights, samples, actions, returns, states, restart, step };
}

function floatsOf(model: RunningModel, name: string): Float32Array {
  return model.inputView(name) as Float32Array;
}

function keyWidth({ sizes }: MapperWeights): number {
  return sizes.width / sizes.heads;
}

interface Insertion {
  /** Tokens that each matrix of the cache has room for, and where the new ones go. */
  readonly rows: number;
  readonly at: number;
  /** Floats of a token that lie side by side. */
  readonly width: number;
}

/** Writes the three new tokens of every matrix to their place in the cache's. */
function insertRows(cache: Float32Array, recent: Float32Array, { rows, at, width }: Insertion): void {
  const count = tokensPerStep * width;
  const matrices = recent.length / count;
  for (let matrix = 0; matrix < matrices; matrix++) {
    const from = matrix * count;
    const to = (matrix * rows + at) * width;
    for (let index = 0; index < count; index++) cache[to + index] = recent[from + index] as number;
  }
}

/** Before step 0: the cache is empty, tokens see those before them, and nobody else the first, which is none. */
function hideAll(hidden: Float32Array, cached: number): void {
  hidden.fill(hiddenScore);
  const columns = cached + tokensPerStep;
  for (let row = 0; row < tokensPerStep; row++) {
    for (let column = row === 0 ? 0 : 1; column <= row; column++) hidden[row * columns + cached + column] = 0;
  }
}

/** After a step its tokens are seen by all that come, but for the first of step 0. */
function showStep(hidden: Float32Array, cached: number, step: number): void {
  const columns = cached + tokensPerStep;
  const first = step * tokensPerStep;
  for (let row = 0; row < tokensPerStep; row++) {
    hidden.fill(0, row * columns + Math.max(1, first), row * columns + first + tokensPerStep);
    hidden[row * columns + cached] = 0;
  }
}

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
  /** Forgets every step, of one sample or of all: the next one is step 0 of a sequence. */
  restart(sample?: number): void;
  /**
   * Runs the next step: the action that each sample predicts, a row for each, until the next step. Where the window of the weights is
   * full, its last half is run anew from its start: the network then knows of nothing before that, as of what it learned from
   * the middle of a long sequence (training/sampler.ts).
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
  const { steps, blocks, heads, width } = weights.sizes;
  const view = (name: string): Float32Array => inputs.get(name) ?? new Float32Array();
  const [actions, returns, states] = [view("actions"), view("returns"), view("states")];
  const told = [actions, returns, states];
  const embeddings = weights.parameters.get("times") ?? new Float32Array();
  const embedding = (time: number): Float32Array => embeddings.subarray(time * width, (time + 1) * width);
  const cached = cachedTokens(weights.sizes);
  const caches = Array.from({ length: blocks }, (_, block) => cacheNames(block)).flatMap((names) => [
    { cache: names.keys, recent: names.newKeys, width: width / heads },
    { cache: names.values, recent: names.newValues, width: 1 },
  ]);
  const places = Array.from({ length: samples }, (_, sample): Place => {
    const own = (tensor: Float32Array): Float32Array => rowsOf(tensor, sample, samples);
    return {
      sample,
      at: 0,
      told: told.map(own),
      past: told.map((input) => new Float32Array((steps * input.length) / samples)),
      times: own(view("times")),
      hidden: own(view("hidden")),
      caches: caches.map(({ cache }) => own(view(cache))),
    };
  });

  const forget = (place: Place): void => {
    // A number that is none would stay one, however little it counts.
    place.caches.forEach((cache, index) => {
      const line = cached * (caches[index]?.width ?? 1);
      const used = (line * place.at) / steps;
      for (let from = 0; from < cache.length; from += line) cache.fill(0, from, from + used);
    });
    place.times.fill(0);
    hideAll(place.hidden, cached);
    place.at = 0;
  };
  const restart = (sample?: number): void => {
    for (const place of sample === undefined ? places : places.slice(sample, sample + 1)) {
      forget(place);
      for (const input of place.told) input.fill(0);
    }
  };
  /** A step of some samples; what the others are told and remember stays as it is. */
  const run = (which: readonly Place[]): Float32Array => {
    for (const { at, told: own, past, times } of which) {
      if (at > 0) times.set(embedding(at - 1));
      for (let token = 1; token < tokensPerStep; token++) times.set(embedding(at), token * width);
      own.forEach((input, part) => {
        past[part]?.set(input, at * input.length);
      });
    }
    const outputs = model.runNow(inputs, { views: true });
    for (const place of which) {
      caches.forEach(({ recent, width: floats }, index) => {
        const made = rowsOf(outputs[recent] as Float32Array, place.sample, samples);
        const target = place.caches[index] ?? new Float32Array();
        insertRows(target, made, { rows: cached, at: place.at * tokensPerStep, width: floats });
      });
      showStep(place.hidden, cached, place.at);
      place.at++;
    }
    return outputs.predicted as Float32Array;
  };
  /** Runs the last half of full windows anew, from their start. */
  const refill = (which: readonly Place[]): void => {
    const now = told.map((input) => input.slice());
    const half = Math.floor(steps / 2);
    for (const place of which) forget(place);
    for (let step = 0; step < half; step++) {
      for (const { told: own, past } of which)
        own.forEach((input, part) => {
          // What is run is kept at its new place, which lies before all that is still to be run.
          const from = (steps - half + step) * input.length;
          input.set(past[part]?.subarray(from, from + input.length) ?? []);
        });
      run(which);
    }
    told.forEach((input, part) => {
      input.set(now[part] ?? []);
    });
  };
  const step = (): Float32Array => {
    const full = places.filter(({ at }) => at === steps);
    if (full.length > 0) refill(full);
    return run(places);
  };
  for (const input of inputs.values()) input.fill(0);
  restart();
  return { weights, samples, actions, returns, states, restart, step };
}

/** One of the samples side by side: its parts of the network's inputs, views, and where it is. */
interface Place {
  readonly sample: number;
  /** Steps of its window that are run. */
  at: number;
  /** Its rows of what a step is told, and of each what the steps of the window were told. */
  readonly told: readonly Float32Array[];
  readonly past: readonly Float32Array[];
  readonly times: Float32Array;
  readonly hidden: Float32Array;
  /** Keys and values of each block. */
  readonly caches: readonly Float32Array[];
}

/** A sample's part of a tensor of all of them, a view. */
function rowsOf(tensor: Float32Array, sample: number, samples: number): Float32Array {
  const length = tensor.length / samples;
  return tensor.subarray(sample * length, (sample + 1) * length);
}

function floatsOf(model: RunningModel, name: string): Float32Array {
  return model.inputView(name) as Float32Array;
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

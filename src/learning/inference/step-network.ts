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
  const { steps, blocks, width } = weights.sizes;
  const view = (name: string): Float32Array => inputs.get(name) ?? new Float32Array();
  const [actions, returns, states] = [view("actions"), view("returns"), view("states")];
  const told = [actions, returns, states];
  const [times, hidden] = [view("times"), view("hidden")];
  const embeddings = weights.parameters.get("times") ?? new Float32Array();
  const caches = Array.from({ length: blocks }, (_, block) => cacheNames(block));
  const room = { rows: cachedTokens(weights.sizes), heads: weights.sizes.heads };
  const all = Array.from({ length: samples }, (_, sample) => sample);
  const hiddenOf = (sample: number): Float32Array => rowsOf(hidden, sample, samples);
  /** Of each sample what the steps of its window were told. */
  const past: (readonly Float32Array[])[][] = all.map(() => []);

  const forget = (sample: number): void => {
    const tokens = (past[sample]?.length ?? 0) * tokensPerStep;
    if (past[sample] !== undefined) past[sample] = [];
    // A number that is none would stay one, however little it counts.
    for (const { keys, values } of caches) {
      clearRows(rowsOf(view(keys), sample, samples), { ...room, tokens, width: keyWidth(weights) });
      clearRows(rowsOf(view(values), sample, samples), {
        ...room,
        heads: weights.sizes.width,
        tokens,
        width: 1,
      });
    }
    rowsOf(times, sample, samples).fill(0);
    hideAll(hiddenOf(sample), room.rows);
  };
  const restart = (only?: number): void => {
    for (const sample of only === undefined ? all : [only]) {
      forget(sample);
      for (const input of told) rowsOf(input, sample, samples).fill(0);
    }
  };
  /** A step of some samples; what the others are told and remember stays as it is. */
  const run = (which: readonly number[]): Float32Array => {
    const row = (time: number): Float32Array => embeddings.subarray(time * width, (time + 1) * width);
    for (const sample of which) {
      const at = past[sample]?.length ?? 0;
      const own = rowsOf(times, sample, samples);
      if (at > 0) own.set(row(at - 1));
      for (let token = 1; token < tokensPerStep; token++) own.set(row(at), token * width);
      past[sample]?.push(told.map((input) => rowsOf(input, sample, samples).slice()));
    }
    const outputs = model.runNow(inputs, { views: true });
    const output = (name: string): Float32Array => outputs[name] as Float32Array;
    for (const sample of which) {
      const step = (past[sample]?.length ?? 1) - 1;
      const place = { rows: room.rows, at: step * tokensPerStep };
      const insert = (cache: string, recent: string, headWidth: number): void =>
        insertRows(rowsOf(view(cache), sample, samples), rowsOf(output(recent), sample, samples), {
          ...place,
          width: headWidth,
        });
      for (const { keys, values, newKeys, newValues } of caches) {
        insert(keys, newKeys, keyWidth(weights));
        insert(values, newValues, 1);
      }
      showStep(hiddenOf(sample), room.rows, step);
    }
    return output("predicted");
  };
  const refill = (which: readonly number[]): void => {
    const now = told.map((input) => input.slice());
    const kept = which.map((sample) => past[sample]?.slice(steps - Math.floor(steps / 2)) ?? []);
    for (const sample of which) forget(sample);
    for (let step = 0; step < Math.floor(steps / 2); step++) {
      which.forEach((sample, index) => {
        told.forEach((input, part) => {
          rowsOf(input, sample, samples).set(kept[index]?.[step]?.[part] ?? []);
        });
      });
      run(which);
    }
    told.forEach((input, part) => {
      input.set(now[part] ?? []);
    });
  };
  const step = (): Float32Array => {
    const full = all.filter((sample) => past[sample]?.length === steps);
    if (full.length > 0) refill(full);
    return run(all);
  };
  for (const input of inputs.values()) input.fill(0);
  restart();
  return { weights, samples, actions, returns, states, restart, step };
}

/** A sample's part of a tensor of all of them, a view. */
function rowsOf(tensor: Float32Array, sample: number, samples: number): Float32Array {
  const length = tensor.length / samples;
  return tensor.subarray(sample * length, (sample + 1) * length);
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

interface Clearing {
  /** Tokens that each matrix has room for, how many matrices there are, and how many tokens are in use. */
  readonly rows: number;
  readonly heads: number;
  readonly tokens: number;
  /** Floats of a token that lie side by side. */
  readonly width: number;
}

function clearRows(cache: Float32Array, { rows, heads, tokens, width }: Clearing): void {
  for (let matrix = 0; matrix < heads; matrix++) {
    const from = matrix * rows * width;
    cache.fill(0, from, from + tokens * width);
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

/**
 * The decision transformer over a whole sequence, written out in doubles: the truth that decoding step by step is held against.
 * Every token looks at all before it and at itself; nothing is kept from step to step.
 */
import { seededRandom } from "../../../base/random.ts";
import type { FeatureSchema } from "../../environment/schema.ts";
import { actionWidth } from "../../environment/schema.ts";
import type { MapperWeights } from "../../network/mapper-weights.ts";
import { firstParameters, type NetworkSizes } from "../../network/network-sizes.ts";

type Row = readonly number[];

/** What a mapping's steps were told, a row for each step. */
export interface Sequence {
  readonly returns: readonly number[];
  readonly states: readonly Row[];
  readonly actions: readonly Row[];
}

/** The action predicted at each step. */
export function referenceForward({ sizes, parameters }: MapperWeights, sequence: Sequence): readonly Row[] {
  const at = (name: string): Float32Array => parameters.get(name) ?? new Float32Array();
  const linear = (name: string, row: Row): Row => {
    const [weight, bias] = [at(`${name}.weight`), at(`${name}.bias`)];
    return Array.from(bias, (start, column) =>
      row.reduce((total, value, k) => total + value * (weight[k * bias.length + column] ?? 0), start),
    );
  };
  const norm = (name: string, row: Row): Row => {
    const mean = row.reduce((a, b) => a + b, 0) / row.length;
    const variance = row.reduce((total, value) => total + (value - mean) ** 2, 0) / row.length;
    const [scale, bias] = [at(`${name}.scale`), at(`${name}.bias`)];
    return row.map(
      (value, k) => ((value - mean) / Math.sqrt(variance + 1e-5)) * (scale[k] ?? 0) + (bias[k] ?? 0),
    );
  };
  const times = (step: number): Row =>
    Array.from(at("times").subarray(step * sizes.width, (step + 1) * sizes.width));
  let tokens = sequence.states.flatMap((state, step) => [
    plus(linear("returns.embedding", [sequence.returns[step] ?? 0]), times(step)),
    plus(linear("states.embedding", state), times(step)),
    plus(linear("actions.embedding", sequence.actions[step] ?? []), times(step)),
  ]);
  tokens = tokens.map((row) => norm("embedded", row));
  for (let block = 0; block < sizes.blocks; block++) {
    const name = `block${block}`;
    const normed = tokens.map((row) => norm(`${name}.norm1`, row));
    const [queries, keys, values] = ["query", "key", "value"].map((part) =>
      normed.map((row) => linear(`${name}.attention.${part}`, row)),
    ) as [Row[], Row[], Row[]];
    const mixed = queries.map((query, token) => attend(query, keys.slice(0, token + 1), values, sizes.heads));
    tokens = tokens.map((row, token) => {
      const middle = plus(row, linear(`${name}.attention.projected`, mixed[token] ?? []));
      const hidden = linear(`${name}.hidden`, norm(`${name}.norm2`, middle)).map(gelu);
      return plus(middle, linear(`${name}.back`, hidden));
    });
  }
  return sequence.states.map((_, step) => linear("head", norm("normalized", tokens[3 * step + 1] ?? [])));
}

function attend(query: Row, keys: readonly Row[], values: readonly Row[], heads: number): Row {
  const width = query.length / heads;
  return Array.from({ length: heads }, (_, head) => {
    const part = (row: Row): Row => row.slice(head * width, (head + 1) * width);
    const own = part(query);
    const scores = keys.map((key) => dot(own, part(key)) / Math.sqrt(width));
    const largest = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - largest));
    const total = weights.reduce((a, b) => a + b, 0);
    return Array.from({ length: width }, (_, k) =>
      weights.reduce((sum, weight, token) => sum + (weight / total) * (part(values[token] ?? [])[k] ?? 0), 0),
    );
  }).flat();
}

const plus = (a: Row, b: Row): Row => a.map((value, k) => value + (b[k] ?? 0));
const dot = (a: Row, b: Row): number => a.reduce((total, value, k) => total + value * (b[k] ?? 0), 0);
const gelu = (x: number): number => 0.5 * x * (1 + erf(x / Math.SQRT2));

/** Its series around 0, and beyond 5 its limit, which it is nearer to than 2e-12. */
function erf(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
    if (n > 200) break;
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/**
 * Weights of the shape that training begins with, `spread` times as large, with biases and scales that are not 0 and 1: so
 * that attention looks somewhere, and answers differ.
 */
export function spreadWeights(
  sizes: NetworkSizes,
  schema: FeatureSchema,
  seed: number,
  spread: number,
): MapperWeights {
  const random = seededRandom(seed * 7919 + 1);
  const parameters = new Map(
    [...firstParameters(sizes, schema, seed)].map(([name, elements]) => {
      if (name.endsWith(".bias")) return [name, elements.map(() => random.uniform() - 0.5)] as const;
      if (name.endsWith(".scale")) return [name, elements.map(() => 0.5 + random.uniform())] as const;
      return [name, elements.map((value) => value * spread)] as const;
    }),
  );
  return { sizes, schema, parameters, record: { seed } };
}

/** Random rows of a sequence. */
export function randomSequence(schema: FeatureSchema, steps: number, seed: number): Sequence {
  const random = seededRandom(seed);
  const row = (width: number): number[] =>
    Array.from({ length: width }, () => Math.fround(2 * random.uniform() - 1));
  const rows = (width: number): number[][] => Array.from({ length: steps }, () => row(width));
  return { returns: row(steps), states: rows(schema.state.length), actions: rows(actionWidth(schema)) };
}

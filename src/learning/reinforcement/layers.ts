/**
 * Networks of a few dense layers, written with standard operators, and their first weights. A learner's graphs share names: a
 * layer NAME has the parameters NAME.weight, [from, to] as MatMul reads it, and NAME.bias.
 */

import { normalDraw } from "../../base/normal.ts";
import type { RandomSource } from "../../base/random.ts";
import { type DifferentiatedGraph, typedModel } from "../../graph/autodiff/differentiate.ts";
import { GraphWriter } from "../../graph/autodiff/graph-writer.ts";
import { intAttribute } from "../../graph/ir/node-attributes.ts";

/** A dense layer: x W + b, then an activation. */
export interface DenseLayer {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly activation: "tanh" | "relu" | "none";
  readonly first: FirstWeights;
}

/** First weights: orthogonal rows or columns of that length (Saxe et al., 2014), or evenly from -limit .. limit. Biases are 0. */
export type FirstWeights =
  | { readonly kind: "orthogonal"; readonly gain: number }
  | { readonly kind: "uniform"; readonly limit: number };

export type Parameters = ReadonlyMap<string, Float32Array>;

/** A writer with nothing in it yet. */
export function emptyGraph(name: string): GraphWriter {
  const graph = {
    ...{ name, inputs: [], outputs: [], nodes: [] },
    ...{ constants: new Map(), statedTypes: new Map() },
  };
  return new GraphWriter({ graph, types: new Map(), values: new Map(), unsupported: [] });
}

/** The inputs of a graph in the making, all of float32. */
export class Inputs {
  readonly #write: GraphWriter;
  readonly #values: ReturnType<GraphWriter["input"]>[] = [];

  constructor(write: GraphWriter) {
    this.#write = write;
  }

  add(name: string, shape: readonly number[]): string {
    const value = this.#write.input(name, { elementType: "float32", shape });
    this.#values.push(value);
    return value.name;
  }

  /** The parameters of layers. */
  addLayers(layers: readonly DenseLayer[], prefix = ""): void {
    for (const { name, from, to } of layers) {
      this.add(`${prefix}${name}.weight`, [from, to]);
      this.add(`${prefix}${name}.bias`, [to]);
    }
  }

  /** The finished graph, whose outputs are copies of these values under these names. */
  finish(outputs: Readonly<Record<string, string>>): Pick<DifferentiatedGraph, "typed" | "model"> {
    const write = this.#write;
    const named = Object.entries(outputs).map(([name, value]) => write.copy(value, name));
    return typedModel(
      write.finish({
        inputs: this.#values,
        outputs: named.map((name) => ({ name, type: write.type(name) })),
      }),
    );
  }
}

/** x through one layer. */
export function writeLayer(write: GraphWriter, x: string, layer: DenseLayer, prefix = ""): string {
  const name = `${prefix}${layer.name}`;
  write.stem = name;
  const sum = write.add(write.op("MatMul", [x, `${name}.weight`]), `${name}.bias`);
  switch (layer.activation) {
    case "tanh":
      return write.op("Tanh", [sum]);
    case "relu":
      return write.op("Relu", [sum]);
    case "none":
      return sum;
    default:
      return layer.activation satisfies never;
  }
}

/** x through layers one after the other. */
export function writeLayers(
  write: GraphWriter,
  x: string,
  layers: readonly DenseLayer[],
  prefix = "",
): string {
  return layers.reduce((value, layer) => writeLayer(write, value, layer, prefix), x);
}

/** Two values side by side in each row. */
export function writeBeside(write: GraphWriter, a: string, b: string): string {
  return write.op("Concat", [a, b], { axis: intAttribute(1) });
}

/** Names of the parameters of layers. */
export function parametersOf(layers: readonly DenseLayer[]): readonly string[] {
  return layers.flatMap(({ name }) => [`${name}.weight`, `${name}.bias`]);
}

/** First parameters. O(from x to x the smaller of both) for an orthogonal layer. */
export function firstParameters(
  layers: readonly DenseLayer[],
  random: RandomSource,
): Map<string, Float32Array> {
  const parameters = new Map<string, Float32Array>();
  for (const { name, from, to, first } of layers) {
    const weights =
      first.kind === "orthogonal"
        ? orthogonal(from, to, first.gain, random)
        : Float32Array.from({ length: from * to }, () => first.limit * (2 * random.uniform() - 1));
    parameters.set(`${name}.weight`, weights);
    parameters.set(`${name}.bias`, new Float32Array(to));
  }
  return parameters;
}

/**
 * A matrix [from, to] whose columns, or rows where these are fewer, are orthogonal and of length `gain`: normal draws, by the
 * method of Gram and Schmidt.
 */
export function orthogonal(from: number, to: number, gain: number, random: RandomSource): Float32Array {
  const length = Math.max(from, to);
  const vectors: Float64Array[] = [];
  for (let count = 0; count < Math.min(from, to); count++) {
    const vector = Float64Array.from({ length }, () => normalDraw(random));
    for (const other of vectors) {
      const along = dot(vector, other);
      for (let at = 0; at < length; at++) vector[at] = (vector[at] as number) - along * (other[at] as number);
    }
    const norm = Math.sqrt(dot(vector, vector));
    vectors.push(vector.map((value) => value / norm));
  }
  return Float32Array.from({ length: from * to }, (_, at) => {
    const [row, column] = [Math.floor(at / to), at % to];
    const [which, place] = from < to ? [row, column] : [column, row];
    return gain * (vectors[which]?.[place] ?? 0);
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
}

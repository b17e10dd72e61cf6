/**
 * Gradients against central differences: every element of every parameter is moved a little to both sides, in doubles, and
 * the loss is run by the interpreter. Also random shapes and numbers away from kinks.
 */
import { expect } from "vitest";
import { type RandomSource, seededRandom } from "../src/base/random.ts";
import { differentiate } from "../src/graph/autodiff/differentiate.ts";
import { runGraph } from "../src/graph/interpreter/run-graph.ts";
import type { Graph, TypedGraph } from "../src/graph/ir/graph.ts";
import { printGraph } from "../src/graph/ir/print.ts";
import {
  countOf,
  isFloatType,
  numbersOf,
  type RuntimeValue,
  type TensorValue,
  tensorFromDoubles,
} from "../src/graph/ir/runtime-value.ts";
import { type NetworkSpec, network } from "./network.ts";
import { tensorOf } from "./train.ts";

export { runGraph };

/** One number of a parameter; the operand says which parameter it is, in their order. */
export type Draw = (random: RandomSource, operand: number) => number;

export const anywhere: Draw = (random) => 4 * random.uniform() - 2;
export const positive: Draw = (random) => 0.4 + 1.6 * random.uniform();
/** At least 0.1 from 0, where Relu and Abs bend. */
export const awayFromZero: Draw = (random) => (random.below(2) * 2 - 1) * (0.1 + 1.9 * random.uniform());
/** Multiples of 0.3, apart by 0.1 for each operand: never equal to another operand's, nor within 0.02 of 0. */
export const neverEqual: Draw = (random, operand) => 0.3 * (random.below(11) - 5) + 0.1 * operand + 0.02;

/** Up to 24 elements in up to three axes. */
export function randomShape(random: RandomSource, leastRank = 0, mostRank = 3): readonly number[] {
  const rank = leastRank + random.below(mostRank - leastRank + 1);
  return Array.from({ length: rank }, () => 1 + random.below(3));
}

/** The shape with axes of size 1 here and there, and some axes in front left out: it broadcasts to the shape. */
export function broadcastable(random: RandomSource, shape: readonly number[]): readonly number[] {
  const cut = random.below(shape.length + 1);
  return shape.slice(random.below(2) * cut).map((size) => (random.below(3) === 0 ? 1 : size));
}

export interface GradientCheck {
  /** Inputs are float64; `y` is the node whose weighted sum is the loss. Shapes and attributes may be random. */
  readonly network: (random: RandomSource) => Omit<NetworkSpec, "outputs">;
  readonly draw?: Draw;
}

const step = 1e-5;
/** A central difference of doubles has errors of about step^2 and 1e-16 / step. */
const mostError = 2e-7;

/** Fails with the seed and the graph unless all gradients are the differences. */
export function checkGradients(check: GradientCheck, seed: number): void {
  const random = seededRandom(seed);
  const spec = check.network(random);
  const typed = withLoss(spec);
  const parameters = floatInputs(typed.graph);
  const inputs = drawInputs(typed.graph, check.draw ?? anywhere, random);
  expectGradients(typed, parameters, inputs, `seed ${seed}`);
}

/** What every check differentiates by. */
export function floatInputs(graph: Graph): readonly string[] {
  return graph.inputs.filter(({ type }) => isFloatType(type.elementType)).map(({ name }) => name);
}

/** Drawn numbers for the floats, 0 and 1 for all others. */
export function drawInputs(graph: Graph, draw: Draw, random: RandomSource): ReadonlyMap<string, TensorValue> {
  const floats = floatInputs(graph);
  return new Map(
    graph.inputs.map(({ name, type }) => {
      const shape = (type.shape ?? []).map(Number);
      const operand = floats.indexOf(name);
      const numbers = Array.from({ length: countOf(shape) }, () =>
        operand < 0 ? random.below(2) : draw(random, operand),
      );
      return [name, tensorFromDoubles(type.elementType, shape, numbers)];
    }),
  );
}

/** Fails unless the gradients of `loss` are the differences. */
export function expectGradients(
  typed: TypedGraph,
  parameters: readonly string[],
  inputs: ReadonlyMap<string, TensorValue>,
  note: string,
): void {
  const { typed: both, gradients } = differentiate(typed, { loss: "loss", parameters });
  const outputs = runGraph(both, inputs);
  for (const name of parameters) {
    const value = inputs.get(name);
    const gradient = tensorOf(outputs.get(gradients.get(name) ?? ""));
    if (value === undefined) throw new Error(`no input ${name}`);
    expect([gradient.elementType, gradient.shape], name).toEqual([value.elementType, value.shape]);
    numbersOf(gradient).forEach((found, index) => {
      const expected = centralDifference(typed, inputs, value, name, index);
      const error = Math.abs(found - expected) / Math.max(1, Math.abs(expected));
      if (!(error < mostError)) {
        expect.fail(
          `d loss / d ${name}[${index}] is ${found}, not ${expected}; ${note}\n${printGraph(both)}`,
        );
      }
    });
  }
}

function centralDifference(
  typed: TypedGraph,
  inputs: ReadonlyMap<string, TensorValue>,
  value: TensorValue,
  name: string,
  index: number,
): number {
  const lossAt = (shift: number): number => {
    const numbers = Float64Array.from(numbersOf(value));
    numbers[index] = (numbers[index] ?? 0) + shift;
    const moved = tensorFromDoubles("float64", value.shape, numbers);
    const outputs = runGraph(typed, new Map<string, RuntimeValue>([...inputs, [name, moved]]));
    return numbersOf(tensorOf(outputs.get("loss")))[0] ?? Number.NaN;
  };
  return (lossAt(step) - lossAt(-step)) / (2 * step);
}

/** The network with loss = sum of y times weights, an input, so that every element of y counts differently. */
export function withLoss(spec: Omit<NetworkSpec, "outputs">): TypedGraph {
  const y = network({ ...spec, outputs: ["y"] }).types.get("y");
  const weights = [y?.elementType ?? "float64", y?.shape ?? []] as const;
  return network({
    ...spec,
    inputs: { ...spec.inputs, weights },
    nodes: {
      ...spec.nodes,
      weighted: ["Mul", ["y", "weights"]],
      loss: ["ReduceSum", ["weighted"], { keepdims: 0 }],
    },
    outputs: ["loss"],
  });
}

/** Whether a network computes the same compiled as it does in the interpreter, for tests. */
import fc from "fast-check";
import { expect } from "vitest";
import { LaminateError } from "../../../base/errors.ts";
import { seededRandom } from "../../../base/random.ts";
import { randomInputs } from "../../../graph/interpreter/random-inputs.ts";
import { runGraph } from "../../../graph/interpreter/run-graph.ts";
import type { TypedGraph } from "../../../graph/ir/graph.ts";
import { printGraph } from "../../../graph/ir/print.ts";
import { numbersOf, type RuntimeValue } from "../../../graph/ir/runtime-value.ts";
import { planNone } from "../../fusion/fixed-plan.ts";
import { type CompileOptions, compileGraph } from "../compile.ts";
import { heavySteps } from "./heavy-steps.ts";
import { type Choice, elementwiseSteps, layoutSteps, randomNetwork, type Step } from "./random-network.ts";
import { runSteps } from "./run-steps.ts";

type Values = ReadonlyMap<string, RuntimeValue>;

/** By the table and all exceptions, every operator on its own, and without rewriting; both flavours of SIMD. */
const ways: Readonly<Record<string, CompileOptions>> = {
  fused: {},
  unfused: { plan: planNone },
  "as it is": { rewrite: false },
  "fused, relaxed": { relaxedSimd: true },
};

/** Of the largest number of an output, or of 1 where that is more. */
const mostError = 2e-4;

/**
 * Fails unless the outputs are the interpreter's, in each way of compiling. Memory is full of rubbish before each run, and
 * units of steps run in random pieces and order.
 */
export function expectSame(typed: TypedGraph, inputs: Values = randomInputs(typed.graph, 1)): void {
  const expected = runGraph(typed, inputs);
  for (const [name, options] of Object.entries(ways)) {
    const actual = runSteps(compileGraph(typed, options), inputs, { random: seededRandom(1) });
    for (const [output, value] of expected) {
      const error = errorOf(actual.get(output), value);
      if (!(error < mostError)) expect.fail(`${name}: ${output} is off by ${error}:\n${printGraph(typed)}`);
    }
  }
}

/** The largest difference; infinite where only one is finite or a number. */
function errorOf(actual: RuntimeValue | undefined, expected: RuntimeValue): number {
  if (actual?.kind !== "tensor" || expected.kind !== "tensor") return Number.POSITIVE_INFINITY;
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.elementType).toBe(expected.elementType);
  const [a, b] = [numbersOf(actual), numbersOf(expected)];
  let [most, scale] = [0, 1];
  for (let at = 0; at < b.length; at++) {
    const [x, y] = [a[at] ?? Number.NaN, b[at] ?? 0];
    if (Object.is(x, y) || x === y) continue;
    if (Number.isFinite(y)) scale = Math.max(scale, Math.abs(y));
    most = Math.max(most, Number.isFinite(x - y) ? Math.abs(x - y) : Number.POSITIVE_INFINITY);
  }
  return most / scale;
}

interface RandomKind {
  readonly steps: readonly Step[];
  readonly inputs: readonly (readonly number[])[];
  readonly mostNodes: number;
}

const image = [2, 4, 6, 7];

/** Kinds of random networks by name. */
export const randomKinds: Readonly<Record<string, RandomKind>> = {
  "elementwise operators with broadcasts": {
    steps: elementwiseSteps,
    inputs: [[2, 3, 5], [3, 1], [1]],
    mostNodes: 12,
  },
  "operators that move elements": {
    steps: [...layoutSteps, ...elementwiseSteps.slice(0, 8)],
    inputs: [
      [2, 4, 4, 6],
      [3, 5],
    ],
    mostNodes: 10,
  },
  "windows over images": {
    steps: [...heavySteps, ...elementwiseSteps, ...layoutSteps],
    inputs: [image, [2, 4, 1, 1]],
    mostNodes: 10,
  },
  "products and rows": {
    steps: [...heavySteps.slice(6), ...elementwiseSteps, ...layoutSteps],
    inputs: [
      [2, 5, 8],
      [8, 5],
    ],
    mostNodes: 10,
  },
  "one and three spatial axes": {
    steps: [...heavySteps, ...elementwiseSteps],
    inputs: [
      [2, 3, 9],
      [2, 2, 3, 4, 5],
    ],
    mostNodes: 8,
  },
};

const choice = fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(1_000_000));

/** Checks so many networks of a kind; says how many were refused. */
export function checkRandom({ steps, inputs, mostNodes }: RandomKind, seed: number, numRuns: number): number {
  let refused = 0;
  fc.assert(
    fc.property(
      fc.array(choice, { minLength: 1, maxLength: mostNodes, size: "max" }),
      (choices: Choice[]) => {
        try {
          expectSame(randomNetwork(steps, inputs, choices));
        } catch (error) {
          if (!(error instanceof LaminateError) || error.code !== "bad-input") throw error;
          refused++;
        }
      },
    ),
    { seed, numRuns },
  );
  return refused;
}

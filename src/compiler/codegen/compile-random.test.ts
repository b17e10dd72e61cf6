/**
 * Random networks through the whole compiler: fused by the table and all exceptions, unfused, and unrewritten, each as the
 * interpreter has it. Memory is full of rubbish before each run, and units of steps run in random pieces and order.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LaminateError } from "../../base/errors.ts";
import { seededRandom } from "../../base/random.ts";
import { randomInputs } from "../../graph/interpreter/random-inputs.ts";
import { runGraph } from "../../graph/interpreter/run-graph.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import { numbersOf, type RuntimeValue } from "../../graph/ir/runtime-value.ts";
import { planNone } from "../fusion/fixed-plan.ts";
import { type CompileOptions, compileGraph } from "./compile.ts";
import { heavySteps } from "./testing/heavy-steps.ts";
import {
  type Choice,
  elementwiseSteps,
  layoutSteps,
  randomNetwork,
  type Step,
} from "./testing/random-network.ts";
import { runSteps } from "./testing/run-steps.ts";

const seed = Number(process.env.LAMINATE_SEED ?? 20_260_101);
const runs = Number(process.env.LAMINATE_RUNS ?? 60);

const ways: Readonly<Record<string, CompileOptions>> = {
  fused: {},
  unfused: { plan: planNone },
  "as it is": { rewrite: false },
  "fused, relaxed": { relaxedSimd: true },
};

/** The largest difference, as a part of the largest number, where that is more than 1. */
function errorOf(actual: RuntimeValue, expected: RuntimeValue): number {
  if (actual.kind !== "tensor" || expected.kind !== "tensor") return Number.POSITIVE_INFINITY;
  expect(actual.shape).toEqual(expected.shape);
  const [a, b] = [numbersOf(actual), numbersOf(expected)];
  let [most, scale] = [0, 1];
  for (let at = 0; at < b.length; at++) {
    const [x, y] = [a[at] ?? Number.NaN, b[at] ?? 0];
    if (Object.is(x, y) || x === y) continue;
    scale = Math.max(scale, Math.abs(y));
    most = Math.max(most, Number.isNaN(x - y) ? Number.POSITIVE_INFINITY : Math.abs(x - y));
  }
  return most / scale;
}

let refused = 0;
let compiled = 0;

function expectSame(typed: TypedGraph, choices: readonly Choice[]): void {
  const inputs = randomInputs(typed.graph, 1);
  const expected = runGraph(typed, inputs);
  for (const [name, options] of Object.entries(ways)) {
    try {
      const program = compileGraph(typed, options);
      compiled++;
      const actual = runSteps(program, inputs, { random: seededRandom(choices.length) });
      for (const [output, value] of expected) {
        const found = actual.get(output);
        if (found === undefined) throw new Error(`no ${output}`);
        const error = errorOf(found, value);
        expect(error, `${name}: ${output} is off by ${error}`).toBeLessThan(2e-4);
      }
    } catch (error) {
      if (process.env.SHOW)
        console.log(
          typed.graph.nodes
            .map(
              (n) =>
                `${n.outputs} = ${n.operator}(${n.inputs}) ${JSON.stringify([...n.attributes].map(([k, v]) => [k, String("value" in v ? v.value : "")]))} ${typed.types.get(n.outputs[0] ?? "")?.shape}`,
            )
            .join("\n"),
          typed.graph.outputs.map((o) => o.name),
        );
      if (error instanceof LaminateError) {
        refused++;
        if (process.env.SHOW) console.log(error.where, error.message);
        return;
      }
      throw error;
    }
  }
}

const choice = fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(1_000_000));

function testRandom(steps: readonly Step[], inputs: readonly (readonly number[])[], length: number): void {
  fc.assert(
    fc.property(fc.array(choice, { minLength: 1, maxLength: length, size: "max" }), (choices) => {
      expectSame(randomNetwork(steps, inputs, choices), choices);
    }),
    { seed, numRuns: runs, ...(process.env.FCPATH ? { path: process.env.FCPATH } : {}) },
  );
}

describe(`random networks, seed ${seed}`, () => {
  test("elementwise operators with broadcasts", () => {
    testRandom(elementwiseSteps, [[2, 3, 5], [3, 1], [1]], 12);
  });

  test("operators that move elements", () => {
    testRandom(
      [...layoutSteps, ...elementwiseSteps.slice(0, 8)],
      [
        [2, 4, 4, 6],
        [3, 5],
      ],
      10,
    );
  });

  test("windows over images", () => {
    testRandom(
      [...heavySteps, ...elementwiseSteps, ...layoutSteps],
      [
        [2, 4, 6, 7],
        [2, 4, 1, 1],
      ],
      10,
    );
  });

  test("products and rows", () => {
    testRandom(
      [...heavySteps.slice(6), ...elementwiseSteps, ...layoutSteps],
      [
        [2, 5, 8],
        [8, 5],
      ],
      10,
    );
  });

  test("one and three spatial axes", () => {
    testRandom(
      [...heavySteps, ...elementwiseSteps],
      [
        [2, 3, 9],
        [2, 2, 3, 4, 5],
      ],
      8,
    );
  });
  test("count", () => console.log({ compiled, refused }));
});

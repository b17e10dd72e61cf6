/** The losses of both learners: by hand, and their gradients against differences. */
import { describe, expect, test } from "vitest";
import { drawInputs, expectGradients, floatInputs, runGraph } from "../../../test/check-gradients.ts";
import { seededRandom } from "../../base/random.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import { numbersOf, type TensorValue, tensorFromDoubles } from "../../graph/ir/runtime-value.ts";
import { type A2cShape, a2cLossGraph, a2cParameters, logDeviation } from "./a2c-graphs.ts";
import { actorLossGraph, criticLossGraph, type DdpgShape, targetPrefix } from "./ddpg-graphs.ts";
import { inDoubles } from "./testing/in-doubles.ts";

const shape: A2cShape = { stateWidth: 2, actions: { kind: "number" }, rolloutSteps: 2, hiddenWidth: 3 };
const choice: A2cShape = { ...shape, actions: { kind: "choice", count: 2 } };
const ddpgShape: DdpgShape = { stateWidth: 2, batchSize: 3, hiddenWidth: 4 };
const loss = { valueShare: 0.25, entropyShare: 0.1 };

/** All inputs 0, but for those given. */
function inputsOf(
  { graph }: TypedGraph,
  given: Readonly<Record<string, readonly number[]>>,
): ReadonlyMap<string, TensorValue> {
  return new Map(
    graph.inputs.map(({ name, type }) => {
      const sizes = (type.shape ?? []).map(Number);
      const zeros = new Array<number>(sizes.reduce((a, b) => a * b, 1)).fill(0);
      return [name, tensorFromDoubles(type.elementType, sizes, given[name] ?? zeros)];
    }),
  );
}

function numbers(
  typed: TypedGraph,
  output: string,
  given: Readonly<Record<string, readonly number[]>>,
): number[] {
  const value = runGraph(typed, inputsOf(typed, given)).get(output);
  return value?.kind === "tensor" ? [...numbersOf(value)] : [];
}

describe("A2C's loss by hand", () => {
  test("of choices", () => {
    // With weights of 0 the logits are the head's bias, so pi = (3/4, 1/4), and V is its bias, 2.
    const given = {
      "actor.head.bias": [Math.log(3), 0],
      "critic.head.bias": [2],
      actions: [1, 0, 0, 1],
      advantages: [1, -2],
      returns: [3, 4],
    };
    const entropy = -(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25));
    const first = -Math.log(0.75) * 1 + 0.25 * (3 - 2) ** 2 - 0.1 * entropy;
    const second = -Math.log(0.25) * -2 + 0.25 * (4 - 2) ** 2 - 0.1 * entropy;
    const [found] = numbers(inDoubles(a2cLossGraph(choice, loss)), "loss", given);
    expect(found).toBeCloseTo((first + second) / 2, 6);
  });

  test("of numbers", () => {
    // Mean 0.5, deviation 2: log N(a) = -((a - 0.5) / 2)^2 / 2 - log 2 - log(2 pi) / 2, and H = log 2 + (1 + log(2 pi)) / 2.
    const given = {
      "actor.head.bias": [0.5],
      [logDeviation]: [Math.log(2)],
      actions: [2.5, -0.5],
      advantages: [1, 3],
    };
    const constant = Math.log(2) + Math.log(2 * Math.PI) / 2;
    const logShares = [-0.5 * 1 - constant, -0.5 * 0.25 - constant] as const;
    const entropy = Math.log(2) + (1 + Math.log(2 * Math.PI)) / 2;
    const [found] = numbers(inDoubles(a2cLossGraph(shape, loss)), "loss", given);
    expect(found).toBeCloseTo(-(logShares[0] * 1 + logShares[1] * 3) / 2 - 0.1 * entropy, 6);
  });
});

describe("DDPG's losses by hand", () => {
  test("the critic's target is the reward and the discounted value that the targets see, none behind an end", () => {
    // Q is the bias 1 of the critic's head, the target's is 5: y = 2 + 0.9 x 5 = 6.5, 3 and -1 + 4.5 = 3.5.
    const given = {
      "critic.head.bias": [1],
      [`${targetPrefix}critic.head.bias`]: [5],
      rewards: [2, 3, -1],
      goesOn: [1, 0, 1],
    };
    const typed = inDoubles(criticLossGraph(ddpgShape, 0.9));
    const y = numbers(typed, "y", given);
    [6.5, 3, 3.5].forEach((expected, row) => {
      expect(y[row]).toBeCloseTo(expected, 6);
    });
    // (5.5^2 + 2^2 + 2.5^2) / 3
    expect(numbers(typed, "loss", given)[0]).toBeCloseTo((30.25 + 4 + 6.25) / 3, 5);
  });

  test("the actor's is the mean of what the critic says of its actions, turned", () => {
    // mu = tanh(1) everywhere; the critic's second layer passes the action on by a weight of 2, its head by 3.
    const passes = new Array<number>(5 * 4).fill(0);
    passes[4 * 4] = 2;
    const given = {
      "actor.head.bias": [1],
      "critic.hidden2.weight": passes,
      "critic.head.weight": [3, 0, 0, 0],
    };
    const [found] = numbers(inDoubles(actorLossGraph(ddpgShape)), "loss", given);
    expect(found).toBeCloseTo(-6 * Math.tanh(1), 6);
  });
});

describe("gradients are the differences", () => {
  const isParameter = (name: string): boolean => /^(?:actor|critic)\./.test(name);
  const draw = (random: { uniform(): number }): number => 1.6 * random.uniform() - 0.8;
  test.each([1, 2])("seed %d", (seed) => {
    const random = seededRandom(seed);
    for (const actions of [shape.actions, choice.actions]) {
      const typed = inDoubles(a2cLossGraph({ ...shape, actions }, loss));
      const inputs = drawInputs(typed.graph, draw, random);
      expectGradients(typed, a2cParameters({ ...shape, actions }), inputs, `A2C, seed ${seed}`);
    }
    for (const graph of [criticLossGraph(ddpgShape, 0.9), actorLossGraph(ddpgShape)]) {
      const typed = inDoubles(graph);
      const inputs = drawInputs(typed.graph, draw, random);
      const parameters = floatInputs(typed.graph).filter(isParameter);
      // The actor's graph has the critic's parameters too, and its gradient goes through them.
      expectGradients(typed, parameters, inputs, `DDPG, seed ${seed}`);
    }
  });
});

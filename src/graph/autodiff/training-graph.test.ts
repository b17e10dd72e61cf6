/** Steps of AdamW against plain code in doubles, and what goes in and out of a training graph. */
import { describe, expect, test } from "vitest";
import { floats, network } from "../../../test/network.ts";
import { constant } from "../../../test/one-node.ts";
import { inInterpreter, initialState, type Tensors, train } from "../../../test/train.ts";
import type { TypedGraph } from "../ir/graph.ts";
import { numbersOf, tensorFromDoubles } from "../ir/runtime-value.ts";
import type { AdamW } from "./adamw.ts";
import { trainingGraph } from "./training-graph.ts";

/** loss = sum (w - goal)^2 + sum b^2, so the gradients are 2 (w - goal) and 2 b. */
function bowl(): TypedGraph {
  return network({
    inputs: { goal: ["float64", [3]] },
    constants: { w: constant("float64", [3], [0.5, -1, 2]), b: constant("float64", [2], [1, -0.25]) },
    nodes: {
      away: ["Sub", ["w", "goal"]],
      square: ["Mul", ["away", "away"]],
      first: ["ReduceSum", ["square"], { keepdims: 0 }],
      second: ["ReduceSumSquare", ["b"], { keepdims: 0 }],
      loss: ["Add", ["first", "second"]],
    },
    outputs: ["loss"],
  });
}

const goal = [1, 1, -1];
const batch: Tensors = new Map([["goal", tensorFromDoubles("float64", [3], goal)]]);

/** The algorithm as the paper writes it, one number at a time. */
function reference(optimizer: AdamW, steps: number, rate: number) {
  const { betas = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0.01, clipNorm } = optimizer;
  let values = [0.5, -1, 2, 1, -0.25];
  let [first, second] = [values.map(() => 0), values.map(() => 0)];
  for (let step = 1; step <= steps; step++) {
    const raw = values.map((value, at) => 2 * (value - (goal[at] ?? 0)));
    const norm = Math.sqrt(raw.reduce((total, each) => total + each * each, 0));
    const factor = clipNorm === undefined ? 1 : Math.min(1, clipNorm / (norm + 1e-6));
    const gradients = raw.map((each) => each * factor);
    first = first.map((old, at) => betas[0] * old + (1 - betas[0]) * (gradients[at] ?? 0));
    second = second.map((old, at) => betas[1] * old + (1 - betas[1]) * (gradients[at] ?? 0) ** 2);
    values = values.map((value, at) => {
      const mean = (first[at] ?? 0) / (1 - betas[0] ** step);
      const root = Math.sqrt((second[at] ?? 0) / (1 - betas[1] ** step));
      const decay = optimizer.decays?.(at < 3 ? "w" : "b") === false ? 0 : weightDecay;
      return value - rate * decay * value - (rate * mean) / (root + epsilon);
    });
  }
  return { values, first, second };
}

describe("AdamW", () => {
  const optimizers: Readonly<Record<string, AdamW>> = {
    "as it comes": { kind: "adamw" },
    "with all its numbers": { kind: "adamw", betas: [0.8, 0.95], epsilon: 1e-3, weightDecay: 0.2 },
    "without decay": { kind: "adamw", weightDecay: 0 },
    "with decay of one parameter only": { kind: "adamw", weightDecay: 0.5, decays: (name) => name === "w" },
    "with clipped gradients": { kind: "adamw", epsilon: 1e-2, clipNorm: 0.25 },
    "with a limit beyond the gradients": { kind: "adamw", epsilon: 1e-2, clipNorm: 1e6 },
  };

  test.each(Object.keys(optimizers))("%s: five steps are those of the paper", async (name) => {
    const optimizer = optimizers[name] ?? { kind: "adamw" };
    const typed = bowl();
    const training = trainingGraph(typed, { loss: "loss", parameters: ["w", "b"], optimizer });
    const options = { steps: 5, learningRate: 0.1 };
    const { state } = await train(
      training,
      inInterpreter(training),
      initialState(training, typed),
      batch,
      options,
    );
    const numbers = (names: readonly (string | undefined)[]): readonly number[] =>
      names.flatMap((each) => {
        const value = state.get(each ?? "");
        return value === undefined ? [] : [...numbersOf(value)];
      });
    const expected = reference(optimizer, 5, 0.1);
    const moments = [0, 1].map((moment) => numbers(training.moments.map((each) => each[moment]?.input)));
    const found = { values: numbers(["w", "b"]), first: moments[0], second: moments[1] };
    for (const key of ["values", "first", "second"] as const) {
      expect(found[key]?.length).toBe(5);
      found[key]?.forEach((number, at) => {
        expect(number, `${key}[${at}]`).toBeCloseTo(expected[key][at] ?? 0, 12);
      });
    }
    expect(numbers(["step"])).toEqual([5]);
  });

  test("the corrections keep their digits in float32: 1 - 0.999 is right to 6 digits", async () => {
    const typed = network({
      constants: { w: floats([1], [1]) },
      nodes: { square: ["Mul", ["w", "w"]], loss: ["ReduceSum", ["square"], { keepdims: 0 }] },
      outputs: ["loss"],
    });
    // Without epsilon and decay the first step is the rate times the sign of the gradient, whatever the gradient is.
    const optimizer: AdamW = { kind: "adamw", epsilon: 0, weightDecay: 0 };
    const training = trainingGraph(typed, { loss: "loss", parameters: ["w"], optimizer });
    const options = { steps: 1, learningRate: 0.5 };
    const { state } = await train(
      training,
      inInterpreter(training),
      initialState(training, typed),
      new Map(),
      options,
    );
    const after = state.get("w");
    expect(Math.abs((after === undefined ? 0 : (numbersOf(after)[0] ?? 0)) - 0.5)).toBeLessThan(5e-7);
  });
});

test("what goes in and out has names that say so", () => {
  const typed = bowl();
  const training = trainingGraph(typed, {
    loss: "loss",
    parameters: ["b", "w"],
    optimizer: { kind: "adamw", clipNorm: 1 },
  });
  const { graph } = training.typed;
  expect(graph.inputs.map(({ name }) => name)).toEqual([
    ...["goal", "learning_rate", "step"],
    ...["b", "b.moment1", "b.moment2", "w", "w.moment1", "w.moment2"],
  ]);
  expect(graph.outputs.map(({ name }) => name)).toEqual([
    ...["loss", "gradient_norm", "step.next"],
    ...["b.next", "b.moment1.next", "b.moment2.next", "w.next", "w.moment1.next", "w.moment2.next"],
  ]);
  expect([...graph.constants.keys()].filter((name) => name === "b" || name === "w")).toEqual([]);
  expect(training.parameters.map(({ input, output }) => [input, output])).toEqual([
    ["b", "b.next"],
    ["w", "w.next"],
  ]);
});

test("the norm that is given is that of the gradients before they are clipped", async () => {
  const typed = bowl();
  const optimizer: AdamW = { kind: "adamw", clipNorm: 0.25 };
  const training = trainingGraph(typed, { loss: "loss", parameters: ["w", "b"], optimizer });
  const rate = tensorFromDoubles("float64", [], [0]);
  const inputs = new Map([...batch, ...initialState(training, typed), [training.learningRate, rate]]);
  const outputs = await inInterpreter(training)(inputs);
  // Gradients -1 -4 6 2 -0.5: squares 1 + 16 + 36 + 4 + 0.25.
  expect(outputs.get(training.gradientNorm)).toMatchObject({ elements: Float64Array.of(Math.sqrt(57.25)) });
});

test("parameters must be inputs or constants, and stand there once", () => {
  const optimizer: AdamW = { kind: "adamw" };
  const make = (parameters: readonly string[]) => () =>
    trainingGraph(bowl(), { loss: "loss", parameters, optimizer });
  expect(make(["away"])).toThrow('parameter "away" is neither an input nor a constant of the graph');
  expect(make(["w", "w"])).toThrow('parameter "w" is there twice');
  expect(make([])).toThrow("there is no parameter to train");
});

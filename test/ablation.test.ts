/** The ablation of fusion on a tiny network: a convolution with all that a fixed pattern takes, and what only the table takes. */
import { expect, test } from "vitest";
import { ablationPlans, measureAblation, variantNames } from "../bench/papers/measure-ablation.ts";
import { compilePlan } from "../src/compiler/codegen/compile.ts";
import { keyMaker } from "../src/compiler/profile/profiled-latency.ts";
import { createRuntime } from "../src/compiler/runtime/runtime.ts";
import { randomInputs } from "../src/graph/interpreter/random-inputs.ts";
import { runGraph } from "../src/graph/interpreter/run-graph.ts";
import { floats, network } from "./network.ts";

const four = {
  scale: floats([4]),
  bias: floats([4]),
  mean: floats([4]),
  variance: floats([4], [1, 2, 3, 4]),
};
const typed = network({
  inputs: { x: [1, 4, 8, 8] },
  constants: { w: floats([4, 4, 3, 3]), ...four },
  nodes: {
    conv: ["Conv", ["x", "w"], { pads: [1, 1, 1, 1] }],
    normal: ["BatchNormalization", ["conv", "scale", "bias", "mean", "variance"]],
    relu: ["Relu", ["normal"]],
    gate: ["Sigmoid", ["relu"]],
    gated: ["Mul", ["relu", "gate"]],
    y: ["MaxPool", ["gated"], { kernel_shape: [2, 2], strides: [2, 2] }],
  },
  outputs: ["y"],
});

const rounds = {
  rounds: 2,
  turnSeconds: 0,
  warmUpSeconds: 0,
  mostSeconds: 1,
  pauseSeconds: 0,
  clock: () => performance.now() / 1000,
  sleep: async () => {},
};

test("each step fuses more, and all are measured", async () => {
  const variants = await measureAblation(typed, { rounds, relaxedSimd: false, profile: new Map() });
  expect(variants.map(({ name }) => name)).toEqual(variantNames);
  // Each alone; the pattern of three; all but the pool; rewriting takes the normalization away; the pool too.
  expect(variants.map(({ blocks }) => blocks)).toEqual([6, 4, 2, 2, 1, 1]);
  expect(variants.map(({ operators }) => operators)).toEqual([6, 6, 6, 5, 5, 5]);
  // A result of the convolution has 1024 bytes: five of them, then three, then one.
  expect(variants.map(({ intermediateBytes }) => intermediateBytes)).toEqual([5120, 3072, 1024, 1024, 0, 0]);
  for (const { seconds, overFixed, reason } of variants) {
    expect(reason).toBeUndefined();
    expect(seconds).toMatchObject({ count: 2 });
    expect(overFixed?.ratio).toBeGreaterThan(0);
  }
  expect(variants[1]?.overFixed?.ratio).toBe(1);
});

test("all variants compute the same", async () => {
  const inputs = randomInputs(typed.graph);
  const expected = runGraph(typed, inputs).get("y");
  const given = Object.fromEntries(
    [...inputs].map(([name, value]) => [
      name,
      { shape: [1, 4, 8, 8], elements: "elements" in value ? value.elements : [] },
    ]),
  );
  for (const [name, plan] of ablationPlans(typed, new Map())) {
    const model = await createRuntime().load(compilePlan(plan, { relaxedSimd: false }));
    const { y } = await model.run(given);
    const wanted = expected?.kind === "tensor" ? [...(expected.elements as Float32Array)] : [];
    wanted.forEach((number, at) => {
      expect(y?.[at], name).toBeCloseTo(number, 4);
    });
  }
});

test("a network that does not compile says why", async () => {
  const odd = network({ inputs: { x: [4] }, nodes: { y: ["NonZero", ["x"]] }, outputs: ["y"] });
  const [none] = await measureAblation(odd, { rounds, relaxedSimd: false });
  expect(none?.seconds).toBeUndefined();
  expect(none?.reason).toMatch(/NonZero|shape/);
});

test("the plan with a profile follows it", () => {
  const gated = network({
    inputs: { x: [8, 8] },
    constants: { w: floats([8, 8]) },
    nodes: { turned: ["Transpose", ["x"], { perm: [1, 0] }], y: ["MatMul", ["turned", "w"]] },
    outputs: ["y"],
  });
  const plans = ablationPlans(gated, undefined);
  const rewritten = plans.get("rewritten")?.typed ?? gated;
  const { keyOf } = keyMaker(rewritten);
  const entry = (nodes: readonly number[], seconds: number) =>
    [keyOf(nodes), { seconds, operators: "" }] as const;
  const slow = new Map([entry([0], 1), entry([1], 1), entry([0, 1], 9)]);
  expect(plans.get("exceptions")?.blocks).toHaveLength(1);
  expect(ablationPlans(gated, slow).get("profile")?.blocks).toHaveLength(2);
});

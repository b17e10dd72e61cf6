import { describe, expect, test } from "vitest";
import { floats, type NetworkNode, network } from "../../../test/network.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import { createRuntime } from "../runtime/runtime.ts";
import { frameBlocks } from "./frame.ts";
import { blockMeasurer, blockProgram, runMeasurer } from "./measure-blocks.ts";
import { keyMaker } from "./profiled-latency.ts";

/** Labels of the steps that are measured of some nodes. */
function stepsOf(typed: TypedGraph, names: readonly string[]): readonly string[] {
  const { ecg, channelsLast } = keyMaker(typed);
  const nodes = names.map((name) => typed.graph.nodes.findIndex((node) => node.name === name));
  return blockProgram(frameBlocks(ecg, [nodes], channelsLast), false).steps.map(({ label }) => label);
}

const conv = (reads: string): NetworkNode => ["Conv", [reads, "w"], { pads: [1, 1, 1, 1] }];

/** Two convolutions, between them what keeps their layout. */
const images = network({
  inputs: { x: [1, 4, 8, 8], gate: [1, 4, 1, 1] },
  constants: { w: floats([4, 4, 3, 3]), shape: floats([1]) },
  nodes: {
    first: conv("x"),
    relu: ["Relu", ["first"]],
    scaled: ["Mul", ["relu", "gate"]],
    second: conv("scaled"),
    turned: ["Transpose", ["second"], { perm: [0, 2, 3, 1] }],
    y: ["Softmax", ["turned"]],
  },
  outputs: ["y"],
});

describe("only the block's own steps are measured", () => {
  test("a convolution reads what lies there with channels last and zeros around: nothing is converted", () => {
    expect(stepsOf(images, ["second"])).toEqual(["Conv second"]);
  });

  test("blocks that follow each other are measured as one run", async () => {
    const { ecg, channelsLast } = keyMaker(images);
    const at = (name: string): number => images.graph.nodes.findIndex((node) => node.name === name);
    const blocks = [[at("scaled")], [at("second")]];
    const program = blockProgram(frameBlocks(ecg, blocks, channelsLast), false);
    expect(program.steps.map(({ label }) => label)).toEqual([
      "padding of scaled",
      "elementwise scaled",
      "Conv second",
    ]);
    const bench = {
      runtime: createRuntime(),
      relaxedSimd: false,
      clock: countingClock(),
      sleep: async () => {},
    };
    expect(await runMeasurer(bench)({ ecg, channelsLast }, [blocks])).toEqual([expect.any(Number)]);
  });

  test("the network's own input is converted, as in the network", () => {
    expect(stepsOf(images, ["first", "relu"])).toContain("copy of x");
  });

  test("an elementwise operator between convolutions is one loop", () => {
    expect(stepsOf(images, ["scaled"])).toEqual(["elementwise scaled"]);
  });

  test("what only renames what it reads has no step, and takes no time", async () => {
    const typed = network({
      inputs: { x: [4, 4] },
      constants: {},
      nodes: { a: ["Relu", ["x"]], b: ["Transpose", ["a"], { perm: [1, 0] }], y: ["Softmax", ["b"]] },
      outputs: ["y"],
    });
    expect(stepsOf(typed, ["b"])).toEqual([]);
    expect(await measured(typed, [[1]])).toEqual([0]);
  });
});

/** On this clock every run takes a millisecond. */
function countingClock(): () => number {
  let now = 0;
  return () => (now += 0.001);
}

async function measured(typed: TypedGraph, sets: readonly (readonly number[])[]) {
  const runtime = createRuntime();
  const bench = { runtime, relaxedSimd: false, clock: countingClock(), sleep: async () => {} };
  return blockMeasurer(bench)(keyMaker(typed), sets);
}

test("all that compiles gets a latency, the others null", async () => {
  const typed = network({
    inputs: { x: [8, 8], at: ["int64", [3]] },
    constants: { w: floats([8, 8]) },
    nodes: {
      a: ["MatMul", ["x", "w"]],
      b: ["Gather", ["a", "at"]],
      c: ["NonZero", ["b"]],
      d: ["Cast", ["c"], { to: 1 }],
    },
    outputs: ["d"],
  });
  const [product, gather, both, nonZero] = await measured(typed, [[0], [1], [0, 1], [2]]);
  for (const seconds of [product, gather, both]) expect(seconds).toBeGreaterThan(0);
  expect(nonZero).toBeNull();
});

test("types other than float32 cross the border of a block", async () => {
  const typed = network({
    inputs: { x: [1, 4, 4, 4] },
    constants: { w: floats([4, 4, 3, 3]) },
    nodes: {
      a: conv("x"),
      b: ["Greater", ["a", "x"]],
      c: ["Where", ["b", "a", "x"]],
      y: conv("c"),
    },
    outputs: ["y"],
  });
  const results = await measured(typed, [[0], [1], [2], [1, 2], [3]]);
  for (const seconds of results) expect(seconds).toBeGreaterThan(0);
});

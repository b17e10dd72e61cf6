/** Both targets behind one interface, and the grid that they are looked at with. */
import { describe, expect, test } from "vitest";
import { floats, network } from "../../../test/network.ts";
import { fuse } from "../../compiler/fusion/static-plan.ts";
import { presets } from "../accelerator/presets/presets.ts";
import { evaluate } from "../cost/evaluate.ts";
import { doublingLadder } from "../space/pass-sizes.ts";
import { severalCores } from "../testing/small-workloads.ts";
import { extractWorkload } from "../workload/extract.ts";
import { analyticTarget } from "./analytic-target.ts";
import { machineTarget } from "./machine-target.ts";
import { defaultGrid, measureGrid } from "./measure-grid.ts";
import { elementsOf, layerGrid, macsOf, synthesize } from "./synthesized-layers.ts";
import type { Target } from "./target.ts";
import { syntheticOrigin, syntheticTarget } from "./testing/synthetic-target.ts";

const laminate = "1.0.0";
const shape = { inputChannels: 8, outputChannels: 32, height: 6, width: 5, filter: 3 };

/** Two convolutions in the middle of a network. */
const chain = network({
  inputs: { x: [1, 16, 8, 8] },
  constants: { w: floats([16, 16, 3, 3]) },
  nodes: {
    before: ["Relu", ["x"]],
    first: ["Conv", ["before", "w"], { pads: [1, 1, 1, 1] }],
    second: ["Conv", ["first", "w"], { pads: [1, 1, 1, 1] }],
    y: ["Sigmoid", ["second"]],
  },
  outputs: ["y"],
});
const [before, first, second] = [0, 1, 2];

describe("the cost model as a target", () => {
  const target = analyticTarget(presets.mlu100Like, { laminate });

  test("a synthesized layer costs what its mapping costs", async () => {
    const block = synthesize(shape);
    const workload = extractWorkload(fuse(block.typed), { elementType: "float16" });
    // Pools of a single element before and behind have no MACs.
    const layer = workload.layers.find(({ macs }) => macs > 0);
    expect(layer?.macs).toBe(macsOf(shape));
    const seconds = await target.measure(block, 4);
    // 69,120 MACs on 4 cores of 1000 a ns: 32 channels are 2 units of 16, so 2 cores have one each or 4 cores rows, 2 of 6 at most:
    // 23.04 ns; 1,200 + 2,368 elements of 2 bytes at 102.4 bytes a ns: 69.69 ns; and 5 us + 4 x 0.1 us.
    expect(elementsOf(shape)).toBe(8 * 30 + 32 * 30 + 32 * 72 + 32);
    expect((seconds ?? 0) * 1e9).toBeCloseTo((2 * elementsOf(shape)) / 102.4 + 5_400, 6);
  });

  test("a run of layers is one group: what is between them is staged", async () => {
    const run = (await target.measure({ typed: chain, nodes: [first, second] }, 1)) ?? 0;
    const alone = (await target.measure({ typed: chain, nodes: [first] }, 1)) ?? 0;
    // One launch of 5 us where two layers by themselves take two.
    expect(run).toBeLessThan(2 * alone - 4.9e-6);
    const workload = extractWorkload(fuse(chain), { elementType: "float16" });
    const mapping = workload.layers.map((_, layer) => ({
      pass: 1,
      output: layer < workload.layers.length - 1 ? ("stage" as const) : ("sync" as const),
      weights: "streamed" as const,
      cores: 1,
    }));
    const whole = evaluate({ workload, accelerator: presets.mlu100Like, batch: 1 }, mapping);
    expect(whole.feasible && Math.abs(whole.latencySeconds / run - 1)).toBeLessThan(1e-9);
  });

  test("what does not fit on chip is no time", async () => {
    const wide = { inputChannels: 1_024, outputChannels: 1, height: 1, width: 4_096, filter: 3 };
    expect(await target.measure(synthesize(wide), 1)).toBeUndefined();
  });

  test.each([0, 33, 1.5])("%d cores are refused", async (cores) => {
    await expect(target.measure(synthesize(shape), cores)).rejects.toMatchObject({
      code: "bad-input",
      message: `mlu100-like cannot run a block on ${cores} cores`,
      fix: "give a whole number from 1 to 32",
    });
  });

  test("its origin is every number that the cost model uses, and no name of a source", () => {
    expect(target.origin).toMatchObject({ kind: "accelerator", name: "mlu100-like", laminate });
    const { numbers } = target.origin as Extract<Target["origin"], { kind: "accelerator" }>;
    expect(numbers).toMatchObject({ cores: 32, groupLaunchSeconds: 5e-6, elementType: "float16" });
    expect(Object.keys(numbers)).not.toContain("sources");
  });
});

describe("this machine as a target", () => {
  let now = 0;
  // Goes on by a millisecond each time it is looked at.
  const clock = (): number => (now += 0.001);
  const target = machineTarget({
    origin: syntheticOrigin,
    threads: 1,
    relaxedSimd: false,
    clock,
    sleep: async () => {},
  });

  test("runs the code of a layer, and of layers that follow each other", async () => {
    // So does every turn, of one run or of several.
    for (const block of [synthesize(shape), { typed: chain, nodes: [before, first, second] }]) {
      const seconds = (await target.measure(block, 1)) ?? 0;
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThan(0.001 + 1e-9);
    }
  });

  test("what has no code is no time", async () => {
    const typed = network({
      inputs: { x: [4] },
      constants: {},
      nodes: { a: ["Relu", ["x"]], b: ["NonZero", ["a"]], y: ["Cast", ["b"], { to: 1 }] },
      outputs: ["y"],
    });
    expect(await target.measure({ typed, nodes: [1] }, 1)).toBeUndefined();
  });

  test("parts of a network run one after the other, a program each", async () => {
    const parts = [
      { nodes: [before, first], cores: 1 },
      { nodes: [second], cores: 1 },
    ];
    const seconds = (await target.measureParts(chain, parts)) ?? 0;
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(0.001 + 1e-9);
    const beyond = target.measureParts(chain, [{ nodes: [first], cores: 2 }]);
    await expect(beyond).rejects.toMatchObject({ code: "bad-input" });
    const typed = network({
      inputs: { x: [4] },
      constants: {},
      nodes: { a: ["Relu", ["x"]], b: ["NonZero", ["a"]], y: ["Cast", ["b"], { to: 1 }] },
      outputs: ["y"],
    });
    const barred = [0, 1, 2].map((node) => ({ nodes: [node], cores: 1 }));
    expect(await target.measureParts(typed, barred)).toBeUndefined();
  });

  test("threads that it was not given are refused", async () => {
    await expect(target.measure(synthesize(shape), 2)).rejects.toMatchObject({
      message: "synthetic <processor> cannot run a block on 2 cores",
    });
  });
});

describe("the grid", () => {
  const grid = layerGrid({ coreNumbers: [1, 4], leastMacs: 4_096, mostMacs: 2 ** 22 });

  test("has about the MACs that a core is to have, with channels enough", () => {
    for (const point of grid.filter(({ sweep }) => sweep === "operations")) {
      const macs = macsOf(point) / point.cores;
      expect(macs).toBeGreaterThan(4_096 / 2.5);
      expect(macs).toBeLessThan(2 ** 22 * 2.5);
      expect(point.outputChannels).toBe(192 * point.cores);
    }
    const channels = grid.filter(({ sweep }) => sweep === "channels");
    expect(new Set(channels.map(({ outputChannels, cores }) => outputChannels / cores)).size).toBe(21);
    for (const point of channels) expect(macsOf(point) / point.cores / 2 ** 20).toBeCloseTo(1, 1);
  });

  test("looks at 1, 2, 4, .. cores and at all", async () => {
    expect([1, 12, 32].map(doublingLadder)).toEqual([[1], [1, 2, 4, 8, 12], [1, 2, 4, 8, 16, 32]]);
    const target = analyticTarget(severalCores(6), { laminate });
    const measured = await measureGrid(target, { repeats: 1, leastMacs: 64, mostMacs: 4_096 });
    expect(new Set(measured.map(({ cores }) => cores))).toEqual(new Set([1, 2, 4, 6]));
  });

  const truth = { rule: "units", granularity: 4, ridge: 0, halfMacs: [1e5] } as const;

  test("is measured pass by pass, once where answers are exact", async () => {
    const passes: number[] = [];
    const target = syntheticTarget(truth, { seed: 1, scatter: 0.1 });
    const settings = { ...defaultGrid, repeats: 2 };
    const twice = await measureGrid(target, settings, { onProgress: (done) => passes.push(done) });
    expect(passes).toEqual([...twice.map(() => 0), ...twice.map(() => 1)]);
    for (const { seconds } of twice) expect(new Set(seconds).size).toBe(2);
    const once = await measureGrid({ ...target, isExact: true }, settings);
    for (const { seconds } of once) expect(seconds).toHaveLength(1);
  });

  test("keeps the passes that were done when it is interrupted, and says when there is none", async () => {
    const interrupt = (at: number) => {
      const controller = new AbortController();
      let asked = 0;
      const onProgress = (): void => {
        if (++asked === at) controller.abort();
      };
      const target = syntheticTarget(truth, { seed: 1, scatter: 0.1 });
      return measureGrid(target, defaultGrid, { signal: controller.signal, onProgress });
    };
    const kept = await interrupt(60);
    expect(kept.length).toBeLessThan(60);
    for (const { seconds } of kept) expect(seconds).toHaveLength(1);
    await expect(interrupt(5)).rejects.toMatchObject({ code: "interrupted" });
  });
});

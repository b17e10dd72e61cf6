/** Predictions from a profile's fit, against sums by hand and against the layers that it was fitted to. */
import { describe, expect, test } from "vitest";
import { sketchWorkload } from "../testing/small-workloads.ts";
import { observationOf } from "./characteristics.ts";
import { defaultGrid } from "./measure-grid.ts";
import { blockPredictor, type LayerWork, layerWorks } from "./predict-seconds.ts";
import { characteriseTarget, type TargetProfile } from "./target-profile.ts";
import { syntheticTarget } from "./testing/synthetic-target.ts";

const same = (value: number) => ({ value, low: value, high: value });

/** Half 100 MACs on one core and 300 on three, granularity 4, an element as long as 2 MACs. */
const fit: TargetProfile["fit"] = {
  rule: "units",
  granularity: 4,
  ridge: 2,
  residual: 0,
  scatter: 0,
  cores: [
    { cores: 1, criticalMacs: same(100), macsPerSecond: { channels: 5, "filter 1": 10, "filter 3": 20 } },
    { cores: 3, criticalMacs: same(300), macsPerSecond: { channels: 5, "filter 1": 10, "filter 3": 12 } },
  ],
};
const { secondsOf, mostCores } = blockPredictor({ fit });
const layer = (changes: Partial<LayerWork> = {}): LayerWork => ({
  macs: 1_200,
  channels: 6,
  rows: 5,
  filter: 3,
  elements: 10,
  ...changes,
});

describe("the seconds of a block", () => {
  test("on one core are start and work, channels in whole units", () => {
    // 6 channels fill 6 of 8 places: 1,200 / 0.75 = 1,600 MACs; (100 + 1,600) / 20.
    expect(secondsOf([layer()], 1)).toBeCloseTo(85, 9);
    // 2 x 1,000 elements are more than 1,600 MACs: (100 + 2,000) / 20.
    expect(secondsOf([layer({ elements: 1_000 })], 1)).toBeCloseTo(105, 9);
  });

  test("are those of the better way to deal work out", () => {
    // Channels: 400 MACs with 2 of 4 places, 800. Rows: 2 of 5 with 6 of 8 places, 640. (300 + 640) / 12.
    expect(secondsOf([layer()], 3)).toBeCloseTo(940 / 12, 9);
    // One row: 800 MACs by channels at the rate of maps of one row.
    expect(secondsOf([layer({ rows: 1 })], 3)).toBeCloseTo((300 + 800) / 5, 9);
  });

  test("between two numbers of cores lie on the line", () => {
    // Half 200, rate 16. Channels: 600 MACs with 3 of 4 places, 800; rows: 3 of 5, 720 / 0.75 = 960.
    expect(secondsOf([layer()], 2)).toBeCloseTo((200 + 800) / 16, 9);
    expect(mostCores).toBe(3);
    expect(() => secondsOf([layer()], 4)).toThrow("internal: ");
  });

  test("of several layers start once, as long as the layer that starts longest", () => {
    // Filters of 1 and 2: 2 is nearer to 3 than to 1 by factors. 100 / 10; 1,600 / 10 + 1,600 / 20.
    const layers = [layer({ filter: 1 }), layer({ filter: 2 })];
    expect(secondsOf(layers, 1)).toBeCloseTo(10 + 160 + 80, 9);
    const apart = layers.map((one) => secondsOf([one], 1)).reduce((total, one) => total + one);
    // What the block saves is the start of the second layer: 100 / 20.
    expect(apart - secondsOf(layers, 1)).toBeCloseTo(5, 9);
  });
});

test("a workload's layers have their MACs and all that they read and make", () => {
  // One byte an element: 20 read, 30 of weights, 40 made; then 40 read, 8 made.
  const workload = sketchWorkload(20, [
    { macs: 60, weightBytes: 30, outputBytes: 40, reads: [-1], dimensions: { K: 5, Y: 4, R: 1, S: 9 } },
    { outputBytes: 8, reads: [0] },
  ]);
  expect(layerWorks(workload)).toEqual([
    { macs: 60, channels: 5, rows: 4, filter: 3, elements: 90 },
    { macs: 0, channels: 1, rows: 1, filter: 1, elements: 48 },
  ]);
});

test("a layer that was measured is predicted as it was fitted", async () => {
  const truth = { rule: "units", granularity: 8, ridge: 3, halfMacs: [2e5, 5e5] } as const;
  const target = syntheticTarget(truth, { seed: 1, scatter: 0.01 });
  const profile = await characteriseTarget(target, { settings: { ...defaultGrid, repeats: 1 }, draws: 5 });
  const predictor = blockPredictor(profile);
  let compared = 0;
  for (const one of profile.measurements) {
    const { elements, seconds } = observationOf(one);
    const work = {
      macs: one.inputChannels * one.outputChannels * one.height * one.width * one.filter ** 2,
      channels: one.outputChannels,
      rows: one.height,
      filter: one.filter,
      elements,
    };
    // The grid's maps of one row in the other sweep are of another family than here.
    if (one.sweep === "operations" && one.height === 1) continue;
    expect(predictor.secondsOf([work], one.cores) / seconds).toBeGreaterThan(0.9);
    expect(predictor.secondsOf([work], one.cores) / seconds).toBeLessThan(1.1);
    compared++;
  }
  expect(compared).toBeGreaterThan(60);
});

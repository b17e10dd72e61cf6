import { describe, expect, test } from "vitest";
import { presets } from "../accelerator/presets/presets.ts";
import { analyticTarget } from "./analytic-target.ts";
import type { Estimate } from "./characteristics.ts";
import { defaultGrid } from "./measure-grid.ts";
import type { Target } from "./target.ts";
import { characteriseTarget, characteristicsOf } from "./target-profile.ts";
import { type Noise, syntheticTarget, type Truth } from "./testing/synthetic-target.ts";

const settings = { ...defaultGrid, repeats: 3 };
const characterise = (target: Target, changes = {}, draws = 25) =>
  characteriseTarget(target, { settings: { ...settings, ...changes }, draws });
const holds = ({ low, high }: Estimate, value: number): boolean => low <= value && value <= high;

const unitsOf16: Truth = { rule: "units", granularity: 16, ridge: 0, halfMacs: [2e5, 5e5] };
const rampTo12: Truth = { rule: "ramp", granularity: 12, ridge: 5, halfMacs: [1e5, 3e5] };

describe("what is known comes out", () => {
  test.each([
    ["whole units", unitsOf16],
    ["a smooth rise, and memory that decides at times", rampTo12],
  ])("%s: exactly where nothing disturbs", async (_, truth) => {
    const { characteristics, fit } = await characterise(syntheticTarget(truth, { seed: 1, scatter: 0 }));
    expect(characteristics.criticalMacs.value / 5e5).toBeCloseTo((truth.halfMacs[1] ?? 0) / 5e5, 3);
    expect(characteristics.channelGranularity.value).toBe(truth.granularity);
    expect(fit).toMatchObject({ rule: truth.rule });
    expect(fit.ridge).toBeCloseTo(truth.ridge, 2);
    expect(fit.cores[0]?.criticalMacs.value).toBeCloseTo(truth.halfMacs[0] ?? 0, -3);
    // 2e10 MACs a second with filters of 3, half of that with others.
    expect((fit.cores[1]?.macsPerSecond["filter 3"] ?? 0) / 2e10).toBeCloseTo(1, 3);
    expect((fit.cores[1]?.macsPerSecond["filter 5"] ?? 0) / 1e10).toBeCloseTo(1, 3);
  });

  test.each([1, 2])("within the intervals under noise of 15 %, seed %d", async (seed) => {
    const { characteristics, fit } = await characterise(
      syntheticTarget(unitsOf16, { seed, scatter: 0.15 }),
      {},
      100,
    );
    expect(holds(characteristics.criticalMacs, 5e5)).toBe(true);
    expect(holds(characteristics.channelGranularity, 16)).toBe(true);
    expect(fit.scatter).toBeCloseTo(0.15, 1);
    const { criticalMacs } = characteristics;
    expect(criticalMacs.high / criticalMacs.low).toBeGreaterThan(1.05);
  });

  test("an accelerator's own numbers, from the cost model's answers alone", async () => {
    // A core makes 1000 MACs a ns: 5 us of launch and 32 x 100 ns of waiting are 8.2 M; its file names 16 channels. A float16 element
    // crosses in 2 / 102.4 ns, in which a core makes 19.53.
    const accelerator = presets.mlu100Like;
    const { characteristics, fit } = await characterise(analyticTarget(accelerator, { laminate: "1.0.0" }));
    expect(characteristics.criticalMacs.value / 8.2e6).toBeCloseTo(1, 3);
    expect(fit.cores[0]?.criticalMacs.value).toBeCloseTo(5e6, -4);
    expect(characteristics.channelGranularity).toEqual({ value: 16, low: 16, high: 16 });
    expect(fit.ridge).toBeCloseTo(19.53, 2);
    expect(fit.residual).toBeLessThan(1e-3);
  });

  test("for a strategy", async () => {
    const profile = await characterise(syntheticTarget(unitsOf16, { seed: 1, scatter: 0 }));
    const { criticalMacs, channelGranularity } = characteristicsOf(profile);
    expect(criticalMacs).toBe(profile.characteristics.criticalMacs.value);
    expect(channelGranularity).toBe(16);
  });
});

describe("what says nothing is refused", () => {
  const cases: readonly (readonly [string, Truth, Noise, object, string, string])[] = [
    [
      "noise and nothing else",
      unitsOf16,
      { seed: 1, scatter: 0.3, isPure: true },
      {},
      "the measurements are too noisy: repeats of a layer differ by",
      "or with more repeats: --repeats ",
    ],
    [
      "wild noise",
      unitsOf16,
      { seed: 1, scatter: 1.5 },
      {},
      "the measurements are too noisy",
      "or with more repeats: --repeats ",
    ],
    [
      "layers that follow neither operations nor channels",
      unitsOf16,
      { seed: 1, scatter: 0.01, layers: 1 },
      {},
      "from what operations and channels explain, although repeats of a layer differ by",
      "two characteristics do not describe this target",
    ],
    [
      "a grid that ends before saturation",
      { ...unitsOf16, halfMacs: [1e8, 1e8] },
      { seed: 1, scatter: 0.02 },
      {},
      "the grid ends before saturation",
      "take larger layers: --most-macs 1073741824",
    ],
    [
      "a grid that begins behind it",
      { ...unitsOf16, halfMacs: [1e3, 1e3] },
      { seed: 1, scatter: 0.02 },
      { leastMacs: 2 ** 14 },
      "already reach 9",
      "take smaller layers with --least-macs",
    ],
    [
      "a granularity that the channels do not reach",
      { ...unitsOf16, granularity: 80 },
      { seed: 1, scatter: 0.02 },
      {},
      "a core still gains from channels at 96",
      "choose cores and blocks without a profile of this target",
    ],
  ];
  test.each(cases)("%s", async (_, truth, noise, changes, message, fix) => {
    const refused = characterise(syntheticTarget(truth, noise), changes);
    await expect(refused).rejects.toMatchObject({
      code: "bad-input",
      message: expect.stringContaining(message),
      fix: expect.stringContaining(fix),
      where: "synthetic",
    });
  });

  test("an accelerator that starts groups for nothing has no critical operation count", async () => {
    const refused = characterise(analyticTarget(presets.eyeriss, { laminate: "1.0.0" }));
    await expect(refused).rejects.toMatchObject({
      where: "eyeriss",
      message: expect.stringContaining("already reach"),
    });
  });
});

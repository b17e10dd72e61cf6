/** How often intervals hold what is known, and that noise never passes for a characteristic. */
import { expect, test } from "vitest";
import { LaminateError } from "../../base/errors.ts";
import { defaultGrid } from "./measure-grid.ts";
import { characteriseTarget } from "./target-profile.ts";
import { syntheticTarget, type Truth } from "./testing/synthetic-target.ts";

const seeds = Array.from({ length: 25 }, (_, at) => at + 1);
const truths: readonly Truth[] = [
  { rule: "units", granularity: 16, ridge: 0, halfMacs: [2e5, 5e5] },
  { rule: "ramp", granularity: 12, ridge: 5, halfMacs: [1e5, 1e5, 2e5] },
  { rule: "units", granularity: 1, ridge: 20, halfMacs: [1e6, 3e6] },
];

test.each(truths)(
  "intervals of 95 percent hold the truth for four fifths of 25 seeds: $rule, $granularity channels",
  async (truth) => {
    let held = 0;
    for (const seed of seeds) {
      const target = syntheticTarget(truth, { seed, scatter: 0.2 });
      const settings = { ...defaultGrid, repeats: 3 };
      const { characteristics } = await characteriseTarget(target, { settings, draws: 150, seed });
      const { criticalMacs, channelGranularity } = characteristics;
      const half = truth.halfMacs.at(-1) ?? 0;
      if (
        criticalMacs.low <= half &&
        half <= criticalMacs.high &&
        channelGranularity.low <= truth.granularity &&
        truth.granularity <= channelGranularity.high
      )
        held++;
    }
    expect(held / seeds.length).toBeGreaterThanOrEqual(0.8);
  },
);

test.each([0.2, 0.5, 1, 2])("noise of %d alone is refused by every seed", async (scatter) => {
  const [truth] = truths as [Truth];
  for (const seed of seeds) {
    const target = syntheticTarget(truth, { seed, scatter, isPure: true });
    const settings = { ...defaultGrid, repeats: 3 };
    await expect(characteriseTarget(target, { settings, draws: 60 })).rejects.toBeInstanceOf(LaminateError);
  }
});

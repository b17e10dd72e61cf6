import { describe, expect, test } from "vitest";
import type { Problem } from "../../cost/problem.ts";
import { roundAccelerator, sketchWorkload } from "../../testing/small-workloads.ts";
import { exactMapper } from "../exact/exact.ts";
import { findMapping } from "../find-mapping.ts";
import { baselineMapper, baselineNames } from "./baselines.ts";

/** A chain whose layers put out so many bytes for an image. */
function chain(inputBytes: number, outputs: readonly number[]): Problem["workload"] {
  return sketchWorkload(
    inputBytes,
    outputs.map((outputBytes, layer) => ({ outputBytes, reads: [layer - 1], macs: 1, weightBytes: 2 })),
  );
}

describe("the start in the middle", () => {
  const workload = chain(3, [5, 2]);
  const firstOf = (memoryBytes: number, mode: "paper" | "full") =>
    findMapping(
      baselineMapper("annealing"),
      { workload, accelerator: roundAccelerator(), batch: 8, memoryBytes, mode },
      { budget: { evaluations: 1 } },
    );

  test("stages half the batch everywhere, the input too, in paper mode", async () => {
    // 4 images of 3 + 5 + 2 bytes.
    const found = await firstOf(40, "paper");
    expect(found.mapping?.map(({ pass, output }) => [pass, output])).toEqual([
      [4, "stage"],
      [4, "stage"],
    ]);
    expect((await firstOf(39, "paper")).mapping).toBeUndefined();
  });

  test("takes the middle of the ladder in full mode, where the input has no entry", async () => {
    // Entries -1, 1, 2, 4, 8: the middle one is 2. Its ring buffer holds 2 x 5 bytes, and the input's is not counted as mB_0.
    expect((await firstOf(1_000, "full")).mapping?.map(({ pass }) => pass)).toEqual([2, 2]);
  });
});

/** VGG16 after operator fusion: bytes that its 16 layers put out for an image of 150,528 bytes. */
const vgg16 = [
  3_211_264, 802_816, 1_605_632, 401_408, 802_816, 802_816, 200_704, 401_408, 401_408, 100_352, 100_352,
  100_352, 25_088, 4_096, 4_096, 1_000,
];

test.each([
  [20e6, 64],
  [40e6, 128],
])(
  "none finds a mapping of a network as VGG16 in %d bytes at batch %d, as in the paper's table 1",
  async (memoryBytes, batch) => {
    // The first tensor alone fits up to 6 images of 64 (12 of 128), the middle of the range is 32 (64).
    const problem: Problem = {
      workload: chain(150_528, vgg16),
      accelerator: roundAccelerator({ onChipBytes: memoryBytes }),
      batch,
      mode: "paper",
    };
    for (const name of baselineNames) {
      const { mapping, baseline, evaluations } = await findMapping(baselineMapper(name), problem, {
        seed: 1,
      });
      expect([name, mapping, baseline.feasible, evaluations]).toEqual([name, undefined, true, 2_000]);
    }
  },
);

describe.each(baselineNames)("%s", (name) => {
  test("comes near the optimum where nearly everything fits", async () => {
    const problem: Problem = {
      workload: chain(4, [9, 7, 8, 3, 6, 2]),
      accelerator: roundAccelerator({ onChipBytes: 400 }),
      batch: 16,
      objective: "traffic",
      mode: "paper",
    };
    const best = await findMapping(exactMapper(), problem);
    const found = await findMapping(baselineMapper(name), problem, { seed: 1 });
    expect(found.evaluation.feasible && best.evaluation.feasible).toBe(true);
    if (!found.evaluation.feasible || !best.evaluation.feasible) return;
    // Layer by layer moves 16 x (4 + 2 x (9 + 7 + 8 + 3 + 6) + 2) + 6 x 2 = 1,164 bytes, the optimum 112.
    expect(best.evaluation.offChipBytes).toBe(112);
    expect(found.evaluation.offChipBytes).toBeLessThan(1.1 * 112);
  });
});

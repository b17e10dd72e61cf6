/** The learners as mappers: the contract of a black box, and what they alone promise. */
import { describe, expect, test } from "vitest";
import type { Problem } from "../../mapping/cost/problem.ts";
import { exactMapper } from "../../mapping/mappers/exact/exact.ts";
import { findMapping } from "../../mapping/mappers/find-mapping.ts";
import type { SearchState } from "../../mapping/mappers/mapper.ts";
import { describeMapper } from "../../mapping/mappers/testing/describe-mapper.ts";
import { roundAccelerator, sketchWorkload } from "../../mapping/testing/small-workloads.ts";
import { a2cMapper, ddpgMapper } from "./mappers.ts";

const [a2c, ddpg] = [a2cMapper(), ddpgMapper()];
// One mapper each for all tests, as its networks are compiled once.
const contract = { startsUnfused: false, leastAnswers: 4, isSlow: true } as const;
describeMapper(() => a2c, { ...contract, evaluations: 100 });
describeMapper(() => ddpg, { ...contract, evaluations: 50 });

/** A chain whose layers put out so many bytes for an image. */
function chain(inputBytes: number, outputs: readonly number[]): Problem["workload"] {
  return sketchWorkload(
    inputBytes,
    outputs.map((outputBytes, layer) => ({ outputBytes, reads: [layer - 1], macs: 1, weightBytes: 2 })),
  );
}

const roomy: Problem = {
  workload: chain(4, [9, 7, 8, 3, 6, 2]),
  accelerator: roundAccelerator({ onChipBytes: 400 }),
  batch: 16,
  objective: "traffic",
  mode: "paper",
};

describe.each([
  ["a2c", () => a2c],
  ["a2c with a probability for each entry", () => a2cMapper({ policy: "choice" })],
  ["ddpg", () => ddpg],
] as const)("%s", (_, create) => {
  test("comes near the optimum where nearly everything fits", async () => {
    const best = await findMapping(exactMapper(), roomy);
    const found = await findMapping(create(), roomy, { seed: 1 });
    expect(found.evaluation.feasible && best.evaluation.feasible).toBe(true);
    if (!found.evaluation.feasible || !best.evaluation.feasible) return;
    // Layer by layer moves 16 x (4 + 2 x (9 + 7 + 8 + 3 + 6) + 2) + 6 x 2 = 1,164 bytes, the optimum 112.
    expect(best.evaluation.offChipBytes).toBe(112);
    expect(found.evaluation.offChipBytes).toBeLessThan(1.1 * 112);
  });

  test("says by how much it missed where nothing fits", async () => {
    // Whatever the mapping, the second layer works in 9 bytes.
    const workload = sketchWorkload(4, [
      { outputBytes: 4, reads: [-1], workingSetBytes: 6 },
      { outputBytes: 4, reads: [0], workingSetBytes: 9 },
    ]);
    const problem: Problem = { ...roomy, workload, mode: "full", batch: 2, memoryBytes: 8 };
    const found = await findMapping(create(), problem, { budget: { evaluations: 20 } });
    expect([found.mapping, found.evaluations]).toEqual([undefined, 20]);
    expect(found.leastRequiredBytes).toBeGreaterThanOrEqual(9);
  });
});

test("two searches of one mapper at a time answer as one after the other", async () => {
  const second: Problem = { ...roomy, workload: chain(3, [5, 2, 9]), mode: "full", batch: 8 };
  for (const mapper of [a2c, ddpg]) {
    const begin = (problem: Problem, seed: number) => mapper.search(problem, { seed, maxEvaluations: 60 });
    const ends = (search: ReturnType<typeof begin>): SearchState => {
      for (;;) {
        const step = search.next();
        if (step.done) return step.value;
      }
    };
    await mapper.prepare?.(roomy);
    const alone = [ends(begin(roomy, 1)), ends(begin(second, 2))];
    const [a, b] = [begin(roomy, 1), begin(second, 2)];
    for (let turn = 0; turn < 3; turn++) for (const search of [a, b]) search.next();
    expect([ends(a), ends(b)]).toEqual(alone);
  }
});

test("another seed is another search", async () => {
  for (const mapper of [a2c, ddpg]) {
    const answers = [1, 2, 3].map((seed) => findMapping(mapper, roomy, { seed, budget: { evaluations: 5 } }));
    const mappings = (await Promise.all(answers)).map(({ mapping }) => JSON.stringify(mapping));
    expect(new Set(mappings).size).toBe(3);
  }
});

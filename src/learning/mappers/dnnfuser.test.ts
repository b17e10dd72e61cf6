/** The learned mapper keeps the contract of all mappers, with weights that have learned nothing. */
import { beforeAll, describe, expect, test } from "vitest";
import { known } from "../../base/assert.ts";
import { seededRandom } from "../../base/random.ts";
import { createCostModel } from "../../mapping/cost/cost-model.ts";
import { evaluate } from "../../mapping/cost/evaluate.ts";
import type { Problem } from "../../mapping/cost/problem.ts";
import { findMapping } from "../../mapping/mappers/find-mapping.ts";
import { describeMapper, problems } from "../../mapping/mappers/testing/describe-mapper.ts";
import { randomWorkload, roundAccelerator } from "../../mapping/testing/small-workloads.ts";
import { generalSchema } from "../environment/general-schema.ts";
import { paperSchema } from "../environment/paper-schema.ts";
import { decodeMappings } from "../inference/decode.ts";
import { createStepNetwork } from "../inference/step-network.ts";
import { spreadWeights } from "../inference/testing/reference.ts";
import { dnnfuserMapper } from "./dnnfuser.ts";

const sizes = { steps: 32, blocks: 2, heads: 2, width: 16 };
const weights = spreadWeights(sizes, generalSchema, 3, 20);

// One mapper for all problems: it is compiled once.
const greedy = dnnfuserMapper({ weights });
describeMapper(() => greedy, { startsUnfused: true, leastAnswers: 40 });
const sampling = dnnfuserMapper({ weights, samples: 3, temperature: 0.3 });
describe("three samples", () => describeMapper(() => sampling, { startsUnfused: true, leastAnswers: 40 }));

/** A chain with something to gain. */
const chain: Problem = {
  workload: randomWorkload(seededRandom(5), 20, 0.1),
  accelerator: roundAccelerator({ onChipBytes: 90, pesPerCore: 20 }),
  batch: 16,
  objective: "traffic",
};

const offChip = ({ evaluation }: Awaited<ReturnType<typeof findMapping>>): number =>
  evaluation.feasible ? evaluation.offChipBytes : Number.NaN;

test("evaluations are the unfused mapping, and for each sample one a step and its answer", async () => {
  // 20 layers: 21 steps and the answer are 22.
  for (const samples of [1, 5, 11]) {
    const found = await findMapping(dnnfuserMapper({ weights, samples }), chain);
    expect(found.evaluations).toBe(1 + 22 * samples);
    expect(found).toMatchObject({ stopped: "finished", proof: { optimal: false } });
  }
});

describe("samples", () => {
  let one: number;
  beforeAll(async () => {
    one = offChip(await findMapping(dnnfuserMapper({ weights }), chain));
  });
  test("the best of many is better than the greedy one, and never worse", async () => {
    const mapper = dnnfuserMapper({ weights, samples: 40, temperature: 0.5 });
    const costs: number[] = [];
    for (const seed of [1, 2, 3]) costs.push(offChip(await findMapping(mapper, chain, { seed })));
    expect(Math.max(...costs)).toBeLessThanOrEqual(one);
    expect(Math.min(...costs)).toBeLessThan(one);
  });

  test("a budget takes as many as it can pay, and none where it cannot pay one", async () => {
    const mapper = dnnfuserMapper({ weights, samples: 40, temperature: 0.5 });
    const evaluations = async (limit: number): Promise<number> =>
      (await findMapping(mapper, chain, { budget: { evaluations: limit } })).evaluations;
    expect([await evaluations(22), await evaluations(23), await evaluations(230)]).toEqual([1, 23, 221]);
  });
});

test("searches that run at the same time do not meet in the network's memory", async () => {
  const mapper = dnnfuserMapper({ weights, samples: 20, temperature: 0.5 });
  const given = problems(6);
  const alone = [];
  for (const problem of given) alone.push((await findMapping(mapper, problem)).mapping);
  // A clock that jumps lets the other searches go on after every batch.
  let now = 0;
  const together = await Promise.all(
    given.map((problem) => findMapping(mapper, problem, { clock: () => now++ })),
  );
  expect(together.map(({ mapping }) => mapping)).toEqual(alone);
});

test("the room that a network is compiled for changes no answer", async () => {
  const wide = spreadWeights({ ...sizes, steps: 57 }, generalSchema, 3, 20);
  const whole = await createStepNetwork(wide, 1);
  const mapper = dnnfuserMapper({ weights: wide });
  for (const layers of [3, 15, 16, 40, 70]) {
    const problem = { ...chain, workload: randomWorkload(seededRandom(layers), layers, 0.1) };
    const found = await findMapping(mapper, problem);
    const model = createCostModel({ ...problem, mode: "full" });
    const [mappings] = [...decodeMappings(whole, model, { samples: 1, temperature: 0, seed: 1 })];
    const decoded = evaluate(problem, known(mappings?.[0], "a mapping"));
    const best = [decoded, found.baseline].flatMap((one) => (one.feasible ? [one.offChipBytes] : []));
    expect([layers, offChip(found)]).toEqual([layers, Math.min(...best)]);
  }
});

test("where nothing fits it says what would", async () => {
  const found = await findMapping(greedy, { ...chain, memoryBytes: 1 });
  expect(found.mapping).toBeUndefined();
  expect(found.baseline.feasible).toBe(false);
  expect(found.leastRequiredBytes).toBe(found.baseline.feasible ? 0 : found.baseline.requiredBytes);
});

test("options and networks out of range are refused with a way out", async () => {
  for (const samples of [0, 1.5, -1, Number.NaN, 1e9])
    expect(() => dnnfuserMapper({ weights, samples })).toThrow(/is no number of samples/);
  for (const temperature of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => dnnfuserMapper({ weights, samples: 2, temperature })).toThrow(/is no temperature/);
  const strange = { ...paperSchema, returnToGo: { ...paperSchema.returnToGo, name: "mood" } };
  const foreign = dnnfuserMapper({ weights: spreadWeights(sizes, strange, 1, 1) });
  await expect(findMapping(foreign, chain)).rejects.toThrow('does not know the feature "mood"');
});

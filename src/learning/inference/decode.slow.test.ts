/** Decoding: what comes out fits, is what the network says, and follows from the seed. */
import { describe, expect, test } from "vitest";
import { type RandomSource, seededRandom } from "../../base/random.ts";
import { presetNames, presets } from "../../mapping/accelerator/presets/presets.ts";
import { createCostModel } from "../../mapping/cost/cost-model.ts";
import { evaluate, evaluateLayerByLayer } from "../../mapping/cost/evaluate.ts";
import type { CostMode, Objective, Problem } from "../../mapping/cost/problem.ts";
import type { Mapping } from "../../mapping/space/mapping.ts";
import { randomWorkload, roundAccelerator } from "../../mapping/testing/small-workloads.ts";
import { nearestAllowed } from "../environment/allowed.ts";
import { decisionAt, decisionsOf } from "../environment/decision.ts";
import { readAction } from "../environment/encode.ts";
import { createEnvironment } from "../environment/environment.ts";
import { generalSchema } from "../environment/general-schema.ts";
import { paperSchema } from "../environment/paper-schema.ts";
import { actionWidth } from "../environment/schema.ts";
import { createDecorator, partOf } from "../trajectories/trajectory.ts";
import { type DecodeOptions, decodeMappings } from "./decode.ts";
import { createStepNetwork, type StepNetwork } from "./step-network.ts";
import { referenceForward, spreadWeights } from "./testing/reference.ts";

const seed = 23;
const sizes = { steps: 14, blocks: 2, heads: 2, width: 16 };
const schemas = [paperSchema, generalSchema];
const greedy: DecodeOptions = { samples: 1, temperature: 0, seed: 1 };

function decodeAll(network: StepNetwork, problem: Problem, options: DecodeOptions): readonly Mapping[] {
  return [...decodeMappings(network, createCostModel(problem), options)].flat();
}

/** Random layers in a memory that is tight for them. */
function randomProblem(random: RandomSource, changes: Partial<Problem>): Problem {
  const objectives: readonly Objective[] = ["latency", "energy", "traffic"];
  return {
    workload: randomWorkload(random, 1 + random.below(13), random.below(2) === 0 ? 0 : 0.4),
    accelerator: roundAccelerator(),
    batch: 1 + random.below(70),
    memoryBytes: 4 + random.below(150),
    objective: objectives[random.below(3)] ?? "latency",
    ...changes,
  };
}

describe("every mapping fits, and there is one wherever layer by layer fits", () => {
  // Spreads: nearly constant answers, lively ones, and sums that leave the range of floats.
  const spreads = [1, 30, 1e25];

  test.each(presetNames)("on %s, in both modes, for both schemas, whatever the weights", async (name) => {
    const counts = { fits: 0, none: 0 };
    for (const [at, schema] of schemas.entries()) {
      for (const [index, spread] of spreads.entries()) {
        const weights = spreadWeights(sizes, schema, seed + index, spread);
        const network = await createStepNetwork(weights, 3);
        for (let trial = 0; trial < 24; trial++) {
          const random = seededRandom(seed * 1000 + 100 * index + trial);
          const mode: CostMode = trial % 2 === 0 ? "paper" : "full";
          const accelerator = presets[name as keyof typeof presets] ?? roundAccelerator();
          const problem = randomProblem(random, { mode, accelerator });
          const mappings = decodeAll(network, problem, { samples: 4, temperature: 0.4, seed: trial });
          const where = [at, spread, trial];
          const feasible = evaluateLayerByLayer(problem).feasible;
          expect([...where, mappings.length]).toEqual([...where, feasible ? 4 : 0]);
          for (const mapping of mappings)
            expect([...where, evaluate(problem, mapping)]).toEqual([
              ...where,
              expect.objectContaining({ feasible: true }),
            ]);
          counts[feasible ? "fits" : "none"]++;
        }
      }
    }
    expect(counts.fits).toBeGreaterThan(70);
  });
});

test("the greedy mapping is what the whole sequence says at every step, bent where it must be", async () => {
  let bent = 0;
  let decisions = 0;
  for (const [at, schema] of schemas.entries()) {
    const weights = spreadWeights(sizes, schema, seed + at, 30);
    const network = await createStepNetwork(weights, 1);
    for (let trial = 0; trial < 30; trial++) {
      const random = seededRandom(seed * 2000 + trial);
      const problem = randomProblem(random, { mode: trial % 2 === 0 ? "paper" : "full" });
      const [mapping] = decodeAll(network, problem, greedy);
      if (mapping === undefined) continue;
      const environment = createEnvironment(problem);
      const { states, actions, returnsToGo, stepCount, ...given } = createDecorator(schema, problem)(
        decisionsOf(mapping, problem.batch),
        { taughtFrom: 0, takenOver: [] },
      );
      const rows = (all: Float32Array, width: number): number[][] =>
        Array.from({ length: stepCount }, (_, step) => [...all.subarray(step * width, (step + 1) * width)]);
      const sequence = {
        returns: [...returnsToGo],
        states: rows(states, schema.state.length),
        actions: rows(actions, actionWidth(schema)),
      };
      const predicted = referenceForward(weights, sequence);
      for (let step = 0; step < stepCount; step++) {
        const answer = readAction(schema, Float32Array.from(predicted[step] ?? []), 0, environment);
        // Step 0 is the network's input, which is never staged.
        const wishes = step === 0 ? [{ pass: problem.batch, output: "sync" } as const] : answer;
        const wanted = nearestAllowed(environment, wishes);
        const made = decisionAt(given, step);
        expect([schema.name, trial, step, made]).toEqual([schema.name, trial, step, wanted]);
        environment.push(made);
        decisions++;
        if (wanted !== wishes[0]) bent++;
      }
    }
  }
  expect(decisions).toBeGreaterThan(150);
  expect(bent).toBeGreaterThan(30);
});

test("what knows groups forgets those that are done: each of its decisions is that of the group alone", async () => {
  let groups = 0;
  let changed = 0;
  const grouped = { ...sizes, steps: 5, sequence: "group" } as const;
  const weights = spreadWeights(grouped, generalSchema, seed, 30);
  // Side by side, as groups of samples end at different layers.
  const network = await createStepNetwork(weights, 3);
  const whole = await createStepNetwork({ ...weights, sizes: { ...sizes, steps: 5 } }, 3);
  const options = { samples: 3, temperature: 0.5, seed: 4 };
  for (let trial = 0; trial < 20; trial++) {
    const problem = randomProblem(seededRandom(seed * 4000 + trial), { mode: "full", memoryBytes: 400 });
    const mappings = decodeAll(network, problem, options);
    if (JSON.stringify(mappings) !== JSON.stringify(decodeAll(whole, problem, options))) changed++;
    const [mapping] = mappings;
    if (mapping === undefined) continue;
    const environment = createEnvironment(problem);
    const trajectory = createDecorator(generalSchema, problem)(decisionsOf(mapping, problem.batch), {
      taughtFrom: 0,
      takenOver: [],
    });
    let first = 0;
    let start = 0;
    for (let step = 0; step < trajectory.stepCount; step++) {
      if (environment.openLayers === 0) [first, start] = [step, step];
      // Five steps are remembered, and of more the last two and those behind them.
      if (step - start === 5) start += 3;
      if (step > first) groups++;
      const part = partOf(trajectory, start, step + 1 - start);
      const rows = (all: Float32Array, width: number): number[][] =>
        Array.from({ length: part.stepCount }, (_, row) => [...all.subarray(row * width, (row + 1) * width)]);
      const predicted = referenceForward(weights, {
        returns: [...part.returnsToGo],
        states: rows(part.states, generalSchema.state.length),
        actions: rows(part.actions, actionWidth(generalSchema)),
      });
      const answer = readAction(generalSchema, Float32Array.from(predicted.at(-1) ?? []), 0, environment);
      const made = decisionAt(trajectory, step);
      if (step > 0) expect([trial, step, made]).toEqual([trial, step, nearestAllowed(environment, answer)]);
      environment.push(made);
    }
  }
  expect(Math.min(groups, 10 * changed)).toBeGreaterThan(50);
});

test("the memory that is asked for is heard: the same network, another memory, another mapping", async () => {
  // All of them are more than the layers can fill: only what the network is told differs.
  const memories = [16e6, 32e6, 48e6, 64e6];
  let changes = 0;
  for (const weightSeed of [1, 2, 3, 4]) {
    const network = await createStepNetwork(spreadWeights(sizes, paperSchema, weightSeed, 30), 1);
    for (let trial = 0; trial < 10; trial++) {
      const problem = randomProblem(seededRandom(seed * 3000 + trial), { mode: "paper", batch: 64 });
      const texts = memories.map((memoryBytes) =>
        JSON.stringify(decodeAll(network, { ...problem, memoryBytes }, greedy)),
      );
      changes += new Set(texts).size - 1;
    }
  }
  expect(changes).toBeGreaterThan(15);
});

describe("samples", () => {
  const problem = randomProblem(seededRandom(77), { mode: "full", memoryBytes: 120, batch: 32 });
  const longer = { ...problem, workload: randomWorkload(seededRandom(78), 13, 0.2) };

  test("the first is the greedy one, the others differ, and each follows from the seed and its number", async () => {
    for (const schema of schemas) {
      const network = await createStepNetwork(spreadWeights(sizes, schema, 7, 20), 4);
      const many = decodeAll(network, longer, { samples: 10, temperature: 0.3, seed: 5 });
      expect(many.length).toBe(10);
      expect(many[0]).toEqual(decodeAll(network, longer, greedy)[0]);
      expect(new Set(many.map((mapping) => JSON.stringify(mapping))).size).toBeGreaterThan(4);
      // Ten are three batches of the network, six are two.
      expect(decodeAll(network, longer, { samples: 6, temperature: 0.3, seed: 5 })).toEqual(many.slice(0, 6));
      const other = decodeAll(network, longer, { samples: 10, temperature: 0.3, seed: 6 });
      expect(other[0]).toEqual(many[0]);
      expect(other.slice(1)).not.toEqual(many.slice(1));
    }
  });

  test("without temperature all are the greedy one", async () => {
    const network = await createStepNetwork(spreadWeights(sizes, generalSchema, 7, 20), 4);
    const all = decodeAll(network, longer, { samples: 4, temperature: 0, seed: 5 });
    expect(all).toEqual([all[0], all[0], all[0], all[0]]);
  });
});

test("networks of more layers than the weights remember are mapped too", async () => {
  for (const schema of schemas) {
    const network = await createStepNetwork(spreadWeights({ ...sizes, steps: 4 }, schema, 1, 30), 2);
    for (const layers of [3, 4, 5, 23]) {
      const problem: Problem = {
        workload: randomWorkload(seededRandom(layers), layers, 0.1),
        accelerator: roundAccelerator({ onChipBytes: 60 }),
        batch: 8,
      };
      const mappings = decodeAll(network, problem, { samples: 2, temperature: 0.3, seed: 1 });
      expect(mappings.map((mapping) => mapping.length)).toEqual([layers, layers]);
      for (const mapping of mappings) expect(evaluate(problem, mapping).feasible).toBe(true);
    }
  }
});

test("what is decided of the first layers stays, and the network goes on from it as from its own", async () => {
  const network = await createStepNetwork(spreadWeights(sizes, generalSchema, 5, 30), 1);
  let others = 0;
  for (let trial = 0; trial < 20; trial++) {
    const random = seededRandom(300 + trial);
    const problem = randomProblem(random, { workload: randomWorkload(random, 10, 0.3), mode: "full" });
    const [own] = decodeAll(network, problem, greedy);
    if (own === undefined) continue;
    const cut = 1 + random.below(9);
    expect(decodeAll(network, problem, { ...greedy, begun: own.slice(0, cut) })).toEqual([own]);
    const [drawn = own] = decodeAll(network, problem, { samples: 2, temperature: 3, seed: trial }).slice(1);
    const [gone = []] = decodeAll(network, problem, { ...greedy, begun: drawn.slice(0, cut) });
    expect(gone.slice(0, cut)).toEqual(drawn.slice(0, cut));
    expect(evaluate(problem, gone).feasible).toBe(true);
    if (JSON.stringify(gone.slice(0, cut)) !== JSON.stringify(own.slice(0, cut))) others++;
  }
  expect(others).toBeGreaterThan(5);
});

/** Decoding step by step answers what a pass over the whole sequence does. */
import { expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { generalSchema } from "../environment/general-schema.ts";
import { paperSchema } from "../environment/paper-schema.ts";
import type { NetworkSizes } from "../network/network-sizes.ts";
import { createStepNetwork, type StepNetwork } from "./step-network.ts";
import { randomSequence, referenceForward, type Sequence, spreadWeights } from "./testing/reference.ts";

const seed = 11;

/** The predictions of every sample at every step: [sample][step]. */
function decoded(network: StepNetwork, sequences: readonly Sequence[], steps: number): number[][][] {
  network.restart();
  const answers: number[][][] = sequences.map(() => []);
  for (let step = 0; step < steps; step++) {
    sequences.forEach(({ returns, states, actions }, sample) => {
      const put = (target: Float32Array, row: readonly number[]): void =>
        target.set(row, sample * row.length);
      if (step > 0) put(network.actions, actions[step - 1] ?? []);
      put(network.returns, [returns[step] ?? 0]);
      put(network.states, states[step] ?? []);
    });
    const predicted = network.step();
    const width = predicted.length / network.samples;
    answers.forEach((answer, sample) => {
      answer.push([...predicted.subarray(sample * width, (sample + 1) * width)]);
    });
  }
  return answers;
}

const cases: readonly (readonly [NetworkSizes, number, number])[] = [
  // Sizes, samples, spread of the weights.
  [{ steps: 1, blocks: 1, heads: 1, width: 4 }, 1, 20],
  [{ steps: 2, blocks: 1, heads: 3, width: 3 }, 2, 20],
  [{ steps: 5, blocks: 2, heads: 2, width: 12 }, 3, 20],
  [{ steps: 9, blocks: 3, heads: 4, width: 20 }, 1, 12],
  [{ steps: 13, blocks: 4, heads: 2, width: 32 }, 5, 8],
  [{ steps: 10, blocks: 3, heads: 2, width: 128 }, 2, 5],
];

test.each(cases)(
  "%o with %i samples: each step is what the whole sequence gives",
  async (sizes, samples, spread) => {
    for (const [index, schema] of [paperSchema, generalSchema].entries()) {
      const weights = spreadWeights(sizes, schema, seed + index, spread);
      const network = await createStepNetwork(weights, samples);
      const random = seededRandom(seed + 100 * samples);
      // Twice, longer and shorter: what a sequence leaves behind changes nothing in the next.
      for (const steps of [sizes.steps, 1 + random.below(sizes.steps)]) {
        const sequences = Array.from({ length: samples }, (_, sample) =>
          randomSequence(schema, steps, seed * 1000 + 10 * steps + sample),
        );
        const answers = decoded(network, sequences, steps);
        sequences.forEach((sequence, sample) => {
          const expected = referenceForward(weights, sequence);
          const error = Math.max(
            ...expected.flatMap((row, step) =>
              row.map((value, at) => Math.abs(value - (answers[sample]?.[step]?.[at] ?? Number.NaN))),
            ),
          );
          expect([schema.name, sample, steps, error < 1e-4 || error]).toEqual([
            schema.name,
            sample,
            steps,
            true,
          ]);
          // The answers are no constants, so that an error would show.
          const firsts = expected.map(([first = 0]) => first);
          if (steps > 4) expect(Math.max(...firsts) - Math.min(...firsts)).toBeGreaterThan(0.05);
        });
      }
    }
  },
);

test("behind the window the last half of it is remembered, and what came before is not", async () => {
  for (const [steps, samples] of [
    [1, 1],
    [4, 2],
    [5, 1],
  ] as const) {
    const sizes = { steps, blocks: 2, heads: 2, width: 12 };
    const weights = spreadWeights(sizes, generalSchema, 5, 20);
    const network = await createStepNetwork(weights, samples);
    const sequences = Array.from({ length: samples }, (_, sample) =>
      randomSequence(generalSchema, 19, sample),
    );
    // Twice: nothing is left of the first.
    for (const answers of [decoded(network, sequences, 19), decoded(network, sequences, 19)]) {
      sequences.forEach(({ returns, states, actions }, sample) => {
        let start = 0;
        for (let step = 0; step < 19; step++) {
          if (step - start === steps) start += steps - Math.floor(steps / 2);
          const seen = (rows: readonly (readonly number[])[]) =>
            rows.slice(start, step + 1).map((row) => [...row]);
          const part = {
            returns: returns.slice(start, step + 1),
            states: seen(states),
            actions: seen(actions),
          };
          const expected = referenceForward(weights, part).at(-1) ?? [];
          const found = answers[sample]?.[step] ?? [];
          const error = Math.max(...expected.map((value, at) => Math.abs(value - (found[at] ?? Number.NaN))));
          expect([steps, sample, step, error < 1e-4 || error]).toEqual([steps, sample, step, true]);
        }
      });
    }
  }
});

test("what came before is seen: another first action changes the last answer", async () => {
  const sizes = { steps: 8, blocks: 2, heads: 2, width: 16 };
  const network = await createStepNetwork(spreadWeights(sizes, paperSchema, 3, 20), 1);
  const sequence = randomSequence(paperSchema, 8, 1);
  const last = (changed: Sequence): number => decoded(network, [changed], 8)[0]?.[7]?.[0] ?? Number.NaN;
  const other = { ...sequence, actions: [[0.9], ...sequence.actions.slice(1)] };
  expect(Math.abs(last(sequence) - last(other))).toBeGreaterThan(1e-4);
  expect(last(sequence)).toBe(last(sequence));
});

test("numbers that are none stay with their sample, and are forgotten", async () => {
  const sizes = { steps: 6, blocks: 2, heads: 2, width: 16 };
  const network = await createStepNetwork(spreadWeights(sizes, paperSchema, 3, 20), 2);
  const good = randomSequence(paperSchema, 6, 1);
  const bad = { ...good, returns: good.returns.map(() => Number.NaN) };
  const [alone] = decoded(network, [good, good], 6);
  const [beside, broken] = decoded(network, [good, bad], 6);
  expect(beside).toEqual(alone);
  expect(broken?.flat().every(Number.isNaN)).toBe(true);
  expect(decoded(network, [good, good], 6)[1]).toEqual(alone);
});

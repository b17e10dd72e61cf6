/** DDPG on small problems of control with known answers, each with several seeds. */
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { childRandom } from "../generate/draw.ts";
import { compileDdpg, createDdpg, ddpgDefaults } from "./ddpg.ts";
import { bowl, pushing, returnOf, runEpisodes } from "./testing/tasks.ts";

const seeds = [1, 2, 3];
const settings = {
  ...ddpgDefaults,
  ...{ hiddenWidth: 16, batchSize: 32, actorRate: 3e-3, criticRate: 1e-2, targetShare: 0.02 },
};

describe("DDPG", () => {
  test("finds the bottom of a bowl that moves with the state", async () => {
    const compiled = await compileDdpg(1, settings);
    for (const seed of seeds) {
      const agent = createDdpg(compiled, childRandom(seed, 0));
      runEpisodes(bowl, agent, 2_000, childRandom(seed, 1));
      for (const state of [-0.8, -0.4, 0, 0.4, 0.8]) {
        const miss = Math.abs(agent.best(Float32Array.of(state)) - state / 2);
        expect([seed, state, miss, miss < 0.1]).toEqual([seed, state, miss, true]);
      }
    }
  });

  test("pushes a point to its place over several steps", async () => {
    const compiled = await compileDdpg(2, settings);
    for (const seed of seeds) {
      const agent = createDdpg(compiled, childRandom(seed, 0));
      runEpisodes(pushing, agent, 400, childRandom(seed, 1));
      const learned = (state: readonly number[]) => agent.best(Float32Array.from(state));
      // The best there is: straight back, a quarter a step at most. Standing still pays 8 x 0.9^2 = 6.48 from the ends.
      const optimal = ([place = 0]: readonly number[]) => Math.max(-1, Math.min(1, -4 * place));
      for (const place of [-0.9, -0.3, 0.3, 0.9]) {
        const [paid, best] = [learned, optimal].map((policy) =>
          returnOf(pushing, policy, [place, 0], seededRandom(1)),
        );
        const miss = (best ?? 0) - (paid ?? 0);
        expect(miss).toBeGreaterThan(-1e-6);
        expect([seed, place, miss, miss < 0.1]).toEqual([seed, place, miss, true]);
      }
    }
  });

  test("is the same for the same seed, and another for another", async () => {
    const compiled = await compileDdpg(1, settings);
    const runOf = (seed: number) =>
      runEpisodes(bowl, createDdpg(compiled, childRandom(seed, 0)), 150, childRandom(7, 1));
    expect(runOf(1)).toEqual(runOf(1));
    expect(runOf(1)).not.toEqual(runOf(2));
  });
});

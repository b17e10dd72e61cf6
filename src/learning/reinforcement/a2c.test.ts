/** A2C on small problems with known answers, each with several seeds. */
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { childRandom } from "../generate/draw.ts";
import { a2cDefaults, compileA2c, createA2c } from "./a2c.ts";
import { bandit, bowl, corridor, returnOf, runEpisodes } from "./testing/tasks.ts";

const seeds = [1, 2, 3];
const settings = { ...a2cDefaults, hiddenWidth: 16, learningRate: 7e-3 };
const choice = (count: number) => ({ kind: "choice", count }) as const;

describe("A2C", () => {
  test("finds the arm that pays most often, whatever the seed", async () => {
    const task = bandit(4);
    const compiled = await compileA2c({ stateWidth: 1, actions: choice(4) }, settings);
    for (const seed of seeds) {
      const agent = createA2c(compiled, childRandom(seed, 0));
      const returns = runEpisodes(task, agent, 1_500, childRandom(seed, 1));
      expect([seed, agent.best(Float32Array.of(1))]).toEqual([seed, 3]);
      // Drawn evenly the arms pay (1/4 + 2/4 + 3/4 + 1) / 4 = 0.625 on average; the best always pays.
      const late = returns.slice(-300).reduce((total, paid) => total + paid, 0) / 300;
      expect([seed, late > 0.9]).toEqual([seed, true]);
    }
  });

  test("walks past the near prize to the greater one", async () => {
    const task = corridor(2);
    const compiled = await compileA2c({ stateWidth: task.stateWidth, actions: choice(2) }, settings);
    for (const seed of seeds) {
      const agent = createA2c(compiled, childRandom(seed, 0));
      runEpisodes(task, agent, 600, childRandom(seed, 1));
      const policy = (state: readonly number[]) => agent.best(Float32Array.from(state));
      const cells = Array.from({ length: 5 }, (_, cell) => cell + 1);
      const actions = cells.map((at) =>
        policy(Array.from({ length: task.stateWidth }, (_, cell) => (cell === at ? 1 : 0))),
      );
      expect([seed, actions]).toEqual([seed, [1, 1, 1, 1, 1]]);
    }
  });

  test("finds the number that the state calls for", async () => {
    const compiled = await compileA2c({ stateWidth: 1, actions: { kind: "number" } }, settings);
    for (const seed of seeds) {
      const agent = createA2c(compiled, childRandom(seed, 0));
      runEpisodes(bowl, agent, 6_000, childRandom(seed, 1));
      const policy = ([state = 0]: readonly number[]) => agent.best(Float32Array.of(state));
      for (const state of [-0.8, -0.4, 0, 0.4, 0.8]) {
        // Within 0.2 of half the state; the action 0 would pay -(0.4)^2 at the ends.
        const paid = returnOf(bowl, policy, [state], seededRandom(1));
        expect([seed, state, paid, paid > -(0.2 ** 2)]).toEqual([seed, state, paid, true]);
      }
    }
  });

  test("is the same for the same seed, and another for another", async () => {
    const compiled = await compileA2c({ stateWidth: 1, actions: choice(4) }, settings);
    const runOf = (seed: number) =>
      runEpisodes(bandit(4), createA2c(compiled, childRandom(seed, 0)), 50, childRandom(seed, 1));
    expect(runOf(1)).toEqual(runOf(1));
    expect(runOf(1)).not.toEqual(runOf(2));
  });
});

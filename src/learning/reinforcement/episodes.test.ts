import { expect, test } from "vitest";
import type { Problem } from "../../mapping/cost/problem.ts";
import { roundAccelerator, sketchWorkload } from "../../mapping/testing/small-workloads.ts";
import type { ActionSpace, Agent } from "./agent.ts";
import { createEpisodes, entryCount } from "./episodes.ts";

const problem: Problem = {
  workload: sketchWorkload(3, [
    { outputBytes: 5, reads: [-1], macs: 1, weightBytes: 2 },
    { outputBytes: 2, reads: [0], macs: 1, weightBytes: 2 },
  ]),
  accelerator: roundAccelerator(),
  batch: 2,
  memoryBytes: 10,
  objective: "traffic",
  mode: "paper",
};
const choices: ActionSpace = { kind: "choice", count: 3 };

/** Runs an episode of given actions; what the agent was told. */
function told(actions: readonly number[], given: Problem = problem, space: ActionSpace = choices) {
  const episodes = createEpisodes(given, space);
  const performance: (number | undefined)[] = [];
  const rewards: number[] = [];
  const ends: boolean[] = [];
  const agent: Agent = {
    act(state) {
      performance.push(state.at(-1));
      return actions[performance.length - 1] ?? Number.NaN;
    },
    learn(reward, next) {
      rewards.push(reward);
      ends.push(next === undefined);
    },
    best: () => 0,
  };
  const { cost, mapping } = episodes.run(agent);
  return { performance, rewards, ends, cost, mapping: mapping().map(({ pass, output }) => [pass, output]) };
}

test("a step for the input and one for each layer; the last one brings the speed-up", () => {
  // Bytes off chip, layer by layer: 2 x (3 + 5 + 5 + 2) + 2 + 2 = 34. With the tensor between them staged: 2 x (3 + 2) + 4 = 14.
  const staged = told([0, 2, 0]);
  expect(staged.cost).toBe(14);
  expect(staged.rewards).toEqual([0, 0, 34 / 14]);
  expect(staged.ends).toEqual([false, false, true]);
  expect(staged.mapping).toEqual([
    [2, "stage"],
    [2, "sync"],
  ]);
  // The performance so far, as a share of 34: it falls when the first layer is staged.
  [1, 1, 14 / 34].forEach((share, step) => {
    expect(staged.performance[step]).toBeCloseTo(share, 6);
  });
  expect(told([0, 0, 0]).rewards).toEqual([0, 0, 1]);
});

test("what does not fit is worth nothing, by however much", () => {
  // Two images of 5 bytes are 10, a byte too many.
  expect(told([0, 2, 0], { ...problem, memoryBytes: 9 })).toMatchObject({
    cost: Number.POSITIVE_INFINITY,
    rewards: [0, 0, 0],
  });
  // The input staged as well: 2 x (3 + 5) = 16.
  expect(told([2, 2, 0])).toMatchObject({ cost: Number.POSITIVE_INFINITY, rewards: [0, 0, 0] });
});

test("a number goes evenly over the box of entries, and an episode leaves nothing behind", () => {
  const four = { ...problem, batch: 4, memoryBytes: 100 };
  // Entries -1, 1, 2, 3, 4 at -1, -0.5, 0, 0.5, 1, each with the half of the way to its neighbours.
  const passOf = (action: number) => told([-1, action, -1], four, { kind: "number" }).mapping[0];
  expect([-1, -0.76, -0.74, -0.26, -0.1, 0.2, 0.3, 0.74, 0.76, 1].map(passOf)).toEqual([
    ...[
      [4, "sync"],
      [4, "sync"],
      [1, "stage"],
      [1, "stage"],
      [2, "stage"],
      [2, "stage"],
    ],
    ...[
      [3, "stage"],
      [3, "stage"],
      [4, "stage"],
      [4, "stage"],
    ],
  ]);
  const episodes = createEpisodes(problem, choices);
  const agent: Agent = { act: () => 1, learn: () => {}, best: () => 0 };
  expect(episodes.run(agent).cost).toBe(episodes.run(agent).cost);
});

test("full mode has no step for the input, and the ladder of pass sizes", () => {
  const full = { ...problem, mode: "full", batch: 6, memoryBytes: 1_000 } as const;
  // -1, 1, 2, 4, 6.
  const { rewards, mapping } = told([3, 0], full, { kind: "choice", count: 5 });
  expect(rewards).toHaveLength(2);
  expect(mapping).toEqual([
    [4, "stage"],
    [4, "sync"],
  ]);
});

test("the entries are counted as they are", () => {
  for (const mode of ["paper", "full"] as const) {
    for (let batch = 1; batch <= 70; batch++) {
      const count = entryCount({ mode, batch });
      const last = told(
        [count - 1, count - 1, count - 1],
        { ...problem, mode, batch },
        { kind: "choice", count },
      );
      expect(last.mapping).toEqual([
        [batch, "stage"],
        [batch, "stage"],
      ]);
    }
  }
});

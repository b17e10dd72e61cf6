/** Small problems with known answers, which any reinforcement learner must solve. */
import type { RandomSource } from "../../../base/random.ts";
import type { Agent } from "../agent.ts";

/** What an action leads to. */
export interface Transition {
  readonly reward: number;
  /** Undefined at the end of the episode. */
  readonly next: readonly number[] | undefined;
}

export interface SmallTask {
  readonly stateWidth: number;
  readonly first: (random: RandomSource) => readonly number[];
  readonly step: (state: readonly number[], action: number, random: RandomSource) => Transition;
}

/** One state, one step: arm k pays 1 with probability k / arms, so that the last is best. */
export function bandit(arms: number): SmallTask {
  return {
    stateWidth: 1,
    first: () => [1],
    step: (_, arm, random) => ({ reward: random.uniform() < (arm + 1) / arms ? 1 : 0, next: undefined }),
  };
}

/**
 * Cells in a row, begun in the middle, a number of the state for each: action 1 goes right and 0 left. The left end pays 0.2, the
 * right one 1 and is twice as far.
 */
export function corridor(half: number): SmallTask {
  const cells = 3 * half + 1;
  const at = (cell: number): readonly number[] =>
    Array.from({ length: cells }, (_, index) => (index === cell ? 1 : 0));
  return {
    stateWidth: cells,
    first: () => at(half),
    step: (state, action) => {
      const cell = state.indexOf(1) + (action === 1 ? 1 : -1);
      if (cell === 0) return { reward: 0.2, next: undefined };
      return cell === cells - 1 ? { reward: 1, next: undefined } : { reward: 0, next: at(cell) };
    },
  };
}

/** One step in a bowl whose bottom is at action = state / 2; states are even from -1 to 1. */
export const bowl: SmallTask = {
  stateWidth: 1,
  first: (random) => [2 * random.uniform() - 1],
  step: ([state = 0], action) => ({ reward: -((action - state / 2) ** 2), next: undefined }),
};

/** A point on a line, pushed by up to a quarter a step, that pays for being away from 0; eight steps. */
export const pushing: SmallTask = {
  stateWidth: 2,
  first: (random) => [2 * random.uniform() - 1, 0],
  step: ([place = 0, time = 0], action) => {
    const moved = place + action / 4;
    const after = time + 1 / 8;
    return { reward: -(moved ** 2), next: after > 0.99 ? undefined : [moved, after] };
  },
};

/** Runs episodes; the sum of each one's rewards. */
export function runEpisodes(
  task: SmallTask,
  agent: Agent,
  episodes: number,
  random: RandomSource,
): readonly number[] {
  return Array.from({ length: episodes }, () => {
    let state = task.first(random);
    for (let total = 0; ; ) {
      const { reward, next } = task.step(state, agent.act(Float32Array.from(state)), random);
      total += reward;
      agent.learn(reward, next === undefined ? undefined : Float32Array.from(next));
      if (next === undefined) return total;
      state = next;
    }
  });
}

/** The sum of an episode's rewards from a state on, where a policy decides. */
export function returnOf(
  task: SmallTask,
  policy: (state: readonly number[]) => number,
  from: readonly number[],
  random: RandomSource,
): number {
  const { reward, next } = task.step(from, policy(from), random);
  return reward + (next === undefined ? 0 : returnOf(task, policy, next, random));
}

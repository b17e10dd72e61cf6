/** Experience to learn from again (Lillicrap et al., 2015, section 3): the latest steps, drawn evenly. */
import type { RandomSource } from "../../base/random.ts";

/** Steps as columns. */
export interface Batch {
  readonly states: Float32Array;
  readonly actions: Float32Array;
  readonly rewards: Float32Array;
  /** Zeros behind the end of an episode. */
  readonly nextStates: Float32Array;
  /** 0 where the step ended its episode, else 1. */
  readonly goesOn: Float32Array;
}

export interface ReplayBuffer {
  readonly count: number;
  add(state: Float32Array, action: number, reward: number, next: Float32Array | undefined): void;
  /** Fills the batch with rows drawn with replacement; there must be a row. */
  draw(random: RandomSource, batch: Batch): void;
}

export function emptyBatch(rows: number, stateWidth: number): Batch {
  return {
    states: new Float32Array(rows * stateWidth),
    actions: new Float32Array(rows),
    rewards: new Float32Array(rows),
    nextStates: new Float32Array(rows * stateWidth),
    goesOn: new Float32Array(rows),
  };
}

/** Room for so many rows; what is newer takes the place of the oldest. */
export function createReplayBuffer(capacity: number, stateWidth: number): ReplayBuffer {
  let kept = emptyBatch(Math.min(capacity, firstRows), stateWidth);
  let added = 0;
  const count = (): number => Math.min(added, capacity);
  return {
    get count() {
      return count();
    },
    add(state, action, reward, next) {
      if (added < capacity && added === kept.actions.length) {
        kept = moved(kept, Math.min(capacity, 2 * added), stateWidth);
      }
      const at = added++ % capacity;
      kept.states.set(state, at * stateWidth);
      kept.actions[at] = action;
      kept.rewards[at] = reward;
      if (next === undefined) kept.nextStates.fill(0, at * stateWidth, (at + 1) * stateWidth);
      else kept.nextStates.set(next, at * stateWidth);
      kept.goesOn[at] = next === undefined ? 0 : 1;
    },
    draw(random, batch) {
      for (let row = 0; row < batch.actions.length; row++) {
        const at = random.below(count());
        const [from, to] = [at * stateWidth, (at + 1) * stateWidth];
        batch.states.set(kept.states.subarray(from, to), row * stateWidth);
        batch.nextStates.set(kept.nextStates.subarray(from, to), row * stateWidth);
        batch.actions[row] = kept.actions[at] as number;
        batch.rewards[row] = kept.rewards[at] as number;
        batch.goesOn[row] = kept.goesOn[at] as number;
      }
    },
  };
}

const firstRows = 1_024;

function moved(batch: Batch, rows: number, stateWidth: number): Batch {
  const larger = emptyBatch(rows, stateWidth);
  larger.states.set(batch.states);
  larger.actions.set(batch.actions);
  larger.rewards.set(batch.rewards);
  larger.nextStates.set(batch.nextStates);
  larger.goesOn.set(batch.goesOn);
  return larger;
}

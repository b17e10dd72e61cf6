import { expect, test } from "vitest";
import { childRandom } from "../generate/draw.ts";
import { createReplayBuffer, emptyBatch } from "./replay.ts";

test("a full buffer gives its newest rows, each whole and each about as often", () => {
  const capacity = 3_000;
  const buffer = createReplayBuffer(capacity, 2);
  // Row k: state [k, k + 0.5], action k, reward -k, next state [k + 1, 0]; every fifth row ends its episode.
  for (let row = 0; row < 5_000; row++) {
    const next = row % 5 === 0 ? undefined : Float32Array.of(row + 1, 0);
    buffer.add(Float32Array.of(row, row + 0.5), row, -row, next);
  }
  expect(buffer.count).toBe(capacity);
  const rows = 30_000;
  const batch = emptyBatch(rows, 2);
  buffer.draw(childRandom(1, 0), batch);
  const counts = new Map<number, number>();
  const broken: number[] = [];
  for (let row = 0; row < rows; row++) {
    const of = batch.actions[row] ?? -1;
    counts.set(of, 1 + (counts.get(of) ?? 0));
    const goesOn = of % 5 === 0 ? 0 : 1;
    const found = [
      ...batch.states.slice(2 * row, 2 * row + 2),
      ...batch.nextStates.slice(2 * row, 2 * row + 2),
    ];
    const whole = [of, of + 0.5, goesOn * (of + 1), 0, -of, goesOn];
    if ([...found, batch.rewards[row], batch.goesOn[row]].join() !== whole.join()) broken.push(of);
  }
  expect(broken).toEqual([]);
  expect(Math.min(...counts.keys())).toBeGreaterThanOrEqual(2_000);
  // 10 draws a row on average: exp(-10) of the 3,000 rows, 0.14, are expected to be missing.
  expect(counts.size).toBeGreaterThan(2_995);
});

test("rows that were never added are never drawn", () => {
  const buffer = createReplayBuffer(100, 1);
  buffer.add(Float32Array.of(7), 0.5, 2, undefined);
  const batch = emptyBatch(4, 1);
  buffer.draw(childRandom(2, 0), batch);
  expect([[...batch.states], [...batch.actions]]).toEqual([
    [7, 7, 7, 7],
    [0.5, 0.5, 0.5, 0.5],
  ]);
});

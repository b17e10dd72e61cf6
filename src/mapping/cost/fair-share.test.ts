/** Lanes on one channel: sums by hand, and what holds for any of them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sum } from "../../base/integers.ts";
import { type ChannelUse, runSideBySide } from "./fair-share.ts";

const use = (overheadCycles: number, workCycles: number, offChipBytes: number): ChannelUse => ({
  overheadCycles,
  workCycles,
  offChipBytes,
});

const ends = (lanes: readonly (readonly ChannelUse[])[], bytesPerCycle: number): readonly number[] =>
  runSideBySide(lanes, bytesPerCycle).map((spans) => spans.at(-1)?.endCycles ?? 0);

const latency = (lanes: readonly (readonly ChannelUse[])[], bytesPerCycle: number): number =>
  Math.max(0, ...ends(lanes, bytesPerCycle));

describe("lanes", () => {
  test("that ask for no more than the channel has do not feel each other", () => {
    // 20 bytes in 10 cycles and 60 in 20: 2 + 3 bytes a cycle, of 5.
    expect(ends([[use(3, 10, 20)], [use(0, 20, 60)]], 5)).toEqual([13, 20]);
  });

  test("that the channel bounds share it evenly, and the last goes on with all of it", () => {
    // 40 and 100 bytes on 4 a cycle: 2 each until cycle 20, when 60 of the second are left: 15 cycles more.
    expect(ends([[use(0, 10, 40)], [use(0, 25, 100)]], 4)).toEqual([20, 35]);
  });

  test("that ask for little get it, and the others share what is left", () => {
    // 1, 4 and 4 bytes a cycle, of 4: 1, 1.5, 1.5. The first ends at 10; the others have 25 of 40 bytes left, at 2 each.
    expect(ends([[use(0, 10, 10)], [use(0, 10, 40)], [use(0, 10, 40)]], 4)).toEqual([10, 22.5, 22.5]);
  });

  test("ask for nothing while they start and wait", () => {
    // The second has the channel to itself for 10 cycles, of its 20.
    expect(ends([[use(10, 10, 40)], [use(0, 20, 80)]], 4)).toEqual([30, 30]);
  });

  test("run their groups in order", () => {
    const spans = runSideBySide([[use(1, 4, 0), use(2, 3, 0)], [use(0, 20, 0)]], 1);
    expect(spans[0]).toEqual([
      { startCycles: 0, endCycles: 5 },
      { startCycles: 5, endCycles: 10 },
    ]);
  });

  test("with nothing to do take no time", () => {
    expect(runSideBySide([[use(0, 0, 0), use(0, 0, 0)], []], 1)).toEqual([
      [
        { startCycles: 0, endCycles: 0 },
        { startCycles: 0, endCycles: 0 },
      ],
      [],
    ]);
  });
});

/** A group whose bytes take no longer than its work, on 7 bytes a cycle. */
const bandwidth = 7;
const drawnUse = fc
  .record({
    overhead: fc.integer({ min: 0, max: 9 }),
    compute: fc.integer({ min: 0, max: 40 }),
    bytes: fc.integer({ min: 0, max: 200 }),
  })
  .map(({ overhead, compute, bytes }) => use(overhead, Math.max(compute, bytes / bandwidth), bytes));
const drawnLanes = fc.array(fc.array(drawnUse, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 5,
});

const alone = (lane: readonly ChannelUse[]): number =>
  sum(lane.map(({ overheadCycles, workCycles }) => overheadCycles + workCycles));

describe("any lanes", () => {
  test("take as long as the longest by itself at least, and as all bytes take; no longer than one lane after the other", () => {
    fc.assert(
      fc.property(drawnLanes, (lanes) => {
        const cycles = latency(lanes, bandwidth);
        const bytes = sum(lanes.flat().map(({ offChipBytes }) => offChipBytes));
        expect(cycles).toBeGreaterThanOrEqual(Math.max(...lanes.map(alone), bytes / bandwidth) - 1e-9);
        expect(cycles).toBeLessThanOrEqual(sum(lanes.map(alone)) + 1e-9);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test("end when they would in any other order of the lanes, to the last bit", () => {
    fc.assert(
      fc.property(drawnLanes, fc.integer(), (lanes, turn) => {
        const by = Math.abs(turn) % lanes.length;
        const turned = [...lanes.slice(by), ...lanes.slice(0, by)].reverse();
        const back = [...ends(turned, bandwidth)].reverse();
        expect([...back.slice(lanes.length - by), ...back.slice(0, lanes.length - by)]).toEqual(
          ends(lanes, bandwidth),
        );
      }),
      { numRuns: 300, seed: 2 },
    );
  });

  test("end when small steps of time say", () => {
    fc.assert(
      fc.property(drawnLanes, (lanes) => {
        const stepped = inSmallSteps(lanes, bandwidth, 0.02);
        ends(lanes, bandwidth).forEach((end, lane) => {
          // Each change of shares is seen a step late.
          expect(Math.abs(end - (stepped[lane] ?? 0))).toBeLessThan(0.02 * 2 * (2 * lanes.flat().length + 1));
        });
      }),
      { numRuns: 40, seed: 3 },
    );
  });
});

/** The same by brute force: time in equal steps, the level to which the channel is filled found by halving an interval. */
function inSmallSteps(
  lanes: readonly (readonly ChannelUse[])[],
  bytesPerCycle: number,
  step: number,
): readonly number[] {
  const queues = lanes.map((lane) =>
    lane
      .flatMap(({ overheadCycles, workCycles, offChipBytes }) => [
        { left: overheadCycles, rate: 0 },
        { left: workCycles, rate: workCycles > 0 ? offChipBytes / workCycles : 0 },
      ])
      .filter(({ left }) => left > 0),
  );
  const end = lanes.map(() => 0);
  for (let now = 0; queues.some((queue) => queue.length > 0); now += step) {
    const rates = queues.map(([phase]) => phase?.rate ?? 0);
    const filled = (level: number): number => sum(rates.map((rate) => Math.min(rate, level)));
    let [low, high] = [0, bytesPerCycle];
    for (let round = 0; round < 30; round++) {
      const middle = (low + high) / 2;
      if (filled(middle) > bytesPerCycle) high = middle;
      else low = middle;
    }
    queues.forEach((queue, lane) => {
      const [phase] = queue;
      if (phase === undefined) return;
      phase.left -= step * (phase.rate > low ? low / phase.rate : 1);
      if (phase.left > 1e-12) return;
      queue.shift();
      if (queue.length === 0) end[lane] = now + step;
    });
  }
  return end;
}

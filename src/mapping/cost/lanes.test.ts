/** Mappings whose groups run side by side: latency, memory, cores, and that mappings without lanes mean what they meant. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sum } from "../../base/integers.ts";
import { seededRandom } from "../../base/random.ts";
import type { LayerMapping, Mapping } from "../space/mapping.ts";
import { severalCores, sketchWorkload, withoutLanes } from "../testing/small-workloads.ts";
import { evaluate } from "./evaluate.ts";
import type { FeasibleEvaluation } from "./evaluation.ts";
import type { Problem } from "./problem.ts";

/** A stem, two branches of one and two layers, and a layer that joins them. */
const forked = (macs = 640, outputBytes = 1): Problem["workload"] =>
  sketchWorkload(
    1,
    [[-1], [0], [0], [2], [1, 3]].map((reads) => ({
      macs,
      outputBytes,
      reads,
      workingSetBytes: 3,
      dimensions: { K: 16 },
    })),
  );

const layer = (cores: number, lane?: number, output: LayerMapping["output"] = "sync"): LayerMapping => {
  return { pass: 1, output, weights: "streamed", cores, ...(lane === undefined ? {} : { lane }) };
};

const side = (cores: number): Mapping => [
  layer(cores),
  layer(cores / 2, 0),
  layer(cores / 2, 1, "stage"),
  layer(cores / 2, 1),
  layer(cores),
];

function feasible(problem: Problem, mapping: Mapping): FeasibleEvaluation {
  const evaluation = evaluate(problem, mapping);
  if (!evaluation.feasible) throw new Error(`does not fit: ${JSON.stringify(evaluation)}`);
  return evaluation;
}

describe("lanes", () => {
  const problem: Problem = { workload: forked(), accelerator: severalCores(4), batch: 1 };

  test("run side by side, and the section ends with the last of them", () => {
    // 640 MACs in 4 units of channels are 16 cycles on 4 cores and 3 + 4 x 2 to start and wait: 27. On 2 cores 32, and 3 + 2 x 2: 39;
    // two layers fused on 2 are 64, and wait once more: 3 + 2 x 4. Bytes are few: the section takes 75, one after the other 114.
    const evaluation = feasible(problem, side(4));
    expect(evaluation.latencyCycles).toBe(27 + 75 + 27);
    expect(evaluation.sections).toEqual([[[0]], [[1], [2]], [[3]]]);
    expect(evaluation.groups.map(({ startSeconds }) => startSeconds)).toEqual([0, 27, 27, 102]);
    expect(evaluation.groups.map(({ lane }) => lane)).toEqual([undefined, 0, 1, undefined]);
    const serial = feasible(problem, withoutLanes(side(4)));
    expect(serial.latencyCycles).toBe(27 + 39 + 75 + 27);
    for (const key of ["energyJoules", "offChipBytes", "onChipTrafficBytes"] as const)
      expect(evaluation[key]).toBe(serial[key]);
  });

  test("share the off-chip channel, and say what that costs", () => {
    // 100 bytes in and 100 out: 200 cycles of the channel each, in 7 cycles of overhead; lane 1 has 11. Both want all of it.
    // Lane 0 works alone from 7 to 11, then each has half: 196 more bytes take 392, and lane 1 has 4 left.
    const narrow: Problem = {
      workload: forked(0, 100),
      accelerator: severalCores(4, { onChipBytes: 1e4 }),
      batch: 1,
    };
    const { groups } = feasible(narrow, side(4));
    const [, left, right] = groups;
    const roof = 200;
    const overhead = [left?.overheadSeconds, right?.overheadSeconds].map(Number);
    const alone = Math.abs((overhead[1] ?? 0) - (overhead[0] ?? 0));
    expect(left?.latencySeconds).toBeCloseTo((overhead[1] ?? 0) + 2 * (roof - alone), 9);
    expect(right?.latencySeconds).toBeCloseTo((overhead[1] ?? 0) + 2 * (roof - alone) + alone, 9);
    expect(right?.contentionSeconds).toBeCloseTo(roof - alone, 9);
  });

  test("keep their largest groups on chip together", () => {
    // Working sets of 3 bytes for each of 2 cores, and 1 byte between the layers of lane 1: 6 + 7. On 4 cores it is 12.
    const evaluation = feasible(problem, side(4));
    const [, left, right] = evaluation.groups.map(({ footprintBytes }) => footprintBytes);
    const together = (left ?? 0) + (right ?? 0);
    expect(evaluation.peakFootprintBytes).toBe(together);
    expect(evaluate({ ...problem, memoryBytes: together }, side(4)).feasible).toBe(true);
    expect(evaluate({ ...problem, memoryBytes: together - 1 }, side(4))).toEqual({
      feasible: false,
      group: [1, 2, 3],
      requiredBytes: together,
      availableBytes: together - 1,
    });
    expect(evaluate({ ...problem, memoryBytes: together - 1 }, withoutLanes(side(4))).feasible).toBe(true);
  });

  test("have each the buffers of their own cores", () => {
    // 3 bytes on one core, 7 on two: 3.5 for each.
    const narrow = side(4).map((entry) => (entry.lane === 0 ? { ...entry, cores: 1 } : entry));
    const withBuffers = (coreBufferBytes: number) =>
      evaluate({ ...problem, accelerator: severalCores(4, { coreBufferBytes }) }, narrow);
    expect(withBuffers(3.5).feasible).toBe(true);
    expect(withBuffers(3)).toMatchObject({
      feasible: false,
      group: [2, 3],
      requiredBytes: 7,
      availableBytes: 6,
    });
  });

  test("on more cores than there are, and numbers that are none, are refused", () => {
    const on = (left: number, right: number): Mapping =>
      side(4).map((entry) => ({ ...entry, cores: entry.lane === 0 ? left : entry.lane === 1 ? right : 4 }));
    expect(evaluate(problem, on(1, 3)).feasible).toBe(true);
    expect(() => evaluate(problem, on(2, 3))).toThrow(
      expect.objectContaining({
        code: "bad-input",
        message: "lanes side by side on 2 + 3 cores: the accelerator has 4, and no core is in two lanes",
        where: "mapping[1] (L1)",
      }),
    );
    expect(() => evaluate(problem, [layer(4, -1), ...side(4).slice(1)])).toThrow(
      /lane -1 is not a whole number/,
    );
  });
});

test("groups of one lane may run on different cores, and the lane takes the most of them", () => {
  const problem: Problem = { workload: forked(), accelerator: severalCores(4), batch: 1 };
  const on = (first: number, second: number): Mapping => [
    layer(4),
    layer(2, 0),
    layer(first, 1),
    layer(second, 1),
    layer(4),
  ];
  expect(feasible(problem, on(1, 2)).groups.map(({ cores }) => cores)).toEqual([4, 2, 1, 2, 4]);
  expect(() => evaluate(problem, on(1, 3))).toThrow(/2 \+ 3 cores/);
});

test("random lanes take no longer than their groups one after another, nor less than each of them", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = seededRandom(seed);
      const lanes = 2 + random.below(3);
      const perLane = 1 + random.below(3);
      const count = lanes * perLane;
      const workload = sketchWorkload(
        1 + random.below(9),
        Array.from({ length: count }, (_, at) => ({
          macs: random.below(2_000),
          weightBytes: random.below(60),
          outputBytes: 1 + random.below(40),
          reads: [at % perLane === 0 ? -1 : at - 1],
          dimensions: { K: 1 + random.below(20), Y: 1 + random.below(6) },
        })),
      );
      const accelerator = severalCores(8, { onChipBytes: 1e6, offChipBytesPerSecond: 1 + random.below(5) });
      const problem: Problem = { workload, accelerator, batch: 1 + random.below(3) };
      const mapping = workload.layers.map((_, at) =>
        layer(1 + (Math.floor(at / perLane) % 2), Math.floor(at / perLane)),
      );
      const evaluation = feasible(problem, mapping);
      const serial = feasible(problem, withoutLanes(mapping));
      expect(evaluation.latencyCycles).toBeLessThanOrEqual(serial.latencyCycles * (1 + 1e-12));
      expect(evaluation.latencySeconds).toBeGreaterThanOrEqual(
        (evaluation.offChipBytes / accelerator.offChipBytesPerSecond) * (1 - 1e-12),
      );
      evaluation.groups.forEach((group, at) => {
        const alone = serial.groups[at]?.latencySeconds ?? 0;
        expect(group.latencySeconds - group.contentionSeconds).toBeCloseTo(alone, 6);
      });
      const ends = Math.max(...evaluation.groups.map((group) => group.startSeconds + group.latencySeconds));
      expect(evaluation.latencySeconds).toBeCloseTo(ends, 9);
      expect(sum(evaluation.groups.map(({ energyJoules }) => energyJoules))).toBe(evaluation.energyJoules);
    }),
    { numRuns: 200, seed: 4 },
  );
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import { evaluate } from "../mapping/cost/evaluate.ts";
import type { Evaluation, FeasibleEvaluation } from "../mapping/cost/evaluation.ts";
import type { Problem } from "../mapping/cost/problem.ts";
import { groupGraph } from "../mapping/space/group-graph.ts";
import type { LayerMapping } from "../mapping/space/mapping.ts";
import { walkedRingImages } from "../mapping/space/pull-schedule.ts";
import {
  randomWorkload,
  roundAccelerator,
  severalCores,
  sketchWorkload,
} from "../mapping/testing/small-workloads.ts";
import { type ChromeTrace, chromeTrace, type TraceEvent } from "./chrome-trace.ts";
import { mappingByEnds, residualNetwork, sampleFound, sampleProblem } from "./testing/sample-result.ts";
import { groupSteps } from "./trace-steps.ts";

function feasible(evaluation: Evaluation): FeasibleEvaluation {
  if (!evaluation.feasible) throw new Error(`does not fit: ${JSON.stringify(evaluation)}`);
  return evaluation;
}

const slicesOf = (trace: ChromeTrace, tid: number): readonly TraceEvent[] =>
  trace.traceEvents.filter((event) => event.ph === "X" && event.tid === tid);
const isGroup = (event: TraceEvent): boolean => event.name.startsWith("group ");
const startOf = ({ ts = Number.NaN }: TraceEvent): number => Math.round(ts * 1_000);
const endOf = (event: TraceEvent): number => startOf(event) + Math.round((event.dur ?? Number.NaN) * 1_000);

/** Groups follow one another without overlap; inside each, its slices do. Whole nanoseconds, so no tolerance. */
function expectNested(trace: ChromeTrace): void {
  expect([1, 2, 3].flatMap((tid) => nestingFaults(slicesOf(trace, tid)))).toEqual([]);
}

function nestingFaults(slices: readonly TraceEvent[]): readonly TraceEvent[] {
  let groupEnd = 0;
  let busyUntil = 0;
  return slices.filter((event) => {
    const [from, to] = [startOf(event), endOf(event)];
    if (isGroup(event)) {
      const follows = from === groupEnd && to >= from;
      groupEnd = to;
      busyUntil = from;
      return !follows;
    }
    const fits = from >= busyUntil && to >= from && to <= groupEnd;
    busyUntil = to;
    return !fits;
  });
}

function argSum(trace: ChromeTrace, tid: number, key: string): number {
  return slicesOf(trace, tid).reduce((total, { args }) => total + Number(args[key] ?? 0), 0);
}

function expectSums(trace: ChromeTrace, evaluation: FeasibleEvaluation): void {
  expect(argSum(trace, 2, "offChipBytes")).toBe(evaluation.offChipBytes);
  expect(argSum(trace, 3, "onChipBytes")).toBe(evaluation.onChipTrafficBytes);
  expect(argSum(trace, 1, "macs")).toBe(evaluation.groups.reduce((total, { macs }) => total + macs, 0));
  for (const tid of [1, 2, 3]) {
    const groups = slicesOf(trace, tid).filter(isGroup);
    expect(groups).toHaveLength(evaluation.groups.length);
    const nanoseconds = groups.reduce((total, event) => total + endOf(event) - startOf(event), 0);
    expect(nanoseconds).toBe(Math.round(evaluation.latencySeconds * 1e9));
  }
}

describe("the sample network", () => {
  const problem = sampleProblem();
  const evaluation = feasible(sampleFound(problem).evaluation);
  const trace = chromeTrace(problem, evaluation);

  test("has a named track for each resource", () => {
    const names = trace.traceEvents.filter(({ name }) => name === "thread_name").map(({ args }) => args.name);
    expect(names).toEqual(["compute array", "off-chip channel", "on-chip buffer port"]);
  });

  test("slices nest and do not overlap, and everything adds up to the evaluation", () => {
    expectNested(trace);
    expectSums(trace, evaluation);
  });

  test("the resource that bounds a group is busy for all of it", () => {
    const tids = { compute: 1, "off-chip": 2, "on-chip": 3 };
    evaluation.groups.forEach(({ bound }, at) => {
      const slices = slicesOf(trace, tids[bound]);
      const starts = slices.flatMap((event, index) => (isGroup(event) ? [index] : []));
      const inside = slices.slice((starts[at] ?? 0) + 1, starts[at + 1]);
      const busy = inside.reduce((total, event) => total + endOf(event) - startOf(event), 0);
      const whole = slices[starts[at] ?? 0];
      expect(whole && Math.abs(endOf(whole) - startOf(whole) - busy)).toBeLessThanOrEqual(1);
    });
  });

  test("live bytes stay under the reserved ones, and the counters end at zero", () => {
    const live = trace.traceEvents.filter(({ name }) => name === "on-chip bytes live");
    const most = Math.max(...live.map(({ args }) => Number(args.bytes)));
    expect(most).toBeLessThanOrEqual(evaluation.peakFootprintBytes);
    expect(live.at(-1)?.args.bytes).toBe(0);
  });
});

describe("random workloads", () => {
  const drawn = fc.record({
    seed: fc.integer(),
    layers: fc.integer({ min: 1, max: 8 }),
    batch: fc.integer({ min: 1, max: 9 }),
    branching: fc.constantFrom(0, 0.3),
    mode: fc.constantFrom("full" as const, "paper" as const),
  });

  test("keep every sum, and the ring buffers' high-water marks", () => {
    fc.assert(
      fc.property(drawn, ({ seed, layers, batch, branching, mode }) => {
        const random = seededRandom(seed);
        const workload = randomWorkload(random, layers, branching);
        const accelerator = roundAccelerator({ onChipBytes: 1e9, onChipBytesPerSecond: 2 });
        const problem: Problem = { workload, accelerator, batch, mode };
        const mapping = workload.layers.map((): LayerMapping => {
          const output = random.uniform() < 0.6 ? "stage" : "sync";
          return { pass: 1 + random.below(batch), output, weights: "streamed", cores: 1 };
        });
        const evaluation = feasible(evaluate(problem, mapping));
        const trace = chromeTrace(problem, evaluation);
        expectNested(trace);
        expectSums(trace, evaluation);
        for (const group of evaluation.groups) {
          const range = { first: group.layers[0] ?? 0, last: group.layers.at(-1) ?? 0 };
          const graph = groupGraph(workload, range);
          const steps = [...groupSteps(problem, group)];
          const most = Math.max(...steps.map(({ liveBytes }) => liveBytes));
          const rings = walkedRingImages(graph, (layer) => mapping[layer]?.pass ?? 1, batch);
          const reserved = graph.sources.reduce((total, { tensors }, index) => {
            const bytes = tensors.reduce((sum, tensor) => sum + (workload.tensors[tensor]?.bytes ?? 0), 0);
            return total + bytes * (rings[index] ?? 0);
          }, 0);
          expect(most).toBeLessThanOrEqual(reserved);
          // Marks of several rings need not fall together; the mark of a single one is reached.
          if (graph.sources.length === 1) expect(most).toBe(reserved);
        }
      }),
      { numRuns: 300 },
    );
  });
});

test("a schedule too long to draw is drawn in runs, with the same sums", () => {
  const problem = sampleProblem({ workload: residualNetwork(), batch: 4_000, memoryBytes: 64e6 });
  const evaluation = feasible(evaluate(problem, mappingByEnds(problem, [4, 8, 12, 18], 1)));
  const trace = chromeTrace(problem, evaluation);
  expect(trace.otherData).toMatchObject({ merged: true, firings: 4_000 * 19 });
  expect(trace.traceEvents.length).toBeLessThan(120_000);
  expectNested(trace);
  expectSums(trace, evaluation);
});

test("on several cores a group computes as long as its slowest core, after which it waits", () => {
  // 640 MACs in 4 units of channels: 16 cycles on 4 cores and 11 to start and wait; 64 on one, and 3.
  const workload = sketchWorkload(
    1,
    [0, 1].map((layer) => ({ macs: 640, outputBytes: 1, reads: [layer - 1], dimensions: { K: 16 } })),
  );
  const problem: Problem = { workload, accelerator: severalCores(4), batch: 1 };
  const entry = { pass: 1, output: "sync", weights: "streamed" } as const;
  const evaluation = feasible(
    evaluate(problem, [
      { ...entry, cores: 4 },
      { ...entry, cores: 1 },
    ]),
  );
  const trace = chromeTrace(problem, evaluation);
  expectNested(trace);
  const seconds = slicesOf(trace, 1).map(({ dur = 0 }) => dur / 1e6);
  expect(seconds).toEqual([27, 16, 67, 64]);
});

describe("lanes", () => {
  // A stem, two branches and what joins them: 27 cycles on 4 cores, and 39 and 75 on 2 (cost/lanes.test.ts).
  const workload = sketchWorkload(
    1,
    [[-1], [0], [0], [2], [1, 3]].map((reads) => ({
      macs: 640,
      outputBytes: 1,
      reads,
      workingSetBytes: 3,
      dimensions: { K: 16 },
    })),
  );
  const problem: Problem = { workload, accelerator: severalCores(4), batch: 1 };
  const on = (cores: number, lane?: number, output: LayerMapping["output"] = "sync"): LayerMapping => {
    return { pass: 1, output, weights: "streamed", cores, ...(lane === undefined ? {} : { lane }) };
  };
  const evaluation = feasible(evaluate(problem, [on(4), on(1, 0), on(2, 1, "stage"), on(2, 1), on(3)]));
  const trace = chromeTrace(problem, evaluation);
  const tidOf = (name: string): number =>
    trace.traceEvents.find((event) => event.ph === "M" && event.args.name === name)?.tid ?? Number.NaN;
  const spansOn = (name: string): readonly string[] =>
    slicesOf(trace, tidOf(name))
      .filter(isGroup)
      .map((event) => `${event.name.slice(6, 7)}: ${startOf(event) / 1e9}-${endOf(event) / 1e9}`);

  test("have tracks of their own, and all bytes and MACs are on them once", () => {
    // On one core 64 cycles and 3 to start, on three 32 and 9.
    expect(spansOn("compute array")).toEqual(["1: 0-27", "2: 27-94", "4: 102-143"]);
    expect(spansOn("compute array, lane 1")).toEqual(["3: 27-102"]);
    const summed = (resource: number, key: string): number =>
      argSum(trace, resource, key) + argSum(trace, resource + 3, key);
    expect(summed(1, "macs")).toBe(5 * 640);
    expect(summed(2, "offChipBytes")).toBe(evaluation.offChipBytes);
    expect(summed(3, "onChipBytes")).toBe(evaluation.onChipTrafficBytes);
  });

  test("stand on the cores that they have, from the moment at which they start", () => {
    expect(["core 0", "core 1", "core 2", "core 3"].map(spansOn)).toEqual([
      ["1: 0-27", "2: 27-94", "4: 102-143"],
      ["1: 0-27", "3: 27-102", "4: 102-143"],
      ["1: 0-27", "3: 27-102", "4: 102-143"],
      ["1: 0-27"],
    ]);
  });

  test("first start, then work, until they end", () => {
    const inside = slicesOf(trace, tidOf("compute array, lane 1")).filter((event) => !isGroup(event));
    expect(inside.map((event) => [startOf(event) / 1e9, endOf(event) / 1e9])).toEqual([
      [38, 70],
      [70, 102],
    ]);
  });

  test("reserve memory together while both run", () => {
    const reserved = trace.traceEvents.filter(({ name }) => name === "on-chip bytes reserved");
    const [first, left, right, last] = evaluation.groups.map(({ footprintBytes }) => footprintBytes);
    expect(reserved.map(({ ts = 0, args }) => [ts / 1e6, args.bytes])).toEqual([
      [0, first],
      [27, Number(left) + Number(right)],
      [94, right],
      [102, last],
      [143, 0],
    ]);
  });

  test("slow in proportion where the channel is too narrow for both", () => {
    const narrow = { ...problem, accelerator: severalCores(4, { offChipBytesPerSecond: 0.02 }) };
    const slow = feasible(evaluate(narrow, [on(4), on(2, 0), on(2, 1, "stage"), on(2, 1), on(4)]));
    const drawn = chromeTrace(narrow, slow);
    for (const tid of [2, 5]) {
      const slices = slicesOf(drawn, tid);
      const group = slow.groups[tid === 2 ? 1 : 2];
      const moves = slices.filter(
        (event) => !isGroup(event) && startOf(event) >= 1e9 * Number(group?.startSeconds),
      );
      expect(moves.length).toBeGreaterThan(0);
      if (group === undefined || tid === 2) continue;
      expect(group.contentionSeconds).toBeGreaterThan(0);
      expect(endOf(moves.at(-1) as TraceEvent) / 1e9).toBeCloseTo(
        group.startSeconds + group.latencySeconds,
        6,
      );
    }
  });
});

test("nothing to do takes no time and breaks nothing", () => {
  const workload = sketchWorkload(0, [{ outputBytes: 0, reads: [-1] }]);
  const problem: Problem = { workload, accelerator: roundAccelerator(), batch: 1 };
  const evaluation = feasible(
    evaluate(problem, [{ pass: 1, output: "sync", weights: "streamed", cores: 1 }]),
  );
  const trace = chromeTrace(problem, evaluation);
  expectNested(trace);
  expect(slicesOf(trace, 2)).toHaveLength(1);
});

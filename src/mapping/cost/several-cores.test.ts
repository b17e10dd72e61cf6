/** Groups on several cores: each sum of docs/cost-model.md, Several cores, and that all of it vanishes on one. */
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { decodeMapping } from "../space/encoding.ts";
import { groupsOf, type Mapping } from "../space/mapping.ts";
import { doublingLadder } from "../space/pass-sizes.ts";
import {
  type LayerSketch,
  randomWorkload,
  roundAccelerator,
  severalCores,
  sketchWorkload,
  withRandomShapes,
} from "../testing/small-workloads.ts";
import type { LoopDimensions } from "../workload/workload.ts";
import { createCostModel } from "./cost-model.ts";
import { evaluate, evaluateWith, layerByLayer } from "./evaluate.ts";
import { createIncrementalCost } from "./incremental-cost.ts";
import type { Problem } from "./problem.ts";
import { createVectorCost } from "./vector-cost.ts";

type ChainLayer = Partial<LoopDimensions> & Pick<LayerSketch, "kind">;

/** A chain of layers of 640 MACs on one-byte tensors. */
function chain(...layers: readonly ChainLayer[]): Problem["workload"] {
  return sketchWorkload(
    1,
    layers.map(({ kind, ...dimensions }, layer) => ({
      macs: 640,
      outputBytes: 1,
      reads: [layer - 1],
      dimensions: { X: 1, ...dimensions },
      ...(kind === undefined ? {} : { kind }),
    })),
  );
}

const problemOf = (workload: Problem["workload"], cores: number, changes = {}): Problem => ({
  workload,
  accelerator: severalCores(cores, changes),
  batch: 1,
});

const modelOf = (workload: Problem["workload"], cores: number, changes = {}) =>
  createCostModel(problemOf(workload, cores, changes));

describe("one layer", () => {
  test("is dealt out by units of channels, and the core with most of them decides", () => {
    // 16 channels are 4 units of 4. On 3 cores one has 2 of them: half of 640 MACs at 10 a cycle. By rows it would be 1 of 1.
    const model = modelOf(chain({ K: 16 }), 3);
    expect(model.computeCycles(0, 0)).toBe(32);
    // One core makes all of them; on 8 cores half have none.
    expect(
      [1, 2, 4, 8].map((cores) =>
        modelOf(chain({ K: 16 }), 8)
          .onCores(cores)
          .computeCycles(0, 0),
      ),
    ).toEqual([64, 32, 16, 16]);
  });

  test("leaves processing elements idle where channels do not fill a unit", () => {
    // 6 channels take the time of 8: 640 x 8 / 6 MACs.
    expect(modelOf(chain({ K: 6 }), 1).computeCycles(0, 0)).toBeCloseTo((64 * 8) / 6, 9);
  });

  test("is dealt out by rows where that leaves the slowest core less", () => {
    // One unit of channels, 8 rows on 3 cores: 3 of 8.
    expect(modelOf(chain({ K: 4, Y: 8 }), 3).computeCycles(0, 0)).toBe((64 * 3) / 8);
  });

  test("divides evenly, to any fraction, where no granularity is given", () => {
    const { channelGranularity: _, ...even } = severalCores(3);
    const model = createCostModel({ workload: chain({ K: 1 }), accelerator: even, batch: 1 });
    expect(model.computeCycles(0, 0)).toBe(640 / 30);
    expect(model.onCores(2).computeCycles(0, 0)).toBe(32);
  });

  test("pays for its start, and for each core that the others wait for", () => {
    // 3 to launch, 2 for each of 4 cores; nobody waits on one.
    const model = modelOf(chain({ K: 16 }), 4);
    expect(model.overheadCycles(0, 0)).toBe(3 + 4 * 2);
    expect(model.onCores(1).overheadCycles(0, 0)).toBe(3);
    // max(16 cycles of compute, 2 bytes off chip) + 11.
    expect(model.cost(0, 0, 0)).toBe(16 + 11);
    expect(model.weightBudgetBytes(0, 0, 27)).toBe(14);
    expect(model.weightBudgetBytes(0, 0, 26)).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe("a group dealt out by rows", () => {
  const conv = { K: 4, Y: 8, R: 3 };

  test("makes halo rows again: more with every layer, and with every core", () => {
    // 8 rows on 4 cores, 2 each. Filters of 3: for 2 rows of the last a core needs 4 of the one before, and 6 before that.
    const model = modelOf(chain(conv, conv, conv), 4);
    expect(model.computeCycles(2, 2)).toBe(64 * (2 / 8));
    expect(model.computeCycles(1, 2)).toBe(64 * (2 / 8 + 4 / 8));
    expect(model.computeCycles(0, 2)).toBe(64 * (2 / 8 + 4 / 8 + 6 / 8));
    // At each of 3 borders 2 rows of 8 are made twice, and 4.
    expect(model.macs(0, 2)).toBe(640 * (1 + (1 + (3 * 2) / 8) + (1 + (3 * 4) / 8)));
    // On 2 cores: 4, 6 and 8 rows, which is all there are.
    expect(model.onCores(2).computeCycles(0, 2)).toBe(64 * (4 / 8 + 6 / 8 + 1));
    expect(model.onCores(1).macs(0, 2)).toBe(3 * 640);
    // Nobody waits inside.
    expect(model.overheadCycles(0, 2)).toBe(3 + 4 * 2);
  });

  test("counts strides, and a pooling between two layers", () => {
    // 2 rows of a layer with stride 2 and filter 3 need 5.
    const strided = modelOf(chain({ K: 4, Y: 16 }, { K: 4, Y: 8, R: 3, strideY: 2 }), 4);
    expect(strided.computeCycles(0, 1)).toBe(64 * (5 / 16 + 2 / 8));
    // 16 rows pooled to 8: for 2 rows of the reader 4 of 8, so 8 of 16.
    const pooled = modelOf(chain({ K: 4, Y: 16 }, { K: 4, Y: 8, R: 3 }), 4);
    expect(pooled.computeCycles(0, 1)).toBe(64 * (8 / 16 + 2 / 8));
  });

  test("has no halo where rows go on one by one", () => {
    const model = modelOf(chain({ K: 4, Y: 8, kind: "matmul" }, { K: 4, Y: 8, kind: "matmul" }), 4);
    expect(model.computeCycles(0, 1)).toBe(2 * 64 * (2 / 8));
    expect(model.overheadCycles(0, 1)).toBe(3 + 4 * 2);
  });

  test("waits inside for what other cores make: channels of all, keys of all rows, the whole map", () => {
    const wide = { K: 16, Y: 1 };
    const row = { K: 4, Y: 8 };
    const waits = (...layers: readonly ChainLayer[]): number =>
      (modelOf(chain(...layers), 4).overheadCycles(0, layers.length - 1) - 3) / 8;
    expect(waits(wide, wide)).toBe(2);
    expect(waits(wide, wide, wide)).toBe(3);
    expect(waits(row, wide)).toBe(2);
    expect(waits({ ...row, kind: "matmul" }, { ...row, kind: "attention" })).toBe(2);
    // A depthwise layer finds its own channels where they are.
    expect(waits(wide, { ...wide, kind: "depthwise" })).toBe(1);
  });
});

describe("memory", () => {
  const workload = sketchWorkload(8, [
    { outputBytes: 40, reads: [-1], workingSetBytes: 6, weightBytes: 100, macs: 10, dimensions: { K: 16 } },
    { outputBytes: 8, reads: [0], workingSetBytes: 2, macs: 10, dimensions: { K: 16 } },
  ]);

  test("each core has a window of its own, and its part of the weights that keeps its array at work", () => {
    // Window 6, and 10 of the 25 bytes that are a core's part of the weights.
    const model = modelOf(workload, 4);
    expect(model.workingSetBytes(0)).toBe(4 * 16);
    expect(model.onCores(1).workingSetBytes(0)).toBe(16);
  });

  test("a group that fits the chip may not fit the buffers of its cores", () => {
    const cores = (count: number): Mapping => [
      { pass: 1, output: "stage", weights: "streamed", cores: count },
      { pass: 1, output: "sync", weights: "streamed", cores: count },
    ];
    const problem = problemOf(workload, 4, { onChipBytes: 1_000, coreBufferBytes: 30 });
    // Ring buffer 40, working set 16 on one core: 56 of 30 bytes. On 4: 40 + 64 = 104 of 120, 26 for each.
    expect(evaluate(problem, cores(1))).toEqual({
      feasible: false,
      group: [0, 1],
      requiredBytes: 56,
      availableBytes: 30,
    });
    expect(evaluate(problem, cores(4))).toMatchObject({ feasible: true, peakFootprintBytes: 104 });
    expect(createCostModel(problem).problem.memoryBytes).toBe(120);
  });

  test("fewer cores have fewer ports: their share of the on-chip bandwidth", () => {
    const problem = problemOf(workload, 4, { onChipBytesPerSecond: 4 });
    const model = createCostModel(problem);
    // (8 + 40 + 40 + 8 bytes of activations) / 4 a cycle, / 1 on one core.
    expect(
      [4, 2, 1].map(
        (cores) => model.onCores(cores).cost(0, 1, 0) - model.onCores(cores).overheadCycles(0, 1),
      ),
    ).toEqual([24, 48, 96]);
  });
});

describe("a mapping", () => {
  const problem = problemOf(chain({ K: 16 }, { K: 16 }), 4);
  const entry = (output: "stage" | "sync", cores: number) =>
    ({ pass: 1, output, weights: "streamed", cores }) as const;

  test("may give each group its own cores, and adds up what they cost", () => {
    const model = createCostModel(problem);
    const evaluation = evaluate(problem, [entry("sync", 1), entry("sync", 4)]);
    expect(evaluation).toMatchObject({
      feasible: true,
      latencyCycles: model.onCores(1).cost(0, 0, 0) + model.cost(1, 1, 0),
      groups: [
        { cores: 1, overheadSeconds: 3 },
        { cores: 4, overheadSeconds: 11 },
      ],
    });
  });

  test("gives all layers of a group the same cores, and no more than there are", () => {
    expect(() => evaluate(problem, [entry("stage", 2), entry("sync", 4)])).toThrow(
      expect.objectContaining({
        code: "bad-input",
        where: "mapping[1] (L1)",
        message: "the layer runs on 4 cores, and L0 of the same group on 2",
        fix: expect.stringContaining("the same cores"),
      }),
    );
    for (const cores of [0, 5, 1.5])
      expect(() => evaluate(problem, [entry("sync", cores), entry("sync", 4)])).toThrow(
        `${cores} cores: the accelerator has 4, and a layer runs on 1 to 4`,
      );
  });
});

test("on one core with granularity 1 and no costs of starting, every number is that of a file without them", () => {
  for (let trial = 0; trial < 300; trial++) {
    const random = seededRandom(trial);
    const workload = withRandomShapes(random, randomWorkload(random, 6, 0.3));
    const plain = roundAccelerator({ onChipBytesPerSecond: 3 });
    const stated = {
      ...plain,
      channelGranularity: 1,
      groupLaunchSeconds: 0,
      coreSyncSeconds: 0,
      coreBufferBytes: 1_000,
    };
    const [a, b] = [plain, stated].map((accelerator) =>
      createCostModel({ workload, accelerator, batch: 4, objective: trial % 2 === 0 ? "latency" : "energy" }),
    );
    for (let first = 0; first < 6; first++) {
      expect(b?.workingSetBytes(first)).toBe(a?.workingSetBytes(first));
      for (let last = first; last <= (a?.reach(first) ?? first); last++) {
        expect(b?.cost(first, last, 7)).toBeCloseTo(a?.cost(first, last, 7) ?? 0, 9);
        expect(b?.onCores(1).macs(first, last)).toBe(a?.macs(first, last));
      }
    }
  }
});

test("no core does more than all of a group, and together they do all of it", () => {
  for (let trial = 0; trial < 50; trial++) {
    const random = seededRandom(trial + 1_000);
    const workload = withRandomShapes(random, randomWorkload(random, 8, 0.4));
    const model = createCostModel({ workload, accelerator: severalCores(7), batch: 2 });
    for (let cores = 1; cores <= 7; cores++) {
      const onCores = model.onCores(cores);
      for (let last = 0; last < 8; last++) {
        for (let first = last; first >= 0 && model.reach(first) >= last; first--) {
          const [all, slowest] = [onCores.macs(first, last), onCores.computeCycles(first, last)];
          const once = model.onCores(1).macs(first, last);
          expect(all).toBeGreaterThanOrEqual(once - 1e-9);
          expect(all).toBeLessThanOrEqual(cores * once + 1e-9);
          expect(slowest).toBeLessThanOrEqual(model.onCores(1).computeCycles(first, last) + 1e-9);
          // The slowest has at least an even part of what is made, at 10 MACs a cycle.
          expect(slowest * 10 * cores).toBeGreaterThanOrEqual(once - 1e-9);
        }
      }
    }
  }
});

test("vector and incremental costs equal evaluate() on several cores", () => {
  let fits = 0;
  let onFewer = 0;
  for (let trial = 0; trial < 500; trial++) {
    const random = seededRandom(trial + 5_000);
    const workload = withRandomShapes(random, randomWorkload(random, 1 + random.below(8), 0.3));
    const batch = 1 + random.below(6);
    const cores = 1 + random.below(5);
    const problem: Problem = {
      workload,
      batch,
      accelerator: severalCores(cores, { coreBufferBytes: 20 + random.below(60) }),
      mode: trial % 2 === 0 ? "full" : "paper",
    };
    const model = createCostModel(problem);
    const sizes = doublingLadder(batch);
    const vector = Int32Array.from(workload.layers, () => sizes[random.below(sizes.length + 1)] ?? -1);
    const { mapping } = decodeMapping([-1, ...vector], { layerCount: vector.length, batch, cores });
    const evaluation = evaluateWith(model, mapping);
    const incremental = createIncrementalCost(model);
    for (const { pass, output } of mapping) incremental.push(pass, output);
    const expected = evaluation.feasible ? evaluation.latencyCycles : Number.POSITIVE_INFINITY;
    expect([trial, createVectorCost(model)(vector)]).toEqual([
      trial,
      evaluation.feasible ? expect.closeTo(expected, 9) : expected,
    ]);
    const chosen = Int32Array.from(workload.layers, () => 1 + random.below(cores));
    const outputs = mapping.map(({ output }) => output);
    const onChosen = evaluateWith(
      model,
      groupsOf(workload, outputs).flatMap(({ first, last }) =>
        mapping.slice(first, last + 1).map((entry) => ({ ...entry, cores: chosen[first] ?? 1 })),
      ),
    );
    expect([trial, createVectorCost(model)(vector, -1, chosen)]).toEqual([
      trial,
      onChosen.feasible ? expect.closeTo(onChosen.latencyCycles, 9) : Number.POSITIVE_INFINITY,
    ]);
    if (onChosen.feasible) onFewer++;
    expect([trial, incremental.fits]).toEqual([trial, evaluation.feasible]);
    if (!evaluation.feasible) continue;
    fits++;
    expect(incremental.costIfClosed).toBeCloseTo(expected, 9);
  }
  expect(Math.min(fits, onFewer)).toBeGreaterThan(100);
});

test("layer by layer runs on all cores", () => {
  expect(layerByLayer(problemOf(chain({ K: 16 }), 4))).toEqual([
    { pass: 1, output: "sync", weights: "streamed", cores: 4 },
  ]);
});

import { describe, expect, test } from "vitest";
import { LaminateError } from "../../base/errors.ts";
import { decodeMapping, encodeMapping } from "../space/encoding.ts";
import { roundAccelerator, sketchWorkload } from "../testing/small-workloads.ts";
import { evaluate, evaluateLayerByLayer, evaluateVector } from "./evaluate.ts";
import type { Problem } from "./problem.ts";

/** Two layers, 16 -> 32 -> 16 bytes an image, 8 bytes of weights and 100 MACs each. */
const pair = sketchWorkload(16, [
  { macs: 100, weightBytes: 8, outputBytes: 32, reads: [-1] },
  { macs: 100, weightBytes: 8, outputBytes: 16, reads: [0] },
]);
const problem: Problem = { workload: pair, accelerator: roundAccelerator(), batch: 2, mode: "full" };
const stage = (pass: number) => ({ pass, output: "stage", weights: "streamed", cores: 1 }) as const;
const sync = (pass: number) => ({ pass, output: "sync", weights: "streamed", cores: 1 }) as const;

describe("two layers", () => {
  test("staging the tensor between them removes its round trip", () => {
    // Batch 2. Off chip: 2 x (16 in + 16 out) + 16 weights = 80 bytes; unfused adds 2 x (32 written + 32 read).
    // Latency: max(400 MACs / 10 per cycle = 40, 80 bytes / 1 per cycle = 80) = 80 cycles.
    const fused = evaluate(problem, [stage(2), sync(2)]);
    expect(fused).toMatchObject({
      feasible: true,
      latencyCycles: 80,
      offChipBytes: 80,
      peakFootprintBytes: 72,
    });
    // Footprint: the ring buffer 2 x 32 = 64, and a working set of the 8 weights (no window in this sketch) = 72.
    expect(evaluateLayerByLayer(problem)).toMatchObject({ latencyCycles: 80 + 128, offChipBytes: 208 });
  });

  test("smaller passes hold less and stream the weights again", () => {
    // Two passes each: weights 2 x 16. Off chip 64 + 32 = 96. The ring holds one image, 32 bytes.
    expect(evaluate(problem, [stage(1), sync(1)])).toMatchObject({
      offChipBytes: 96,
      peakFootprintBytes: 40,
    });
  });

  test("on-chip traffic counts inputs, weights and outputs of every layer once per pass", () => {
    // 2 x (16 + 32) + 8 for the first, 2 x (32 + 16) + 8 for the second.
    expect(evaluate(problem, [stage(2), sync(2)])).toMatchObject({ onChipTrafficBytes: 208 });
  });

  test("energy is the three amounts times their unit energies", () => {
    // 400 MACs x 1 pJ + 208 x 2 pJ + 80 x 100 pJ = 8,816 pJ.
    const fused = evaluate(problem, [stage(2), sync(2)]);
    expect(fused.feasible && fused.energyJoules).toBeCloseTo(8_816e-12, 20);
  });

  test("what does not fit says which group, what it needs and what there is", () => {
    expect(evaluate({ ...problem, memoryBytes: 50 }, [stage(2), sync(2)])).toEqual({
      feasible: false,
      group: [0, 1],
      requiredBytes: 72,
      availableBytes: 50,
    });
  });
});

describe("paper mode", () => {
  const paper: Problem = { ...problem, mode: "paper" };

  test("counts pass size x output of staged layers, and nothing else", () => {
    expect(evaluateVector(paper, [-1, 2, -1])).toMatchObject({
      peakFootprintBytes: 64,
      physicalPeakFootprintBytes: 72,
    });
  });

  test("counts a staged input, and makes the first layer follow its pass size", () => {
    // mB_0 = 1: 16 bytes counted; layer 1 is synced and follows, two passes, its weights cross twice: 2 x 48 + 16 = 112.
    expect(evaluateVector(paper, [1, -1, -1])).toMatchObject({
      peakFootprintBytes: 16,
      groups: [{ offChipBytes: 112 }, { offChipBytes: 104 }],
    });
  });

  test("accepts a last entry other than -1, counts it and still writes the output", () => {
    // 2 x 32 + 1 x 16 bytes; the last layer makes two passes.
    expect(evaluateVector(paper, [-1, 2, 1])).toMatchObject({
      peakFootprintBytes: 80,
      offChipBytes: 64 + 8 + 16,
    });
  });

  test("is not physical when real buffers do not fit", () => {
    expect(evaluateVector({ ...paper, memoryBytes: 64 }, [-1, 2, -1])).toMatchObject({
      feasible: true,
      physical: false,
    });
  });

  test("layer by layer always fits", () => {
    expect(evaluateLayerByLayer({ ...paper, memoryBytes: 1 })).toMatchObject({
      feasible: true,
      peakFootprintBytes: 0,
    });
  });
});

describe("a residual tensor", () => {
  // L0 -> L1 -> L2 (+ L0): 10-byte tensors, no weights, batch 1.
  const residual = sketchWorkload(10, [
    { outputBytes: 10, reads: [-1] },
    { outputBytes: 10, reads: [0] },
    { outputBytes: 10, reads: [1, 0] },
  ]);
  const one: Problem = { workload: residual, accelerator: roundAccelerator(), batch: 1 };

  test("is read by each consumer of the baseline", () => {
    // L0: 10 + 10, L1: 10 + 10, L2: 20 + 10.
    expect(evaluateLayerByLayer(one)).toMatchObject({ offChipBytes: 70 });
  });

  test("is written once and read once by a consuming group, also when it is staged for others", () => {
    // {L0, L1}: reads 10, writes t0 and t1. {L2}: reads both, writes 10.
    expect(evaluate(one, [stage(1), sync(1), sync(1)])).toMatchObject({ offChipBytes: 30 + 30 });
    // {L0} writes t0; {L1, L2} reads it once for both, which takes a buffer of one image beside the ring of t1.
    expect(evaluate(one, [sync(1), stage(1), sync(1)])).toMatchObject({
      offChipBytes: 20 + 20,
      groups: [{ footprintBytes: 0 }, { footprintBytes: 20 }],
    });
  });
});

describe("vectors", () => {
  const shape = { layerCount: 3, batch: 8, cores: 1 };

  test("decode and encode are inverse where a vector can carry the mapping", () => {
    const vector = [-1, 4, -1, -1];
    const { mapping } = decodeMapping(vector, shape);
    expect(mapping.map((layer) => layer.pass)).toEqual([4, 4, 8]);
    expect(encodeMapping(mapping, shape)).toEqual(vector);
    expect(encodeMapping([stage(4), sync(8), sync(8)], shape)).toBeUndefined();
  });

  test.each([
    [[-1, 4, -1], "3 entries"],
    [[-1, 9, -1, -1], "mB_1 is 9"],
    [[-1, 0, -1, -1], "mB_1 is 0"],
    [[-1, 1.5, -1, -1], "mB_1 is 1.5"],
  ])("%j is refused", (vector, text) => {
    expect(() => decodeMapping(vector, shape)).toThrow(LaminateError);
    expect(() => decodeMapping(vector, shape)).toThrow(text);
  });
});

test("a mapping of another workload is refused with its place", () => {
  expect(() => evaluate(problem, [sync(1)])).toThrow("1 layers and the workload 2");
  expect(() => evaluate(problem, [sync(3), sync(1)])).toThrow("pass 3");
});

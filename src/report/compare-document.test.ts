import { describe, expect, test } from "vitest";
import { compareDocument } from "./compare-document.ts";
import { compareSchema } from "./compare-schema.ts";
import { handProblem, sampleCompareDocument, sampleComparison } from "./testing/sample-comparison.ts";

const document = sampleCompareDocument();
const rowOf = (name: string) => document.mappers.find(({ mapper }) => mapper === name);

describe("a comparison's document", () => {
  test("meets its schema and survives JSON", () => {
    expect(compareSchema.parse(JSON.parse(JSON.stringify(document)))).toEqual(document);
  });

  test("says the problem, the baseline and the target", () => {
    expect(document).toMatchObject({
      ...{ model: "two-layers", batch: 2, accelerator: "round", memoryBytes: 20, paperMode: true },
      budget: { seconds: null, evaluations: 100 },
      baseline: { cost: 96, requiredBytes: null },
      // 96 / 32
      target: { kind: "optimum", cost: 32, gain: 3 },
    });
  });

  test("gap is cost over the target's - 1, and a share of the gain is the target's cost over the share", () => {
    const runs = rowOf("lucky")?.runs ?? [];
    expect(runs.map(({ gap, gain }) => [gap, gain])).toEqual([
      [0, 3],
      [0, 3],
      [2, 1],
    ]);
    // 90 % of 3x is 2.7x: 96 / 2.7 = 35.6 seconds or less. Only the cost of 32 is.
    expect(runs.map(({ evaluationsToShare }) => evaluationsToShare[0])).toEqual([40, 80, null]);
  });

  test("spreads are over the seeds, and a run that never got there is the worst", () => {
    expect(rowOf("lucky")).toMatchObject({
      feasibleRuns: 3,
      speedup: { median: 3, least: 1, most: 3 },
      gap: { median: 0, least: 0, most: 2 },
      elapsedSeconds: { median: 0.02, least: 0.01, most: 0.03 },
      evaluationsToShare: [
        { median: 80, least: 40, most: null },
        { median: 80, least: 40, most: null },
        { median: 80, least: 40, most: null },
      ],
    });
  });

  test("a mapper that found nothing has no speed-up, though layer by layer would fit", () => {
    expect(rowOf("lost")).toMatchObject({
      feasibleRuns: 0,
      gain: { median: null, least: null, most: null },
      peakFootprintBytes: { median: null },
    });
    expect(rowOf("lost")?.runs[1]).toMatchObject({ feasible: false, cost: null, leastRequiredBytes: 40 });
  });

  test("a cost a rounding error beside the target is no gap, one below it is a negative one", () => {
    const comparison = sampleComparison();
    const gapAt = (cost: number): number | null | undefined => {
      const target = { kind: "optimum", cost, space: "" } as const;
      const { mappers } = sampleCompareDocument({ comparison: { ...comparison, target } });
      return mappers[0]?.runs[0]?.gap;
    };
    expect(gapAt(32 * (1 + 1e-12))).toBe(0);
    expect(gapAt(40)).toBeCloseTo(-0.2, 12);
  });

  test("without a target there are neither gaps nor shares", () => {
    const none = sampleCompareDocument({ comparison: { ...sampleComparison(), target: { kind: "none" } } });
    expect(none.target).toEqual({ kind: "none", cost: null, gain: null, space: "" });
    expect(none.mappers[0]?.runs[0]).toMatchObject({ gap: null, evaluationsToShare: [null, null, null] });
    expect(compareSchema.parse(none)).toEqual(none);
  });

  test("where layer by layer does not fit it says what that needs", () => {
    const workload = {
      ...handProblem.workload,
      layers: handProblem.workload.layers.map((layer) => ({ ...layer, inputWindowBytes: 30 })),
    };
    const tight = compareDocument({
      ...{ modelName: "tight", accelerator: "round", seeds: [1], budget: undefined },
      problem: { ...handProblem, workload, mode: "full" },
      comparison: { reference: "exact", target: { kind: "none" }, mappers: [], interrupted: false },
    });
    expect(tight.baseline).toEqual({ cost: null, requiredBytes: 30 });
  });
});

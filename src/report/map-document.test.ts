import { describe, expect, test } from "vitest";
import { LaminateError } from "../base/errors.ts";
import { mapDocument, mappingOf, parseMapDocument } from "./map-document.ts";
import {
  foundMapping,
  layerByLayerFound,
  nothingFound,
  sampleDocument,
  sampleFound,
  sampleMapping,
  sampleProblem,
  sideBySideMapping,
  sideBySideProblem,
} from "./testing/sample-result.ts";

const problem = sampleProblem();
const document = sampleDocument(problem, sampleFound(problem));

describe("a mapping that fits", () => {
  test("speed-up is the latency of layer by layer over the latency found", () => {
    const { speedup, baseline, latencySeconds } = document;
    expect(speedup).toBeCloseTo((baseline.latencySeconds ?? 0) / (latencySeconds ?? 1), 12);
    expect(sampleDocument(problem, layerByLayerFound(problem)).speedup).toBe(1);
  });

  test("groups name their layers, and their amounts add up to the totals", () => {
    expect(document.groups[2]).toMatchObject({
      layers: ["/layer2/layer2.0/conv1/Conv", "/layer2/layer2.0/conv2/Conv"],
      passes: [16, 16],
    });
    const total = (amount: (group: (typeof document.groups)[number]) => number): number =>
      document.groups.reduce((sum, group) => sum + amount(group), 0);
    expect(total((group) => group.offChipBytes)).toBe(document.offChipBytes);
    expect(total((group) => group.latencySeconds)).toBeCloseTo(document.latencySeconds ?? 0, 15);
    expect(Math.max(...document.groups.map((group) => group.footprintBytes))).toBe(
      document.peakFootprintBytes,
    );
  });

  test("its mapping can be read back", () => {
    expect(mappingOf(document)).toEqual(sampleMapping(problem));
  });

  test("defaults of the problem are written out", () => {
    const { objective: _, mode: __, memoryBytes: ___, ...bare } = problem;
    expect(sampleDocument(bare, sampleFound(bare))).toMatchObject({
      memoryBytes: 64e6,
      objective: "latency",
      paperMode: false,
    });
  });
});

describe("proof", () => {
  const withProof = (optimal: boolean, lowerBound: number | undefined, changes = {}) => {
    const changed = sampleProblem(changes);
    const found = foundMapping(changed, sampleMapping(changed), { optimal, space: "test", lowerBound });
    return sampleDocument(changed, found).proof;
  };

  test("the gap is cost over bound - 1, and 0 when optimal", () => {
    const half = (document.latencySeconds ?? 0) / 2;
    expect(withProof(false, half)).toMatchObject({ lowerBoundSeconds: half, gap: 1 });
    expect(withProof(true, half)).toMatchObject({ optimal: true, gap: 0 });
  });

  test("a bound a rounding error above the cost is no negative gap", () => {
    expect(withProof(false, (document.latencySeconds ?? 0) * (1 + 1e-15)).gap).toBe(0);
  });

  test("without a bound there is no gap", () => {
    expect(withProof(false, undefined)).toMatchObject({ lowerBoundSeconds: null, gap: null });
    expect(withProof(false, 0).gap).toBeNull();
  });

  test("bounds of other objectives are no seconds", () => {
    const bytes = document.offChipBytes ?? 0;
    expect(withProof(false, bytes / 2, { objective: "traffic" })).toMatchObject({
      lowerBoundSeconds: null,
      lowerBound: bytes / 2,
      gap: 1,
    });
  });
});

describe("a mapping that does not fit", () => {
  const tight = sampleProblem({ memoryBytes: 2e6 });
  const none = sampleDocument(tight, foundMapping(tight, sampleMapping(tight)));

  test("says which group, what it needs and what there is, and has no other numbers", () => {
    expect(none).toMatchObject({
      feasible: false,
      infeasible: { requiredBytes: 12_901_920, availableBytes: 2_000_000 },
      ...{ speedup: null, latencySeconds: null, offChipBytes: null, peakFootprintBytes: null, gain: null },
      ...{ groups: [], mapping: [], vector: null, physical: false },
    });
    expect(none.infeasible?.group).toHaveLength(4);
    expect(none.baseline.offChipBytes).toBeGreaterThan(0);
  });

  test("is a valid document too", () => {
    expect(parseMapDocument(JSON.stringify(none), "out.json")).toEqual(none);
  });
});

describe("a search that found nothing, where layer by layer fits", () => {
  const none = sampleDocument(problem, nothingFound(problem), "pso");

  test("has no numbers but the baseline's, and no layer that is to blame", () => {
    expect(none).toMatchObject({
      ...{ feasible: false, infeasible: null, physical: false, evaluations: 2_000 },
      ...{ speedup: null, latencySeconds: null, offChipBytes: null, peakFootprintBytes: null, gain: null },
      ...{ groups: [], mapping: [], vector: null },
    });
    expect(none.baseline.latencySeconds).toBeGreaterThan(0);
  });

  test("is a valid document too", () => {
    expect(parseMapDocument(JSON.stringify(none), "out.json")).toEqual(none);
  });
});

describe("reading back", () => {
  test("gives the same document", () => {
    expect(parseMapDocument(JSON.stringify(document), "out.json")).toEqual(document);
    expect(parseMapDocument(JSON.parse(JSON.stringify(document)), "out.json")).toEqual(document);
  });

  test("keeps the lanes of groups side by side, and others have none", () => {
    const forked = sideBySideProblem();
    const side = sampleDocument(forked, foundMapping(forked, sideBySideMapping));
    const read = parseMapDocument(JSON.stringify(side), "out.json");
    expect(mappingOf(read)).toEqual(sideBySideMapping);
    expect(read.groups.map(({ lane, startSeconds }) => [lane, startSeconds])).toEqual([
      [undefined, 0],
      [0, 27],
      [1, 27],
      [undefined, 94],
    ]);
    expect(JSON.stringify(document)).not.toContain("lane");
  });

  test("takes documents from before groups had a start", () => {
    const groups = document.groups.map(({ startSeconds: _, ...group }) => group);
    expect(parseMapDocument({ ...document, groups }, "out.json").groups).toEqual(groups);
  });

  test("fields that a later version adds do no harm", () => {
    expect(parseMapDocument({ ...document, later: 1 }, "out.json")).toEqual(document);
  });

  test.each([
    ["not JSON: ", "{"],
    ["not a laminate.map/1 document: schema: ", { ...document, schema: "laminate.map/2" }],
    ["not a laminate.map/1 document: groups[1].bound: ", withGroup({ bound: "luck" })],
    ["not a laminate.map/1 document: batch: ", { ...document, batch: 0 }],
    ["not a laminate.map/1 document: Invalid input", null],
  ])("errors name the field: %s", (message, json) => {
    const read = () => parseMapDocument(json, "out.json");
    expect(read).toThrow(LaminateError);
    expect(read).toThrow(message);
    expect(read).toThrow(expect.objectContaining({ code: "bad-input", where: "out.json" }));
  });

  function withGroup(change: object): object {
    return {
      ...document,
      groups: document.groups.map((group, at) => (at === 1 ? { ...group, ...change } : group)),
    };
  }
});

test("the vector is copied as it is", () => {
  const found = sampleFound(problem);
  const input = { modelName: "m", problem, accelerator: "npu.yaml", mapperName: "exact", seed: 7, found };
  expect(mapDocument({ ...input, vector: [-1, 4, -1] })).toMatchObject({
    ...{ model: "m", accelerator: "npu.yaml", mapper: "exact", seed: 7, vector: [-1, 4, -1] },
  });
});

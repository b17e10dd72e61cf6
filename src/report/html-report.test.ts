import { describe, expect, test } from "vitest";
import { roundAccelerator, sketchWorkload } from "../mapping/testing/small-workloads.ts";
import type { Workload } from "../mapping/workload/workload.ts";
import { type ReportInput, renderHtmlReport } from "./html-report.ts";
import {
  foundMapping,
  layerByLayerFound,
  mappingByEnds,
  nothingFound,
  sampleDocument,
  sampleFound,
  sampleMapping,
  sampleProblem,
  sideBySideMapping,
  sideBySideProblem,
} from "./testing/sample-result.ts";
import { embedded, expectWellFormed } from "./testing/well-formed.ts";

const run = {
  command: "laminate map resnet.onnx --memory 20MB",
  versions: { laminate: "0.1.0", node: "20" },
};
const problem = sampleProblem();
const found = sampleFound(problem);
const input: ReportInput = { problem, found, document: sampleDocument(problem, found), run };
const page = renderHtmlReport(input);

describe("the page", () => {
  test("is well-formed and holds no broken number", () => {
    expectWellFormed(page);
    expect(page).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  test("stands alone: no request, no script that runs", () => {
    expect(page).not.toMatch(/\b(?:src|href)=|url\(|@import|https?:/);
    expect(page.match(/<script(?! type="application\/json")/g)).toBeNull();
    expect(page).toContain("default-src 'none'");
  });

  test("ids are unique, and what is referred to is there", () => {
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const referred = [...page.matchAll(/aria-labelledby="([^"]+)"/g)].flatMap(([, list = ""]) =>
      list.split(" "),
    );
    expect(referred.filter((id) => !ids.includes(id))).toEqual([]);
  });

  test("has headings in order and a chip for every layer", () => {
    expect(page.match(/<h1/g)).toHaveLength(1);
    expect(page).not.toContain("<h3");
    expect(page.match(/<li class=/g)).toHaveLength(19);
  });

  test("shows the answer", () => {
    for (const text of ["2.06x", "162 us", "141 MB", "12.9 MB", "19 layers in 8 groups, 5 of them fused"]) {
      expect(page).toContain(text);
    }
  });

  test("holds all that it takes to run it again", () => {
    expect(page).toContain(run.command);
    expect(embedded(page, "laminate-result")).toEqual(input.document);
    expect(embedded(page, "laminate-problem")).toEqual(problem);
  });
});

test("names from files stay text", () => {
  const evil = `</script><img src=x onerror="alert('&')">`;
  const workload: Workload = {
    ...problem.workload,
    name: evil,
    layers: problem.workload.layers.map((layer, at) => ({ ...layer, name: `${evil}${at}` })),
  };
  const changed = sampleProblem({ workload, accelerator: { ...problem.accelerator, name: evil } });
  const document = { ...sampleDocument(changed, sampleFound(changed), evil), model: evil, elementType: evil };
  const text = renderHtmlReport({
    ...{ problem: changed, found: sampleFound(changed), document, compared: [document, document] },
    run: { command: evil, versions: { [evil]: evil }, date: evil },
  });
  expect(text).not.toContain("<img");
  expectWellFormed(text);
  expect(embedded(text, "laminate-result")).toEqual(document);
});

test("several mappers are compared, the shown one marked", () => {
  const compared = [sampleDocument(problem, layerByLayerFound(problem), "layer-by-layer"), input.document];
  const text = renderHtmlReport({ ...input, compared });
  expect(text).toContain("Mappers compared");
  expect(text.match(/class="badge">shown/g)).toHaveLength(1);
  expect(page).not.toContain("Mappers compared");
});

test("what does not fit is explained, with the smallest memory that would do", () => {
  const tight = sampleProblem({ memoryBytes: 2e6 });
  const none = foundMapping(tight, sampleMapping(tight));
  const text = renderHtmlReport({
    ...input,
    problem: tight,
    found: none,
    document: sampleDocument(tight, none),
  });
  expect(text).toContain("--memory 12901920B");
  expect(text.match(/class="failing"[^>]*title/g)).toHaveLength(4);
  expectWellFormed(text);
});

test("a search that found nothing says so, and shows no cost", () => {
  const none = nothingFound(problem);
  const text = renderHtmlReport({ ...input, found: none, document: sampleDocument(problem, none, "pso") });
  expect(text).toContain("<b>pso</b> found none that fits in 2,000 evaluations");
  expect(text).not.toContain('id="groups"');
  expectWellFormed(text);
});

test("a paper-mode answer that no chip could run says so", () => {
  const paper = sampleProblem({ mode: "paper", memoryBytes: 12_850_000 });
  const fits = sampleFound(paper);
  const document = sampleDocument(paper, fits);
  expect(document).toMatchObject({ feasible: true, physical: false });
  expect(renderHtmlReport({ ...input, problem: paper, found: fits, document })).toContain(
    "paper's memory rule only",
  );
});

test.each([1, 2, 150, 151, 600])("%d layers, with zero-byte tensors and no weights", (count) => {
  const sketches = Array.from({ length: count }, (_, at) => ({ outputBytes: at % 3, reads: [at - 1] }));
  const many = sampleProblem({ workload: sketchWorkload(0, sketches), accelerator: roundAccelerator() });
  const fits = foundMapping(many, mappingByEnds(many, [3, 4, 90], 8));
  const text = renderHtmlReport({
    ...input,
    problem: many,
    found: fits,
    document: sampleDocument(many, fits),
  });
  expectWellFormed(text);
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
});

describe("lanes", () => {
  const forked = sideBySideProblem();
  const side = foundMapping(forked, sideBySideMapping);
  const shown = renderHtmlReport({
    problem: forked,
    found: side,
    document: sampleDocument(forked, side),
    run,
  });

  test("stand above one another from the moment at which they start", () => {
    expectWellFormed(shown);
    const [, first, left, right, last] = shown.split('class="span ').map((part) => {
      const [, after] = [
        ...part.matchAll(/class="part" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g),
      ];
      return after?.slice(1).map(Number);
    });
    const [x = 0, top = 0, width = 0, height = 0] = first ?? [];
    expect([left?.[0], right?.[0]]).toEqual([x + width, x + width].map((at) => expect.closeTo(at, 1)));
    expect([left?.[1], left?.[3]]).toEqual([top, height / 2]);
    expect([right?.[1], right?.[3]]).toEqual([top + height / 2, height / 2]);
    // On one core the branch takes longer, and what joins the two waits for it.
    expect(left?.[2]).toBeGreaterThan(right?.[2] ?? 0);
    expect(last?.[0]).toBeCloseTo((left?.[0] ?? 0) + (left?.[2] ?? 0), 1);
  });

  test("have columns of the table, which other mappings have not", () => {
    for (const word of ["Lane", "Starts at"]) {
      expect(shown).toContain(`>${word}</th>`);
      expect(page).not.toContain(`>${word}</th>`);
    }
    expect(shown).toContain("Groups above one another run side by side");
    expect(page).not.toContain("run side by side");
  });
});

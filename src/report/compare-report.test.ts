import { describe, expect, test } from "vitest";
import { renderCompareReport } from "./compare-report.ts";
import type { CompareDocument } from "./compare-schema.ts";
import { sampleCompareDocument, sampleComparison } from "./testing/sample-comparison.ts";
import { embedded, expectWellFormed } from "./testing/well-formed.ts";

const document = sampleCompareDocument();
const run = { command: "laminate compare two-layers.onnx --memory 20B", versions: { laminate: "0.1.0" } };
const render = (changed: CompareDocument): string => renderCompareReport({ document: changed, run });
const page = render(document);

describe("the page", () => {
  test("is well-formed and holds no broken number", () => {
    expectWellFormed(page);
    expect(page).not.toMatch(/NaN|undefined|Infinity|\[object|null</);
  });

  test("stands alone: no request, no script that runs", () => {
    expect(page).not.toMatch(/\b(?:src|href)=|url\(|@import|https?:/);
    expect(page.match(/<script(?! type="application\/json")/g)).toBeNull();
    expect(page).toContain("default-src 'none'");
  });

  test("shows the answer, and what was in vain", () => {
    // Of three mappers exact reaches 3x, and "lucky" with two of its three seeds.
    for (const text of [
      "3.00x",
      "32 s, by exact",
      "2 of 3",
      "N/A",
      "1.5 times what there is",
      "Over, at the nearest",
    ])
      expect(page).toContain(text);
  });

  test("holds all that it takes to run it again", () => {
    expect(page).toContain(run.command);
    expect(embedded(page, "laminate-result")).toEqual(JSON.parse(JSON.stringify(document)));
  });
});

describe("the convergence plot", () => {
  const figure = /<svg[\s\S]*<\/svg>/.exec(page)?.[0] ?? "";
  const countOf = (pattern: RegExp): number => figure.match(pattern)?.length ?? 0;

  test("has a line for every mapper that found something, a band where there are seeds, two marks", () => {
    expect(countOf(/class="curve /g)).toBe(2);
    expect(countOf(/class="band /g)).toBe(1);
    expect(countOf(/class="marker"/g)).toBe(2);
    expect(page).toContain("lost (nothing feasible)");
  });

  test("stands on logarithmic axes: ten times the evaluations are always as far", () => {
    const ticks = [...figure.matchAll(/x="([\d.]+)" y="402" text-anchor="middle">([^<]+)</g)].map(
      ([, x, text]) => [Number(x), text] as const,
    );
    expect(ticks.map(([, text]) => text)).toEqual(["1", "10", "100", "1 k"]);
    const steps = ticks.slice(1).map(([x], at) => x - (ticks[at]?.[0] ?? 0));
    // 1,234 evaluations fill 968 - 74 units: a decade takes 894 / log10(1234) = 289.2.
    for (const step of steps) expect(step).toBeCloseTo(894 / Math.log10(1_234), 1);
  });

  test("draws the median: 96 seconds until evaluation 80, then 32", () => {
    // Two of three seeds have 32 from evaluation 80 on. The scale goes from 32 / air to 96 x air with air = 3^0.05.
    const path = /class="curve g0" d="([^"]+)"/.exec(figure)?.[1] ?? "";
    const [left = "", ...rest] = path.split(/[HV]/);
    const x = (evaluations: number): number => 74 + (894 * Math.log(evaluations)) / Math.log(1_234);
    const air = 3 ** 0.05;
    const y = (cost: number): number => 384 - (350 * Math.log((cost * air) / 32)) / Math.log(3 * air ** 2);
    const expected = [x(40), y(96), x(80), y(32), x(100), y(32)];
    expect(left).toBe(`M74 ${Math.round(y(96) * 100) / 100}`);
    expect(rest.map(Number)).toEqual(expected.map((value) => Math.round(value * 100) / 100));
  });

  test("is left out when nobody found anything", () => {
    const { mappers, ...others } = sampleComparison();
    const lost = mappers.filter(({ name }) => name === "lost");
    const text = render(sampleCompareDocument({ comparison: { ...others, mappers: lost } }));
    expectWellFormed(text);
    expect(text).not.toContain("<svg");
  });

  test("tells a dozen mappers apart, dashed from the seventh on", () => {
    const [row] = document.mappers;
    const mappers = Array.from({ length: 12 }, (_, at) => ({ ...row, mapper: `mapper ${at}` }));
    const text = render({ ...document, mappers: mappers as CompareDocument["mappers"] });
    expectWellFormed(text);
    const looks = [...text.matchAll(/class="curve ([^"]+)"/g)].map(([, look]) => look);
    expect(new Set(looks).size).toBe(12);
    expect(looks[6]).toBe("g0 dashed");
  });
});

test("names from files stay text", () => {
  const evil = `</script><img src=x onerror="alert('&')">`;
  const mappers = document.mappers.map((row) => ({ ...row, mapper: evil }));
  const text = renderCompareReport({
    document: { ...document, model: evil, accelerator: evil, elementType: evil, mappers },
    run: { command: evil, versions: { [evil]: evil } },
  });
  expect(text).not.toContain("<img");
  expectWellFormed(text);
});

test.each([
  ["no target", { target: { kind: "none", cost: null, gain: null, space: "" } }],
  ["no baseline", { baseline: { cost: null, requiredBytes: 40 } }],
  ["an interrupt", { stopped: "interrupted" }],
  ["a cost of nothing", { target: { kind: "optimum", cost: 0, gain: null, space: "" } }],
] as const)("%s leaves a whole page", (_, changes) => {
  const text = render({ ...document, ...changes });
  expectWellFormed(text);
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
});

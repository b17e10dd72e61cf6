import { describe, expect, test } from "vitest";
import { renderModelCard } from "./model-card.ts";
import { sampleCurve, sampleTraining } from "./testing/sample-training.ts";
import { embedded, expectWellFormed } from "./testing/well-formed.ts";
import { trainSchema } from "./train-document.ts";
import { renderTrainReport } from "./train-report.ts";

const document = sampleTraining();
const run = { command: "laminate train --data out/data -o out/mapper", versions: { laminate: "0.1.0" } };
const page = renderTrainReport({ document, curve: sampleCurve(), run });

describe("the page", () => {
  test("is well-formed, stands alone and holds no broken number", () => {
    expect(trainSchema.parse(document)).toEqual(document);
    expectWellFormed(page);
    const shown = page.replace(/<script[\s\S]*?<\/script>/g, "");
    expect(shown).not.toMatch(/NaN|undefined|Infinity|\[object|null/);
    expect(page).not.toMatch(/\b(?:src|href)=|url\(|@import|https?:/);
    expect(page.match(/<script(?! type="application\/json")/g)).toBeNull();
  });

  test("says what was trained on what, and how to do it again", () => {
    for (const text of [
      "0.0123",
      "0.0456",
      "603 k",
      "1 block, 2 heads, width 128",
      "1,000 drawn problems",
      "&#60;vgg&#62;",
    ])
      expect(page).toContain(text);
    expect(page).toContain(run.command);
    expect(embedded(page, "laminate-result")).toEqual(document);
    expect(embedded(page, "laminate-curve")).toEqual(sampleCurve());
  });

  test("of a training of one step, without any held out, has no curve", () => {
    const losses = { first: 0.5, last: 0.5, validation: null };
    const short = { ...document, losses, data: { ...document.data, heldOut: 0 } };
    const bare = renderTrainReport({ document: short, curve: sampleCurve(1), run });
    expectWellFormed(bare);
    expect(bare).not.toContain("<svg");
    expect(bare).toContain("no problem is held out");
  });
});

describe("the curve", () => {
  const figure = /<svg[\s\S]*<\/svg>/.exec(page)?.[0] ?? "";
  const pathOf = (look: string): readonly (readonly [number, number])[] => {
    const [, path = ""] = new RegExp(`<path class="curve ${look}" d="([^"]*)"`).exec(figure) ?? [];
    return [...path.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const);
  };

  test("has a point for every few steps, on a logarithmic axis: such a loss falls in a line", () => {
    const points = pathOf("g0");
    // 500 steps in at most 240 points: three steps each.
    expect(points.length).toBe(167);
    const slopes = points.slice(1, -1).map(([x, y], at) => {
      const [x0 = 0, y0 = 0] = points[at] ?? [];
      return (y - y0) / (x - x0);
    });
    for (const slope of slopes) expect(slope).toBeCloseTo(slopes[0] ?? Number.NaN, 1);
    expect(figure.match(/class="band /g)?.length).toBe(1);
  });

  test("has the problems held out as a second line, which ends at the last step", () => {
    const held = pathOf("g1");
    expect(held.length).toBe(5);
    // The right end of the plot.
    expect(held.at(-1)?.[0]).toBe(1_056);
    expect(page).toContain("problems held out");
  });
});

test("the card says what it was trained on, by name and by rule, and what it is not for", () => {
  const card = renderModelCard(document, run);
  for (const text of [
    "by name: resnet18, <vgg>, each at batch 64 with 16 MB, 32 MB",
    "by rule: 1,000 problems that `generateProblem` draws with seed 7",
    "100 of them, drawn by the seed, were held out",
    "loss 0.500 at first, 0.0123 as the mean of the last 50 batches, 0.0456 on the problems held out",
    "another objective than latency, or full mode",
    "Networks of more than 39 layers, the most that it saw. Those longer than its window it maps by parts, which",
    run.command,
  ])
    expect(card).toContain(text);
  expect(card).not.toMatch(/NaN|undefined|null/);
  const named = renderModelCard({ ...document, data: { ...document.data, generated: 0, heldOut: 0 } }, run);
  expect(named).not.toContain("by rule");
  expect(named).toContain("All of them were learned from");
});

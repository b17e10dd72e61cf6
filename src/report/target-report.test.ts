import { describe, expect, test } from "vitest";
import { defaultGrid } from "../mapping/targets/measure-grid.ts";
import { characteriseTarget, targetSchema } from "../mapping/targets/target-profile.ts";
import { syntheticTarget } from "../mapping/targets/testing/synthetic-target.ts";
import { renderTargetReport } from "./target-report.ts";
import { embedded, expectWellFormed } from "./testing/well-formed.ts";

const profile = await characteriseTarget(
  syntheticTarget(
    { rule: "units", granularity: 16, ridge: 5, halfMacs: [2e5, 3e5, 5e5] },
    { seed: 1, scatter: 0.05 },
  ),
  { settings: { ...defaultGrid, repeats: 2 }, draws: 20 },
);
const run = { command: "laminate characterise --here -o out/here", versions: { laminate: "0.1.0" } };
const page = renderTargetReport({ profile, run });
const figures = [...page.matchAll(/<svg[\s\S]*?<\/svg>/g)].map(([figure]) => figure);

test("the page is well-formed, stands alone and holds no broken number", () => {
  expect(targetSchema.parse(profile)).toEqual(profile);
  expectWellFormed(page);
  const shown = page.replace(/<script[\s\S]*?<\/script>/g, "");
  expect(shown).not.toMatch(/NaN|undefined|Infinity|\[object|null/);
  expect(page).not.toMatch(/\b(?:src|href)=|url\(|@import|https?:/);
  expect(page).toContain("synthetic &#60;processor&#62;");
  expect(page).toContain(run.command);
  expect(embedded(page, "laminate-result")).toEqual(profile);
});

describe("the plots", () => {
  test("have a line for each number of cores, and a dot for each layer", () => {
    expect(figures).toHaveLength(2);
    for (const [at, sweep] of (["operations", "channels"] as const).entries()) {
      const figure = figures[at] ?? "";
      expect(figure.match(/class="curve /g)).toHaveLength(3);
      const dots = profile.measurements.filter((one) => one.sweep === sweep);
      expect(figure.match(/<circle /g)).toHaveLength(dots.length);
    }
  });

  test("mark the critical count where the line of the most cores is at one half", () => {
    const [figure = ""] = figures;
    const [, x = ""] = /<line class="limit" x1="([^"]*)"/.exec(figure) ?? [];
    const [, half = ""] = /y1="([^"]*)" y2="[^"]*"\/><text class="tick"[^>]*>50 %/.exec(figure) ?? [];
    const [, path = ""] = /<path class="curve g2" d="M([^"]*)"/.exec(figure) ?? [];
    const points = path.split("L").map((point) => point.split(" ").map(Number));
    const near = points.reduce((best, point) =>
      Math.abs((point[0] ?? 0) - Number(x)) < Math.abs((best[0] ?? 0) - Number(x)) ? point : best,
    );
    expect(Math.abs((near[1] ?? 0) - Number(half))).toBeLessThan(8);
  });

  test("mark the granularity, and draw layers that memory decides hollow", () => {
    expect(figures[1]).toContain("granularity: 16");
    expect(figures[0]).toContain('<circle class="hollow ');
    expect(figures[0]).toContain('<circle class="end ');
  });
});

test("targets of one core, measured once, without a ridge, have a page too", async () => {
  const target = syntheticTarget(
    { rule: "ramp", granularity: 1, ridge: 0, halfMacs: [2e5] },
    { seed: 1, scatter: 0.01 },
  );
  const single = await characteriseTarget(target, { settings: { ...defaultGrid, repeats: 1 }, draws: 5 });
  const text = renderTargetReport({ profile: single, run });
  expectWellFormed(text);
  expect(text).toContain("each was measured once");
  expect(text.replace(/<script[\s\S]*?<\/script>/g, "")).not.toMatch(/NaN|undefined/);
});

/** DNNFuser's figure 3: the mappings drawn, and the printed ones against the paper's text where that is there. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { dnnFuserFigure3 } from "../bench/papers/dnnfuser-results.ts";
import { groupFacts, type Panel, panelText, runsOf } from "../bench/papers/figure3-mappings.ts";
import { renderFigure3 } from "../bench/papers/figure3-page.ts";
import { embedded, expectWellFormed } from "../src/report/testing/well-formed.ts";
import { hasShared, sharedPath } from "./shared.ts";

/** Four layers: the first two as a group, one on its own, the last one staged though the network ends there. */
const panel: Panel = {
  network: "by <hand>",
  megabytes: 20,
  batch: 64,
  optimum: 4,
  mappings: [
    { name: "paper: P", vector: [42, -1, 7], found: undefined },
    { name: "dnnfuser", vector: [-1, 1, -1, -1, 64], found: { speedup: 3, peakBytes: 12.34e6 } },
  ],
};

test("groups end with a sync and with the network", () => {
  expect(runsOf([-1, 1, -1, -1, 64])).toEqual([
    { first: 0, last: 0 },
    { first: 1, last: 2 },
    { first: 3, last: 3 },
    { first: 4, last: 4 },
  ]);
  expect(runsOf([5, 5, -1])).toEqual([{ first: 0, last: 2 }]);
  // The input is no layer.
  expect(groupFacts([-1, 1, -1, -1, 64])).toEqual({ groups: 3, longest: 2 });
  expect(groupFacts([5, 5, -1])).toEqual({ groups: 1, longest: 2 });
});

test("as text there are bars over the numbers, and none over a sync", () => {
  expect(`\n${panelText(panel)}\n`).toMatchInlineSnapshot(`
    "
    by <hand>, batch 64, 20 MB; images per pass, -1 for a sync
    layer       0   1   2   3   4
                ▆   ·   ▁
    paper: P   42  -1   7
               as printed; 2 groups, largest 1 layer
                ·   ▁   ·   ·   █
    dnnfuser   -1   1  -1  -1  64
               3.00x, 75.0 % of the optimum, 12.3 MB; 3 groups, largest 2 layers
    "
  `);
});

test("the page has a bar for each staged layer, a cut for each sync but the last, and stands alone", () => {
  const page = renderFigure3({
    panels: [panel],
    weights: "a file",
    run: { command: "npm run paper:figure3", versions: { node: "20" } },
  });
  expectWellFormed(page);
  expect(embedded(page, "laminate-result")).toEqual([JSON.parse(JSON.stringify(panel))]);
  expect(page).toContain("by &#60;hand&#62;, 20 MB");
  expect(page.match(/<rect/g)).toHaveLength(4);
  // One in the paper's, after its first layer; three here.
  expect(page.match(/class="marker"/g)).toHaveLength(4);
  expect(page).toContain("3.00x, 75.0 % of the optimum, 12.3 MB");
  expect(page).not.toMatch(/src=|href=|<script(?! type="application\/json")/);
  // Full height is 54 units of the drawing, for all 64 images.
  expect(page).toMatch(/layer 4: 64 images per pass, staged<\/title><rect class="alone" [^>]*height="54"/);
});

test.skipIf(!hasShared)("the printed mappings are those of the paper's text (2 cases need ../shared)", () => {
  const text = readFileSync(sharedPath("papers", "dnnfuser.txt"), "utf8");
  const printed = ["DF", "GT"].map((name) =>
    new RegExp(`^${name}\\t([-\\d\\t]+)$`, "m").exec(text)?.[1]?.split("\t").map(Number),
  );
  expect(dnnFuserFigure3.mappings.map(({ vector }) => vector)).toEqual(printed);
});

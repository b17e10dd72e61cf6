/** DNNFuser's table 1 beside ours: a comparison by hand, and the paper's figures against its text where that is there. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { dnnFuserTable1, type PaperCase } from "../bench/papers/dnnfuser-results.ts";
import { differences, type Machine, table1Rows, table1Text } from "../bench/papers/table1-text.ts";
import { evaluateLayerByLayer } from "../src/mapping/cost/evaluate.ts";
import { handProblem, sampleCompareDocument } from "../src/report/testing/sample-comparison.ts";
import { hasShared, sharedPath } from "./shared.ts";

const document = sampleCompareDocument();

/** As a paper might print it of the problem by hand, whose optimum is 3x. */
const paperCase: PaperCase = {
  name: "by hand",
  memoryMegabytes: 20e-6,
  batch: 2,
  searches: [
    { method: "Lucky", mapper: "lucky", speedup: undefined, megabytes: 1.5, minutes: 1 },
    { method: "Lost", mapper: "lost", speedup: 3.6, megabytes: 2, minutes: 0.5 },
    { method: "Later", mapper: "later", speedup: 1.5, megabytes: 0.25, minutes: 2 },
  ],
};

test("the paper's rows come first, then the mappers that it does not have", () => {
  expect(table1Rows(paperCase, document).map(({ paper, ours }) => [paper?.method, ours?.mapper])).toEqual([
    ["Lucky", "lucky"],
    ["Lost", "lost"],
    ["Later", undefined],
    [undefined, "exact"],
  ]);
});

test("each figure stands beside the paper's and as a part of the optimum's; what is not here says so", () => {
  // 3.6 / 3 = 120 %, 1.5 / 3 = 50 %; 20 ms of exact's 5 ms are 400 %.
  expect(`\n${table1Text(paperCase, document)}\n`).toMatchInlineSnapshot(`
    "
    paper  speed-up  of opt.    MB  min  | here                 speed-up  of opt.    MB  of opt.                  search  of exact  fits
    ------------------------------------------------------------------------------------------------------------------------------------
    Lucky       N/A        -   1.5    1  | lucky  3.00x (1.00x .. 3.00x)    100 %  0.00    100 %  20 ms (10 ms .. 30 ms)     400 %   3/3
    Lost      3.60x    120 %     2  0.5  | lost                      N/A        -  0.00    250 %                   10 ms     200 %   0/3
    Later     1.50x     50 %  0.25    2  | later            not here yet        -     -        -                       -         -     -
    -             -        -     -    -  | exact                   3.00x    100 %  0.00    100 %                    5 ms     100 %   1/1
    "
  `);
});

test("what differs is said with its reason", () => {
  const baseline = evaluateLayerByLayer(handProblem);
  if (!baseline.feasible) throw new Error("layer by layer fits by hand");
  const machine: Machine = { baseline, computeSeconds: 24, trafficSeconds: 96 };
  expect(differences(paperCase, document, machine)).toEqual([
    // 96 / 24
    expect.stringMatching(
      /^roof: layer by layer 0 of 2 layers are .* no mapping gains more than 4\.00x, .* is 3\.00x$/,
    ),
    "beyond: Lost 3.60x in print, more than the proven optimum here: the paper's machine has another roof",
    expect.stringMatching(/^fits: lucky N\/A in print and not here/),
    "fits: lost N/A here and not in print",
    // 60 s / 20 ms; 30 s / 10 ms
    expect.stringMatching(/: lucky 3000x, lost 3000x$/),
  ]);
});

test.skipIf(!hasShared)("the figures are those of the paper's text (16 rows need ../shared)", () => {
  const text = readFileSync(sharedPath("papers", "dnnfuser.txt"), "utf8");
  const printed = /Case-1([\s\S]*?)Case-2([\s\S]*?)\n\s*\n/.exec(text)?.slice(1) ?? [];
  const rows = printed.map((block) =>
    [...block.matchAll(/^([\w-]+)\t(N\/A|[\d.]+)\t([\d.]+)\t([\d.]+)\s*$/gm)].map(
      ([, method, speedup, megabytes, minutes]) => ({
        ...{ method, megabytes: Number(megabytes), minutes: Number(minutes) },
        speedup: speedup === "N/A" ? undefined : Number(speedup),
      }),
    ),
  );
  expect(rows.flat()).toHaveLength(16);
  expect(dnnFuserTable1.map(({ searches }) => searches.map(({ mapper: _, ...row }) => row))).toEqual(rows);
});

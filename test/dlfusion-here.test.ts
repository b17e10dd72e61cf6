/** DLFusion's strategies on this machine: schemes, how they are measured and ordered, and the page of the comparison. */
import { describe, expect, test } from "vitest";
import { agreementsOf, agreementText, networkText, threadsNote } from "../bench/papers/dlfusion-here-text.ts";
import { type Row, renderDlfusion } from "../bench/papers/dlfusion-page.ts";
import {
  agreementOn,
  distinctSchemes,
  type MeasuredScheme,
  measureSchemes,
  pooledAgreement,
  rankedAgreement,
  rewrittenNetwork,
  schemesOf,
} from "../bench/papers/dlfusion-schemes.ts";
import { seededRandom } from "../src/base/random.ts";
import { networkBuilder } from "../src/graph/ir/network-builder.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";
import { nodeThreads } from "../src/host/node-threads.ts";
import { decidedNames } from "../src/mapping/mappers/dlfusion/mapper.ts";
import { machineTarget, type NetworkPart } from "../src/mapping/targets/machine-target.ts";
import { defaultGrid } from "../src/mapping/targets/measure-grid.ts";
import { characteriseTarget } from "../src/mapping/targets/target-profile.ts";
import { syntheticOrigin, syntheticTarget } from "../src/mapping/targets/testing/synthetic-target.ts";
import { embedded, expectWellFormed } from "../src/report/testing/well-formed.ts";

/** Three convolutions with a pool between. */
function tinyNetwork() {
  const builder = networkBuilder();
  const first = builder.convolution(builder.imageInput(4, 16, 16), { channels: 16, filter: 3 });
  const second = builder.convolution(builder.maxPool(first, 2, 2), { channels: 32, filter: 3 });
  const last = builder.convolution(second, { channels: 8, filter: 1 });
  return rewrittenNetwork("tiny", inferShapes(builder.build("tiny", [last.name])));
}

const truth = { rule: "units", granularity: 8, ridge: 2, halfMacs: [2e5, 5e5] } as const;
const profile = await characteriseTarget(syntheticTarget(truth, { seed: 1, scatter: 0.02 }), {
  settings: { ...defaultGrid, repeats: 1 },
  draws: 5,
});
const network = tinyNetwork();
const schemes = schemesOf(network, profile, 2);

describe("schemes", () => {
  test("each strategy has one, of all layers, and none is predicted to beat the oracle", () => {
    expect(schemes.map(({ strategy }) => strategy)).toEqual(decidedNames);
    const oracle = schemes.at(-1)?.predictedSeconds ?? 0;
    for (const { blocks, predictedSeconds } of schemes) {
      expect(blocks.map(({ last }) => last + 1).slice(0, -1)).toEqual(
        blocks.map(({ first }) => first).slice(1),
      );
      expect(blocks.at(-1)?.last).toBe(network.workload.layers.length - 1);
      expect(predictedSeconds).toBeGreaterThanOrEqual(oracle * (1 - 1e-12));
    }
  });

  test("are measured once in a round where they are alike, whole, with every operator", async () => {
    const asked: (readonly NetworkPart[])[] = [];
    const target = {
      measureParts: async (_: unknown, parts: readonly NetworkPart[]) => {
        asked.push(parts);
        // A second for each part, and one more for each on two threads.
        return parts.reduce((total, { cores }) => total + cores, 0);
      },
    };
    const options = { rounds: 3, random: seededRandom(1) };
    const measured = await measureSchemes(network, schemes, target, options);
    expect(asked).toHaveLength(3 * distinctSchemes(measured).length);
    const count = network.typed.graph.nodes.length;
    for (const parts of asked)
      expect(parts.flatMap(({ nodes }) => nodes).sort((a, b) => a - b)).toEqual(
        Array.from({ length: count }, (_, node) => node),
      );
    for (const { blocks, seconds } of measured) {
      const expected = blocks.reduce((total, { cores }) => total + cores, 0);
      expect(seconds).toEqual([expected, expected, expected]);
    }
  });

  test("that do not run have no times", async () => {
    const target = { measureParts: async () => undefined };
    const measured = await measureSchemes(network, schemes, target, { rounds: 1, random: seededRandom(1) });
    expect(measured.every(({ seconds }) => seconds.length === 0)).toBe(true);
    expect(distinctSchemes(measured)).toEqual([]);
    const text = networkText({ name: "tiny", layers: 4, schemes: measured });
    expect(text).toContain("a block does not run");
  });

  test("run on the threads of this machine", async () => {
    const target = machineTarget({
      origin: syntheticOrigin,
      threads: 2,
      startThread: nodeThreads(),
      relaxedSimd: false,
      clock: () => performance.now() / 1000,
      sleep: async () => {},
    });
    try {
      const measured = await measureSchemes(network, schemes, target, { rounds: 2, random: seededRandom(1) });
      for (const { seconds } of measured) {
        expect(seconds).toHaveLength(2);
        for (const one of seconds) expect(one > 0 && one < 10).toBe(true);
      }
    } finally {
      target.dispose();
    }
  });
});

/** A scheme of one block that ends at a layer, so that schemes differ. */
const scheme = (strategy: string, last: number, predictedSeconds: number, seconds: readonly number[]) =>
  ({ strategy, blocks: [{ first: 0, last, cores: 1 }], predictedSeconds, seconds }) satisfies MeasuredScheme;

describe("agreement", () => {
  const network = [
    scheme("one-core", 1, 10, [20, 22, 24]),
    scheme("a", 2, 5, [12, 9, 10]),
    scheme("b", 3, 4, [11, 11, 11]),
    scheme("as a", 2, 5, [12, 9, 10]),
    scheme("c", 4, 3, [8, 8, 9]),
    scheme("barred", 5, 1, []),
  ];

  test("counts schemes that are alike once, and those that did not run not at all", () => {
    // Predicted 4 3 2 1, measured by medians 22, 10, 11, 8: 4 2 3 1; 1 - 6 x 2 / (4 x 15) = 0.8.
    const { count, interval } = agreementOn(network, seededRandom(1));
    expect(count).toBe(4);
    expect(interval?.correlation).toBeCloseTo(0.8, 12);
  });

  test("of all networks is that of times over the first scheme's, which is left out", () => {
    // Times of the second network are a hundred times those of the first. Over their first schemes they are the same pairs, and
    // ranks are shared: predicted 5.5 3.5 1.5 and measured 3.5 5.5 1.5 twice, around 3.5.
    const large = network.map((one) => ({
      ...one,
      predictedSeconds: 100 * one.predictedSeconds,
      seconds: one.seconds.map((second) => 100 * second),
    }));
    const { count, interval } = pooledAgreement([network, large], seededRandom(1));
    expect(count).toBe(6);
    // Sums of products 2 x (0 + 0 + 4), of squares 2 x (4 + 0 + 4) both.
    expect(interval?.correlation).toBeCloseTo(0.5, 12);
  });

  test("of places in a network leaves out how much each network gains", () => {
    const flat = network.map((one) => ({ ...one, predictedSeconds: 1e3 + one.predictedSeconds }));
    const { count, interval } = rankedAgreement([network, flat], seededRandom(1));
    expect(count).toBe(8);
    // Twice the pairs of one network, whose places are 4 3 2 1 and 4 2 3 1.
    expect(interval?.correlation).toBeCloseTo(0.8, 12);
  });

  test("of two schemes is none", () => {
    expect(agreementOn(network.slice(0, 2), seededRandom(1))).toEqual({ count: 2, interval: undefined });
  });

  test("as text", () => {
    const named = [{ name: "net", layers: 5, schemes: network }];
    const text = `${networkText(named[0] as (typeof named)[number])}\n\n${agreementText(agreementsOf(named, () => seededRandom(1)))}`;
    expect(`\n${text}\n`).toMatchInlineSnapshot(`
      "
      net, 5 layers  blocks  threads  predicted  measured  least  most  speed-up: predicted  measured
      ---------------------------------------------------------------------------------------------------------------------
      one-core            1        1       10 s      22 s   20 s  24 s              1.0000x     1.00x
      a                   1        1        5 s      10 s    9 s  12 s              2.0000x     2.20x
      b                   1        1        4 s      11 s   11 s  11 s              2.5000x     2.00x
      as a                1        1        5 s      10 s    9 s  12 s              2.0000x     2.20x  as a
      c                   1        1        3 s       8 s    8 s   9 s              3.3333x     2.75x
      barred              1        1        1 s         -      -     -             10.0000x         -  a block does not run

      predicted and measured order  schemes  Spearman  95 %: from    to
      -----------------------------------------------------------------
      net                                 4      0.80       -1.00  1.00
      "
    `);
    const pooled = agreementsOf([...named, ...named], () => seededRandom(1)).map(({ name }) => name);
    expect(pooled).toEqual(["net", "net", "all, places in their networks", "all, times over one core's"]);
    expect(threadsNote(2)).toBeUndefined();
    expect(threadsNote(1)).toContain("only blocks differ");
  });
});

test("the page has every figure, also where a mapper beats the oracle", () => {
  const row = (network: string, strategy: string, changes: Partial<Row>): Row => ({
    network,
    layers: 3,
    strategy,
    latencySeconds: 1e-3,
    speedup: 1,
    share: 1,
    evaluations: 1,
    fewer: 2,
    searchSeconds: 1e-3,
    groups: 1,
    ...changes,
  });
  const rows = ["A <net>", "B"].flatMap((network) => [
    row(network, "one-core", { share: 0.2, evaluations: 3 }),
    row(network, "dlfusion", { speedup: network === "B" ? 5 : 2, evaluations: 50 }),
    row(network, "freer", { speedup: 9, share: 1.2, evaluations: 1e5 }),
  ]);
  const page = renderDlfusion({
    accelerator: "mlu100-like",
    batch: 1,
    paperRange: { low: 3.6, high: 7.9 },
    rows,
    run: { command: "npm run paper:dlfusion", versions: { laminate: "1.0.0" } },
  });
  expectWellFormed(page);
  expect(embedded(page, "laminate-result")).toMatchObject({ rows });
  expect(page).toContain("2.00x to 5.00x");
  expect(page).toContain("1 of 2");
  expect(page.match(/<circle/g)).toHaveLength(6 + 6 + 3);
  // Nothing lies outside of a plot.
  for (const [, cx] of page.matchAll(/cx="([-\d.]+)"/g)) expect(Number(cx)).toBeLessThanOrEqual(1_080);
  for (const [, cy] of page.matchAll(/cy="([-\d.]+)"/g)) expect(Number(cy)).toBeGreaterThanOrEqual(0);
});

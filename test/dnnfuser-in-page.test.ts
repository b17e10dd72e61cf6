/**
 * The learned mapper where there is no Node: the library, bundled for a page of headless Chromium, decodes the mappings that it
 * decodes here.
 */

import { join } from "node:path";
import type { Browser } from "playwright-core";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleText } from "../scripts/bundle-text.js";
import { seededRandom } from "../src/base/random.ts";
import {
  dnnfuserMapper,
  findMapping,
  generalSchema,
  type Problem,
  paperSchema,
  writeMapperWeights,
} from "../src/index.ts";
import { spreadWeights } from "../src/learning/inference/testing/reference.ts";
import { randomWorkload, roundAccelerator } from "../src/mapping/testing/small-workloads.ts";
import { describeBrowser, launchBrowser, serveFiles } from "./browser.ts";
import { repositoryRoot } from "./build-dist.ts";

const samples = 11;

function problems(): readonly Problem[] {
  return [1, 2, 3, 4].map((seed) => ({
    workload: randomWorkload(seededRandom(seed), 12, 0.2),
    accelerator: roundAccelerator({ onChipBytes: 150 }),
    batch: 24,
    objective: "traffic",
    mode: seed % 2 === 0 ? "paper" : "full",
  }));
}

describeBrowser("the learned mapper in Chromium", 2, () => {
  let browser: Browser;
  let library: string;
  beforeAll(async () => {
    browser = await launchBrowser();
    const bundle = await rolldown({
      input: join(repositoryRoot, "src", "index.ts"),
      platform: "browser",
      logLevel: "silent",
      plugins: [bundleText()],
    });
    library = (await bundle.generate({ format: "esm" })).output[0].code;
    await bundle.close();
  });
  afterAll(() => browser.close());

  test.each([paperSchema, generalSchema])("maps as it does here by the features $name", async (schema) => {
    const weights = spreadWeights({ steps: 13, blocks: 2, heads: 2, width: 16 }, schema, 3, 25);
    const mapper = dnnfuserMapper({ weights, samples, temperature: 0.4 });
    const here = [];
    for (const problem of problems()) {
      const { mapping, evaluations } = await findMapping(mapper, problem, { seed: 4 });
      here.push({ mapping, evaluations });
    }
    const site = await serveFiles(
      new Map<string, Uint8Array | string>([
        ["index.html", ""],
        ["laminate.js", library],
        ["problems.json", JSON.stringify(problems())],
        ["weights.safetensors", writeMapperWeights(weights)],
      ]),
    );
    const page = await browser.newPage();
    await page.goto(site.url);
    const there = await page.evaluate(`(async () => {
      const { dnnfuserMapper, findMapping, readMapperWeights } = await import("./laminate.js");
      const bytes = new Uint8Array(await (await fetch("./weights.safetensors")).arrayBuffer());
      const mapper = dnnfuserMapper({ weights: readMapperWeights(bytes, "weights"), samples: ${samples}, temperature: 0.4 });
      const answers = [];
      for (const problem of await (await fetch("./problems.json")).json()) {
        const { mapping, evaluations } = await findMapping(mapper, problem, { seed: 4 });
        answers.push({ mapping, evaluations });
      }
      return answers;
    })()`);
    site.close();
    await page.close();
    expect(there).toEqual(here);
    const staged = here.flatMap(({ mapping }) => mapping ?? []).filter(({ output }) => output === "stage");
    expect(staged.length).toBeGreaterThan(3);
  });
});

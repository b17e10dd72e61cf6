/**
 * A whole compiled network where it is meant to run: mobilenet_v2 of the gallery, compiled by the library, loaded in a page
 * and in a worker of headless Chromium on one thread and on two, gives what the interpreter gives.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeArtefact } from "../src/compiler/artefact/write-artefact.ts";
import { compileGraph } from "../src/compiler/codegen/compile.ts";
import { randomInputs } from "../src/graph/interpreter/random-inputs.ts";
import { runGraph } from "../src/graph/interpreter/run-graph.ts";
import { numbersOf } from "../src/graph/ir/runtime-value.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";
import { describeBrowser, launchBrowser, serveFiles } from "./browser.ts";
import { repositoryRoot } from "./build-dist.ts";

const seed = 7;

describeBrowser("a whole network in Chromium", 2, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  test.each([1, 2])("mobilenet_v2 on %d threads gives what the interpreter gives", async (threads) => {
    const bytes = readFileSync(join(repositoryRoot, "models", "tv_mobilenet_v2.onnx"));
    const typed = inferShapes(importOnnx(bytes, { name: "mobilenet_v2" }));
    const programs = [false, true].map((relaxedSimd) => compileGraph(typed, { relaxedSimd }));
    const input = randomInputs(typed.graph, seed).get("input");
    if (input?.kind !== "tensor") throw new Error("no input");
    const [wanted] = runGraph(typed, new Map([["input", input]])).values();
    if (wanted?.kind !== "tensor") throw new Error("no output");
    const site = await serveFiles(
      new Map<string, Uint8Array | string>([
        ...writeArtefact(programs, { threads: 2 }),
        ["index.html", ""],
        ["input.bin", new Uint8Array((input.elements as Float32Array).buffer)],
      ]),
      { isolated: true },
    );
    const page = await browser.newPage();
    await page.goto(site.url);
    const got = await page.evaluate(`(async () => {
      const { load } = await import("./model.js");
      const model = await load({ threads: ${threads} });
      const input = new Float32Array(await (await fetch("./input.bin")).arrayBuffer());
      const outputs = await model.run({ input });
      const [values] = Object.values(outputs);
      const result = { threads: model.threads, values: Array.from(values) };
      model.dispose();
      return result;
    })()`);
    site.close();
    const { values, threads: ran } = got as { values: number[]; threads: number };
    expect(ran).toBe(threads);
    const expected = Array.from(numbersOf(wanted));
    const range = Math.max(...expected) - Math.min(...expected);
    const error = Math.max(...expected.map((number, at) => Math.abs(number - (values[at] ?? Number.NaN))));
    expect(error / range).toBeLessThan(1e-4);
  });
});

/** A compiled network's folder where it is used: in Node, in a worker of Node, in pages and their workers. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import ts from "typescript";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { writeArtefact } from "../src/compiler/artefact/write-artefact.ts";
import { writeFilesAtomically } from "../src/host/write-file.ts";
import { describeBrowser, launchBrowser, type Site, type SiteOptions, serveFiles } from "./browser.ts";
import { addScale, addScaleProgram } from "./tiny-programs.ts";

const folder = mkdtempSync(join(tmpdir(), "laminate-artefact-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const variants = [addScaleProgram(6), addScaleProgram(6, { relaxedSimd: true })];
const files = writeArtefact(variants, { threads: 2 });
const single = writeArtefact(variants);
const expected = [...addScale(Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(6, 5, 4, 3, 2, 1))];

/** A module that runs the network in model.js and hands on what came of it. */
const useModel = (path: string, deliver: string, options = "{ threads: 2 }"): string => `
import { load } from ${JSON.stringify(path)};
const model = await load(${options});
const a = new Float32Array([1, 2, 3, 4, 5, 6]);
const { y } = await model.run({ a, b: a.toReversed() });
const { threads, notes } = model;
model.dispose();
${deliver}({ threads, notes, relaxed: model.relaxedSimd, y: [...y] });
`;

function runNode(text: string, ...flags: readonly string[]): Record<string, unknown> {
  const script = join(folder, "use.mjs");
  writeFilesAtomically(folder, new Map([["use.mjs", new TextEncoder().encode(text)]]));
  return JSON.parse(
    execFileSync(process.execPath, [...flags, script], { encoding: "utf8", timeout: 60_000 }),
  );
}

const print = "((result) => console.log(JSON.stringify(result)))";
const relaxed = "--experimental-wasm-relaxed-simd";

describe("Node", () => {
  const entry = pathToFileURL(join(folder, "threaded", "model.js")).href;
  beforeAll(() => {
    writeFilesAtomically(join(folder, "threaded"), files);
    writeFilesAtomically(join(folder, "single"), single);
  });

  test("runs it on the threads that it was compiled for, or on fewer", () => {
    const result = { threads: 2, relaxed: true, notes: [], y: expected };
    expect(runNode(useModel(entry, print), relaxed)).toEqual(result);
    expect(runNode(useModel(entry, print, ""), relaxed)).toEqual(result);
    expect(runNode(useModel(entry, print, "{ threads: 1 }"), relaxed)).toEqual({ ...result, threads: 1 });
  });

  test("runs what was compiled for one thread on one", () => {
    const { href } = pathToFileURL(join(folder, "single", "model.js"));
    expect(runNode(useModel(href, print), relaxed)).toMatchObject({
      threads: 1,
      y: expected,
      notes: ["runs on one thread: it was compiled for one (compile it with --threads)"],
    });
  });

  test("runs it in a worker", () => {
    const body = useModel(entry, "postMessage").replace("postMessage", "parentPort.postMessage");
    const worker = `import { parentPort } from "node:worker_threads";\n${body}`;
    writeFilesAtomically(folder, new Map([["worker.mjs", new TextEncoder().encode(worker)]]));
    const result = runNode(
      `import { Worker } from "node:worker_threads";
       new Worker(new URL("./worker.mjs", import.meta.url)).on("message", ${print});`,
    );
    expect(result).toMatchObject({ threads: 2, y: expected });
  });

  test("finds the files in another folder", () => {
    const { href } = pathToFileURL(`${folder}/threaded/`);
    renameSync(join(folder, "threaded", "model.js"), join(folder, "moved.js"));
    const moved = pathToFileURL(join(folder, "moved.js")).href;
    expect(runNode(useModel(moved, print, JSON.stringify({ base: href })))).toMatchObject({ y: expected });
    renameSync(join(folder, "moved.js"), join(folder, "threaded", "model.js"));
  });

  test("names a file that is missing or truncated", () => {
    const failure = (): unknown =>
      runNode(`import { load } from ${JSON.stringify(entry)};
        load().catch(({ code, where, message }) => (${print})({ code, where, message }));`);
    const weights = join(folder, "threaded", "weights.bin");
    truncateSync(weights, 8);
    expect(failure()).toEqual({
      code: "bad-input",
      where: "weights.bin",
      message: "the file has 8 bytes, and 24 are expected",
    });
    rmSync(weights);
    expect(failure()).toMatchObject({ where: "weights.bin", message: expect.stringMatching(/ENOENT/) });
  });

  test("is taken along by a bundler, files and all", async () => {
    const app = join(folder, "app");
    const main = 'import { load } from "../single/model.js"; globalThis.model = load();';
    writeFilesAtomically(app, new Map([["main.js", new TextEncoder().encode(main)]]));
    await build({
      configFile: false,
      root: app,
      logLevel: "silent",
      build: { assetsInlineLimit: 0, rolldownOptions: { input: join(app, "main.js") } },
    });
    const endings = readdirSync(join(app, "dist", "assets")).map((name) => name.replace(/-[^.]*/, ""));
    expect(endings.toSorted()).toEqual(["kernels.relaxed.wasm", "kernels.wasm", "main.js", "weights.bin"]);
  });

  test("its declaration fits its use", () => {
    const path = join(folder, "single", "use.ts");
    const use = (input: string): readonly string[] => {
      const text = `import { load } from "./model.js";
        const model = await load({ threads: 1 });
        const { y } = await model.run({ a: new Float32Array(6), b: ${input} }, { views: true });
        export const first: number | undefined = y[0];
        model.dispose();`;
      writeFilesAtomically(join(folder, "single"), new Map([["use.ts", new TextEncoder().encode(text)]]));
      const program = ts.createProgram([path], {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ES2022,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
        lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
        types: [],
        strict: true,
        noEmit: true,
      });
      return ts.getPreEmitDiagnostics(program).map(({ code }) => `TS${code}`);
    };
    expect(use("new Float32Array(6)")).toEqual([]);
    expect(use("[1, 2, 3]")).toEqual(["TS2740"]);
  });
});

describeBrowser("Chromium", 7, () => {
  let browser: Browser;
  const sites: Site[] = [];
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  afterEach(() => {
    for (const site of sites.splice(0)) site.close();
  });

  async function open(
    folderFiles: ReadonlyMap<string, Uint8Array>,
    options: SiteOptions = {},
  ): Promise<Page> {
    const worker = useModel("./model.js", "postMessage");
    const site = await serveFiles(
      new Map<string, Uint8Array | string>([...folderFiles, ["index.html", ""], ["worker.js", worker]]),
      options,
    );
    sites.push(site);
    const page = await browser.newPage();
    await page.goto(site.url);
    return page;
  }

  /** Texts, because the test runner rewrites imports in functions. */
  const inPage = (page: Page): Promise<unknown> => {
    const body = useModel("./model.js", "return ").replace(/^import .*$/m, "");
    return page.evaluate(`(async () => { const { load } = await import("./model.js"); ${body} })()`);
  };
  const inWorker = (page: Page): Promise<unknown> =>
    page.evaluate(`new Promise((resolve, reject) => {
      const worker = new Worker("./worker.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    })`);

  const onTwo = { threads: 2, notes: [], relaxed: true, y: expected };
  const isolation = [expect.stringMatching(/^runs on one thread: this page is not cross-origin isolated/)];

  test.each([
    ["a page", inPage],
    ["a worker of a page", inWorker],
  ])("runs it on two threads in %s that is cross-origin isolated", async (_, run) => {
    expect(await run(await open(files, { isolated: true }))).toEqual(onTwo);
  });

  test.each([
    ["a page", inPage],
    ["a worker of a page", inWorker],
  ])("runs it on one thread in %s that is not", async (_, run) => {
    expect(await run(await open(files))).toEqual({ ...onTwo, threads: 1, notes: isolation });
  });

  test("runs it on one thread where the page's policy forbids workers", async () => {
    const headers = { "Content-Security-Policy": "worker-src 'self'; script-src 'self' 'wasm-unsafe-eval'" };
    const page = await open(files, { isolated: true, headers });
    expect(await inPage(page)).toMatchObject({
      threads: 1,
      y: expected,
      notes: [expect.stringMatching(/threads cannot be started here/)],
    });
  });

  test("names a file that is missing or of another network", async () => {
    const failure = (page: Page): Promise<unknown> =>
      page.evaluate(`import("./model.js").then(({ load }) => load())
        .catch(({ code, where, message }) => ({ code, where, message }))`);
    const without = new Map([...files].filter(([name]) => name !== "weights.bin"));
    expect(await failure(await open(without))).toMatchObject({
      code: "bad-input",
      where: "weights.bin",
      message: expect.stringMatching(/weights\.bin answers 404/),
    });
    const other = new Map([...files, ["weights.bin", new Uint8Array(24)] as const]);
    expect(await failure(await open(other))).toMatchObject({ where: "weights.bin" });
  });

  test("survives thousands of runs on two threads, of which one may not sleep", async () => {
    const page = await open(files, { isolated: true });
    const sum = await page.evaluate(`(async () => {
      const { load } = await import("./model.js");
      const model = await load({ threads: 2 });
      const a = new Float32Array(6).fill(1);
      let sum = 0;
      for (let run = 0; run < 5000; run++) sum += (await model.run({ a, b: a })).y[0];
      model.dispose();
      return sum;
    })()`);
    expect(sum).toBe(5000);
  });
});

test("the folder's entry is written last", () => {
  expect([...files.keys()].at(-1)).toBe("model.js");
  expect(readFileSync(join(folder, "single", "model.js")).length).toBe(single.get("model.js")?.length);
});

/** The verbs `compile` and `run` on compiled code, on a network of one Relu. */
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { laminate } from "./run-laminate.ts";
import { modelFile, reluGraph } from "./tiny-models.ts";

const folder = mkdtempSync(join(tmpdir(), "laminate-compile-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const model = join(folder, "relu.onnx");
writeFileSync(model, modelFile(reluGraph()));

describe.concurrent("compile", () => {
  test("writes a folder that Node imports and run runs", async () => {
    const out = join(folder, "out");
    const compiled = await laminate(["compile", model, "-o", out, "--threads", "2", "--json"]);
    expect(compiled).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(compiled.stdout)).toMatchObject({
      schema: "laminate.compile/1",
      model: "relu",
      operators: 1,
      blocks: 1,
      threads: 2,
      inputs: [{ name: "x", elementType: "float32", shape: [2] }],
      files: expect.arrayContaining([expect.objectContaining({ path: join(out, "model.js") })]),
    });
    const { load } = await import(/* @vite-ignore */ pathToFileURL(join(out, "model.js")).href);
    const network = await load({ threads: 1 });
    expect(await network.run({ x: Float32Array.of(-1, 2) })).toEqual({ y: Float32Array.of(0, 2) });
    const [interpreted, ran] = await Promise.all([
      laminate(["run", model, "--random", "1", "--output", join(folder, "a"), "--json"]),
      laminate(["run", out, "--random", "1", "--output", join(folder, "b"), "--json"]),
    ]);
    expect(interpreted.exitCode).toBe(0);
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      model: "relu",
      target: "wasm",
      outputs: [{ name: "y", elementType: "float32", shape: [2] }],
    });
  });

  test("says what it has written and how that is used", async () => {
    const { stdout } = await laminate(["compile", model, "-o", "here", "--no-relaxed-simd"], { cwd: folder });
    expect(stdout).toMatch(/^relu: 1 operator in 1 block; 1 call of 1 kernel$/m);
    expect(stdout).toContain('import { load } from "./here/model.js"');
    expect(readdirSync(join(folder, "here")).toSorted()).toEqual([
      "kernels.wasm",
      "model.d.ts",
      "model.js",
      "weights.bin",
    ]);
  });

  test.each([
    ["plan", /1 block/],
    ["graph", /Relu/],
    ["wat", /^\(func \$/],
    ["memory", /input x/],
  ])("--emit %s prints and writes nothing", async (what, pattern) => {
    const run = await laminate(["compile", model, "--emit", what]);
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(pattern) });
  });

  test("--print-after prints the graph after a pass, whose name must be one", async () => {
    const run = await laminate(["compile", model, "--print-after", "fold-constants"]);
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/Relu/) });
    const wrong = await laminate(["compile", model, "--print-after", "fold-constant"]);
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('mean "fold-constants"?') });
  });

  test("without a folder it says what is missing", async () => {
    const run = await laminate(["compile", model]);
    expect(run).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringContaining("-o out") });
  });
});

describe.concurrent("run", () => {
  test("--target wasm compiles and runs, on threads too", async () => {
    const args = ["run", model, "--random", "3", "--target", "wasm", "--json"];
    const runs = await Promise.all([laminate(args), laminate([...args, "--threads", "2"])]);
    for (const run of runs) {
      expect(run, run.stderr).toMatchObject({ exitCode: 0, stderr: "" });
      expect(JSON.parse(run.stdout)).toMatchObject({ target: "wasm", outputs: [{ name: "y", shape: [2] }] });
    }
  });

  test("a compiled folder runs as it was compiled, and a damaged one is named", async () => {
    const out = join(folder, "damaged");
    await laminate(["compile", model, "-o", out]);
    const shaped = await laminate(["run", out, "--random", "1", "--shape", "x:3"]);
    expect(shaped).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("runs as it was compiled") });
    for (const name of readdirSync(out).filter((file) => file.endsWith(".wasm")))
      truncateSync(join(out, name), 20);
    const run = await laminate(["run", out, "--random", "1"]);
    expect(run).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(/\.wasm: the file has 20 bytes/),
    });
  });
});

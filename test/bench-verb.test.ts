/** The verb bench on a tiny network, with what it says when a rival is not there; and the bench's own wasm loop. */

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { measurePeak, peakModule } from "../bench/wasm-peak.ts";
import { benchSchema } from "../src/report/bench-document.ts";
import { repositoryRoot } from "./build-dist.ts";
import { laminate } from "./run-laminate.ts";
import { modelFile, reluGraph } from "./tiny-models.ts";

const folder = mkdtempSync(join(tmpdir(), "laminate-bench-verb-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const model = join(folder, "relu.onnx");
writeFileSync(model, modelFile(reluGraph()));
const quick = ["--repeats", "5", "--seconds", "1"];

describe.concurrent("laminate bench", () => {
  test("measures each rival, and says what cannot be", async () => {
    const run = await laminate([
      ...["bench", model, "--against", "ort-web,tfjs,interpreter", "--threads", "1,2"],
      ...[...quick, "--cold-starts", "1", "--json"],
    ]);
    expect(run.exitCode, run.stderr).toBe(0);
    const document = benchSchema.parse(JSON.parse(run.stdout));
    expect(document).toMatchObject({ model: "relu", reference: "ort-web", weightBytes: 0 });
    const kinds = document.measured.map(({ contender, threads, result }) => [
      contender,
      threads,
      result.kind,
    ]);
    const none = document.measured.filter(({ contender }) => contender === "laminate");
    expect(none.length === 0 || none.length === 2).toBe(true);
    expect(kinds.filter(([contender]) => contender !== "laminate")).toEqual([
      ["ort-web", 1, "measured"],
      ["tfjs-wasm", 1, "measured"],
      ["laminate-interpreter", 1, "measured"],
      ["ort-web", 2, "measured"],
      ["tfjs-wasm", 2, "unsupported"],
      ["laminate-interpreter", 2, "unsupported"],
    ]);
    for (const { contender, result } of document.measured) {
      if (result.kind !== "measured") continue;
      expect(result.seconds.count, contender).toBe(5);
      expect(result.seconds.median, contender).toBeGreaterThan(0);
      expect(result.rangeError ?? 0, contender).toBe(0);
      expect(result.cold?.peakBytes, contender).toBeGreaterThan(1e7);
    }
  });

  test("the table is text on stdout, the machine a note on stderr", async () => {
    const run = await laminate(["bench", model, ...quick, "--cold-starts", "0"]);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/^relu, 0 B of weights/);
    expect(run.stdout).toContain("ort-web 1.30.0 (simd)");
    expect(run.stderr).toContain(`Node ${process.versions.node}`);
  });

  test.each([
    [["--against", "ort-wb"], "there is no contender", "did you mean"],
    [["--against", "ort-web,"], "has an empty entry", "--against ort-web,tfjs"],
    [["--threads", "0"], "is not a whole number from 1 to 64", "--threads 1"],
    [["--repeats", "many"], "is not a whole number", "--repeats"],
  ])("%j is a usage error", async (args, message, fix) => {
    const run = await laminate(["bench", model, ...args]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(message);
    expect(run.stderr).toContain(fix);
  });

  test("a rival that is not installed is named, with the way to get it", () => {
    const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
      readFileSync(join(repositoryRoot, "package.json"), "utf8"),
    );
    const installed = join(folder, "installed");
    for (const part of ["bin", "dist", "package.json"]) {
      cpSync(join(repositoryRoot, part), join(installed, part), { recursive: true });
    }
    mkdirSync(join(installed, "node_modules"));
    for (const name of Object.keys(dependencies)) {
      symlinkSync(join(repositoryRoot, "node_modules", name), join(installed, "node_modules", name));
    }
    for (const [rival, name] of [
      ["ort-web", "onnxruntime-web@1.30.0"],
      ["tfjs", "@tensorflow/tfjs-core@4.22.0"],
    ] as const) {
      const run = spawnSync(process.execPath, ["bin/laminate.js", "bench", model, "--against", rival], {
        cwd: installed,
        encoding: "utf8",
      });
      expect(run.status, run.stderr).toBe(2);
      expect(run.stderr).toContain("is not installed");
      expect(run.stderr).toContain(name);
    }
  });
});

describe("the loop that measures a core's peak", () => {
  test.each(["multiply, add", "relaxed madd"] as const)("%s: x / 2 + 1 ends at 2", (instruction) => {
    const peak = measurePeak(instruction);
    if (peak === undefined) return;
    expect(peak).toBeGreaterThan(0.1);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(peakModule(instruction)));
    const loop = exports.loop as (iterations: number) => number;
    // Twelve accumulators, each at the fixed point of x / 2 + 1; after one step they are 1.5, 2, 2.5, ... 7.
    expect(loop(100)).toBe(24);
    expect(loop(1)).toBe(51);
  });
});

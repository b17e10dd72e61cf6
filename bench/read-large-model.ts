/**
 * Reading a network with all its weights: VGG16, 550 MB, written out from its structure file. Each step runs in a
 * process of its own, so that the peak of its memory is its own. The goal: read in 3 s, file and all, with a peak of
 * 1.3 times the file.
 *
 *   node read-large-model.js STRUCTURE_FILE     (bundled; prints one JSON line for each step)
 */
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exportOnnxChunks } from "../src/graph/onnx/export-onnx.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { readWholeFile } from "../src/host/read-file.ts";

const [first = "", source = "", target = ""] = process.argv.slice(2);

if (first === "write") report(() => writeOut(source, target), target);
else if (first === "read")
  report(() => importOnnx(readWholeFile(source), { name: source }).graph.nodes.length, source);
else if (first === "idle") report(() => 0, source);
else runSteps(first);

function runSteps(structureFile: string): void {
  const folder = mkdtempSync(join(tmpdir(), "laminate-bench-"));
  const large = join(folder, "large.onnx");
  const step = (...args: readonly string[]): void => {
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), ...args], { stdio: "inherit" });
  };
  try {
    step("write", structureFile, large);
    for (let run = 0; run < 3; run++) step("read", large);
    step("idle", large);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writeOut(structureFile: string, largeFile: string): void {
  const model = importOnnx(readFileSync(structureFile), { name: structureFile });
  const file = openSync(largeFile, "w");
  for (const chunk of exportOnnxChunks(model, { materialize: true })) {
    for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
  }
  closeSync(file);
}

/** Runs the step and prints its time and the process's peak memory, also as a multiple of the file. */
function report(step: () => unknown, file: string): void {
  const start = performance.now();
  step();
  const seconds = (performance.now() - start) / 1000;
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  const fileBytes = statSync(file).size;
  console.log(
    JSON.stringify({ step: first, seconds, fileBytes, peakBytes, peakPerFileByte: peakBytes / fileBytes }),
  );
}

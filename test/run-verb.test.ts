/** The verb `run`, on a network of one Relu. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readNpy, writeNpy } from "../src/base/npy.ts";
import type { Tensor } from "../src/graph/ir/tensor.ts";
import { exportTensor } from "../src/graph/onnx/export-tensor.ts";
import { laminate } from "./run-laminate.ts";
import { modelFile, node, reluGraph, value } from "./tiny-models.ts";

const folder = mkdtempSync(join(tmpdir(), "laminate-run-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bytesOf = (...numbers: number[]): Uint8Array => new Uint8Array(new Float32Array(numbers).buffer);

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

const model = file("relu.onnx", modelFile(reluGraph()));
const input = file("x.npy", writeNpy({ descr: "<f4", shape: [2], bytes: bytesOf(-1, 2) }));

/** A folder of test data that expects these outputs for x = [-1, 2]. */
function testData(name: string, ...expected: readonly number[]): string {
  const tensor = (...numbers: readonly number[]): Uint8Array => {
    const data: Tensor = {
      elementType: "float32",
      shape: [numbers.length],
      data: { kind: "bytes", bytes: bytesOf(...numbers) },
    };
    return exportTensor(data);
  };
  file(`${name}/input_0.pb`, tensor(-1, 2));
  file(`${name}/output_0.pb`, tensor(...expected));
  return join(folder, name);
}

describe.concurrent("run", () => {
  test("--input and --output read and write .npy files", async () => {
    const out = join(folder, "out");
    const run = await laminate(["run", model, "--input", `x=${input}`, "--output", out, "--json"]);
    expect(run).toMatchObject({ exitCode: 0 });
    const path = join(out, "y.npy");
    expect(JSON.parse(run.stdout)).toMatchObject({
      schema: "laminate.run/1",
      outputs: [{ name: "y", elementType: "float32", shape: [2], file: path, maxAbsoluteError: null }],
      pass: null,
    });
    expect(readNpy(new Uint8Array(readFileSync(path)), path)).toEqual({
      descr: "<f4",
      shape: [2],
      bytes: bytesOf(0, 2),
    });
  });

  test("--test-data passes, and with another expectation fails with exit code 5", async () => {
    const right = await laminate(["run", model, "--test-data", testData("right", 0, 2), "--json"]);
    expect(right.exitCode, right.stdout).toBe(0);
    expect(JSON.parse(right.stdout)).toMatchObject({
      outputs: [{ name: "y", maxAbsoluteError: 0, maxRelativeError: 0 }],
      pass: true,
    });
    const wrong = await laminate([
      "run",
      model,
      "--test-data",
      testData("wrong", 0, 2.5),
      "--target",
      "interpreter",
      "--json",
    ]);
    expect(wrong.exitCode).toBe(5);
    expect(JSON.parse(wrong.stdout)).toMatchObject({
      outputs: [{ name: "y", maxAbsoluteError: 0.5, maxRelativeError: 0.2 }],
      pass: false,
    });
  });

  test("--random gives the same numbers for the same seed", async () => {
    const outputs = await Promise.all(
      ["a", "b"].map(async (name) => {
        const out = join(folder, name);
        await laminate(["run", model, "--random", "7", "--output", out]);
        return readFileSync(join(out, "y.npy"));
      }),
    );
    expect(outputs[0]).toEqual(outputs[1]);
  });

  const unknown = file(
    "unknown.onnx",
    modelFile(reluGraph({ node: [node("Silu", ["x"], ["y"])], input: [value("x")], output: [value("y")] })),
  );
  test.each([
    ["an input that is missing", ["run", model], 3, 'the input "x" is missing'],
    [
      "an input of another shape",
      [
        "run",
        model,
        "--input",
        `x=${file("long.npy", writeNpy({ descr: "<f4", shape: [3], bytes: bytesOf(1, 2, 3) }))}`,
      ],
      3,
      "float32 [2], and float32 [3] is given",
    ],
    [
      "an input of another type",
      [
        "run",
        model,
        "--input",
        `x=${file("int.npy", writeNpy({ descr: "<i4", shape: [2], bytes: bytesOf(1, 2) }))}`,
      ],
      3,
      "float32 [2], and int32 [2] is given",
    ],
    ["an input that is not there", ["run", model, "--input", `z=${input}`], 3, 'no input "z"'],
    ["a file that is no .npy", ["run", model, "--input", `x=${model}`], 3, "this is no .npy file"],
    [
      "an operator that is not known",
      ["run", unknown, "--input", `x=${input}`],
      3,
      'node "y" (Silu, opset 17)',
    ],
    ["a folder without test data", ["run", model, "--test-data", folder], 3, "no output_0.pb"],
    ["an input without a file", ["run", model, "--input", "x"], 2, "--input x=x.npy"],
    ["a target that is none", ["run", model, "--target", "wams"], 2, "interpreter, wasm"],
    ["threads of the interpreter", ["run", model, "--threads", "2"], 2, "--target wasm"],
  ])("%s is an error that says so", async (_, args, exitCode, text) => {
    const run = await laminate(args);
    expect(run.exitCode, run.stderr).toBe(exitCode);
    expect(run.stderr).toContain(text);
    expect(run.stdout).toBe("");
  });
});

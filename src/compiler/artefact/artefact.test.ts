import { describe, expect, test } from "vitest";
import { addScale, addScaleProgram, programTensor, rotateProgram } from "../../../test/tiny-programs.ts";
import type { FileReader } from "../../base/host.ts";
import { bytesOfContent, contentOf } from "../codegen/content.ts";
import { createRuntime } from "../runtime/runtime.ts";
import { readArtefact } from "./read-artefact.ts";
import { writeArtefact } from "./write-artefact.ts";

const variants = [addScaleProgram(6), addScaleProgram(6, { relaxedSimd: true })];
const a = Float32Array.from([1, 2, 3, 4, 5, 6]);

const readerOf = (files: ReadonlyMap<string, Uint8Array>): FileReader => ({
  read: (name) => files.get(name),
});
const textOf = (files: ReadonlyMap<string, Uint8Array>, name: string): string =>
  new TextDecoder().decode(files.get(name));

test("a folder has one weights file, and a second kernel file only where it differs", () => {
  expect([...writeArtefact(variants).keys()]).toEqual([
    "kernels.wasm",
    "weights.bin",
    "kernels.relaxed.wasm",
    "model.d.ts",
    "model.js",
  ]);
  const [plain = addScaleProgram(6)] = variants;
  const same = writeArtefact([plain, { ...plain, relaxedSimd: true }]);
  expect([...same.keys()]).toEqual(["kernels.wasm", "weights.bin", "model.d.ts", "model.js"]);
  expect([...writeArtefact([plain], { threads: 2 }).keys()]).toEqual([...same.keys()]);
});

test("weights that differ are two files", () => {
  const [plain = addScaleProgram(6), relaxed = plain] = variants;
  const constants = {
    ...relaxed.constants,
    ...contentOf(bytesOfContent(relaxed.constants).toReversed()),
  };
  expect([...writeArtefact([plain, { ...relaxed, constants }]).keys()]).toContain("weights.relaxed.bin");
});

test("what was written is read and runs", async () => {
  const parts = readArtefact(readerOf(writeArtefact(variants)));
  const model = await createRuntime().load(parts);
  expect(await model.run({ a, b: a })).toEqual({ y: addScale(a, a) });
});

test("model.js is small, and nothing of Node is imported", () => {
  const text = textOf(writeArtefact(variants), "model.js");
  expect(text.length).toBeLessThan(12_000);
  expect(text).not.toMatch(/\bimport\b\s*[({"'*]|\bfrom\s*["']/);
});

test("model.d.ts has the network's own names and types, whatever the names are", () => {
  const program = {
    ...rotateProgram(2, []),
    inputs: [programTensor("input:0", "int64", [1, 2], 64), programTensor('*/ "}', "bool", [2], 80)],
    outputs: [programTensor("__proto__", "int32", [], 64)],
  };
  const text = textOf(writeArtefact([program]), "model.d.ts");
  expect(text.slice(0, text.indexOf("export interface LoadOptions"))).toMatchInlineSnapshot(`
    "export interface Inputs {
      /** int64 [1,2] */
      readonly "input:0": BigInt64Array;
      /** bool [2] */
      readonly "*/ \\"}": Uint8Array;
    }

    /** Elements in row-major order. */
    export interface Outputs {
      /** int32 [] */
      readonly "__proto__": Int32Array;
    }

    "
  `);
});

describe("a damaged folder is named", () => {
  const files = writeArtefact(variants);
  const change = async (name: string, bytes: Uint8Array | undefined): Promise<unknown> => {
    const changed = new Map(files);
    if (bytes === undefined) changed.delete(name);
    else changed.set(name, bytes);
    // Without the relaxed kernels it does not matter which engine this is.
    const parts = readArtefact(readerOf(changed));
    const plain = parts.manifest.variants.filter(({ relaxedSimd }) => !relaxedSimd);
    return createRuntime().load({ ...parts, manifest: { ...parts.manifest, variants: plain } });
  };
  const thrown = (where: string, message: RegExp) =>
    expect.objectContaining({ code: "bad-input", where, message: expect.stringMatching(message) });

  test.each(["kernels.wasm", "weights.bin"])("%s", async (name) => {
    const bytes = files.get(name) ?? new Uint8Array();
    const flipped = bytes.map((byte, index) => (index === 9 ? byte ^ 1 : byte));
    await expect(change(name, undefined)).rejects.toThrow(thrown(name, /there is no such file/));
    await expect(change(name, bytes.subarray(0, 20))).rejects.toThrow(
      thrown(name, /has 20 bytes, and \d+ are/),
    );
    const longer = Uint8Array.from([...bytes, 0]);
    await expect(change(name, longer)).rejects.toThrow(thrown(name, /bytes, and \d+ are expected/));
    await expect(change(name, flipped)).rejects.toThrow(thrown(name, /checksum is wrong/));
  });

  test("model.js", async () => {
    const text = textOf(files, "model.js");
    const changed = (from: string | RegExp, to: string) =>
      change("model.js", new TextEncoder().encode(text.replace(from, to)));
    await expect(change("model.js", undefined)).rejects.toThrow(thrown("model.js", /no compiled network/));
    await expect(changed("const manifest", "const other")).rejects.toThrow(thrown("model.js", /no manifest/));
    await expect(changed(/\};\n/, "\n")).rejects.toThrow(thrown("model.js", /manifest is damaged/));
    await expect(changed('"kernels.wasm"', '"../kernels.wasm"')).rejects.toThrow(
      thrown("model.js", /variants\.\d\.kernels\.name/),
    );
    await expect(changed("laminate-model/1", "laminate-model/9")).rejects.toThrow(
      thrown("model.js", /format/),
    );
  });
});

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  folderReader,
  readTextFile,
  readWholeFile,
  writeFileAtomically,
  writeFilesAtomically,
} from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "laminate-host-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const thrown = (message: string, fix: string) => expect.objectContaining({ code: "bad-input", message, fix });

test("a file is read whole", () => {
  const path = join(folder, "model.onnx");
  writeFileSync(path, Uint8Array.from([1, 2, 3]));
  expect([...readWholeFile(path)]).toEqual([1, 2, 3]);
});

test("what is not a file is named", () => {
  expect(() => readWholeFile(join(folder, "none"))).toThrow(
    thrown("there is no such file", "check the path"),
  );
  expect(() => readWholeFile(folder)).toThrow(
    thrown("this is a folder, not a file", "give the path of a file in it"),
  );
  expect(() => readWholeFile("/dev/null")).toThrow(
    thrown("this is not a regular file", "save it as a file first"),
  );
});

test("external data is read once, and only from the model's folder", () => {
  mkdirSync(join(folder, "weights"), { recursive: true });
  writeFileSync(join(folder, "weights", "a.bin"), "abc");
  const reader = folderReader(folder);
  const first = reader.read("weights/a.bin");
  expect(first).toHaveLength(3);
  expect(reader.read("weights/a.bin")).toBe(first);
  expect(reader.read("missing.bin")).toBeUndefined();
  expect(reader.read("a\0b")).toBeUndefined();
  for (const name of ["../secret", "/etc/hostname", "weights/../../secret", ".."])
    expect(() => reader.read(name)).toThrow(/outside the model's folder/);
});

test("writing makes folders, replaces whole files and leaves nothing else behind", () => {
  const path = join(folder, "out", "deep", "result.json");
  writeFileAtomically(path, "one");
  writeFileAtomically(path, "two");
  expect(readFileSync(path, "utf8")).toBe("two");
  expect(readTextFile(path)).toBe("two");
  expect(readdirSync(join(folder, "out", "deep"))).toEqual(["result.json"]);
});

test("a folder of files is written whole or stays as it was", () => {
  const path = join(folder, "several");
  const bytes = (text: string) => new TextEncoder().encode(text);
  writeFilesAtomically(
    path,
    new Map([
      ["a", bytes("one")],
      ["b", bytes("two")],
    ]),
  );
  const files = new Map([
    ["a", bytes("new")],
    ["none/c", bytes("three")],
  ]);
  expect(() => writeFilesAtomically(path, files)).toThrow(
    expect.objectContaining({ code: "bad-input", where: join(path, "none/c") }),
  );
  expect(readdirSync(path).toSorted()).toEqual(["a", "b"]);
  expect(readTextFile(join(path, "a"))).toBe("one");
});

test("a path that cannot be written is named", () => {
  const path = join(folder, "model.onnx", "below-a-file");
  expect(() => writeFileAtomically(path, "x")).toThrow(
    expect.objectContaining({ code: "bad-input", where: path }),
  );
  expect(() => writeFileAtomically(folder, "x")).toThrow(
    thrown("this is a folder, not a file", "give the path of a file in it"),
  );
});

test("a folder that the system refuses to make is named, and not tried for ever", () => {
  const path = join("/proc", "no-such-folder", "result.json");
  expect(() => writeFileAtomically(path, "x")).toThrow(
    expect.objectContaining({ code: "bad-input", where: path }),
  );
});

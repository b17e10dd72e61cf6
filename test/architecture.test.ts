/**
 * Holds the floors: who may import whom, what may touch Node, and how large a file may grow. The table is the one of
 * docs/architecture.md.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..", "src");

/** Each room and the rooms that it may import from, itself always among them. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  "graph/ir": ["base"],
  "graph/ops": ["base", "graph/ir"],
  "graph/onnx": ["base", "graph/ir", "graph/ops"],
  "graph/interpreter": ["base", "graph/ir", "graph/ops"],
  "graph/autodiff": ["base", "graph/ir", "graph/ops"],
  "compiler/fusion": ["base", "graph/ir", "graph/ops", "graph/interpreter"],
  "compiler/codegen": ["base", "graph/ir", "graph/ops", "graph/interpreter", "compiler/fusion"],
  "compiler/runtime": ["base", "graph/ir", "compiler/codegen"],
  "compiler/profile": ["base", "graph/ir", "compiler/fusion", "compiler/codegen", "compiler/runtime"],
  "compiler/artefact": ["base", "graph/ir", "compiler/codegen", "compiler/runtime"],
  "mapping/accelerator": ["base", "graph/ir"],
  "mapping/workload": ["base", "graph/ir", "graph/ops", "compiler/fusion"],
  "mapping/space": ["base", "mapping/workload", "mapping/accelerator"],
  "mapping/cost": ["base", "graph/ir", "mapping/workload", "mapping/accelerator", "mapping/space"],
  "mapping/targets": [
    "base",
    "graph/ir",
    "graph/ops",
    "compiler/fusion",
    "compiler/profile",
    "compiler/runtime",
    "mapping/accelerator",
    "mapping/workload",
    "mapping/space",
    "mapping/cost",
  ],
  "mapping/mappers": [
    "base",
    "mapping/workload",
    "mapping/accelerator",
    "mapping/space",
    "mapping/cost",
    "mapping/targets",
  ],
  "mapping/testing": ["base", "mapping/workload", "mapping/accelerator", "mapping/space", "mapping/cost"],
  report: [
    "base",
    "graph/ir",
    "compiler/fusion",
    "compiler/codegen",
    "mapping/workload",
    "mapping/accelerator",
    "mapping/space",
    "mapping/cost",
    "mapping/targets",
    "mapping/mappers",
  ],
  learning: [
    "base",
    "graph/ir",
    "graph/ops",
    "graph/onnx",
    "graph/autodiff",
    "compiler/fusion",
    "compiler/codegen",
    "compiler/runtime",
    "mapping/accelerator",
    "mapping/workload",
    "mapping/space",
    "mapping/cost",
    "mapping/mappers",
    "report",
  ],
  index: ["*"],
  cli: ["*"],
  host: ["base"],
};

/** Goes into every model.js as text and is no part of the library, so it may bring Node and the web together. */
const modelLoader = "compiler/artefact/loader.ts";

/** The text without comments, which may speak of what the code must not touch. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");
}

interface SourceFile {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => {
    const text = readFileSync(join(root, path), "utf8");
    const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1] ?? "");
    return { path, room: roomOf(path), text, imports };
  });
const sources = files.filter(({ path }) => !path.endsWith(".test.ts") && !isForTests(path));

function isForTests(path: string): boolean {
  return path.split("/").includes("testing");
}

function roomOf(path: string): string {
  const parts = path.split("/");
  const two = parts.slice(0, 2).join("/");
  if (two in mayImport) return two;
  return (parts[0] ?? "").replace(/\.ts$/, "");
}

function importedPath(file: SourceFile, specifier: string): string {
  return relative(root, resolve(root, dirname(file.path), specifier));
}

test("every file stands in a room of the table", () => {
  expect(files.filter(({ room }) => !(room in mayImport)).map(({ path }) => path)).toEqual([]);
  expect(sources.length).toBeGreaterThan(50);
});

test("docs/architecture.md has the table, and a paragraph for each room", () => {
  const page = readFileSync(resolve(root, "..", "docs", "architecture.md"), "utf8");
  const cell = (allowed: readonly string[]): string =>
    allowed.includes("*") ? "all rooms" : allowed.map((room) => `\`${room}\``).join(", ") || "nothing";
  const rows = Object.entries(mayImport).map(([room, allowed]) => `| \`${room}\` | ${cell(allowed)} |`);
  expect(rows.filter((row) => !page.includes(`\n${row}\n`))).toEqual([]);
  expect(Object.keys(mayImport).filter((room) => !page.includes(`**\`${room}\`**`))).toEqual([]);
  expect(page.match(/^\| `[^`]+` \|/gm)?.length).toBe(rows.length);
});

test("a room imports only from rooms below it", () => {
  const wrong: string[] = [];
  for (const file of files) {
    for (const specifier of file.imports.filter((name) => name.startsWith("."))) {
      const target = importedPath(file, specifier);
      const allowed = mayImport[file.room] ?? [];
      if (file.path === modelLoader && roomOf(target) === "host") continue;
      const isTest = file.path.endsWith(".test.ts") || isForTests(file.path);
      if (roomOf(target) === file.room || allowed.includes("*") || allowed.includes(roomOf(target))) continue;
      if (isTest && (isForTests(target) || target.startsWith("../test/"))) continue;
      wrong.push(`${file.path} imports ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("only cli imports host or index, and only cli and host touch Node", () => {
  const wrong: string[] = [];
  for (const { path, room, imports, text } of sources) {
    if (room === "cli" || room === "host") continue;
    for (const name of imports) if (name.startsWith("node:")) wrong.push(`${path} imports ${name}`);
    if (/\bprocess\.|\bBuffer\./.test(codeOf(text))) wrong.push(`${path} touches Node or the DOM`);
    if (path === modelLoader) continue;
    for (const name of imports) if (/\/(?:host|cli)\//.test(name)) wrong.push(`${path} imports ${name}`);
  }
  expect(wrong).toEqual([]);
});

test("the loader of compiled networks is imported as text only", () => {
  const importers = sources.flatMap(({ path, imports }) =>
    imports.filter((name) => name.includes("/loader.ts")).map((name) => `${path} imports ${name}`),
  );
  expect(importers).toEqual(["compiler/artefact/write-artefact.ts imports ./loader.ts?bundle"]);
});

test("one mapper never imports another", () => {
  const wrong: string[] = [];
  for (const file of sources.filter(({ path }) => /^mapping\/mappers\/[^/]+\//.test(path))) {
    const own = file.path.split("/")[2];
    for (const specifier of file.imports.filter((name) => name.startsWith("."))) {
      const other = importedPath(file, specifier).match(/^mapping\/mappers\/([^/]+)\//)?.[1];
      if (other && other !== own) wrong.push(`${file.path} imports ${specifier}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("imports have no cycles", () => {
  const byPath = new Map(sources.map((file) => [file.path, file]));
  const state = new Map<string, "open" | "done">();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === "done") return;
    if (state.get(path) === "open") {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
      return;
    }
    state.set(path, "open");
    const file = byPath.get(path);
    // Types do not exist at run time, so two files may name each other's types.
    const text = (file?.text ?? "").replace(/import type [^;]*;/g, "").replace(/export type \{[^;]*;/g, "");
    for (const match of text.matchAll(/from\s+"(\.[^"]+)"/g)) {
      if (file) visit(importedPath(file, match[1] ?? ""), [...trail, path]);
    }
    state.set(path, "done");
  };
  for (const { path } of sources) visit(path, []);
  expect(cycles).toEqual([]);
});

describe("style", () => {
  test("files stay readable: sources at most 340 lines, tests at most 400", () => {
    const long = files
      .map(({ path, text }) => [path, text.split(/\n/).length] as const)
      .filter(([path, lines]) => lines > (path.endsWith(".test.ts") ? 400 : 340));
    expect(long).toEqual([]);
  });

  test("every file opens with what it is", () => {
    const bare = sources.filter(({ text }) => !/^(?:\/\*\*|#!|\/\/)/.test(text)).map(({ path }) => path);
    // A file of one documented thing may begin with its imports, as long as something in it is documented.
    expect(
      bare.filter((path) => !/\/\*\*/.test(sources.find((file) => file.path === path)?.text ?? "")),
    ).toEqual([]);
  });

  test("nothing random or timed of its own in the library", () => {
    const wrong = sources
      .filter(({ room }) => room !== "cli" && room !== "host")
      .filter(
        ({ text, path }) =>
          /Math\.random|Date\.now|new Date\(/.test(codeOf(text)) ||
          (/performance\.now/.test(text) && !path.endsWith("find-mapping.ts")),
      )
      .map(({ path }) => path);
    expect(wrong).toEqual([]);
  });
});

/** The built package: what it exports, and that the library needs neither Node nor generated code. */
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** A built file and every file of ours that it imports, with their texts. */
function bundle(entry: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const visit = (path: string): void => {
    if (texts.has(path)) return;
    const text = readFileSync(path, "utf8");
    texts.set(path, text);
    for (const match of text.matchAll(/from\s*"(\.[^"]+)"/g)) visit(join(dirname(path), match[1] ?? ""));
  };
  visit(join(root, "dist", entry));
  return texts;
}

test.each(["index.js", "report.js"])("%s runs where there is no Node and no eval", (entry) => {
  for (const [path, text] of bundle(entry)) {
    const imports = [...text.matchAll(/from\s*"([^"]+)"/g)].map((match) => match[1] ?? "");
    expect([path, imports.filter((name) => name.startsWith("node:"))]).toEqual([path, []]);
    expect([path, /\bnew Function\(|\beval\(/.test(text)]).toEqual([path, false]);
  }
});

test("the package's entry points exist and export what they promise", async () => {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const [name, entry] of Object.entries<Record<string, string> | string>(exports)) {
    if (typeof entry === "string") continue;
    for (const path of Object.values(entry))
      expect([name, readFileSync(join(root, path), "utf8").length > 0]).toEqual([name, true]);
  }
  const library = await import(join(root, "dist", "index.js"));
  expect(library.mappers.map((create: () => { name: string }) => create().name)).toEqual([
    "layer-by-layer",
    "random",
    "pso",
    "de",
    "cma-es",
    "tbpsa",
    "cga",
    "std-ga",
    "annealing",
    "a2c",
    "ddpg",
    "g-teacher",
    "exact",
  ]);
});

test("the lock file names no download addresses and leaves no platform out", () => {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const packages: Record<string, { resolved?: string; optionalDependencies?: Record<string, string> }> =
    lock.packages;
  for (const [path, entry] of Object.entries(packages)) {
    expect([path, entry.resolved]).toEqual([path, undefined]);
    for (const optional of Object.keys(entry.optionalDependencies ?? {})) {
      const found = Object.keys(packages).some((other) => other.endsWith(`node_modules/${optional}`));
      expect([path, optional, found]).toEqual([path, optional, true]);
    }
  }
});

/** docs/dataset.md says what every feature is. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { generalSchema } from "./general-schema.ts";
import { paperSchema } from "./paper-schema.ts";

const page = readFileSync(fileURLToPath(new URL("../../../docs/dataset.md", import.meta.url)), "utf8");

test("the page's table has every feature of the general schema once, in the schema's order", () => {
  const table = page.slice(page.indexOf("| features | what they are |"), page.indexOf("All sizes are told"));
  const cells = [...table.matchAll(/^\| ([^|]+) \|/gm)].slice(1).flatMap(([, cell = ""]) => cell.split(", "));
  expect(cells.filter((name) => !name.startsWith("-"))).toEqual(generalSchema.state.map(({ name }) => name));
});

test("the page gives the versions and the paper schema's constants", () => {
  for (const { name, version } of [paperSchema, generalSchema]) {
    expect(page).toContain(`**\`${name}\`**, version ${version}`);
  }
  const constants =
    "K, C (log2, / 12), Y, X (log2, / 8), R, S (log2, / 3), memoryPerImage (log2, - 18, / 2) and performance";
  expect(page).toContain(constants);
  const told = paperSchema.state.map(({ name, scale, offset, divisor }) => [name, scale, offset, divisor]);
  expect(told).toEqual([
    ["K", "log2", 0, 12],
    ["C", "log2", 0, 12],
    ["Y", "log2", 0, 8],
    ["X", "log2", 0, 8],
    ["R", "log2", 0, 3],
    ["S", "log2", 0, 3],
    ["memoryPerImage", "log2", 18, 2],
    ["performance", "linear", 0, 1],
  ]);
});

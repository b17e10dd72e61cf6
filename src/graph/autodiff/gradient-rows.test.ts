/** The gradient of every operator against central differences, on random shapes from printed seeds. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkGradients } from "../../../test/check-gradients.ts";
import { gradientCases } from "../../../test/gradient-cases.ts";
import { differentiableOperators } from "./gradient-rows.ts";

/** Each case runs with so many seeds. */
const seeds = Array.from({ length: 8 }, (_, index) => 1000 + index);

describe("the gradient is the slope", () => {
  test.each(Object.keys(gradientCases))("%s", (name) => {
    const check = gradientCases[name];
    if (check === undefined) throw new Error(`no ${name}`);
    for (const seed of seeds) checkGradients(check, seed);
  });
});

test("every row has a case", () => {
  const covered = new Set(Object.keys(gradientCases).map((name) => name.split(" ")[0]));
  expect(differentiableOperators.filter((operator) => !covered.has(operator))).toEqual([]);
});

test("docs/training-graphs.md lists the rows", () => {
  const page = readFileSync(new URL("../../../docs/training-graphs.md", import.meta.url), "utf8");
  const listed = page.match(/<!-- rows -->\n([\s\S]*?)\n<!-- end of rows -->/)?.[1] ?? "";
  const names = [...listed.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
  expect(names.sort()).toEqual(differentiableOperators);
});

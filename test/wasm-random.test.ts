/** Random networks through the whole compiler. LAMINATE_SEED and LAMINATE_RUNS look at others and more of them. */
import { describe, expect, test } from "vitest";
import { checkRandom, randomKinds } from "../src/compiler/codegen/testing/compare-compiled.ts";

const seed = Number(process.env.LAMINATE_SEED ?? 7);
const count = Number(process.env.LAMINATE_RUNS ?? 150);

describe(`${count} random networks are what the interpreter says, seed ${seed}`, () => {
  test.each(Object.entries(randomKinds))("%s", { timeout: 3_600_000 }, (_, kind) => {
    expect(checkRandom(kind, seed, count)).toBeLessThan(count / 8);
  });
});

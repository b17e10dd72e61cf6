/** Random networks through the whole compiler; test/wasm-random.test.ts runs many more. */
import { describe, expect, test } from "vitest";
import { checkRandom, randomKinds } from "./testing/compare-compiled.ts";

const seed = 20_260_101;
const count = 8;

describe(`random networks are what the interpreter says, seed ${seed}`, () => {
  test.each(Object.entries(randomKinds))("%s", (_, kind) => {
    expect(checkRandom(kind, seed, count)).toBeLessThan(count / 4);
  });
});

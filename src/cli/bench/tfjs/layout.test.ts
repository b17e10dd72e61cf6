import fc from "fast-check";
import { expect, test } from "vitest";
import { axisIn, inLayout, movesNothing, toLast, toPlain, transposed } from "./layout.ts";

const image = ["N", "C", "H", "W"];

test("an axis keeps its name in the other layout", () => {
  expect(inLayout("last", image)).toEqual(["N", "H", "W", "C"]);
  image.forEach((name, axis) => {
    expect(inLayout("last", image)[axisIn("last", axis)]).toBe(name);
    expect(axisIn("plain", axis)).toBe(axis);
  });
});

test("a permutation that moves only axes of size 1 moves nothing", () => {
  expect(movesNothing(toLast, [1, 64, 1, 1])).toBe(true);
  expect(movesNothing(toLast, [1, 1, 28, 28])).toBe(true);
  expect(movesNothing(toLast, [1, 3, 28, 28])).toBe(false);
});

test("there and back again is where one was", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 4, maxLength: 4 }), (shape) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const plain = Float32Array.from({ length: count }, (_, index) => index);
      const last = transposed(plain, shape, toLast, new Float32Array(count));
      const back = transposed(last, inLayout("last", shape), toPlain, new Float32Array(count));
      expect(back).toEqual(plain);
      if (movesNothing(toLast, shape)) expect(last).toEqual(plain);
    }),
  );
});

test("elements go where the axes go", () => {
  // [2, 3] -> [3, 2]
  const moved = transposed(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3], [1, 0], new Float32Array(6));
  expect([...moved]).toEqual([1, 4, 2, 5, 3, 6]);
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Dimension } from "../ir/tensor.ts";
import { symbolTable } from "./symbols.ts";

describe("arithmetic on dimensions", () => {
  const { add, subtract, multiply, floorDivide, ceilDivide, either, isNonNegative } = symbolTable();

  test("numbers are just numbers", () => {
    expect(add(2, 3)).toBe(5);
    expect(floorDivide(7, 2)).toBe(3);
    expect(ceilDivide(7, 2)).toBe(4);
  });

  test("sums and products have one form, whatever the order", () => {
    expect(add(multiply(2, "N"), 1)).toBe("2*N+1");
    expect(multiply(add("N", 1), "S")).toBe("N*S+S");
    expect(add(multiply("S", "N"), "S")).toBe(multiply("S", add(1, "N")));
    expect(subtract(add("N", 5), "N")).toBe(5);
  });

  test("names with signs in them stay one name", () => {
    expect(add(multiply("past + seq", 2), 1)).toBe("2*(past + seq)+1");
  });

  test("what divides leaves the rounding", () => {
    expect(floorDivide(multiply("N", 12), 4)).toBe("3*N");
    expect(floorDivide(add(multiply("N", 4), 3), 2)).toBe("2*N+1");
    expect(floorDivide(multiply(multiply("N", "S"), 64), multiply("N", 8))).toBe("8*S");
    expect(ceilDivide("H", 2)).toBe("floor((H+1)/2)");
  });

  test("a size that was named wins over one that was not", () => {
    const table = symbolTable();
    expect(table.either(table.fresh(), "N")).toBe("N");
    expect(either("N", "M")).toBe("either(M,N)");
    expect(either(either("N", "M"), "N")).toBe("either(M,N)");
  });

  test("sums without a minus are not negative", () => {
    expect(isNonNegative(add("N", 3))).toBe(true);
    expect(isNonNegative(subtract("N", 3))).toBe(false);
  });

  test("expressions do not grow without end", () => {
    let size: Dimension = "N";
    for (let round = 0; round < 100; round++) size = add(multiply(size, `x${round}`), 1);
    expect(String(size).length).toBeLessThan(200);
  });

  test("an expression has the value of its parts", () => {
    // Symbols are bound after the fact by evaluating the printed form.
    const leaf = fc.oneof(fc.integer({ min: -4, max: 9 }), fc.constantFrom("a", "b"));
    const steps = fc.array(fc.tuple(fc.constantFrom("add", "subtract", "multiply"), leaf), { maxLength: 4 });
    fc.assert(
      fc.property(leaf, steps, (start, all) => {
        const table = symbolTable();
        const bound = (size: Dimension): number => (typeof size === "number" ? size : size === "a" ? 3 : 5);
        let symbolic: Dimension = start;
        let value = bound(start);
        for (const [step, operand] of all) {
          if (step === "add") [symbolic, value] = [table.add(symbolic, operand), value + bound(operand)];
          if (step === "subtract")
            [symbolic, value] = [table.subtract(symbolic, operand), value - bound(operand)];
          if (step === "multiply")
            [symbolic, value] = [table.multiply(symbolic, operand), value * bound(operand)];
        }
        expect(evaluate(String(symbolic))).toBe(value + 0);
      }),
    );
  });
});

/** Evaluates a printed polynomial with a = 3 and b = 5. */
function evaluate(text: string): number {
  const terms = text.match(/[+-]?[^+-]+/g) ?? [];
  let sum = 0;
  for (const term of terms) {
    const sign = term.startsWith("-") ? -1 : 1;
    const factors = term.replace(/^[+-]/, "").split("*");
    sum +=
      sign *
      factors.map((name) => (name === "a" ? 3 : name === "b" ? 5 : Number(name))).reduce((x, y) => x * y, 1);
  }
  return sum;
}

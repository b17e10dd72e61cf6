import { expect, test } from "vitest";
import { algebraOfOperator } from "./algebra.ts";
import { rowOf } from "./registry.ts";

test("every operator named has a row, and the row carries its laws", () => {
  for (const [operator, algebra] of algebraOfOperator) {
    expect(rowOf({ operator, domain: "" })?.algebra, operator).toEqual(algebra);
    for (const over of algebra.distributesOver ?? [])
      expect(rowOf({ operator: over, domain: "" })).toBeDefined();
  }
});

type Binary = (a: number, b: number) => number;
const binary: Readonly<Record<string, Binary>> = {
  Add: (a, b) => a + b,
  Sum: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mean: (a, b) => (a + b) / 2,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Max: Math.max,
  Min: Math.min,
  Pow: (a, b) => a ** b,
};
const unary: Readonly<Record<string, (a: number) => number>> = {
  Abs: Math.abs,
  Neg: (a) => -a,
  Reciprocal: (a) => 1 / a,
  Sign: Math.sign,
  Sqrt: Math.sqrt,
};

test("the laws of the elementwise operators hold on numbers", () => {
  const [a, b, c] = [2.25, 0.5, 3];
  for (const [name, f] of Object.entries(binary)) {
    const laws = algebraOfOperator.get(name) ?? {};
    if (laws.commutative) expect(f(a, b), name).toBeCloseTo(f(b, a));
    if (laws.associative) expect(f(f(a, b), c), name).toBeCloseTo(f(a, f(b, c)));
    for (const [over, g] of overs(laws.distributesOver)) {
      expect(f(g(a, b), c), `${name} over ${over}`).toBeCloseTo(g(f(a, c), f(b, c)));
    }
  }
  for (const [name, f] of Object.entries(unary)) {
    for (const [over, g] of overs(algebraOfOperator.get(name)?.distributesOver)) {
      expect(f(g(a, b)), `${name} over ${over}`).toBeCloseTo(g(f(a), f(b)));
    }
  }
});

function overs(names: readonly string[] = []): [string, Binary][] {
  return names.flatMap((name): [string, Binary][] => {
    const g = binary[name];
    return g === undefined ? [] : [[name, g]];
  });
}

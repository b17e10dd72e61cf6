/** Rules from associativity: in which order a chain is computed, so that small operands and constants meet first. */
import { alongSum, matrices, nonNegative } from "../conditions.ts";
import type { RuleFamily } from "../rule.ts";
import { abelian, each, floatAbelian, pairs } from "./operators.ts";

const lattice = abelian.filter((operator) => !floatAbelian.includes(operator));
const bits = { floats: "exact", integers: true, truths: true } as const;
const numbers = { floats: "rounding", integers: true } as const;
const small = { B: "m", C: "m" } as const;

/** Chains of one operator. Max, Min and the operators of truth values and bits are exact; Add and Mul round. */
const chains: readonly Pick<RuleFamily, "name" | "law" | "shapes">[] = [
  { name: "regroup", law: "f(f(A, B), C) -> f(A, f(B, C))", shapes: small },
  {
    name: "regroup two chains",
    law: "f(f(A, B), f(C, D)) -> f(f(A, C), f(B, D))",
    shapes: { B: "m", D: "m" },
  },
  {
    name: "regroup a longer chain",
    law: "f(f(f(A, B), C), D) -> f(f(A, C), f(B, D))",
    shapes: { B: "m", D: "m" },
  },
];

/** A group's operator and its inverse: a - b is a and the inverse of b. */
const inverses = pairs(
  ["f", "g"],
  [
    ["Add", "Sub"],
    ["Mul", "Div"],
  ],
);

const withInverses: readonly (readonly [string, Record<string, "m">])[] = [
  ["f(g(A, B), C) -> f(A, g(C, B))", small],
  ["g(f(A, B), C) -> f(A, g(B, C))", small],
  ["g(g(A, B), C) -> g(A, f(B, C))", small],
  ["f(g(B, A), C) -> g(f(B, C), A)", small],
  ["g(g(B, A), C) -> g(g(B, C), A)", small],
  ["g(C, f(A, B)) -> g(g(C, B), A)", small],
  ["g(C, g(A, B)) -> g(f(C, B), A)", small],
  ["g(C, g(B, A)) -> f(A, g(C, B))", small],
];

/** Whole numbers divide towards zero, so that only Add and Sub are regrouped there. */
const isWhole = ({ f }: Readonly<Record<string, string>>): boolean => f === "Add";

export const associativeRules: readonly RuleFamily[] = [
  ...chains.flatMap(({ name, law, shapes = {} }): RuleFamily[] => [
    { name, property: "associative", law, operators: each("f", lattice), ...bits, shapes },
    {
      name: `${name} of numbers`,
      property: "associative",
      law,
      operators: each("f", floatAbelian),
      ...numbers,
      shapes,
    },
  ]),
  ...withInverses.flatMap(([law, shapes], index): RuleFamily[] => [
    {
      name: `regroup with inverse ${index + 1}`,
      property: "associative",
      law,
      operators: inverses.filter(isWhole),
      ...numbers,
      shapes,
    },
    {
      name: `regroup with quotient ${index + 1}`,
      property: "associative",
      law,
      operators: inverses.filter((entry) => !isWhole(entry)),
      floats: "rounding",
      shapes,
    },
  ]),
  {
    name: "square of a repeated factor",
    property: "associative",
    law: "(A * B) * (B * C) -> (A * C) * Square(B)",
    ...numbers,
    shapes: { B: "m" },
  },
  {
    name: "square of a repeated reciprocal",
    property: "associative",
    law: "Reciprocal(A) * Reciprocal(A * B) -> Square(Reciprocal(A)) * Reciprocal(B)",
    floats: "fast-math",
  },
  {
    name: "product of two roots",
    property: "associative",
    law: "(A * Sqrt(B)) * (Sqrt(B) * C) -> (A * B) * C",
    floats: "rounding",
    when: [nonNegative("B")],
  },
  {
    name: "product of absolute values",
    property: "associative",
    law: "(Abs(A) * B) * Abs(C) -> Abs(A * C) * B",
    floats: "rounding",
  },
  {
    name: "product of matrices from the right",
    property: "associative",
    law: "MatMul(MatMul(A, B), C) -> MatMul(A, MatMul(B, C))",
    floats: "rounding",
    when: [matrices("A", "B", "C")],
    shapes: { C: "m" },
  },
  {
    name: "product of matrices from the left",
    property: "associative",
    law: "MatMul(A, MatMul(B, C)) -> MatMul(MatMul(A, B), C)",
    floats: "rounding",
    when: [matrices("A", "B", "C")],
    shapes: { A: "n" },
  },
  {
    name: "scale rows after the product",
    property: "associative",
    law: "MatMul(A * S, B) -> MatMul(A, B) * S",
    floats: "rounding",
    when: [matrices("A", "B"), alongSum("S", -1)],
    shapes: { B: "m", S: "1" },
  },
  {
    name: "scale columns after the product",
    property: "associative",
    law: "MatMul(A, B * S) -> MatMul(A, B) * S",
    floats: "rounding",
    when: [matrices("A", "B"), alongSum("S", -2)],
    shapes: { A: "n", S: "1" },
  },
  {
    name: "scale rows before the product",
    property: "associative",
    law: "MatMul(A, B) * S -> MatMul(A * S, B)",
    floats: "rounding",
    when: [matrices("A", "B"), alongSum("S", -1)],
    shapes: { A: "m", B: "n", S: "1" },
  },
  {
    name: "scale columns before the product",
    property: "associative",
    law: "MatMul(A, B) * S -> MatMul(A, B * S)",
    floats: "rounding",
    when: [matrices("A", "B"), alongSum("S", -2)],
    shapes: { A: "m", B: "n", S: "1" },
  },
];

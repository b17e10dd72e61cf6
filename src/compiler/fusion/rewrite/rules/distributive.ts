/** Rules from distributivity: a common factor is taken out, a function is computed of one value instead of two. */
import { factorNonNegative, matrices, nonNegative, shiftsLeft } from "../conditions.ts";
import type { RuleFamily } from "../rule.ts";
import { both, distributing, each, homomorphic, pairs } from "./operators.ts";

const sums = ["Add", "Sub"];
const isNumeric = ([f]: readonly [string, string]): boolean => f === "Mul" || f === "Div";
const isLattice = ([f]: readonly [string, string]): boolean => !isNumeric([f, ""]) && f !== "BitShift";
/** Of two operands, and with a result of their type. */
const chosen: readonly string[] = ["Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "Mod", "PRelu"];

/** A negation or an absolute value is taken before or after, the bits are the same. */
const exactly = (pair: readonly [string, string]): boolean => ["Neg", "Abs"].includes(pair[0]);

export const distributiveRules: readonly RuleFamily[] = [
  {
    name: "take out a factor",
    property: "distributive",
    law: "g(f(A, C), f(B, C)) -> f(g(A, B), C)",
    operators: pairs(
      ["f", "g"],
      distributing.filter(([f]) => f === "Mul"),
    ),
    floats: "rounding",
    integers: true,
  },
  {
    name: "take out a divisor",
    property: "distributive",
    law: "g(f(A, C), f(B, C)) -> f(g(A, B), C)",
    operators: pairs(
      ["f", "g"],
      distributing.filter(([f]) => f === "Div"),
    ),
    floats: "rounding",
  },
  {
    name: "take out a limit, a truth value or a mask",
    property: "distributive",
    law: "g(f(A, C), f(B, C)) -> f(g(A, B), C)",
    operators: pairs(["f", "g"], distributing.filter(isLattice)),
    floats: "exact",
    integers: true,
    truths: true,
  },
  {
    name: "take out a shift",
    property: "distributive",
    law: "BitShift(A, C) + BitShift(B, C) -> BitShift(A + B, C)",
    integers: true,
    when: [shiftsLeft],
  },
  {
    name: "take out a factor from a longer sum",
    property: "distributive",
    law: "(D + A * C) + B * C -> D + (A + B) * C",
    floats: "rounding",
    integers: true,
  },
  {
    name: "take out a factor from a longer difference",
    property: "distributive",
    law: "(D + A * C) - B * C -> D + (A - B) * C",
    floats: "rounding",
    integers: true,
  },
  {
    name: "take out a factor with nothing beside it",
    property: "distributive",
    law: "A + A * B -> A * (B + 1)",
    floats: "rounding",
    integers: true,
  },
  {
    name: "take out a factor from one less its multiple",
    property: "distributive",
    law: "A - A * B -> A * (1 - B)",
    floats: "rounding",
    integers: true,
  },
  {
    name: "take out a factor from a multiple less one",
    property: "distributive",
    law: "A * B - A -> A * (B - 1)",
    floats: "rounding",
    integers: true,
  },
  {
    name: "a sum of equal values",
    property: "distributive",
    law: "(A + B) + A * C -> A * (C + 1) + B",
    floats: "rounding",
    integers: true,
    shapes: { C: "m" },
  },
  {
    name: "take out a matrix on the right",
    property: "distributive",
    law: "g(MatMul(A, C), MatMul(B, C)) -> MatMul(g(A, B), C)",
    operators: each("g", sums),
    floats: "rounding",
    when: [matrices("A", "B", "C")],
  },
  {
    name: "take out a matrix on the left",
    property: "distributive",
    law: "g(MatMul(C, A), MatMul(C, B)) -> MatMul(C, g(A, B))",
    operators: each("g", sums),
    floats: "rounding",
    when: [matrices("A", "B", "C")],
  },
  {
    name: "one negation or absolute value for two",
    property: "distributive",
    law: "g(f(A), f(B)) -> f(g(A, B))",
    operators: pairs(["f", "g"], homomorphic.filter(exactly)),
    floats: "exact",
  },
  {
    name: "one negation for two, of whole numbers",
    property: "distributive",
    law: "g(Neg(A), Neg(B)) -> Neg(g(A, B))",
    operators: each("g", sums),
    integers: true,
  },
  {
    name: "one reciprocal for two",
    property: "distributive",
    law: "g(f(A), f(B)) -> f(g(A, B))",
    operators: pairs(
      ["f", "g"],
      homomorphic.filter(([f]) => f === "Reciprocal"),
    ),
    floats: "rounding",
  },
  {
    name: "one root for two",
    property: "distributive",
    law: "g(f(A), f(B)) -> f(g(A, B))",
    operators: pairs(
      ["f", "g"],
      homomorphic.filter(([f]) => f === "Sqrt"),
    ),
    floats: "fast-math",
    when: [nonNegative("A"), nonNegative("B")],
  },
  {
    // The product of two small numbers may be 0, that of their signs is not.
    name: "one sign for two",
    property: "distributive",
    law: "g(f(A), f(B)) -> f(g(A, B))",
    operators: pairs(
      ["f", "g"],
      homomorphic.filter(([f]) => f === "Sign"),
    ),
    floats: "fast-math",
  },
  {
    name: "one square for two",
    property: "distributive",
    law: "Square(A) * Square(B) -> Square(A * B)",
    floats: "rounding",
    integers: true,
  },
  {
    name: "one power for two",
    property: "distributive",
    law: "Pow(A, C) * Pow(B, C) -> Pow(A * B, C)",
    floats: "fast-math",
    when: [nonNegative("A"), nonNegative("B")],
  },
  {
    name: "one exponential for two",
    property: "distributive",
    law: "f(Exp(A), Exp(B)) -> Exp(g(A, B))",
    operators: pairs(
      ["f", "g"],
      [
        ["Mul", "Add"],
        ["Div", "Sub"],
      ],
    ),
    floats: "fast-math",
  },
  {
    name: "one logarithm for two",
    property: "distributive",
    law: "f(Log(A), Log(B)) -> Log(g(A, B))",
    operators: pairs(
      ["f", "g"],
      [
        ["Add", "Mul"],
        ["Sub", "Div"],
      ],
    ),
    floats: "fast-math",
    when: [nonNegative("A"), nonNegative("B")],
  },
  {
    name: "shift after an extreme of two",
    property: "distributive",
    law: "f(g(A, C), g(B, C)) -> g(f(A, B), C)",
    operators: both(["f", "g"], ["Max", "Min"], sums),
    floats: "exact",
  },
  {
    name: "scale after an extreme of two",
    property: "distributive",
    law: "f(A * C, B * C) -> f(A, B) * C",
    operators: each("f", ["Max", "Min"]),
    floats: "exact",
    when: [factorNonNegative("C")],
  },
  {
    name: "choose before a common operand",
    property: "distributive",
    law: "Where(P, f(A, C), f(B, C)) -> f(Where(P, A, B), C)",
    operators: each("f", chosen),
    floats: "exact",
    integers: true,
  },
];

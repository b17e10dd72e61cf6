/** Rules from what comes with associativity: neutral elements, inverses, idempotence, absorption. */
import { factorNonNegative, nonNegative } from "../conditions.ts";
import type { RuleFamily } from "../rule.ts";
import { each, pairs } from "./operators.ts";

const whole = { floats: "exact", integers: true } as const;

/** Laws of neutral elements; a 0 that is added to -0 makes it 0, which compares equal. */
const neutral: readonly string[] = ["A + 0 -> A", "A - 0 -> A", "A * 1 -> A", "A / 1 -> A"];
const byNumber: readonly string[] = ["0 - A -> Neg(A)", "A * -1 -> Neg(A)"];
const signs: readonly string[] = [
  "A - Neg(B) -> A + B",
  "A + Neg(B) -> A - B",
  "Neg(A - B) -> B - A",
  "Neg(A) * Neg(B) -> A * B",
  "Neg(A) * c -> A * Neg(c)",
];

function list(
  name: string,
  laws: readonly string[],
  parts: Omit<RuleFamily, "name" | "law" | "property">,
): RuleFamily[] {
  return laws.map((law, index) => ({ name: `${name} ${index + 1}`, property: "neutral", law, ...parts }));
}

export const neutralRules: readonly RuleFamily[] = [
  ...list("neutral element", neutral, whole),
  ...list("negative number", byNumber, whole),
  ...list("sign", signs, whole),
  {
    name: "sign of a quotient",
    property: "neutral",
    law: "Neg(A) / Neg(B) -> A / B",
    floats: "exact",
  },
  {
    name: "neutral truth value",
    property: "neutral",
    law: "f(A, n) -> A",
    operators: [
      { f: "And", n: "1" },
      { f: "Or", n: "0" },
      { f: "Xor", n: "0" },
    ],
    truths: true,
  },
  {
    name: "neutral mask",
    property: "neutral",
    law: "f(A, 0) -> A",
    operators: each("f", ["BitwiseOr", "BitwiseXor"]),
    integers: true,
  },
  {
    name: "inverse of itself",
    property: "neutral",
    law: "f(f(A)) -> A",
    operators: each("f", ["Neg", "Not", "BitwiseNot"]),
    ...whole,
    truths: true,
  },
  {
    name: "reciprocal of a reciprocal",
    property: "neutral",
    law: "Reciprocal(Reciprocal(A)) -> A",
    floats: "fast-math",
  },
  {
    name: "idempotent",
    property: "neutral",
    law: "f(f(A)) -> f(A)",
    operators: each("f", ["Abs", "Relu", "Sign"]),
    ...whole,
  },
  {
    name: "idempotent rounding",
    property: "neutral",
    law: "g(f(A)) -> f(A)",
    operators: ["Ceil", "Floor", "Round"].flatMap((f) => ["Ceil", "Floor", "Round"].map((g) => ({ f, g }))),
    floats: "exact",
  },
  {
    name: "equal operands",
    property: "neutral",
    law: "f(A, A) -> A",
    operators: each("f", ["Max", "Min", "And", "Or", "BitwiseAnd", "BitwiseOr"]),
    ...whole,
    truths: true,
  },
  {
    name: "repeated operand",
    property: "neutral",
    law: "f(f(A, B), B) -> f(A, B)",
    operators: each("f", ["Max", "Min", "And", "Or", "BitwiseAnd", "BitwiseOr"]),
    ...whole,
    truths: true,
  },
  {
    name: "cancelled operand",
    property: "neutral",
    law: "f(f(A, B), B) -> A",
    operators: each("f", ["Xor", "BitwiseXor"]),
    integers: true,
    truths: true,
  },
  {
    name: "absorption",
    property: "neutral",
    law: "f(A, g(A, B)) -> A",
    operators: pairs(
      ["f", "g"],
      [
        ["Max", "Min"],
        ["Min", "Max"],
        ["And", "Or"],
        ["Or", "And"],
        ["BitwiseAnd", "BitwiseOr"],
        ["BitwiseOr", "BitwiseAnd"],
      ],
    ),
    ...whole,
    truths: true,
  },
  {
    name: "added and taken away",
    property: "neutral",
    law: "g(f(A, B), B) -> A",
    operators: pairs(
      ["f", "g"],
      [
        ["Add", "Sub"],
        ["Sub", "Add"],
      ],
    ),
    floats: "fast-math",
    integers: true,
  },
  {
    name: "multiplied and divided",
    property: "neutral",
    law: "g(f(A, B), B) -> A",
    operators: pairs(
      ["f", "g"],
      [
        ["Mul", "Div"],
        ["Div", "Mul"],
      ],
    ),
    floats: "fast-math",
  },
  {
    name: "exponential and logarithm",
    property: "neutral",
    law: "f(g(A)) -> A",
    operators: pairs(
      ["f", "g"],
      [
        ["Log", "Exp"],
        ["Exp", "Log"],
      ],
    ),
    floats: "fast-math",
    when: [nonNegative("A")],
  },
  {
    name: "square of a root",
    property: "neutral",
    law: "Square(Sqrt(A)) -> A",
    floats: "rounding",
    when: [nonNegative("A")],
  },
  {
    name: "root of a square",
    property: "neutral",
    law: "Sqrt(Square(A)) -> Abs(A)",
    floats: "fast-math",
  },
  {
    name: "what is not negative already",
    property: "neutral",
    law: "f(A) -> A",
    operators: each("f", ["Abs", "Relu"]),
    floats: "exact",
    when: [factorNonNegative("A")],
  },
  {
    name: "limit after zero",
    property: "neutral",
    law: "Clip(Relu(A), c, d) -> Clip(A, c, d)",
    floats: "exact",
    when: [factorNonNegative("c")],
    shapes: { c: "1", d: "1" },
  },
  {
    name: "the same either way",
    property: "neutral",
    law: "Where(P, A, A) -> A",
    ...whole,
  },
  {
    name: "power as a product",
    property: "neutral",
    law: "Pow(A, 2) -> Square(A)",
    floats: "rounding",
  },
  {
    name: "power of one",
    property: "neutral",
    law: "Pow(A, 1) -> A",
    ...whole,
  },
  {
    name: "power as a root",
    property: "neutral",
    law: "Pow(A, 0.5) -> Sqrt(A)",
    floats: "rounding",
  },
  {
    name: "power as a reciprocal",
    property: "neutral",
    law: "Pow(A, -1) -> Reciprocal(A)",
    floats: "rounding",
  },
  {
    name: "times a reciprocal",
    property: "neutral",
    law: "A * Reciprocal(B) -> A / B",
    floats: "rounding",
  },
  {
    name: "over a reciprocal",
    property: "neutral",
    law: "A / Reciprocal(B) -> A * B",
    floats: "rounding",
  },
  {
    name: "reciprocal of a quotient",
    property: "neutral",
    law: "Reciprocal(A / B) -> B / A",
    floats: "rounding",
  },
  {
    name: "one over",
    property: "neutral",
    law: "1 / A -> Reciprocal(A)",
    floats: "exact",
  },
  {
    name: "divisor that is constant",
    property: "neutral",
    law: "A / c -> A * Reciprocal(c)",
    floats: "rounding",
  },
  {
    name: "difference of one value",
    property: "neutral",
    law: "(A + B) - A -> B",
    floats: "fast-math",
    integers: true,
  },
];

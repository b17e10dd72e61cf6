/** Lists of operators that families of rules range over, drawn from the operators' rows where these say enough. */
import { algebraOfOperator } from "../../../../graph/ops/algebra.ts";
import { elementwiseRows } from "../../../../graph/ops/elementwise.ts";

/** One entry for each name, under a letter. */
export function each(letter: string, names: readonly string[]): readonly Readonly<Record<string, string>>[] {
  return names.map((name) => ({ [letter]: name }));
}

/** One entry for each pair of names. */
export function pairs(
  [first, second]: readonly [string, string],
  all: readonly (readonly [string, string])[],
): readonly Readonly<Record<string, string>>[] {
  return all.map(([a, b]) => ({ [first]: a, [second]: b }));
}

/** Every way to take one from each list. */
export function both(
  letters: readonly [string, string],
  firsts: readonly string[],
  seconds: readonly string[],
): readonly Readonly<Record<string, string>>[] {
  return pairs(
    letters,
    firsts.flatMap((a) => seconds.map((b) => [a, b] as const)),
  );
}

/** Operators of so many operands exactly; Sum, Mean, Max and Min of any number are left out. */
function elementwiseOf(operands: number): readonly string[] {
  return elementwiseRows
    .filter(({ arity }) => arity[0] === operands && arity[1] === operands)
    .map(({ operator }) => operator);
}

export const unary: readonly string[] = elementwiseOf(1);
/** Max and Min take any number of operands; the rules are for two. */
export const binary: readonly string[] = [...elementwiseOf(2), "Max", "Min"];

/** Sum and Mean take any number of operands; exporters write Add. MatMul and Concat have families of their own. */
const ofTwo: ReadonlySet<string> = new Set(binary);
const algebra = [...algebraOfOperator].filter(([operator]) => ofTwo.has(operator));

/** Associative and commutative. */
export const abelian: readonly string[] = algebra
  .filter(([, { associative, commutative }]) => associative === true && commutative === true)
  .map(([operator]) => operator);

export const commutative: readonly string[] = [...algebraOfOperator]
  .filter(([, each]) => each.commutative === true)
  .map(([operator]) => operator);

export const floatAbelian: readonly string[] = ["Add", "Mul"];

/** Pairs f, g of operators of two operands with f(g(a, b), c) = g(f(a, c), f(b, c)). */
export const distributing: readonly (readonly [string, string])[] = algebra.flatMap(
  ([f, { distributesOver }]) =>
    f === "Pow" ? [] : (distributesOver ?? []).filter((g) => ofTwo.has(g)).map((g) => [f, g] as const),
);

/** Pairs f, g of an operator of one operand and one of two with f(g(a, b)) = g(f(a), f(b)). */
export const homomorphic: readonly (readonly [string, string])[] = [...algebraOfOperator].flatMap(
  ([f, { distributesOver }]) =>
    unary.includes(f) ? (distributesOver ?? []).filter((g) => ofTwo.has(g)).map((g) => [f, g] as const) : [],
);

/** Pairs of a reduction and an operator that it may be done after instead of before. */
export const reducing: readonly (readonly [string, string])[] = [...algebraOfOperator].flatMap(
  ([f, { distributesOver }]) =>
    f.startsWith("Reduce")
      ? (distributesOver ?? []).filter((g) => ofTwo.has(g)).map((g) => [f, g] as const)
      : [],
);

/** Rising functions that round to the same bits on either side of a maximum. */
export const risingExactly: readonly string[] = [
  "Ceil",
  "Clip",
  "Floor",
  "HardSigmoid",
  "LeakyRelu",
  "Relu",
  "Round",
  "Sign",
  "ThresholdedRelu",
];

/** Rising functions defined everywhere, whose last bits need not rise. */
export const rising: readonly string[] = [
  "Asinh",
  "Atan",
  "Celu",
  "Elu",
  "Erf",
  "Exp",
  "Selu",
  "Sigmoid",
  "Sinh",
  "Softplus",
  "Softsign",
  "Tanh",
];

/** Odd functions: f(-a) = -f(a). */
export const odd: readonly string[] = [
  "Asin",
  "Asinh",
  "Atan",
  "Erf",
  "Neg",
  "Round",
  "Sign",
  "Sin",
  "Sinh",
  "Tan",
  "Tanh",
];
/** Even functions: f(-a) = f(a). */
export const even: readonly string[] = ["Abs", "Cos", "Cosh"];

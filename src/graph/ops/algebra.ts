/**
 * The laws of algebra that operators keep (DNNFusion, section 4.2), over the numbers for which both sides are defined:
 * Sqrt splits over Mul where the factors are not negative, Max over Min where nothing is NaN. Floating point rounds, so
 * a rewrite by them may change last bits. `row` puts an operator's entry on its row.
 */

export interface Algebra {
  /** f(f(a, b), c) = f(a, f(b, c)). */
  readonly associative?: true;
  /** f(a, b) = f(b, a). */
  readonly commutative?: true;
  /**
   * The operators g with f(g(a, b)) = g(f(a), f(b)). A binary f keeps its other operand: f(g(a, b), c) =
   * g(f(a, c), f(b, c)); a commutative one from both sides, another one from the right only, MatMul from both.
   */
  readonly distributesOver?: readonly string[];
}

const abelian = { associative: true, commutative: true } as const;
const sums = ["Add", "Sub", "Sum", "Mean"];
const products = ["Mul", "Div"];

/** By operator of standard ONNX. */
export const algebraOfOperator: ReadonlyMap<string, Algebra> = new Map<string, Algebra>([
  ["Add", abelian],
  ["Sum", abelian],
  ["Mul", { ...abelian, distributesOver: sums }],
  ["Div", { distributesOver: sums }],
  ["Neg", { distributesOver: sums }],
  ["Max", { ...abelian, distributesOver: ["Min"] }],
  ["Min", { ...abelian, distributesOver: ["Max"] }],
  ["Mean", { commutative: true }],
  ["Equal", { commutative: true }],
  ["And", { ...abelian, distributesOver: ["Or", "Xor"] }],
  ["Or", { ...abelian, distributesOver: ["And"] }],
  ["Xor", abelian],
  ["BitwiseAnd", { ...abelian, distributesOver: ["BitwiseOr", "BitwiseXor"] }],
  ["BitwiseOr", { ...abelian, distributesOver: ["BitwiseAnd"] }],
  ["BitwiseXor", abelian],
  // To the left, as long as nothing is shifted out: multiplying by a power of two.
  ["BitShift", { distributesOver: ["Add", "Sum"] }],
  ["Abs", { distributesOver: products }],
  ["Pow", { distributesOver: products }],
  ["Reciprocal", { distributesOver: products }],
  ["Sign", { distributesOver: products }],
  ["Sqrt", { distributesOver: products }],
  ["CumSum", { distributesOver: sums }],
  ["ReduceSum", { distributesOver: sums }],
  ["ReduceMean", { distributesOver: sums }],
  ["ReduceProd", { distributesOver: products }],
  ["ReduceMax", { distributesOver: ["Max"] }],
  ["ReduceMin", { distributesOver: ["Min"] }],
  ["MatMul", { associative: true, distributesOver: sums }],
  ["Concat", { associative: true }],
]);

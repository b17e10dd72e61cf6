/** How much an expression costs. */
import { childrenOf, type Expr } from "./expr.ts";
import { isMathFunction } from "./vector-math.ts";

/** Whether an expression calls an approximation, which costs as much as a dozen additions. */
export function hasMathFunctions(expr: Expr, seen = new Set<Expr>()): boolean {
  if (seen.has(expr)) return false;
  seen.add(expr);
  const isOne =
    (expr.kind === "unary" && isMathFunction(expr.operator)) ||
    (expr.kind === "binary" && expr.operator === "power");
  return isOne || childrenOf(expr).some((child) => hasMathFunctions(child, seen));
}

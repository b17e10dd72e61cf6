/** How much an expression costs. */
import { childrenOf, type Expr } from "./expr.ts";

/** Whether an expression calls an approximation, which costs as much as a dozen additions. */
export function hasMathFunctions(expr: Expr, seen = new Set<Expr>()): boolean {
  return mathFunctionCount(expr, seen) > 0;
}

const cheap: ReadonlySet<string> = new Set([
  ...["negate", "absolute", "squareRoot", "floor", "ceil", "nearest", "truncate", "not", "bitNot"],
]);

function mathFunctionCount(expr: Expr, seen: Set<Expr>): number {
  if (seen.has(expr)) return 0;
  seen.add(expr);
  const own =
    (expr.kind === "unary" && !cheap.has(expr.operator)) ||
    (expr.kind === "binary" && expr.operator === "power")
      ? 1
      : 0;
  return childrenOf(expr).reduce((count, child) => count + mathFunctionCount(child, seen), own);
}

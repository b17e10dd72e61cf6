/** What values cost to compute, as far as it decides between loops. */
import type { Affine } from "../loops/affine.ts";
import { childrenOf, type Expr } from "../loops/expr.ts";

/** How often indices are divided, and how many operations there are on an element. */
export function countOperations(stores: readonly { readonly index: Affine; readonly value: Expr }[]): {
  readonly divisions: number;
  readonly operations: number;
} {
  const seen = new Set<Expr>();
  let divisions = 0;
  const countIndex = (index: Affine): void => {
    for (const { factor } of index.terms)
      if (factor.kind === "quotient" || factor.kind === "remainder") divisions++;
  };
  const visit = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    if (expr.kind === "load" || expr.kind === "index") countIndex(expr.index);
    for (const child of childrenOf(expr)) visit(child);
  };
  for (const { index, value } of stores) {
    countIndex(index);
    visit(value);
  }
  return { divisions, operations: seen.size };
}

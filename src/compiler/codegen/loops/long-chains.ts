/**
 * Long chains of operators in an expression, each waiting for the one before. A processor looks some hundred instructions
 * ahead, which in one such chain is nothing to do meanwhile; so vectors that are side by side go along theirs in turns, a
 * few operators at a time. O(expression).
 */
import type { Expr } from "./expr.ts";

/** A chain is long if several do not fit into what a processor looks at. */
const longChain = 24;
const operatorsPerTurn = 4;

/** The values at which turns end, in the order in which they are computed; none where no chain is long. */
export function turnsOf(root: Expr): readonly Expr[] {
  const depths = new Map<Expr, number>();
  const path: Expr[] = [];
  for (let at: Expr | undefined = root; at !== undefined; at = deepest(at, depths)) path.push(at);
  if (path.length < longChain) return [];
  return path.filter((_, depth) => depth > 0 && depth % operatorsPerTurn === 0).toReversed();
}

/** The operand with the longest chain behind it, as far as lanes of floats lead to it. */
function deepest(expr: Expr, depths: Map<Expr, number>): Expr | undefined {
  let best: Expr | undefined;
  for (const operand of operandsOf(expr)) {
    if (best === undefined || depthOf(operand, depths) > depthOf(best, depths)) best = operand;
  }
  return best;
}

function depthOf(expr: Expr, depths: Map<Expr, number>): number {
  const old = depths.get(expr);
  if (old !== undefined) return old;
  const depth = 1 + Math.max(0, ...operandsOf(expr).map((operand) => depthOf(operand, depths)));
  depths.set(expr, depth);
  return depth;
}

/** Floats that an operator makes a float of. */
function operandsOf(expr: Expr): readonly Expr[] {
  if (expr.type !== "f32") return [];
  const operands =
    expr.kind === "unary"
      ? [expr.operand]
      : expr.kind === "binary"
        ? [expr.left, expr.right]
        : expr.kind === "select"
          ? [expr.yes, expr.no]
          : [];
  return operands.filter(({ type, kind }) => type === "f32" && kind !== "constant");
}

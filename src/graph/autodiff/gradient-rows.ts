/** The rows of all operators that have a gradient, by operator. docs/training-graphs.md lists them. */
import type { GradientRow, GradientRows } from "./gradient-row.ts";
import { elementwiseGradients } from "./rows/elementwise.ts";
import { layoutGradients } from "./rows/layout.ts";
import { productGradients } from "./rows/products.ts";
import { reductionGradients } from "./rows/reductions.ts";

const rows: GradientRows = {
  ...elementwiseGradients,
  ...layoutGradients,
  ...productGradients,
  ...reductionGradients,
};

/** The operators, in alphabetical order. */
export const differentiableOperators: readonly string[] = Object.keys(rows).sort();

/** The row of a standard operator; undefined where there is none. */
export function gradientRowOf(operator: string): GradientRow | undefined {
  return Object.hasOwn(rows, operator) ? rows[operator] : undefined;
}

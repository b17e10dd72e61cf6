/** Loop nests that only move elements from one order of axes to another: there is a kernel for those. */

import type { MovedAxis, TransposeSpec } from "../kernels/transpose.ts";
import type { Loop } from "../loops/affine.ts";
import { storedBytes } from "../loops/expr.ts";
import type { Statement } from "../loops/nest.ts";

/** The transposition that a nest is; undefined where it is anything else, or its source and target agree. */
export function transpositionOf(
  body: readonly Statement[],
): Pick<TransposeSpec, "sourceAxis" | "targetAxis" | "others"> | undefined {
  const loops: Loop[] = [];
  let [statement, ...more] = body;
  while (more.length === 0 && (statement?.kind === "loop" || statement?.kind === "vector-loop")) {
    loops.push(statement.loop);
    [statement, ...more] = statement.body;
  }
  if (more.length > 0 || statement?.kind !== "store" || statement.value.kind !== "load") return undefined;
  const { buffer, index, value } = statement;
  const isPlain = value.buffer.elementType === buffer.elementType && storedBytes[buffer.elementType] === 4;
  const [target, source] = [index, value.index].map((affine) => {
    const isSum = affine.offset === 0 && affine.terms.every(({ factor }) => factor.kind === "loop");
    if (!isSum) return undefined;
    return loops.map((loop) =>
      affine.terms.reduce(
        (sum, { factor, stride }) => (factor.kind === "loop" && factor.loop === loop ? sum + stride : sum),
        0,
      ),
    );
  });
  if (!isPlain || target === undefined || source === undefined) return undefined;
  const axes = loops.map(
    ({ extent }, at): MovedAxis => ({ extent, source: source[at] ?? 0, target: target[at] ?? 0 }),
  );
  const sourceAxis = axes.find((axis) => axis.source === 1);
  const targetAxis = axes.find((axis) => axis.target === 1);
  if (sourceAxis === undefined || targetAxis === undefined || sourceAxis === targetAxis) return undefined;
  // Negative distances would make the addresses of blocks wrong, and short axes have no blocks.
  const isRegular = axes.every((axis) => axis.source >= 0 && axis.target > 0);
  if (!isRegular || sourceAxis.extent < 4 || targetAxis.extent < 4) return undefined;
  return {
    sourceAxis,
    targetAxis,
    others: axes.filter((axis) => axis !== sourceAxis && axis !== targetAxis),
  };
}

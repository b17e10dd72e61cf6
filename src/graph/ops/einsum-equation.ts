/** The equations of Einsum: labels for the axes of the operands and of the result. */
import type { Dimension, Shape } from "../ir/tensor.ts";

/** An Einsum equation with "..." written out. */
export interface Equation {
  readonly operands: readonly (readonly string[])[];
  readonly result: readonly string[];
}

/**
 * The equation for operands of these ranks; undefined where it does not fit them. The axes that "..." stands for are
 * labelled by number: "0" is its last one, since it aligns at the right.
 */
export function parseEquation(call: {
  readonly text: string;
  readonly ranks: readonly number[];
}): Equation | undefined {
  const [left = "", right] = call.text.replaceAll(/\s/g, "").split("->");
  const terms = left.split(",");
  if (terms.length !== call.ranks.length) return undefined;
  const operands = terms.map((term, index) => labelsOf(term, call.ranks[index] ?? 0));
  const all = operands.flatMap((labels) => labels ?? []);
  const dots = [...new Set(all.filter((label) => /^\d+$/.test(label)))].sort((a, b) => Number(b) - Number(a));
  const once = [...new Set(all)].filter(
    (label) => !/^\d+$/.test(label) && all.indexOf(label) === all.lastIndexOf(label),
  );
  const result =
    right === undefined
      ? [...dots, ...once.sort()]
      : labelsOf(right, dots.length + right.replace("...", "").length);
  const complete = operands.filter((labels) => labels !== undefined);
  if (complete.length !== operands.length || result === undefined) return undefined;
  return { operands: complete, result };
}

function labelsOf(term: string, rank: number): readonly string[] | undefined {
  const [head = "", tail] = term.split("...");
  if (!/^[a-zA-Z]*$/.test(head + (tail ?? ""))) return undefined;
  const hidden = rank - head.length - (tail ?? "").length;
  if (hidden < 0 || (tail === undefined && hidden !== 0)) return undefined;
  return [
    ...head,
    ...Array.from({ length: hidden }, (_, axis) => String(hidden - 1 - axis)),
    ...(tail ?? ""),
  ];
}

/** The size behind each label; 1 stretches. */
export function labelSizes(
  equation: Equation,
  shapes: readonly Shape[],
  conflict: (label: string, a: Dimension, b: Dimension) => Dimension,
): ReadonlyMap<string, Dimension> {
  const sizes = new Map<string, Dimension>();
  equation.operands.forEach((labels, operandIndex) => {
    labels.forEach((label, axis) => {
      const size = shapes[operandIndex]?.[axis] ?? 1;
      const old = sizes.get(label) ?? 1;
      sizes.set(label, old === 1 || old === size ? size : size === 1 ? old : conflict(label, old, size));
    });
  });
  return sizes;
}

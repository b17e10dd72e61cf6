/** Windows of convolutions and poolings in two dimensions; sequences are images of one row. */
import type { OpNode } from "../../../graph/ir/graph.ts";
import { intsOf } from "../../../graph/ir/node-attributes.ts";
import { UnsupportedByTfjs } from "./tf.ts";

type Pair = readonly [number, number];

export interface Window {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  /** Padding before and after, by axis. */
  readonly pads: readonly [Pair, Pair];
}

/** As tfjs takes padding that differs from side to side. */
export type ExplicitPadding = [[number, number], [number, number], [number, number], [number, number]];

/**
 * The window over spatial sizes, whatever way the node states it. The padding at the end follows from the output's size,
 * so that automatic padding and rounding up need no rules of their own.
 */
export function windowOf(
  node: OpNode,
  kernel: readonly number[],
  sizes: readonly number[],
  outputs: readonly number[],
): Window {
  if (kernel.length < 1 || kernel.length > 2) {
    throw new UnsupportedByTfjs(`${node.operator} over ${kernel.length} dimensions`);
  }
  const strides = intsOf(node, "strides") ?? kernel.map(() => 1);
  const dilations = intsOf(node, "dilations") ?? kernel.map(() => 1);
  const begins = beginsOf(node, kernel, sizes, outputs, strides, dilations);
  const ends = kernel.map((size, axis) => {
    const reach = (size - 1) * (dilations[axis] ?? 1) + 1;
    const covered = ((outputs[axis] ?? 1) - 1) * (strides[axis] ?? 1) + reach;
    return Math.max(0, covered - (sizes[axis] ?? 1) - (begins[axis] ?? 0));
  });
  return {
    kernel: pair(kernel, 1),
    strides: pair(strides, 1),
    dilations: pair(dilations, 1),
    pads: [
      kernel.length === 2 ? [begins[0] ?? 0, ends[0] ?? 0] : [0, 0],
      [begins.at(-1) ?? 0, ends.at(-1) ?? 0],
    ],
  };
}

function beginsOf(
  node: OpNode,
  kernel: readonly number[],
  sizes: readonly number[],
  outputs: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): readonly number[] {
  const auto = node.attributes.get("auto_pad");
  const mode = auto?.kind === "string" ? auto.value : "NOTSET";
  if (mode === "VALID") return kernel.map(() => 0);
  if (mode !== "SAME_UPPER" && mode !== "SAME_LOWER")
    return kernel.map((_, axis) => intsOf(node, "pads")?.[axis] ?? 0);
  return kernel.map((size, axis) => {
    const reach = (size - 1) * (dilations[axis] ?? 1) + 1;
    const total = Math.max(0, ((outputs[axis] ?? 1) - 1) * (strides[axis] ?? 1) + reach - (sizes[axis] ?? 1));
    return mode === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2);
  });
}

/** One entry for each of two axes. */
function pair(values: readonly number[], first: number): Pair {
  return values.length === 2 ? [values[0] ?? 1, values[1] ?? 1] : [first, values[0] ?? 1];
}

/** "valid" where there is none, since tfjs has its shortest way there. */
export function paddingOf({ pads: [rows, columns] }: Window): "valid" | ExplicitPadding {
  if ([...rows, ...columns].every((pad) => pad === 0)) return "valid";
  return [
    [0, 0],
    [rows[0], rows[1]],
    [columns[0], columns[1]],
    [0, 0],
  ];
}

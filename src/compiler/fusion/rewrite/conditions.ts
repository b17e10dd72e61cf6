/** What a rule asks of its operands beyond the shape of the expression: a proof, or how they lie along the axes. */
import { product } from "../../../base/integers.ts";
import { intOf } from "../../../graph/ir/node-attributes.ts";
import type { Carried } from "./carried.ts";
import type { GraphEditor } from "./graph-editor.ts";
import type { Match } from "./match.ts";
import { isNonNegative, isPositive } from "./proofs.ts";

export interface Condition {
  /** As the table of rules says it. */
  readonly text: string;
  /**
   * Whether only results that were NaN before change where it does not hold, so that fast math may do without it.
   */
  readonly guardsNaN: boolean;
  readonly holds: (editor: GraphEditor, match: Match) => boolean;
}

function on(
  name: string,
  test: (editor: GraphEditor, value: string, match: Match) => boolean,
): Condition["holds"] {
  return (editor, match) => {
    const value = match.values.get(name);
    return value !== undefined && test(editor, value, match);
  };
}

/** The value is proven not to be negative; without it the left side is NaN. */
export function nonNegative(name: string): Condition {
  return {
    text: `${name} >= 0`,
    guardsNaN: true,
    holds: on(name, (editor, value) => isNonNegative(editor, value)),
  };
}

/** The value is proven not to be negative; without it the rule is wrong. */
export function factorNonNegative(name: string): Condition {
  return { ...nonNegative(name), guardsNaN: false };
}

export function positive(name: string): Condition {
  return {
    text: `${name} > 0`,
    guardsNaN: false,
    holds: on(name, (editor, value) => isPositive(editor, value)),
  };
}

/** One number. */
export function single(name: string): Condition {
  return {
    text: `${name} is one number`,
    guardsNaN: false,
    holds: on(name, (editor, value) => {
      const shape = editor.shape(value);
      return shape !== undefined && product(shape) === 1;
    }),
  };
}

/** A scalar in ONNX's sense, as Clip wants its limits. */
export function scalar(name: string): Condition {
  return {
    text: `${name} is a scalar`,
    guardsNaN: false,
    holds: on(name, (editor, value) => editor.shape(value)?.length === 0),
  };
}

export const ordered: Condition = {
  text: "c <= d",
  guardsNaN: false,
  holds: (editor, { values }) => {
    const [low, high] = ["c", "d"].map((name) => editor.numbers(values.get(name), 1)?.[0]);
    return low !== undefined && high !== undefined && low <= high;
  },
};

/** The value does not change along the axes that are reduced, and lines up with the result without them. */
export function alongAxes(name: string): Condition {
  return {
    text: `${name} is the same along the axes`,
    guardsNaN: false,
    holds: on(name, (editor, value, { carried }) => {
      const shape = editor.shape(value);
      const reduction = carried.get("Reduce");
      return shape !== undefined && reduction?.kind === "reduction" && isSameAlong(shape, reduction);
    }),
  };
}

function isSameAlong(
  shape: readonly number[],
  { axes, keepsAxes }: Extract<Carried, { kind: "reduction" }>,
): boolean {
  if (product(shape) === 1) return true;
  if (keepsAxes) return axes.every((axis) => (shape.at(axis) ?? 1) === 1 || -axis > shape.length);
  return axes.every((axis) => -axis > shape.length);
}

/** The value is the same over the whole window of a pooling: one number for each image and channel. */
export function perChannel(name: string): Condition {
  return {
    text: `${name} is one number per channel`,
    guardsNaN: false,
    holds: on(name, (editor, value, { nodes }) => {
      const rank = editor.shape(nodes[0]?.inputs[0])?.length;
      const shape = editor.shape(value);
      if (rank === undefined || shape === undefined) return false;
      return shape.every((size, axis) => size === 1 || shape.length - axis > rank - 2);
    }),
  };
}

/** The value, a factor of a matrix, is the same along the axis that a product of matrices sums over. */
export function alongSum(name: string, axis: -1 | -2): Condition {
  return {
    text: `${name} is the same along the summed axis`,
    guardsNaN: false,
    holds: on(name, (editor, value) => {
      const shape = editor.shape(value);
      return shape !== undefined && (shape.length < -axis || shape.at(axis) === 1);
    }),
  };
}

/** Slopes and limits are such that the function rises: the attributes are not negative. */
export const rising: Condition = {
  text: "no attribute is negative",
  guardsNaN: false,
  holds: (_, { carried }) =>
    [...carried.values()].every(
      (each) =>
        each.kind === "reduction" ||
        [...each.attributes.values()].every(
          (attribute) => attribute.kind !== "float" || attribute.value >= 0,
        ),
    ),
};

export const shiftsLeft: Condition = {
  text: "the direction is LEFT",
  guardsNaN: false,
  holds: (_, { carried }) => {
    const shift = carried.get("BitShift");
    const direction = shift?.kind === "plain" ? shift.attributes.get("direction") : undefined;
    return direction?.kind === "string" && direction.value === "LEFT";
  },
};

/** The values are matrices or stacks of them, so that their product is plain. */
export function matrices(...names: readonly string[]): Condition {
  return {
    text: `${names.join(", ")} are no vectors`,
    guardsNaN: false,
    holds: (editor, { values }) =>
      names.every((name) => (editor.type(values.get(name))?.shape?.length ?? 0) >= 2),
  };
}

/** The axis of a Softmax is that of the ArgMax behind it. Before opset 13 it cut the shape in two. */
export const sameAxis: Condition = {
  text: "the axes are the same",
  guardsNaN: false,
  holds: (editor, { nodes: [place, softmax] }) => {
    const rank = editor.type(place?.inputs[0])?.shape?.length;
    if (place === undefined || softmax === undefined || rank === undefined || softmax.opset < 13)
      return false;
    const [a, b] = [intOf(place, "axis", 0), intOf(softmax, "axis", -1)];
    return (a + rank) % rank === (b + rank) % rank;
  },
};

/** Orders of axes: entry i of a permutation is the axis of the input that becomes axis i of the result. */
import type { OpNode } from "../../../graph/ir/graph.ts";
import { intsOf } from "../../../graph/ir/node-attributes.ts";

/** What a Transpose does; without an attribute it reverses the axes. */
export function permutationOf(node: OpNode, rank: number): readonly number[] {
  const order = intsOf(node, "perm") ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  return order.map((axis) => (axis < 0 ? axis + rank : axis));
}

/** First one, then the other. */
export function composed(first: readonly number[], second: readonly number[]): readonly number[] {
  return second.map((axis) => first[axis] ?? axis);
}

export function inverse(order: readonly number[]): readonly number[] {
  const result = new Array<number>(order.length).fill(0);
  order.forEach((axis, place) => {
    result[axis] = place;
  });
  return result;
}

export function isIdentity(order: readonly number[]): boolean {
  return order.every((axis, place) => axis === place);
}

export function permuted<T>(sizes: readonly T[], order: readonly number[]): T[] {
  return order.map((axis) => sizes[axis] as T);
}

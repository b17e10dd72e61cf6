/** What operators of rows reduce: along which axes, and how. */

import { known } from "../../../base/assert.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { isStandard } from "../../../graph/ir/node-attributes.ts";
import { int, listArgument, normalAxis } from "../../../graph/ops/call.ts";
import type { NumberType } from "../loops/expr.ts";
import { type Reduction, reductionOf, reductionOperators } from "../operators/reductions.ts";
import type { Context } from "./context.ts";
import { notCompiled } from "./not-compiled.ts";
import { shapeOf } from "./shapes.ts";
import { staticCall } from "./static-call.ts";

/** The axes that an operator of rows reduces; undefined where it is no such operator. */
export function reducedAxesOf({ typed }: Context, node: OpNode): readonly number[] | undefined {
  if (!isStandard(node)) return undefined;
  const call = staticCall(typed, node);
  const from = (first: number): readonly number[] =>
    Array.from({ length: Math.max(0, rank() - first) }, (_, at) => first + at);
  const rank = (): number => shapeOf(typed, node.inputs[0] ?? "").length;
  switch (node.operator) {
    case "Softmax":
    case "LogSoftmax": {
      const isOld = node.opset < 13;
      const axis = normalAxis(call, int(call, "axis", isOld ? 1 : -1), rank());
      return isOld ? from(axis) : [axis];
    }
    case "LayerNormalization":
      return from(normalAxis(call, int(call, "axis", -1), rank()));
    case "InstanceNormalization":
    case "GlobalAveragePool":
    case "GlobalMaxPool":
      return from(2);
    default: {
      if (!reductionOperators.includes(node.operator)) return undefined;
      const argument = listArgument(call, 1, "axes");
      if (argument.kind === "unknown") return undefined;
      const given = argument.kind === "absent" ? [] : argument.values.map(Number);
      if (given.length > 0) return given.map((axis) => normalAxis(call, axis, rank()));
      return int(call, "noop_with_empty_axes", 0) !== 0 ? [] : from(0);
    }
  }
}

const ofFloats = ["Softmax", "LogSoftmax", "LayerNormalization", "InstanceNormalization"];

/** Throws bad-input where an operator's formula is written for float32 and given other numbers. */
export function checkNumbers(node: OpNode, type: NumberType): void {
  if (type !== "f32" && ofFloats.includes(node.operator))
    throw notCompiled(node, `${node.operator} of ${type} is not compiled`);
}

/** Pools over whole images are reductions of all spatial axes. */
const pools: Readonly<Record<string, string>> = {
  GlobalAveragePool: "ReduceMean",
  GlobalMaxPool: "ReduceMax",
};

/** How the elements of a row are joined. Bad input: an element type that is not compiled. */
export function reductionAt({ typed }: Context, node: OpNode): Reduction {
  const elementType = known(typed.types.get(node.inputs[0] ?? ""), "type").elementType;
  const reduction = reductionOf({ ...node, operator: pools[node.operator] ?? node.operator }, elementType);
  if (reduction === undefined) throw notCompiled(node, `${node.operator} of ${elementType} is not compiled`);
  return reduction;
}

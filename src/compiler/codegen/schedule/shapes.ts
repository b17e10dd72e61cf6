/** Types of values that are compiled: all sizes are numbers, and elements are of a kind that memory holds. */
import { badInput } from "../../../base/errors.ts";
import type { TypedGraph } from "../../../graph/ir/graph.ts";
import type { ElementType } from "../../../graph/ir/tensor.ts";
import { staticShape } from "../../../graph/ops/fold.ts";
import type { StoredType } from "../loops/expr.ts";
import { storedTypeOf } from "../operators/stored-type.ts";
import { notCompiled } from "./not-compiled.ts";

/** The shape of a value whose sizes are all known. */
export function staticShapeOf(typed: TypedGraph, name: string): readonly number[] | undefined {
  return staticShape(typed.types.get(name)?.shape);
}

/** The same; an error names the value and the way out. */
export function shapeOf(typed: TypedGraph, name: string): readonly number[] {
  const shape = staticShapeOf(typed, name);
  if (shape !== undefined) return shape;
  const stated = typed.types.get(name)?.shape;
  // Names that begin with ? were made up for sizes that follow from data, and cannot be given.
  const symbols = (stated ?? []).filter((size) => typeof size === "string" && !/^\?/.test(size));
  const shown = stated === undefined ? "" : ` [${stated.join(",")}]`;
  throw badInput(`its shape${shown} is not known before the network runs`, {
    where: `value "${name}"`,
    fix:
      symbols.length > 0
        ? `compile for one size: --symbol "${symbols[0]}=..." or --shape INPUT:...; networks whose shapes depend on data run with the interpreter`
        : "run the network with the interpreter: --target interpreter; where an input's sizes are open, give them with --shape",
  });
}

/** Throws bad-input for the first node whose results have sizes that only the data decide. */
export function refuseDataDependentSizes(typed: TypedGraph): void {
  const isStatic = (name: string): boolean => name === "" || staticShapeOf(typed, name) !== undefined;
  const isOpen = (name: string): boolean => typed.types.get(name)?.shape !== undefined && !isStatic(name);
  for (const node of typed.graph.nodes) {
    if (!node.outputs.some(isOpen) || !node.inputs.every(isStatic)) continue;
    throw notCompiled(node, `${node.operator} is not compiled: its data decide how large its results are`);
  }
}

/** How elements lie in memory. */
export function memoryTypeOf(elementType: ElementType, where: string): StoredType {
  const stored = storedTypeOf(elementType);
  if (stored !== undefined) return stored;
  throw badInput(`elements of type ${elementType} cannot be compiled`, {
    where,
    fix: "run the network with the interpreter",
  });
}

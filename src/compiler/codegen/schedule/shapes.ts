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
  const symbols = (stated ?? []).filter((size) => typeof size === "string");
  throw badInput(
    stated === undefined
      ? "its shape is not known before the network runs"
      : `its shape [${stated.join(",")}] is not known before the network runs`,
    {
      where: `value "${name}"`,
      fix:
        symbols.length > 0 && symbols.length <= 2
          ? `compile for one size: --symbol "${symbols[0]}=..." or --shape INPUT:...; networks whose shapes depend on data run with the interpreter`
          : "give the input's sizes with --shape; networks whose shapes depend on data run with the interpreter",
    },
  );
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

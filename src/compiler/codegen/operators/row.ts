/** What a row of an elementwise operator is given: a node with its operands as expressions. */
import type { OpNode } from "../../../graph/ir/graph.ts";
import type { ElementType } from "../../../graph/ir/tensor.ts";
import { type Expr, type NumberType, numberTypeOf, type StoredType } from "../loops/expr.ts";
import { storedTypeOf } from "./stored-type.ts";
import { isFloat } from "./values.ts";

/** Element types of a node's inputs and outputs; those of inputs that are left out are not looked at. */
export interface NodeTypes {
  readonly inputs: readonly (ElementType | undefined)[];
  readonly outputs: readonly (ElementType | undefined)[];
}

export interface ElementwiseCall {
  readonly node: OpNode;
  /** One entry per input of the node; undefined where an optional one is left out. */
  readonly operands: readonly (Expr | undefined)[];
  readonly inputTypes: readonly (StoredType | undefined)[];
  /** The type of the first output, and what it is in a register. */
  readonly type: StoredType;
  readonly number: NumberType;
}

/** The first output's element; undefined where it is not compiled, in this type or with these attributes. */
export type ElementwiseRow = (call: ElementwiseCall) => Expr | undefined;

export type ElementwiseRows = Readonly<Record<string, ElementwiseRow>>;

export function makeElementwiseCall(
  node: OpNode,
  operands: readonly (Expr | undefined)[],
  { inputs, outputs }: NodeTypes,
): ElementwiseCall | undefined {
  const stored = (type: ElementType | undefined): StoredType | undefined =>
    type === undefined ? undefined : storedTypeOf(type);
  const inputTypes = inputs.map(stored);
  const type = stored(outputs[0]);
  if (type === undefined) return undefined;
  if (operands.some((operand, index) => operand !== undefined && inputTypes[index] === undefined))
    return undefined;
  return { node, operands, inputTypes, type, number: numberTypeOf[type] };
}

/** A row of one operand. */
export function one(make: (x: Expr, call: ElementwiseCall) => Expr | undefined): ElementwiseRow {
  return (call) => (call.operands[0] === undefined ? undefined : make(call.operands[0], call));
}

/** A row of one operand for float32 and float64. */
export function floatsOnly(make: (x: Expr, call: ElementwiseCall) => Expr | undefined): ElementwiseRow {
  return one((x, call) => (isFloat(x.type) ? make(x, call) : undefined));
}

/**
 * The same for functions that are approximated in float32: the interpreter computes them in doubles, which generated code
 * would not match in float64.
 */
export function float32Only(make: (x: Expr, call: ElementwiseCall) => Expr | undefined): ElementwiseRow {
  return one((x, call) => (x.type === "f32" ? make(x, call) : undefined));
}

/** A row of two operands. */
export function two(make: (a: Expr, b: Expr, call: ElementwiseCall) => Expr | undefined): ElementwiseRow {
  return (call) => {
    const [a, b] = call.operands;
    return a === undefined || b === undefined ? undefined : make(a, b, call);
  };
}

/** Folding: computing the elements of small values, element by element, as far as they are known. */
import type { ElementType, Shape } from "../ir/tensor.ts";
import { isIntegerType } from "../ir/tensor-values.ts";
import type { Element, Elements, Fact } from "./fact.ts";
import { foldableCount } from "./fact.ts";
import type { Call, OperatorRow } from "./row.ts";
import type { SymbolTable } from "./symbols.ts";

/** Computes one element of the output from one of each input. */
export type ElementFunction = (
  elements: readonly Element[],
  symbols: SymbolTable,
  elementType: ElementType,
) => Element;

/** The dimensions of a shape that is all numbers. */
export function staticShape(shape: Shape | undefined): readonly number[] | undefined {
  if (shape === undefined) return undefined;
  const numbers = shape.filter((dimension) => typeof dimension === "number");
  return numbers.length === shape.length ? numbers : undefined;
}

/** Elements between two steps along each axis, row-major. */
export function strides(shape: readonly number[]): number[] {
  const result: number[] = new Array(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    result[axis] = (result[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  }
  return result;
}

/** The position along each axis of the element with this row-major number. */
export function coordinates(shape: readonly number[], index: number): number[] {
  const result: number[] = new Array(shape.length).fill(0);
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    result[axis] = rest % size;
    rest = Math.floor(rest / size);
  }
  return result;
}

/** The row-major number of the element at these coordinates; a dimension of 1 is stretched. */
export function offsetOf(shape: readonly number[], at: readonly number[]): number {
  const shift = at.length - shape.length;
  let offset = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    const size = shape[axis] ?? 1;
    offset = offset * size + (size === 1 ? 0 : (at[axis + shift] ?? 0));
  }
  return offset;
}

/** Folds an elementwise operator with broadcasting. */
export function foldElementwise(compute: ElementFunction): NonNullable<OperatorRow["fold"]> {
  return (call, outputs) => {
    const output = outputs[0];
    const shape = staticShape(output?.shape);
    if (output === undefined || shape === undefined) return [];
    const operands = readOperands(call);
    if (operands === undefined) return [];
    const count = foldableCount(shape) ?? 0;
    return [
      Array.from({ length: count }, (_, index) => {
        const at = coordinates(shape, index);
        const elements = operands.map(({ shape: from, elements }) => elements[offsetOf(from, at)]);
        return stored(compute(elements, call.symbols, output.elementType), output.elementType);
      }),
    ];
  };
}

interface Operand {
  readonly shape: readonly number[];
  readonly elements: Elements;
}

function readOperands(call: Call): readonly Operand[] | undefined {
  const operands: Operand[] = [];
  for (const fact of call.inputs) {
    const shape = staticShape(fact?.shape);
    const elements = call.elements(fact);
    if (shape === undefined || elements === undefined) return undefined;
    operands.push({ shape, elements });
  }
  return operands;
}

/** What is left of a number once it is stored in its type; undefined where a double does not hold it exactly. */
export function stored(element: Element, elementType: ElementType): Element {
  if (typeof element !== "number") return element;
  if (elementType === "float32") return Math.fround(element);
  if (elementType === "float64") return element;
  if (elementType === "bool") return element === 0 ? 0 : 1;
  if (!isIntegerType(elementType) || !Number.isFinite(element)) return undefined;
  return Math.trunc(element);
}

/** A function of numbers alone: symbols give an unknown element. */
export function numeric(compute: (...numbers: number[]) => number): ElementFunction {
  return (elements) => {
    const numbers = elements.filter((element) => typeof element === "number");
    return numbers.length === elements.length ? compute(...numbers) : undefined;
  };
}

/** A function that leaves expressions over dimensions, which are whole numbers, as they are. */
export function onWholeNumbers(compute: (value: number) => number): ElementFunction {
  return ([element]) => (typeof element === "number" ? compute(element) : element);
}

/** The one input's elements in another order or number: `source` gives the input element for each output element. */
export function foldByIndex(
  call: Call,
  output: Fact | undefined,
  source: (at: readonly number[], from: readonly number[]) => number | undefined,
): Elements | undefined {
  const from = staticShape(call.inputs[0]?.shape);
  const shape = staticShape(output?.shape);
  const elements = call.elements(call.inputs[0]);
  const count = foldableCount(shape);
  if (from === undefined || shape === undefined || elements === undefined || count === undefined)
    return undefined;
  return Array.from({ length: count }, (_, index) => {
    const offset = source(coordinates(shape, index), from);
    return offset === undefined ? undefined : elements[offset];
  });
}

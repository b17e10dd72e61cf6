/**
 * What shape inference knows of one value: its type and, for small tensors that shapes may depend on, its elements.
 * Elements may be known in part: the shape vector of a network with a free batch is [batch, 3, 224, 224].
 */
import type { Dimension, ElementType, Shape, Tensor } from "../ir/tensor.ts";
import { elementCount } from "../ir/tensor.ts";

/** A number, an expression over dimensions, or undefined where the element is not known. Booleans are 0 and 1. */
export type Element = Dimension | undefined;

/** Elements in row-major order. */
export type Elements = readonly Element[];

/** What a value is: ONNX also passes sequences of tensors and tensors that may be absent. */
export type Container = "tensor" | "sequence" | "optional";

export interface Fact {
  readonly elementType: ElementType;
  /** Of a sequence: the shape that all its tensors share, where there is one. */
  readonly shape: Shape | undefined;
  readonly container: Container;
  readonly elements: Elements | undefined;
  /** The constant itself, where the value is one; its elements are decoded on demand. */
  readonly constant: Tensor | undefined;
}

/** Values with more elements than this are never folded: no shape depends on so many numbers. */
export const mostFoldedElements = 4096;

/** A tensor with its type and, perhaps, elements. */
export function tensorFact(
  elementType: ElementType,
  shape: Shape | undefined,
  elements?: Elements | undefined,
): Fact {
  return { elementType, shape, container: "tensor", elements, constant: undefined };
}

/** A constant. */
export function constantFact(constant: Tensor): Fact {
  const { elementType, shape } = constant;
  return { elementType, shape, container: "tensor", elements: undefined, constant };
}

/** A sequence whose tensors have this type. */
export function sequenceFact(elementType: ElementType, shape: Shape | undefined): Fact {
  return { elementType, shape, container: "sequence", elements: undefined, constant: undefined };
}

/** The number of elements to fold, where all dimensions are numbers and there are few enough. */
export function foldableCount(shape: Shape | undefined): number | undefined {
  if (shape === undefined) return undefined;
  const count = elementCount(shape);
  return count !== undefined && count <= mostFoldedElements ? count : undefined;
}

/** "[1,3,224,224]", for messages. */
export function formatShape(shape: Shape | undefined): string {
  return shape === undefined ? "of unknown rank" : formatElements(shape);
}

/** A message shows no more elements than this. */
const mostShown = 16;

/** "[0,-1,?]", for messages. */
export function formatElements(elements: Elements): string {
  const texts = elements.slice(0, mostShown).map((element) => String(element ?? "?"));
  return `[${[...texts, ...(elements.length > mostShown ? ["..."] : [])].join(",")}]`;
}

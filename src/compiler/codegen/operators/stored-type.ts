/** How ONNX's element types are kept in the compiled network's memory. */
import type { ElementType } from "../../../graph/ir/tensor.ts";
import type { StoredType } from "../loops/expr.ts";

/**
 * The small floats are float32 in memory and in registers, without rounding in between: results are as exact as the
 * operators promise or better, and whoever gives or takes such tensors converts at the network's edge.
 */
const storedTypes: Readonly<Partial<Record<ElementType, StoredType>>> = {
  float32: "float32",
  float16: "float32",
  bfloat16: "float32",
  float64: "float64",
  int64: "int64",
  int32: "int32",
  uint32: "uint32",
  int16: "int16",
  uint16: "uint16",
  int8: "int8",
  uint8: "uint8",
  bool: "bool",
};

/** Undefined for types that are not compiled: uint64, 4-bit integers, floats of 8 bits and less, text, complex numbers. */
export function storedTypeOf(elementType: ElementType): StoredType | undefined {
  return storedTypes[elementType];
}

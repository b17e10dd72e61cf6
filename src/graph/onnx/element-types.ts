/** ONNX's numbers for element types (TensorProto.DataType) and laminate's names for them. */

import { badInput } from "../../base/errors.ts";
import type { ElementType } from "../ir/tensor.ts";
import { type Place, placeText } from "./place.ts";

const byNumber: readonly (ElementType | undefined)[] = [
  "undefined",
  "float32",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "float64",
  "uint32",
  "uint64",
  "complex64",
  "complex128",
  "bfloat16",
  "float8e4m3fn",
  "float8e4m3fnuz",
  "float8e5m2",
  "float8e5m2fnuz",
  "uint4",
  "int4",
  "float4e2m1",
];

/** The element type of a TensorProto.DataType; 0, the number for none, is "undefined". */
export function elementTypeOf(dataType: number | undefined, where: Place): ElementType {
  const elementType = byNumber[dataType ?? 0];
  if (elementType !== undefined) return elementType;
  throw badInput(`element type ${dataType} is not known; 1 to ${byNumber.length - 1} are`, {
    where: placeText(where),
    fix: "export the model with the element types of ONNX 1.17 or before",
  });
}

/** The TensorProto.DataType of an element type. */
export function dataTypeOf(elementType: ElementType): number {
  return byNumber.indexOf(elementType);
}

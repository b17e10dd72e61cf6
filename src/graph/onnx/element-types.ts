/** ONNX's numbers for element types (TensorProto.DataType) and laminate's names for them. */

import { badInput } from "../../base/errors.ts";
import { elementTypesByNumber } from "../ir/standard.ts";
import type { ElementType } from "../ir/tensor.ts";
import { type Place, placeText } from "./place.ts";

/** The element type of a TensorProto.DataType; 0, the number for none, is "undefined". */
export function elementTypeOf(dataType: number | undefined, where: Place): ElementType {
  const elementType = elementTypesByNumber[dataType ?? 0];
  if (elementType !== undefined) return elementType;
  throw badInput(`element type ${dataType} is not known; 1 to ${elementTypesByNumber.length - 1} are`, {
    where: placeText(where),
    fix: "export the model with the element types of ONNX 1.17 or before",
  });
}

/** The TensorProto.DataType of an element type. */
export function dataTypeOf(elementType: ElementType): number {
  return elementTypesByNumber.indexOf(elementType);
}

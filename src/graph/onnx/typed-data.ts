/**
 * The typed data fields of TensorProto, brought to the one form that tensors have here: little-endian elements as
 * raw_data would hold them. Which field serves which element type is fixed by the ONNX specification.
 */

import { type ElementType, elementBits } from "../ir/tensor.ts";
import type { Place } from "./place.ts";
import type { TensorProto } from "./schema.ts";
import { countVarints, visitVarints } from "./varints.ts";

type DataField = "floatData" | "doubleData" | "int32Data" | "int64Data" | "uint64Data" | "stringData";

/** The names as the specification spells them, for messages. */
export const dataFieldNames: Readonly<Record<DataField, string>> = {
  floatData: "float_data",
  doubleData: "double_data",
  int32Data: "int32_data",
  int64Data: "int64_data",
  uint64Data: "uint64_data",
  stringData: "string_data",
};

/** The field that holds elements of a type when raw_data does not. */
export function dataFieldOf(elementType: ElementType): DataField {
  switch (elementType) {
    case "float32":
    case "complex64":
      return "floatData";
    case "float64":
    case "complex128":
      return "doubleData";
    case "int64":
      return "int64Data";
    case "uint64":
    case "uint32":
      return "uint64Data";
    case "string":
      return "stringData";
    default:
      return "int32Data";
  }
}

/** The typed data fields that hold something. */
export function filledDataFields(tensor: TensorProto): readonly DataField[] {
  return (Object.keys(dataFieldNames) as DataField[]).filter((field) => (tensor[field]?.length ?? 0) > 0);
}

/** The elements of a typed data field as raw_data would hold them; for the fixed-size fields it is a view. */
export function typedBytes(tensor: TensorProto, elementType: ElementType, where: Place): Uint8Array {
  const field = dataFieldOf(elementType);
  if (field === "floatData" || field === "doubleData") return tensor[field] ?? new Uint8Array(0);
  if (field === "stringData") throw new Error("internal: strings have no bytes");
  const packed = tensor[field] ?? new Uint8Array(0);
  // Four-bit elements are packed two to a byte, and each byte is one number of int32_data.
  return narrowed(packed, Math.max(8, elementBits[elementType]) / 8, where);
}

/** The low bytes of each number, little-endian: what the specification asks of every narrow type. */
function narrowed(packed: Uint8Array, bytesEach: number, where: Place): Uint8Array {
  const bytes = new Uint8Array(countVarints(packed) * bytesEach);
  const view = new DataView(bytes.buffer);
  visitVarints(packed, where, (low, high, index) => {
    if (bytesEach === 1) view.setUint8(index, low);
    else if (bytesEach === 2) view.setUint16(index * 2, low, true);
    else view.setUint32(index * bytesEach, low, true);
    if (bytesEach === 8) view.setUint32(index * 8 + 4, high, true);
  });
  return bytes;
}

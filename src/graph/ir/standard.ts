/** What several parts need of the ONNX standard itself. */
import type { ElementType } from "./tensor.ts";

/** The newest opset of standard ONNX that is read, and whose operators have rows. */
export const newestOpset = 22;

/** laminate's names of the element types, by their numbers in TensorProto.DataType. */
export const elementTypesByNumber: readonly ElementType[] = [
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

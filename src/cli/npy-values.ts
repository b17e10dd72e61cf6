/** Values of a run as .npy files. */
import { badInput } from "../base/errors.ts";
import { readNpy, writeNpy } from "../base/npy.ts";
import { materialize } from "../graph/ir/materialize.ts";
import { tensorOfValue, valueOfTensor } from "../graph/ir/runtime-tensor.ts";
import { countOf, type TensorValue, tensorFromDoubles } from "../graph/ir/runtime-value.ts";
import { isSmallFloat } from "../graph/ir/small-floats.ts";
import type { ElementType } from "../graph/ir/tensor.ts";

/** NumPy's names for the element types that it shares with ONNX. */
const descriptions: Readonly<Partial<Record<ElementType, string>>> = {
  float32: "<f4",
  float64: "<f8",
  float16: "<f2",
  int64: "<i8",
  int32: "<i4",
  int16: "<i2",
  int8: "|i1",
  uint64: "<u8",
  uint32: "<u4",
  uint16: "<u2",
  uint8: "|u1",
  bool: "|b1",
};

/** The tensor in a file. */
export function npyToValue(file: Uint8Array, where: string): TensorValue {
  const { descr, shape, bytes } = readNpy(file, where);
  const found = Object.entries(descriptions).find(
    ([, name]) => name.slice(1) === descr.replace(/^[<|=]/, ""),
  );
  if (found === undefined) {
    throw badInput(`elements of NumPy's type "${descr}" are not read`, {
      where,
      fix: `convert the array to one of ${Object.values(descriptions)
        .map((name) => name.slice(1))
        .join(", ")}`,
    });
  }
  return valueOfTensor(
    { elementType: found[0] as ElementType, shape, data: { kind: "bytes", bytes } },
    where,
  );
}

/** The file of a tensor; types that NumPy lacks are written as float32 or int8. Throws bad-input for strings. */
export function valueToNpy(value: TensorValue, where: string): Uint8Array {
  if (value.elementType === "string") {
    throw badInput("strings are not written as .npy", { where, fix: "leave out --output" });
  }
  const known = descriptions[value.elementType] === undefined ? widened(value) : value;
  const bytes = materialize(tensorOfValue(known));
  return writeNpy({ descr: descriptions[known.elementType] ?? "<f4", shape: value.shape, bytes });
}

function widened(value: TensorValue): TensorValue {
  const to = isSmallFloat(value.elementType) ? "float32" : value.elementType === "int4" ? "int8" : "uint8";
  const numbers = Float64Array.from({ length: countOf(value.shape) }, (_, index) =>
    Number(value.elements[index]),
  );
  return tensorFromDoubles(to, value.shape, numbers);
}

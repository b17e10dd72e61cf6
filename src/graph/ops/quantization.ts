/** Between real and quantized numbers. */
import { elementTypeAttribute, input, optionalInt } from "./call.ts";
import { tensorFact } from "./fact.ts";
import { withKernels } from "./kernels/kernel.ts";
import { quantizationKernels } from "./kernels/quantized.ts";
import type { OperatorRow } from "./row.ts";
import { row } from "./row.ts";

const quantizeLinear = row({
  operator: "QuantizeLinear",
  versions: [10, 13, 19, 21],
  arity: [2, 3],
  mappingType: "one-to-one",
  infer: (call) => {
    // The zero point's type decides, then output_dtype (opset 21), then uint8. output_dtype 0 means "not given".
    const stated =
      optionalInt(call, "output_dtype") === 0 ? undefined : elementTypeAttribute(call, "output_dtype");
    return [tensorFact(call.inputs[2]?.elementType ?? stated ?? "uint8", input(call, 0).shape)];
  },
});

const dequantizeLinear = row({
  operator: "DequantizeLinear",
  versions: [10, 13, 19, 21],
  arity: [2, 3],
  mappingType: "one-to-one",
  infer: (call) => [tensorFact(input(call, 1).elementType, input(call, 0).shape)],
});

const dynamicQuantizeLinear = row({
  operator: "DynamicQuantizeLinear",
  versions: [11],
  arity: [1, 1],
  infer: (call) => [
    tensorFact("uint8", input(call, 0).shape),
    tensorFact("float32", []),
    tensorFact("uint8", []),
  ],
});

export const quantizationRows: readonly OperatorRow[] = withKernels(
  [dequantizeLinear, dynamicQuantizeLinear, quantizeLinear],
  quantizationKernels,
);

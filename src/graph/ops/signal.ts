/** Signal processing: windows, spectra, mel filters. */
import type { ElementType } from "../ir/tensor.ts";
import { elementTypeAttribute, input, int, scalarInput } from "./call.ts";
import { tensorFact } from "./fact.ts";
import { withKernels } from "./kernels/kernel.ts";
import { signalKernels } from "./kernels/signal.ts";
import type { Call, OperatorRow } from "./row.ts";
import { row } from "./row.ts";
import { freshShape } from "./shapes.ts";

/** One vector of weights, from -1 to 1 or 0 to 1, of the given length. */
function window(operator: string): OperatorRow {
  return row({
    operator,
    versions: [17],
    arity: [1, 1],
    mappingType: "one-to-many",
    infer: (call) => [tensorFact(windowType(call), [scalarInput(call, 0) ?? call.symbols.fresh()])],
  });
}

function windowType(call: Call): ElementType {
  return elementTypeAttribute(call, "output_datatype") ?? "float32";
}

const melWeightMatrix = row({
  operator: "MelWeightMatrix",
  versions: [17],
  arity: [5, 5],
  infer: (call) => {
    const [bins, length] = [scalarInput(call, 0), scalarInput(call, 1)];
    const spectrum =
      length === undefined ? call.symbols.fresh() : call.symbols.add(call.symbols.floorDivide(length, 2), 1);
    return [tensorFact(windowType(call), [spectrum, bins ?? call.symbols.fresh()])];
  },
});

/** The spectrum along one axis: [..., size, 1 or 2] to [..., size or its one-sided half, 2]. */
const dft = row({
  operator: "DFT",
  versions: [17, 20],
  arity: [1, 3],
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    if (shape === undefined) return [tensorFact(elementType, undefined)];
    // The axis became an input in opset 20, and its default moved from 1 to the last but one.
    const axis = call.node.opset >= 20 ? dftAxisInput(call) : int(call, "axis", 1);
    if (axis === undefined) return [tensorFact(elementType, freshShape(call, shape.length))];
    const normal = axis < 0 ? axis + shape.length : axis;
    const length = call.inputs[1] === undefined ? shape[normal] : scalarInput(call, 1);
    const full = length ?? call.symbols.fresh();
    const oneSided = int(call, "onesided", 0) !== 0;
    const size = oneSided ? call.symbols.add(call.symbols.floorDivide(full, 2), 1) : full;
    const result = shape.map((old, index) =>
      index === normal ? size : index === shape.length - 1 ? 2 : old,
    );
    return [tensorFact(elementType, result)];
  },
});

function dftAxisInput(call: Call): number | undefined {
  if (call.inputs[2] === undefined) return -2;
  const axis = scalarInput(call, 2);
  return typeof axis === "number" ? axis : undefined;
}

/** Short-time spectra: [batch, length, 1 or 2] to [batch, frames, frequencies, 2]. */
const stft = row({
  operator: "STFT",
  versions: [17],
  arity: [2, 4],
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    const { symbols } = call;
    const [batch = symbols.fresh(), length = symbols.fresh()] = shape ?? [];
    const step = scalarInput(call, 1);
    const frame = call.inputs[3] === undefined ? call.inputs[2]?.shape?.[0] : scalarInput(call, 3);
    if (step === undefined || frame === undefined || step === 0) {
      return [tensorFact(elementType, [batch, symbols.fresh(), symbols.fresh(), 2])];
    }
    const frames = symbols.add(symbols.floorDivide(symbols.subtract(length, frame), step), 1);
    const oneSided = int(call, "onesided", 1) !== 0;
    const frequencies = oneSided ? symbols.add(symbols.floorDivide(frame, 2), 1) : frame;
    return [tensorFact(elementType, [batch, frames, frequencies, 2])];
  },
});

export const signalRows: readonly OperatorRow[] = withKernels(
  [dft, melWeightMatrix, stft, window("BlackmanWindow"), window("HammingWindow"), window("HannWindow")],
  signalKernels,
);

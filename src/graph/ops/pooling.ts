/** Pooling over windows, whole images and regions. */
import type { Dimension, Shape } from "../ir/tensor.ts";
import { allNumbers, describeInput, input, int, requiredInts, string } from "./call.ts";
import { tensorFact } from "./fact.ts";
import { withKernels } from "./kernels/kernel.ts";
import { poolingKernels } from "./kernels/pooling.ts";
import { regionKernels } from "./kernels/regions.ts";
import type { Call, OperatorRow } from "./row.ts";
import { row } from "./row.ts";
import { freshShape } from "./shapes.ts";
import { readWindow, windowSizes } from "./window.ts";

function pooledShape(call: Call): Shape | undefined {
  const { shape } = input(call, 0);
  const kernel = requiredInts(call, "kernel_shape");
  const window = readWindow(call, kernel);
  if (shape === undefined) return undefined;
  if (shape.length !== kernel.length + 2) {
    throw call.error(
      `kernel_shape [${kernel.join(",")}] does not fit ${describeInput(call, 0)}`,
      "pooling needs [batch, channels, sizes...] and one kernel size per size",
    );
  }
  return [...shape.slice(0, 2), ...windowSizes(call, shape.slice(2), window)];
}

function pooling(operator: string, versions: readonly number[]): OperatorRow {
  return row({
    operator,
    versions,
    arity: [1, 1],
    infer: (call) => {
      const shape = pooledShape(call);
      return [tensorFact(input(call, 0).elementType, shape), tensorFact("int64", shape)];
    },
  });
}

function globalPooling(operator: string, versions: readonly number[]): OperatorRow {
  return row({
    operator,
    versions,
    arity: [1, 1],
    infer: (call) => {
      const { elementType, shape } = input(call, 0);
      if (shape !== undefined && shape.length < 3) {
        throw call.error(
          `${describeInput(call, 0)} has no image to pool`,
          "it needs [batch, channels, sizes...]",
        );
      }
      return [
        tensorFact(
          elementType,
          shape?.map((size, axis): Dimension => (axis < 2 ? size : 1)),
        ),
      ];
    },
  });
}

const maxUnpool = row({
  operator: "MaxUnpool",
  versions: [9, 11, 22],
  arity: [2, 3],
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    const kernel = requiredInts(call, "kernel_shape");
    const window = readWindow(call, kernel);
    if (shape === undefined) return [tensorFact(elementType, undefined)];
    const stated = call.inputs[2];
    if (stated !== undefined) {
      const sizes = allNumbers(call.elements(stated));
      return [tensorFact(elementType, sizes ?? freshShape(call, shape.length))];
    }
    const { symbols } = call;
    const sizes = shape.slice(2).map((size, axis) => {
      const steps = symbols.multiply(symbols.subtract(size, 1), window.strides[axis] ?? 1);
      const padding = (window.pads[axis] ?? 0) + (window.pads[axis + kernel.length] ?? 0);
      return symbols.add(steps, (kernel[axis] ?? 1) - padding);
    });
    return [tensorFact(elementType, [...shape.slice(0, 2), ...sizes])];
  },
});

/** RoiAlign: one crop of a fixed size per region. */
const roiAlign = row({
  operator: "RoiAlign",
  versions: [10, 16, 22],
  arity: [3, 3],
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    const regions = input(call, 1).shape?.[0] ?? input(call, 2).shape?.[0] ?? call.symbols.fresh();
    const crop = [int(call, "output_height", 1), int(call, "output_width", 1)];
    return [tensorFact(elementType, [regions, shape?.[1] ?? call.symbols.fresh(), ...crop])];
  },
});

const maxRoiPool = row({
  operator: "MaxRoiPool",
  versions: [1, 22],
  arity: [2, 2],
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    const regions = input(call, 1).shape?.[0] ?? call.symbols.fresh();
    const crop = requiredInts(call, "pooled_shape");
    return [tensorFact(elementType, [regions, shape?.[1] ?? call.symbols.fresh(), ...crop])];
  },
});

/** Boxes that survive: rows of [batch, class, box], at most max_output_boxes_per_class of each class. */
const nonMaxSuppression = row({
  operator: "NonMaxSuppression",
  versions: [10, 11],
  arity: [2, 5],
  infer: (call) => [tensorFact("int64", [call.symbols.fresh(), 3])],
});

/** An encoded image [bytes] becomes [height, width, channels]. */
const imageDecoder = row({
  operator: "ImageDecoder",
  versions: [20],
  arity: [1, 1],
  infer: (call) => {
    const channels = string(call, "pixel_format", "RGB") === "Grayscale" ? 1 : 3;
    return [tensorFact("uint8", [...freshShape(call, 2), channels])];
  },
});

export const poolingRows: readonly OperatorRow[] = withKernels(
  [
    globalPooling("GlobalAveragePool", [1, 22]),
    globalPooling("GlobalLpPool", [1, 2, 22]),
    globalPooling("GlobalMaxPool", [1, 22]),
    imageDecoder,
    maxRoiPool,
    maxUnpool,
    nonMaxSuppression,
    pooling("AveragePool", [1, 7, 10, 11, 19, 22]),
    pooling("LpPool", [1, 2, 11, 18, 22]),
    pooling("MaxPool", [1, 8, 10, 11, 12, 22]),
    roiAlign,
  ],
  { ...poolingKernels, ...regionKernels },
);

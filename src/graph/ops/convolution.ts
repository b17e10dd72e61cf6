/**
 * Convolutions: Conv, ConvTranspose, ConvInteger, QLinearConv, DeformConv. Formulas as in the ONNX operator
 * documentation.
 */
import type { Dimension, Shape } from "../ir/tensor.ts";
import { elementCount } from "../ir/tensor.ts";
import { describeInput, input, int, ints } from "./call.ts";
import type { Fact } from "./fact.ts";
import { formatShape, tensorFact } from "./fact.ts";
import { convolutionKernels } from "./kernels/convolution.ts";
import { deformConvKernel } from "./kernels/deformable-convolution.ts";
import { withKernels } from "./kernels/kernel.ts";
import type { Call, OperatorRow, TypedCall } from "./row.ts";
import { row } from "./row.ts";
import { perAxis, reachOf, readWindow, type Window, windowSizes } from "./window.ts";

/** The kernel's spatial sizes: from the filter, where its shape is known, and the attribute must say the same. */
function kernelOf(call: Call, filter: Shape | undefined, rank: number): readonly Dimension[] {
  const stated = ints(call, "kernel_shape");
  if (filter === undefined) return stated ?? Array.from({ length: rank }, () => call.symbols.fresh());
  const kernel = filter.slice(2);
  if (stated === undefined) return kernel;
  const fits =
    stated.length === kernel.length &&
    stated.every((size, axis) => kernel[axis] === size || typeof kernel[axis] === "string");
  if (!fits) {
    throw call.error(
      `kernel_shape [${stated.join(",")}] is not that of the filter ${formatShape(filter)}`,
      "leave kernel_shape out or correct it",
    );
  }
  return stated;
}

/** Which inputs hold the data and the filter, and what comes out. */
interface Operands {
  readonly data: number;
  readonly filter: number;
  readonly elementType: (call: Call) => Fact["elementType"];
}

function groupsOf(call: Call): number {
  const groups = int(call, "group", 1);
  if (groups < 1) throw call.error(`group is ${groups}`, "it must be at least 1");
  return groups;
}

function checkRanks(call: Call, data: Shape, filter: Shape | undefined, at: Operands): void {
  if (data.length < 3) {
    throw call.error(
      `${describeInput(call, at.data)} has ${data.length} axes`,
      "a convolution needs [batch, channels, sizes...]",
    );
  }
  if (filter !== undefined && filter.length !== data.length) {
    throw call.error(
      `the filter ${describeInput(call, at.filter)} and the input ${describeInput(call, at.data)} have different ranks`,
    );
  }
}

function convolutionShape(call: Call, at: Operands): Shape | undefined {
  const data = input(call, at.data).shape;
  const filter = input(call, at.filter).shape;
  if (data === undefined) return undefined;
  checkRanks(call, data, filter, at);
  const groups = groupsOf(call);
  const channels = data[1] ?? 0;
  if (filter !== undefined) {
    checkChannels(call, channels, call.symbols.multiply(filter[1] ?? 0, groups), at);
    checkDivides(call, filter[0] ?? 0, groups);
  }
  const window = readWindow(call, kernelOf(call, filter, data.length - 2));
  if (window.kernel.length !== data.length - 2) {
    throw call.error(
      `kernel_shape [${window.kernel.join(",")}] does not fit ${describeInput(call, at.data)}`,
    );
  }
  return [data[0] ?? 0, filter?.[0] ?? call.symbols.fresh(), ...windowSizes(call, data.slice(2), window)];
}

function checkChannels(call: Call, channels: Dimension, wanted: Dimension, at: Operands): void {
  if (typeof channels !== "number" || typeof wanted !== "number" || channels === wanted) return;
  throw call.error(
    `the input ${describeInput(call, at.data)} has ${channels} channels, the filter ${describeInput(call, at.filter)} wants ${wanted} (group ${groupsOf(call)})`,
    "correct the filter's shape or the attribute group",
  );
}

function checkDivides(call: Call, outputs: Dimension, groups: number): void {
  if (typeof outputs === "number" && outputs % groups !== 0) {
    throw call.error(`${outputs} output channels do not divide into ${groups} groups`);
  }
}

function convolution(
  operator: string,
  versions: readonly number[],
  arity: readonly [number, number],
  at: Operands,
): OperatorRow {
  return row({
    operator,
    versions,
    arity,
    heavy: true,
    infer: (call) => {
      const shape = convolutionShape(call, at);
      checkBias(call, shape, at);
      return [tensorFact(at.elementType(call), shape)];
    },
    macs: (call) => filterMacs(call.outputs[0]?.shape, call.inputs[at.filter]?.shape),
  });
}

/** The bias, where there is one behind the filter, has one entry per output channel. */
function checkBias(call: Call, shape: Shape | undefined, at: Operands): void {
  const index =
    at.filter === 1 && (call.node.operator === "Conv" || call.node.operator === "ConvTranspose")
      ? 2
      : undefined;
  if (index === undefined || shape === undefined) return;
  const bias = call.inputs[index]?.shape;
  if (bias === undefined) return;
  if (bias.length !== 1) throw call.error(`the bias ${describeInput(call, index)} should have rank 1`);
  const size = bias[0] ?? 0;
  if (typeof size === "number" && typeof shape[1] === "number" && size !== shape[1]) {
    throw call.error(
      `the bias ${describeInput(call, index)} should have ${shape[1]} entries, one per output channel`,
    );
  }
}

/** Every output element takes one product per element of its filter. */
function filterMacs(positions: Shape | undefined, filter: Shape | undefined): number | undefined {
  const count = positions === undefined ? undefined : elementCount(positions);
  const each = filter === undefined ? undefined : elementCount(filter.slice(1));
  return count === undefined || each === undefined ? undefined : count * each;
}

const plain: Operands = { data: 0, filter: 1, elementType: (call) => input(call, 0).elementType };

function transposedShape(call: Call): Shape | undefined {
  const data = input(call, 0).shape;
  const filter = input(call, 1).shape;
  if (data === undefined) return undefined;
  checkRanks(call, data, filter, plain);
  const groups = groupsOf(call);
  const channels = filter === undefined ? undefined : call.symbols.multiply(filter[1] ?? 0, groups);
  if (filter !== undefined) checkChannels(call, data[1] ?? 0, filter[0] ?? 0, plain);
  const kernel = kernelOf(call, filter, data.length - 2);
  const sizes = transposedSizes(call, data.slice(2), readWindow(call, kernel));
  return [data[0] ?? 0, channels ?? call.symbols.fresh(), ...sizes];
}

function transposedSizes(call: Call, sizes: Shape, window: Window): readonly Dimension[] {
  const { symbols } = call;
  const stated = ints(call, "output_shape");
  if (stated !== undefined && stated.length > 0) {
    const spatial = stated.slice(-sizes.length);
    if (spatial.length !== sizes.length || spatial.some((size) => size < 1)) {
      throw call.error(`output_shape [${stated.join(",")}] does not fit ${describeInput(call, 0)}`);
    }
    return spatial;
  }
  const extra = perAxis(call, "output_padding", sizes.length, 0, 0);
  return sizes.map((size, axis) => {
    const stride = window.strides[axis] ?? 1;
    if (window.autoPad === "SAME_UPPER" || window.autoPad === "SAME_LOWER")
      return symbols.multiply(size, stride);
    const padding =
      window.autoPad === "VALID" ? 0 : (window.pads[axis] ?? 0) + (window.pads[axis + sizes.length] ?? 0);
    const steps = symbols.multiply(symbols.subtract(size, 1), stride);
    const reach = symbols.add(steps, reachOf(call, window, axis));
    const result = symbols.add(reach, (extra[axis] ?? 0) - padding);
    if (typeof result === "number" && result < 1) {
      throw call.error(
        `axis ${axis + 2} of the output would have size ${result} (input ${describeInput(call, 0)})`,
      );
    }
    return result;
  });
}

const convTranspose = row({
  operator: "ConvTranspose",
  versions: [1, 11, 22],
  arity: [2, 3],
  heavy: true,
  infer: (call) => {
    const shape = transposedShape(call);
    checkBias(call, shape, plain);
    return [tensorFact(input(call, 0).elementType, shape)];
  },
  // Every input element is multiplied with the whole filter of its group.
  macs: (call: TypedCall) => filterMacs(call.inputs[0]?.shape, call.inputs[1]?.shape),
});

export const convolutionRows: readonly OperatorRow[] = withKernels(
  [
    convTranspose,
    convolution("Conv", [1, 11, 22], [2, 3], plain),
    convolution("ConvInteger", [10], [2, 4], { ...plain, elementType: () => "int32" }),
    convolution("DeformConv", [19, 22], [3, 5], plain),
    convolution("QLinearConv", [10], [8, 9], {
      data: 0,
      filter: 3,
      elementType: (call) => input(call, 7).elementType,
    }),
  ],
  { ...convolutionKernels, DeformConv: deformConvKernel },
);

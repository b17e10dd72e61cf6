/** Runs a convolution by the direct kernel or by Winograd's three, on given data. */
import { convolution } from "../convolution.ts";
import { filtersFirst, packFilters } from "../pack-filters.ts";
import type { Kernel } from "../place.ts";
import { plainEpilogue } from "../plain-epilogue.ts";
import { planWinograd, winogradInput, winogradOutput } from "../winograd.ts";
import { packWinograd, winogradFilters, winogradWeightFloats } from "../winograd-filters.ts";
import { bytesOf, type ConvolutionShape, convolutionOutput, sizesOf } from "./convolution-case.ts";
import { KernelMemory } from "./kernel-memory.ts";

export interface ConvolutionData {
  readonly input: Float32Array;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly relu: boolean;
  readonly relaxed: boolean;
}

export interface PreparedStep {
  readonly kernel: Kernel;
  readonly addresses: readonly number[];
  readonly firstUnit?: number;
}

/** Kernels with their addresses, ready to run one after the other. */
export interface Prepared {
  readonly memory: KernelMemory;
  readonly steps: readonly PreparedStep[];
  /** Guarded. */
  readonly output: Float32Array;
}

export function prepareWinograd(
  shape: ConvolutionShape,
  data: ConvolutionData,
  winogradLines?: number,
): Prepared {
  const { relaxed } = data;
  const sizes = { ...sizesOf(shape), ...(winogradLines === undefined ? {} : { winogradLines }) };
  const plan = planWinograd(sizes);
  const scratch =
    plan.transformedFloats + plan.productFloats + plan.packedFloats + winogradWeightFloats(sizes);
  const memory = new KernelMemory(bytesOf(shape) + 4 * scratch + 65536);
  const { strides, length } = convolutionOutput(shape);
  const input = memory.floats(data.input).address;
  const transformed = memory.floats(plan.transformedFloats).address;
  const filters = memory.floats(plan.packedFloats).address;
  const weights = memory.floats(packWinograd(sizes, data.weights)).address;
  memory.run({ ...winogradFilters("filters", sizes, relaxed), overlaps: false }, [weights, filters]);
  const products = memory.floats(plan.productFloats).address;
  const output = memory.guarded(length);
  const bias = memory.floats(data.bias).address;
  const productStrides = { batch: 0, z: plan.productPlane, y: 0, x: shape.filtersPerGroup };
  const plain = plainEpilogue({ strides: productStrides, bias: false, relu: false });
  const epilogue = plainEpilogue({ strides, bias: true, relu: data.relu });
  const multiply = convolution({ ...plan.product, relaxed, name: "product", ...plain });
  const transform = winogradInput("transform", sizes, relaxed);
  const results = winogradOutput(sizes, { relaxed, name: "results", ...epilogue });
  return {
    memory,
    output: output.floats,
    steps: plan.bands.flatMap((band): PreparedStep[] => [
      {
        kernel: { ...transform, units: band.input.units },
        addresses: [input, transformed],
        firstUnit: band.input.firstUnit,
      },
      { kernel: multiply, addresses: [transformed, filters, products] },
      {
        kernel: { ...results, units: band.output.units },
        addresses: [products, output.address, bias],
        firstUnit: band.output.firstUnit,
      },
    ]),
  };
}

export function prepareDirect(shape: ConvolutionShape, data: ConvolutionData): Prepared {
  const sizes = { ...sizesOf(shape), relaxed: data.relaxed };
  const memory = new KernelMemory(bytesOf(shape) + 65536);
  const { strides, length } = convolutionOutput(shape);
  const input = memory.floats(data.input).address;
  const filters = memory.floats(packFilters(sizes, filtersFirst(sizes, data.weights))).address;
  const output = memory.guarded(length);
  const bias = memory.floats(data.bias).address;
  const epilogue = plainEpilogue({ strides, bias: true, relu: data.relu });
  const kernel = convolution({ ...sizes, name: "direct", ...epilogue });
  return {
    memory,
    output: output.floats,
    steps: [{ kernel, addresses: [input, filters, output.address, bias] }],
  };
}

/** Runs all steps, each as several threads would, and gives the guarded output. */
export function runPrepared({ memory, steps, output }: Prepared, parts: number): Float32Array {
  for (const { kernel, addresses, firstUnit } of steps) memory.run(kernel, addresses, parts, firstUnit);
  return output;
}

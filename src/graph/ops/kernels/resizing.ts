/**
 * Kernels of Resize and Upsample. Every axis is resampled on its own: each place of the output is a weighted sum of
 * places of the input. Formulas as in the ONNX operator documentation of Resize.
 */
import { countOf, type NumberArray, numbersOf, type TensorValue } from "../../ir/runtime-value.ts";
import { float, floats, int, ints, normalAxis, string } from "../call.ts";
import { type AxisMap, gatherByAxes, samePlaces } from "./axis-maps.ts";
import {
  fromBuffer,
  integerList,
  type Kernel,
  type KernelCall,
  type Kernels,
  numberBuffer,
  outputType,
  tensor,
} from "./kernel.ts";
import { linesAlong } from "./lines.ts";

/** One axis of a resize. */
interface AxisResize {
  readonly axis: number;
  readonly size: number;
  readonly outputSize: number;
  readonly scale: number;
  /** The part of the axis to look at, for tf_crop_and_resize: 0 is the first, 1 the last element. */
  readonly region: readonly [number, number];
}

function axisResizes(
  call: KernelCall,
  from: readonly number[],
  shape: readonly number[],
): readonly AxisResize[] {
  const rank = from.length;
  const axes = ints(call, "axes")?.map((axis) => normalAxis(call, axis, rank)) ?? samePlaces(rank);
  const isOld = call.node.operator === "Upsample" || call.node.opset < 11;
  const scales = isOld ? (integerList(call, 1) ?? oldScales(call)) : integerList(call, 2);
  const regions = isOld ? undefined : integerList(call, 1);
  return axes.flatMap((axis, index) => {
    const [size, outputSize] = [from[axis] ?? 1, shape[axis] ?? 1];
    const given = scales !== undefined && scales.length > 0 ? scales[index] : undefined;
    const region = [regions?.[index] ?? 0, regions?.[index + axes.length] ?? 1] as const;
    const scale = given ?? keptScale(call, from, axes) ?? outputSize / size;
    return scale === 1 && size === outputSize && (regions ?? []).length === 0
      ? []
      : [{ axis, size, outputSize, scale, region }];
  });
}

/** Upsample 7 has a list, Upsample 1 one scale each for height and width. */
function oldScales(call: KernelCall): readonly number[] | undefined {
  return floats(call, "scales") ?? [1, 1, float(call, "height_scale", 1), float(call, "width_scale", 1)];
}

/** With an aspect policy all axes have one scale, the one that decided the sizes. */
function keptScale(call: KernelCall, from: readonly number[], axes: readonly number[]): number | undefined {
  const policy = string(call, "keep_aspect_ratio_policy", "stretch");
  const sizes = policy === "stretch" ? undefined : integerList(call, 3);
  const ratios = sizes?.map((size, index) => size / (from[axes[index] ?? 0] ?? 1));
  if (ratios === undefined) return undefined;
  return policy === "not_smaller" ? Math.max(...ratios) : Math.min(...ratios);
}

/** Where a place of the output lies in the input. */
function originalPlace(mode: string, place: number, { size, outputSize, scale, region }: AxisResize): number {
  const resized = scale * size;
  switch (mode) {
    case "align_corners":
      return outputSize === 1 ? 0 : (place * (size - 1)) / (outputSize - 1);
    case "asymmetric":
      return place / scale;
    case "pytorch_half_pixel":
      return outputSize > 1 ? (place + 0.5) / scale - 0.5 : 0;
    case "tf_half_pixel_for_nn":
      return (place + 0.5) / scale;
    case "half_pixel_symmetric": {
      const adjustment = outputSize / resized;
      return (size / 2) * (1 - adjustment) + (place + 0.5) / scale - 0.5;
    }
    case "tf_crop_and_resize":
      return outputSize > 1
        ? region[0] * (size - 1) + (place * (region[1] - region[0]) * (size - 1)) / (outputSize - 1)
        : 0.5 * (region[0] + region[1]) * (size - 1);
    default:
      return (place + 0.5) / scale - 0.5;
  }
}

interface Mode {
  readonly interpolation: string;
  readonly coordinates: string;
  readonly nearest: string;
  readonly cubic: number;
  readonly excludesOutside: boolean;
  readonly antialias: boolean;
}

function modeOf(call: KernelCall): Mode {
  const isOld = call.node.operator === "Upsample" || call.node.opset < 11;
  return {
    interpolation: string(call, "mode", "nearest"),
    coordinates: isOld ? "asymmetric" : string(call, "coordinate_transformation_mode", "half_pixel"),
    nearest: isOld ? "floor" : string(call, "nearest_mode", "round_prefer_floor"),
    cubic: float(call, "cubic_coeff_a", -0.75),
    excludesOutside: int(call, "exclude_outside", 0) !== 0,
    antialias: int(call, "antialias", 0) !== 0,
  };
}

/** The nearest place. Coordinates are rounded to 1e-9 first, so that 2.5 is a tie whichever way it was reached. */
function nearestPlace(mode: string, place: number): number {
  const at = Math.round(place * 1e9) / 1e9;
  switch (mode) {
    case "floor":
      return Math.floor(at);
    case "ceil":
      return Math.ceil(at);
    case "round_prefer_ceil":
      return Math.floor(at + 0.5);
    default:
      return Math.ceil(at - 0.5);
  }
}

/** The weight of an element at a distance: a triangle, or Keys' cubic. */
function weightAt({ interpolation, cubic: a }: Mode, distance: number): number {
  const x = Math.abs(distance);
  if (interpolation !== "cubic") return Math.max(0, 1 - x);
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
}

/** The places that a place of the output is made of, with their weights. */
export type Taps = readonly (readonly [place: number, weight: number])[];

function tapsOf(mode: Mode, resize: AxisResize, place: number): Taps {
  const { size, scale } = resize;
  const at = originalPlace(mode.coordinates, place, resize);
  // Shrinking with antialias widens the filter, so that every element counts.
  const stretch = mode.antialias && scale < 1 ? 1 / scale : 1;
  const reach = (mode.interpolation === "cubic" ? 2 : 1) * stretch;
  const dropsOutside = mode.excludesOutside || mode.antialias;
  // An empty axis, or a region that is no number: there is nothing to sum.
  if (!Number.isFinite(at) || size === 0) return [];
  const taps: [number, number][] = [];
  for (
    let near = Math.floor(at - reach) + 1;
    near <= Math.ceil(at + reach) - 1 || taps.length === 0;
    near++
  ) {
    const weight = weightAt(mode, (near - at) / stretch);
    if (dropsOutside && (near < 0 || near >= size)) {
      if (near > size) break;
      continue;
    }
    taps.push([Math.min(Math.max(near, 0), size - 1), weight]);
  }
  const total = taps.reduce((sum, [, weight]) => sum + weight, 0);
  return total === 0 ? taps : taps.map(([near, weight]) => [near, weight / total]);
}

function resampled(
  numbers: NumberArray,
  shape: readonly number[],
  resize: AxisResize,
  mode: Mode,
): Float64Array {
  const { axis, outputSize } = resize;
  const newShape = shape.map((size, index) => (index === axis ? outputSize : size));
  const [from, to] = [linesAlong(shape, axis), linesAlong(newShape, axis)];
  const out = new Float64Array(countOf(newShape));
  const taps = Array.from({ length: outputSize }, (_, place) => tapsOf(mode, resize, place));
  for (let line = 0; line < from.count; line++) {
    const [start, target] = [from.start(line), to.start(line)];
    taps.forEach((list, place) => {
      let sum = 0;
      for (const [near, weight] of list) sum += (numbers[start + near * from.stride] as number) * weight;
      out[target + place * to.stride] = sum;
    });
  }
  return out;
}

/** An axis that changes: for each place of the output, what it is made of. */
export interface ResampledAxis {
  readonly axis: number;
  readonly taps: readonly Taps[];
}

/**
 * How a Resize or Upsample makes its output, axis by axis; undefined where that is not all (a crop that leaves the image).
 * The first input of the call need not be there.
 */
export function resampledAxes(
  call: KernelCall,
  from: readonly number[],
  to: readonly number[],
): readonly ResampledAxis[] | undefined {
  const mode = modeOf(call);
  if (mode.coordinates === "tf_crop_and_resize") return undefined;
  return axisResizes(call, from, to).map((each) => ({
    axis: each.axis,
    taps: Array.from({ length: each.outputSize }, (_, place): Taps => {
      if (mode.interpolation === "nearest") return [[nearestInside(mode, place, each), 1]];
      return tapsOf(mode, each, place);
    }),
  }));
}

function nearestInside(mode: Mode, place: number, resize: AxisResize): number {
  const near = nearestPlace(mode.nearest, originalPlace(mode.coordinates, place, resize));
  return Math.min(Math.max(near, 0), resize.size - 1);
}

const resize: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const value = tensor(call, 0);
  const mode = modeOf(call);
  const resizes = axisResizes(call, value.shape, shape);
  if (mode.interpolation === "nearest") {
    const maps: AxisMap[] = value.shape.map(samePlaces);
    for (const each of resizes) {
      maps[each.axis] = Array.from({ length: each.outputSize }, (_, place) =>
        nearestInside(mode, place, each),
      );
    }
    return [extrapolated(call, gatherByAxes(value, maps), resizes, mode)];
  }
  let numbers = numbersOf(value);
  let sizes = value.shape;
  for (const each of resizes) {
    numbers = resampled(numbers, sizes, each, mode);
    sizes = sizes.map((size, axis) => (axis === each.axis ? each.outputSize : size));
  }
  const out = numberBuffer(elementType, numbers.length);
  out.set(numbers);
  return [extrapolated(call, fromBuffer(elementType, shape, out), resizes, mode)];
};

/** With tf_crop_and_resize places outside the input have a value of their own. */
function extrapolated(
  call: KernelCall,
  value: TensorValue,
  resizes: readonly AxisResize[],
  mode: Mode,
): TensorValue {
  if (mode.coordinates !== "tf_crop_and_resize") return value;
  const maps: AxisMap[] = value.shape.map(samePlaces);
  for (const each of resizes) {
    maps[each.axis] = Array.from({ length: each.outputSize }, (_, place) => {
      const at = originalPlace(mode.coordinates, place, each);
      return at < 0 || at > each.size - 1 ? -1 : place;
    });
  }
  return gatherByAxes(value, maps, float(call, "extrapolation_value", 0));
}

export const resizingKernels: Kernels = { Resize: resize, Upsample: resize };

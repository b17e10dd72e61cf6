/**
 * Resize and Upsample in all their forms: scales as an attribute (Upsample 7), as an input (Upsample 9, Resize 10),
 * scales or sizes (Resize 11), and sizes of some axes with an aspect policy (Resize 18).
 */
import type { Dimension, Shape } from "../ir/tensor.ts";
import { describeInput, floats, input, ints, normalAxis, string } from "./call.ts";
import type { Elements } from "./fact.ts";
import { tensorFact } from "./fact.ts";
import { withKernels } from "./kernels/kernel.ts";
import { resizingKernels } from "./kernels/resizing.ts";
import type { Call, OperatorRow } from "./row.ts";
import { row } from "./row.ts";
import { freshShape, withDimension } from "./shapes.ts";

/** The size of an axis scaled by a float32, as runtimes compute it: rounded to float32, then down. */
function scaled(call: Call, size: Dimension, scale: number): Dimension {
  if (typeof size === "number") return Math.floor(Math.fround(size * Math.fround(scale)));
  return Number.isInteger(scale) ? call.symbols.multiply(size, scale) : call.symbols.fresh();
}

function checkCount(call: Call, given: number, axes: number, what: string): void {
  if (given !== axes)
    throw call.error(`${given} ${what} are given for ${axes} axes of ${describeInput(call, 0)}`);
}

function byScales(call: Call, shape: Shape, axes: readonly number[], scales: Elements): Shape {
  checkCount(call, scales.length, axes.length, "scales");
  return axes.reduce<Shape>((result, axis, index) => {
    const scale = scales[index];
    if (typeof scale === "number" && !(scale > 0)) {
      throw call.error(`the scale of axis ${axis} is ${scale}`, "scales must be greater than 0");
    }
    const size = typeof scale === "number" ? scaled(call, shape[axis] ?? 0, scale) : call.symbols.fresh();
    return withDimension(result, axis, size);
  }, shape);
}

function bySizes(call: Call, shape: Shape, axes: readonly number[], sizes: Elements): Shape {
  checkCount(call, sizes.length, axes.length, "sizes");
  for (const size of sizes) {
    if (typeof size === "number" && size < 1) throw call.error(`the new size ${size} is below 1`);
  }
  const policy = string(call, "keep_aspect_ratio_policy", "stretch");
  if (policy !== "stretch") return byAspect(call, shape, { axes, sizes, larger: policy === "not_smaller" });
  return axes.reduce<Shape>(
    (result, axis, index) => withDimension(result, axis, sizes[index] ?? call.symbols.fresh()),
    shape,
  );
}

interface AspectRequest {
  readonly axes: readonly number[];
  readonly sizes: Elements;
  readonly larger: boolean;
}

/** One scale for all axes, the smallest or largest that the sizes ask for, rounded half up. */
function byAspect(call: Call, shape: Shape, { axes, sizes, larger }: AspectRequest): Shape {
  const ratios = axes.map(
    (axis, index) => Number(sizes[index] ?? Number.NaN) / Number(shape[axis] ?? Number.NaN),
  );
  const scale = larger ? Math.max(...ratios) : Math.min(...ratios);
  return axes.reduce<Shape>((result, axis) => {
    const size = Math.floor(scale * Number(shape[axis]) + 0.5);
    return withDimension(result, axis, Number.isNaN(size) ? call.symbols.fresh() : size);
  }, shape);
}

function resizedShape(call: Call, shape: Shape): Shape {
  const axes =
    ints(call, "axes")?.map((axis) => normalAxis(call, axis, shape.length)) ?? shape.map((_, axis) => axis);
  const old = call.node.operator === "Upsample" || call.node.opset < 11;
  if (old) {
    const scales = call.elements(call.inputs[1]) ?? oldScales(call);
    return scales === undefined ? freshShape(call, shape.length) : byScales(call, shape, axes, scales);
  }
  // An empty list stands for an input that is left out: exporters fill the place of scales with one.
  const scales = call.elements(call.inputs[2]);
  if (scales !== undefined && scales.length > 0) return byScales(call, shape, axes, scales);
  const sizes = call.elements(call.inputs[3]);
  if (sizes !== undefined && sizes.length > 0) return bySizes(call, shape, axes, sizes);
  if (call.inputs[2] === undefined && call.inputs[3] === undefined) {
    throw call.error("neither scales nor sizes are given", "export the network again");
  }
  const result = [...shape];
  for (const axis of axes) result[axis] = call.symbols.fresh();
  return result;
}

/** Upsample 7 has a list, Upsample 1 one scale each for height and width. */
function oldScales(call: Call): Elements | undefined {
  const list = floats(call, "scales");
  if (list !== undefined) return list;
  const height = call.node.attributes.get("height_scale");
  const width = call.node.attributes.get("width_scale");
  return height?.kind === "float" && width?.kind === "float" ? [1, 1, height.value, width.value] : undefined;
}

function resize(operator: string, versions: readonly number[], most: number): OperatorRow {
  return row({
    operator,
    versions,
    arity: [1, most],
    mappingType: "one-to-many",
    infer: (call) => {
      const { elementType, shape } = input(call, 0);
      return [tensorFact(elementType, shape === undefined ? undefined : resizedShape(call, shape))];
    },
  });
}

export const resizingRows: readonly OperatorRow[] = withKernels(
  [resize("Resize", [10, 11, 13, 18, 19], 4), resize("Upsample", [1, 7, 9, 10], 2)],
  resizingKernels,
);

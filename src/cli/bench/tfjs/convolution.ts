/** Convolutions, poolings and what else works on images, in tfjs: channels last, weights permuted once. */
import type { OpNode } from "../../../graph/ir/graph.ts";
import { intOf, intsOf, stringOf } from "../../../graph/ir/node-attributes.ts";
import { batchNormAffine, type ChannelAffine, takeActivation, takeBatchNorm } from "./epilogue.ts";
import type { Lowering, LoweringTable } from "./lowering.ts";
import type { ProgramBuilder } from "./program-builder.ts";
import { type Tf, type TfTensor, UnsupportedByTfjs } from "./tf.ts";
import { paddingOf, type Window, windowOf } from "./window.ts";

type Tensor4D = ReturnType<Tf["tensor4d"]>;
type Tensor1D = ReturnType<Tf["tensor1d"]>;

const only4D = (x: TfTensor | undefined): Tensor4D => x as Tensor4D;

const conv: Lowering = (builder, node) => {
  const [x = "", weights = "", bias = ""] = node.inputs;
  const { tf } = builder;
  const shape = builder.shapeOf(weights);
  const [filters = 1, perGroup = 1] = shape;
  const channels = builder.shapeOf(x)[1] ?? 1;
  const group = intOf(node, "group", 1);
  const isDepthwise = group > 1 && group === channels && perGroup === 1;
  if (group > 1 && !isDepthwise) throw new UnsupportedByTfjs("Conv in groups that is not depthwise");
  if (builder.elementTypeOf(x) !== "float32")
    throw new UnsupportedByTfjs("Conv of other numbers than float32");
  const window = imageWindow(builder, node, shape.slice(2));
  if (Math.max(...window.strides) > 1 && Math.max(...window.dilations) > 1) {
    throw new UnsupportedByTfjs("Conv with strides and dilations");
  }
  const normed = takeBatchNorm(builder, node.outputs[0] ?? "");
  const { output, activation, alpha } = takeActivation(builder, normed.output);
  const { strides, dilations } = window;
  const pad = paddingOf(window);
  const reads = [
    imageSlot(builder, x),
    builder.weights(weights, (w) =>
      filterForm(tf, w, shape, normed.affine, isDepthwise ? channels : undefined),
    ),
    ...biasSlot(builder, bias, normed.affine, filters),
  ];
  const common = { strides: [...strides] as [number, number], pad, dataFormat: "NHWC" as const, activation };
  emitImage(builder, output, reads, (image, filter, addend) => {
    const call = {
      ...common,
      x: only4D(image),
      filter: only4D(filter),
      dilations: [...dilations] as [number, number],
      leakyreluAlpha: alpha,
      ...(addend === undefined ? {} : { bias: addend }),
    };
    if (!isDepthwise) return tf.fused.conv2d(call);
    // Explicit padding is missing in the type only.
    return tf.fused.depthwiseConv2d({ ...call, pad: call.pad as "valid" });
  });
};

/** [O, I, H, W] -> [H, W, I, O]; depthwise, with C channels, [C M, 1, H, W] -> [H, W, C, M]. */
function filterForm(
  tf: Tf,
  weights: TfTensor,
  shape: readonly number[],
  affine: ChannelAffine | undefined,
  depthwiseChannels: number | undefined,
): TfTensor {
  const [filters = 1, perGroup = 1, ...kernel] = shape;
  const [rows = 1, columns = 1] = asRows(kernel);
  const scaled =
    affine === undefined
      ? weights
      : tf.mul(weights, tf.tensor([...affine.scale], [filters, ...shape.slice(1).map(() => 1)]));
  if (depthwiseChannels === undefined) {
    return tf.transpose(tf.reshape(scaled, [filters, perGroup, rows, columns]), [2, 3, 1, 0]);
  }
  const multiplier = filters / depthwiseChannels;
  return tf.transpose(tf.reshape(scaled, [depthwiseChannels, multiplier, rows, columns]), [2, 3, 0, 1]);
}

/** A sequence is an image of one row. */
function asRows(sizes: readonly number[]): readonly number[] {
  return sizes.length === 1 ? [1, ...sizes] : sizes;
}

/** The bias after batch normalisation: scale bias + shift; none where there is neither. */
function biasSlot(
  builder: ProgramBuilder,
  bias: string,
  affine: ChannelAffine | undefined,
  filters: number,
): readonly number[] {
  if (bias === "" && affine === undefined) return [];
  const given = bias === "" ? new Array<number>(filters).fill(0) : builder.numbers(bias);
  if (given === undefined) throw new UnsupportedByTfjs("Conv with a computed bias");
  const numbers = given.map(
    (value, channel) => value * (affine?.scale[channel] ?? 1) + (affine?.shift[channel] ?? 0),
  );
  return [builder.newConstant(builder.tf.tensor1d(numbers))];
}

const convTranspose: Lowering = (builder, node) => {
  const [x = "", weights = "", bias = ""] = node.inputs;
  const [output = ""] = node.outputs;
  const { tf } = builder;
  const shape = builder.shapeOf(weights);
  if (shape.length > 4 || intOf(node, "group", 1) > 1 || intsOf(node, "dilations")?.some((d) => d > 1)) {
    throw new UnsupportedByTfjs("ConvTranspose in groups, with dilation, or over three dimensions");
  }
  // The convolution that this one is the gradient of: its input is our output.
  const outputShape = builder.shapeOf(output);
  const inputShape = builder.shapeOf(x);
  const window = windowOf(node, shape.slice(2), outputShape.slice(2), inputShape.slice(2));
  const [n = 1, c = 1, ...sizes] = outputShape;
  const [h = 1, w = 1] = asRows(sizes);
  const [inputs = 1, outputs = 1, ...kernel] = shape;
  // [I, O, H, W] -> [H, W, O, I]
  const filter = builder.weights(weights, (value) =>
    tf.transpose(tf.reshape(value, [inputs, outputs, ...asRows(kernel)]), [2, 3, 1, 0]),
  );
  const reads = [imageSlot(builder, x), filter, ...biasSlot(builder, bias, undefined, c)];
  const pad = paddingOf(window);
  const strides = [...window.strides] as [number, number];
  emitImage(builder, output, reads, (image, filters, addend) => {
    const sums = tf.conv2dTranspose(only4D(image), only4D(filters), [n, h, w, c], strides, pad);
    return addend === undefined ? sums : tf.add(sums, addend);
  });
};

const maxPool: Lowering = (builder, node) => {
  if ((node.outputs[1] ?? "") !== "") throw new UnsupportedByTfjs("MaxPool with indices");
  const window = imageWindow(builder, node, intsOf(node, "kernel_shape") ?? []);
  if (window.dilations.some((dilation) => dilation > 1)) throw new UnsupportedByTfjs("MaxPool with dilation");
  pool(builder, node, (image) =>
    builder.tf.maxPool(only4D(image), [...window.kernel], [...window.strides], paddingOf(window)),
  );
};

const averagePool: Lowering = (builder, node) => {
  const { tf } = builder;
  const window = imageWindow(builder, node, intsOf(node, "kernel_shape") ?? []);
  const pad = paddingOf(window);
  const countsPadding = intOf(node, "count_include_pad", 0) === 1;
  pool(builder, node, (image) => {
    if (pad === "valid" || !countsPadding)
      return tf.avgPool(only4D(image), [...window.kernel], [...window.strides], pad);
    return tf.avgPool(only4D(tf.pad(image, pad)), [...window.kernel], [...window.strides], "valid");
  });
};

function pool(builder: ProgramBuilder, node: OpNode, apply: (image: TfTensor) => TfTensor): void {
  if (builder.elementTypeOf(node.inputs[0] ?? "") !== "float32") {
    throw new UnsupportedByTfjs(`${node.operator} of other numbers than float32`);
  }
  emitImage(builder, node.outputs[0] ?? "", [imageSlot(builder, node.inputs[0] ?? "")], apply);
}

const globalPool =
  (apply: (tf: Tf, image: TfTensor) => TfTensor): Lowering =>
  (builder, node) =>
    pool(builder, node, (image) => apply(builder.tf, image));

const batchNorm: Lowering = (builder, node) => {
  const affine = batchNormAffine(builder, node);
  if (affine === undefined) throw new UnsupportedByTfjs("BatchNormalization with computed parameters");
  const { tf } = builder;
  const [x = ""] = node.inputs;
  const isImage = builder.shapeOf(x).length >= 3;
  const reads = [
    isImage ? imageSlot(builder, x) : builder.slot(x),
    builder.newConstant(tf.tensor1d([...affine.scale])),
    builder.newConstant(tf.tensor1d([...affine.shift])),
  ];
  const apply = (value: TfTensor, scale?: TfTensor, shift?: TfTensor): TfTensor =>
    tf.add(tf.mul(value, scale as Tensor1D), shift as Tensor1D);
  if (isImage) emitImage(builder, node.outputs[0] ?? "", reads, apply);
  else
    builder.emit(node.outputs[0] ?? "", "plain", reads, (...inputs) =>
      tf.tidy(() => apply(...(inputs as [TfTensor]))),
    );
};

/** By whole factors only, and by the rules whose rounding is that of tfjs. */
const resize: Lowering = (builder, node) => {
  const { tf } = builder;
  const [, , height = 1, width = 1] = builder.shapeOf(node.outputs[0] ?? "");
  const size: [number, number] = [height, width];
  const mode = stringOf(node, "mode", "nearest");
  const isOld = node.operator === "Upsample" || node.opset < 11;
  const rule = isOld ? "asymmetric" : stringOf(node, "coordinate_transformation_mode", "half_pixel");
  const rounding = isOld ? "floor" : stringOf(node, "nearest_mode", "round_prefer_floor");
  const isHalfPixel = rule === "half_pixel" || rule === "pytorch_half_pixel";
  const isNearest =
    mode === "nearest" &&
    (isHalfPixel ? rounding.startsWith("round_") : rule === "asymmetric" && rounding === "floor");
  const isLinear = mode === "linear" && (isHalfPixel || rule === "align_corners" || rule === "asymmetric");
  if (!isWholeFactor(builder, node) || !(isNearest || isLinear)) {
    throw new UnsupportedByTfjs(`${node.operator} with ${mode}, ${rule} and ${rounding}, or by a fraction`);
  }
  pool(builder, node, (image) =>
    isNearest
      ? tf.image.resizeNearestNeighbor(only4D(image), size, false, false)
      : tf.image.resizeBilinear(only4D(image), size, rule === "align_corners", isHalfPixel),
  );
};

function isWholeFactor(builder: ProgramBuilder, node: OpNode): boolean {
  const from = builder.shapeOf(node.inputs[0] ?? "");
  const to = builder.shapeOf(node.outputs[0] ?? "");
  return (
    to.length === 4 &&
    to.every((size, axis) => size % (from[axis] ?? 1) === 0 && (axis > 1 || size === from[axis]))
  );
}

/** The node's window over its first input, an image or a sequence. */
function imageWindow(builder: ProgramBuilder, node: OpNode, kernel: readonly number[]): Window {
  const sizes = builder.shapeOf(node.inputs[0] ?? "").slice(2);
  return windowOf(node, kernel, sizes, builder.shapeOf(node.outputs[0] ?? "").slice(2));
}

/** [N, C, H, W] with the channels last; [N, C, L] as an image of one row. */
function imageSlot(builder: ProgramBuilder, name: string): number {
  const shape = builder.shapeOf(name);
  if (shape.length === 4) return builder.slot(name, "last");
  if (shape.length !== 3) throw new UnsupportedByTfjs(`images of rank ${shape.length}`);
  const [n = 1, c = 1, l = 1] = shape;
  return builder.derive([builder.slot(name)], (x) =>
    builder.tf.tidy(() => builder.tf.reshape(builder.transpose(x, [0, 2, 1], shape), [n, 1, l, c])),
  );
}

/** Emits a step whose result is an image, channels last; a sequence goes back to [N, C, L]. */
function emitImage(
  builder: ProgramBuilder,
  output: string,
  reads: readonly number[],
  apply: (image: TfTensor, ...more: readonly TfTensor[]) => TfTensor,
): void {
  const { tf } = builder;
  const shape = builder.shapeOf(output);
  const run = (...inputs: readonly TfTensor[]): TfTensor =>
    tf.tidy(() => apply(...(inputs as readonly [TfTensor, ...TfTensor[]])));
  if (shape.length === 4) {
    builder.emit(output, "last", reads, run);
    return;
  }
  const [n = 1, c = 1, l = 1] = shape;
  builder.emit(output, "plain", reads, (...inputs) =>
    tf.tidy(() => builder.transpose(tf.reshape(run(...inputs), [n, l, c]), [0, 2, 1], [n, l, c])),
  );
}

export const imageLowerings: LoweringTable = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: globalPool((tf, image) => tf.mean(image, [1, 2], true)),
  GlobalMaxPool: globalPool((tf, image) => tf.max(image, [1, 2], true)),
  BatchNormalization: batchNorm,
  Resize: resize,
  Upsample: resize,
};

/** Operators that move elements, and reductions, in tfjs. */
import { product } from "../../../base/integers.ts";
import { floatOf, intOf, intsOf, stringOf } from "../../../graph/ir/node-attributes.ts";
import { axisIn, inLayout, type Layout, movesNothing } from "./layout.ts";
import type { Lowering, LoweringTable } from "./lowering.ts";
import type { ProgramBuilder } from "./program-builder.ts";
import { type Tf, type TfTensor, UnsupportedByTfjs } from "./tf.ts";

/** Reshape, Flatten, Squeeze, Unsqueeze: the output's shape is known, the elements stay where they are. */
const reshape: Lowering = (builder, node) => {
  const [output = ""] = node.outputs;
  const shape = [...builder.shapeOf(output)];
  builder.emit(output, "plain", [builder.slot(node.inputs[0] ?? "")], (x) =>
    builder.tf.reshape(given(x), shape),
  );
};

/** Where a transpose only undoes or makes a layout, it moves nothing. */
const transpose: Lowering = (builder, node) => {
  const [x = ""] = node.inputs;
  const [output = ""] = node.outputs;
  const shape = builder.shapeOf(x);
  const permutation = intsOf(node, "perm") ?? shape.map((_, axis) => shape.length - 1 - axis);
  const from = builder.layoutOf(x);
  const source = inLayout(from, shape);
  const axes = permutation.map((axis) => axisIn(from, axis));
  const intoLast = shape.length === 4 ? inLayout("last", axes) : axes;
  const target: Layout =
    shape.length === 4 && from === "plain" && movesNothing(intoLast, source) ? "last" : "plain";
  const order = target === "last" ? intoLast : axes;
  builder.emit(output, target, [builder.slot(x, from)], (value) =>
    builder.transpose(given(value), order, source),
  );
};

const concat: Lowering = (builder, node) => {
  const [output = ""] = node.outputs;
  const layout = commonLayout(builder, node.inputs);
  const axis = axisIn(layout, normal(intOf(node, "axis", 0), builder.shapeOf(output).length));
  const reads = node.inputs.map((name) => builder.slot(name, layout));
  builder.emit(output, layout, reads, (...parts) => builder.tf.concat([...parts], axis));
};

const split: Lowering = (builder, node) => {
  const [x = ""] = node.inputs;
  const layout = builder.layoutOf(x);
  const axis = normal(intOf(node, "axis", 0), builder.shapeOf(x).length);
  const sizes = node.outputs.map((name) => builder.shapeOf(name)[axis] ?? 0);
  builder.emitMany(node.outputs, layout, [builder.slot(x, layout)], ([value]) =>
    builder.tf.split(given(value), sizes, axisIn(layout, axis)),
  );
};

const slice: Lowering = (builder, node) => {
  const [x = "", starts, ends, axesName, stepsName] = node.inputs;
  const [output = ""] = node.outputs;
  const shape = builder.shapeOf(x);
  const begins = builder.numbers(starts) ?? intsOf(node, "starts");
  const stops = builder.numbers(ends) ?? intsOf(node, "ends");
  if (begins === undefined || stops === undefined) throw new UnsupportedByTfjs("Slice with computed limits");
  const axes = builder.numbers(axesName) ?? intsOf(node, "axes") ?? begins.map((_, index) => index);
  const steps = builder.numbers(stepsName) ?? begins.map(() => 1);
  if (steps.some((step) => step < 1)) throw new UnsupportedByTfjs("Slice backwards");
  const begin = shape.map(() => 0);
  const stride = shape.map(() => 1);
  axes.forEach((stated, index) => {
    const axis = normal(stated, shape.length);
    const size = shape[axis] ?? 0;
    const start = begins[index] ?? 0;
    begin[axis] = Math.min(size, Math.max(0, start < 0 ? start + size : start));
    stride[axis] = steps[index] ?? 1;
  });
  const outputShape = builder.shapeOf(output);
  const end = begin.map((first, axis) => first + ((outputShape[axis] ?? 0) - 1) * (stride[axis] ?? 1) + 1);
  const layout = builder.layoutOf(x);
  const [b, e, s, size] = [begin, end, stride, outputShape].map((list) => inLayout(layout, list));
  builder.emit(output, layout, [builder.slot(x, layout)], (value) =>
    stride.every((step) => step === 1)
      ? builder.tf.slice(given(value), b ?? [], size)
      : builder.tf.stridedSlice(given(value), b ?? [], e ?? [], s),
  );
};

const gather: Lowering = (builder, node) => {
  const [x = "", indices = ""] = node.inputs;
  const [output = ""] = node.outputs;
  const shape = builder.shapeOf(x);
  const axis = normal(intOf(node, "axis", 0), shape.length);
  const numbers = builder.numbers(indices)?.map((index) => (index < 0 ? index + (shape[axis] ?? 0) : index));
  const { tf } = builder;
  const places =
    numbers === undefined
      ? builder.slot(indices)
      : builder.newConstant(tf.tensor([...numbers], [...builder.shapeOf(indices)], "int32"));
  const outputShape = [...builder.shapeOf(output)];
  builder.emit(output, "plain", [builder.slot(x), places], (value, at) =>
    tf.tidy(() =>
      tf.reshape(tf.gather(given(value), given(at) as ReturnType<Tf["tensor1d"]>, axis), outputShape),
    ),
  );
};

const pad: Lowering = (builder, node) => {
  const [x = "", padsName, valueName] = node.inputs;
  const [output = ""] = node.outputs;
  const mode = stringOf(node, "mode", "constant");
  const pads = builder.numbers(padsName) ?? intsOf(node, "pads");
  const rank = builder.shapeOf(x).length;
  if (pads === undefined || pads.length !== 2 * rank || pads.some((size) => size < 0)) {
    throw new UnsupportedByTfjs("Pad by computed or negative sizes");
  }
  if (mode !== "constant" && mode !== "reflect") throw new UnsupportedByTfjs(`Pad with mode ${mode}`);
  const layout = builder.layoutOf(x);
  const sides = pads.slice(0, rank).map((before, axis): [number, number] => [before, pads[axis + rank] ?? 0]);
  const paddings = inLayout(layout, sides);
  const fill = builder.numbers(valueName)?.[0] ?? floatOf(node, "value", 0);
  builder.emit(output, layout, [builder.slot(x, layout)], (value) =>
    mode === "constant"
      ? builder.tf.pad(given(value), paddings, fill)
      : builder.tf.mirrorPad(given(value), paddings, "reflect"),
  );
};

const expand: Lowering = (builder, node) => {
  const [output = ""] = node.outputs;
  const shape = [...builder.shapeOf(output)];
  const [x = ""] = node.inputs;
  builder.emit(output, "plain", [builder.slot(x)], (value) => {
    const tensor = given(value);
    // Tiling, which this is, knows no booleans.
    if (tensor.dtype !== "bool") return builder.tf.broadcastTo(tensor, shape);
    return builder.tf.tidy(() =>
      builder.tf.cast(builder.tf.broadcastTo(builder.tf.cast(tensor, "int32"), shape), "bool"),
    );
  });
};

const constantOfShape: Lowering = (builder, node) => {
  const [output = ""] = node.outputs;
  const value = node.attributes.get("value");
  const type = builder.elementTypeOf(output);
  const fill = value?.kind === "tensor" ? builder.tensorNumbers(value.value)[0] : 0;
  builder.emit(output, "plain", [], () =>
    builder.tf.fill([...builder.shapeOf(output)], fill ?? 0, type === "float32" ? "float32" : "int32"),
  );
};

const reduce =
  (apply: (tf: Tf, x: TfTensor, axes: number[], keep: boolean) => TfTensor): Lowering =>
  (builder, node) => {
    const [x = "", axesName] = node.inputs;
    const [output = ""] = node.outputs;
    const rank = builder.shapeOf(x).length;
    const stated = builder.numbers(axesName) ?? intsOf(node, "axes") ?? [];
    const isComputed = (axesName ?? "") !== "" && builder.numbers(axesName) === undefined;
    if (isComputed || (stated.length === 0 && intOf(node, "noop_with_empty_axes", 0) === 1)) {
      throw new UnsupportedByTfjs(`${node.operator} over computed axes, or over none`);
    }
    const axes = stated.length === 0 ? Array.from({ length: rank }, (_, axis) => axis) : stated;
    const keep = intOf(node, "keepdims", 1) === 1;
    const layout = keep ? builder.layoutOf(x) : "plain";
    const places = axes.map((axis) => axisIn(layout, normal(axis, rank))).sort((a, b) => a - b);
    builder.emit(output, layout, [builder.slot(x, layout)], (value) =>
      builder.tf.tidy(() => apply(builder.tf, given(value), places, keep)),
    );
  };

/** A constant that is too large to be known to shape inference. */
const constant: Lowering = (builder, node) => {
  const value = node.attributes.get("value");
  if (value?.kind !== "tensor") throw new UnsupportedByTfjs("Constant that is no tensor");
  const [output = ""] = node.outputs;
  builder.emit(output, "plain", [], () => builder.tensorOf(value.value));
};

/** Images that are computed channels last keep it if all do. */
function commonLayout(builder: ProgramBuilder, names: readonly string[]): Layout {
  return names.some((name) => builder.layoutOf(name) === "last") ? "last" : "plain";
}

function normal(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

function given(x: TfTensor | undefined): TfTensor {
  if (x === undefined) throw new UnsupportedByTfjs("a node without inputs");
  return x;
}

/** Only of constants: whole networks in 8 bits are beyond tfjs. */
const dequantizeLinear: Lowering = (builder, node) => {
  const [x = "", scale = "", zero = ""] = node.inputs;
  const [scales, zeros] = [builder.numbers(scale), zero === "" ? [0] : builder.numbers(zero)];
  if (!builder.isConstant(x) || scales?.length !== 1 || zeros?.length !== 1) {
    throw new UnsupportedByTfjs("DequantizeLinear of computed values, or by channel");
  }
  const { tf } = builder;
  builder.emit(node.outputs[0] ?? "", "plain", [builder.slot(x)], (value) =>
    tf.tidy(() => tf.mul(tf.sub(tf.cast(given(value), "float32"), zeros[0] ?? 0), scales[0] ?? 1)),
  );
};

const depthToSpace: Lowering = (builder, node) => {
  const [x = ""] = node.inputs;
  const [output = ""] = node.outputs;
  const block = intOf(node, "blocksize", 1);
  const [n = 1, c = 1, h = 1, w = 1] = builder.shapeOf(x);
  if (stringOf(node, "mode", "DCR") !== "DCR" || product([n, c, h, w]) === 0) {
    throw new UnsupportedByTfjs("DepthToSpace with mode CRD");
  }
  builder.emit(output, "last", [builder.slot(x, "last")], (value) =>
    builder.tf.depthToSpace(given(value) as ReturnType<Tf["tensor4d"]>, block, "NHWC"),
  );
};

export const rearrangingLowerings: LoweringTable = {
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  Pad: pad,
  Expand: expand,
  ConstantOfShape: constantOfShape,
  Constant: constant,
  DepthToSpace: depthToSpace,
  DequantizeLinear: dequantizeLinear,
  ReduceMean: reduce((tf, x, axes, keep) => tf.mean(x, axes, keep)),
  ReduceSum: reduce((tf, x, axes, keep) => tf.sum(x, axes, keep)),
  ReduceMax: reduce((tf, x, axes, keep) => tf.max(x, axes, keep)),
  ReduceMin: reduce((tf, x, axes, keep) => tf.min(x, axes, keep)),
  ReduceL2: reduce((tf, x, axes, keep) => tf.sqrt(tf.sum(tf.square(x), axes, keep))),
};

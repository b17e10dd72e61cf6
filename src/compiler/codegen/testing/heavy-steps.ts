/** Operators with kernels of their own, for random networks: windows, products, rows. */
import { floats } from "../../../../test/network.ts";
import { int64s } from "../../../../test/one-node.ts";
import { known } from "../../../base/assert.ts";
import { product } from "../../../base/integers.ts";
import type { NetworkDraft, Step } from "./random-network.ts";

type Shape = readonly number[];

interface Window {
  readonly kernel: Shape;
  readonly strides: Shape;
  readonly dilations: Shape;
  readonly pads: Shape;
  /** Spatial sizes of the output. */
  readonly positions: Shape;
}

/** A window that fits into an image of these sizes. */
function windowOn(
  draft: NetworkDraft,
  sizes: Shape,
  mostPad: (kernel: number) => number,
): Window | undefined {
  const kernel = sizes.map((size) => 1 + draft.below(Math.min(4, size)));
  const strides = sizes.map(() => 1 + draft.below(2));
  const dilations = sizes.map(() => 1 + (draft.below(4) === 0 ? 1 : 0));
  const pad = (): Shape => kernel.map((size) => draft.below(1 + mostPad(size)));
  const [begins, ends] = [pad(), pad()];
  const positions = sizes.map((size, axis) => {
    const reach = ((kernel[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
    return Math.floor((size + (begins[axis] ?? 0) + (ends[axis] ?? 0) - reach) / (strides[axis] ?? 1)) + 1;
  });
  if (positions.some((size) => size < 1)) return undefined;
  return { kernel, strides, dilations, pads: [...begins, ...ends], positions };
}

const isImage = (shape: Shape): boolean => shape.length >= 3 && shape.length <= 5;

const convolution: Step = (draft, { name, shape }) => {
  const [batch = 1, channels = 1, ...sizes] = shape;
  if (!isImage(shape)) return;
  const window = windowOn(draft, sizes, (kernel) => kernel - 1);
  if (window === undefined) return;
  const { positions, kernel, strides, dilations, pads } = window;
  const groups = draft.pick([1, 1, channels, channels % 2 === 0 ? 2 : 1]);
  const filters = groups * (1 + draft.below(groups === channels ? 2 : 9));
  const to = [batch, filters, ...positions];
  if (product(to) > 4096) return;
  const inputs = [name, draft.floats([filters, channels / groups, ...kernel])];
  if (draft.below(2) === 0) inputs.push(draft.floats([filters]));
  draft.add("Conv", inputs, to, { group: groups, kernel_shape: kernel, strides, dilations, pads });
};

const pool =
  (operator: "MaxPool" | "AveragePool"): Step =>
  (draft, { name, shape }) => {
    const [batch = 1, channels = 1, ...sizes] = shape;
    if (!isImage(shape)) return;
    const window = windowOn(draft, sizes, (kernel) => Math.floor(kernel / 2));
    if (window === undefined) return;
    const { positions, kernel, strides, pads, dilations } = window;
    if (operator === "AveragePool" && dilations.some((size) => size > 1)) return;
    const more = operator === "AveragePool" ? { count_include_pad: draft.below(2) } : { dilations };
    const attributes = { kernel_shape: kernel, strides, pads, ...more };
    draft.add(operator, [name], [batch, channels, ...positions], attributes);
  };

const globalPool =
  (operator: string): Step =>
  (draft, { name, shape }) => {
    if (isImage(shape)) draft.add(operator, [name], [...shape.slice(0, 2), ...shape.slice(2).map(() => 1)]);
  };

const matrixProduct: Step = (draft, { name, shape }) => {
  const depth = shape.at(-1);
  if (depth === undefined) return;
  const others = draft.values.filter(
    (other) => other.shape.length === shape.length && shape.length > 1 && other.shape.at(-2) === depth,
  );
  const batches = shape.slice(0, -2);
  const same = others.filter((other) => other.shape.slice(0, -2).join() === batches.join());
  if (draft.below(2) === 0 && same.length > 0) {
    const other = draft.pick(same);
    const to = [...shape.slice(0, -1), known(other.shape.at(-1), "columns")];
    if (product(to) <= 4096) draft.add("MatMul", [name, other.name], to);
    return;
  }
  const columns = 1 + draft.below(12);
  const way = draft.below(4);
  const of = way === 0 && shape.length > 2 ? batches.map((size) => (draft.below(2) === 0 ? 1 : size)) : [];
  const isVector = way === 1;
  const right = draft.floats(isVector ? [depth] : [...of, depth, columns]);
  const to = isVector ? shape.slice(0, -1) : [...shape.slice(0, -1), columns];
  if (product(to) <= 4096) draft.add("MatMul", [name, right], to);
};

const gemm: Step = (draft, { name, shape }) => {
  const [rows = 1, columns = 1] = shape;
  if (shape.length !== 2) return;
  const [transA, transB] = [draft.below(2), draft.below(2)];
  const [m, k] = transA === 1 ? [columns, rows] : [rows, columns];
  const n = 1 + draft.below(12);
  const inputs = [name, draft.floats(transB === 1 ? [n, k] : [k, n])];
  if (draft.below(3) > 0) inputs.push(draft.floats(draft.pick([[n], [1, n], [m, 1], [m, n], [1], []])));
  const attributes = {
    ...{ transA, transB },
    alpha: { kind: "float", value: draft.pick([1, 0.5]) },
    beta: { kind: "float", value: draft.pick([1, 0, 1.5]) },
  } as const;
  draft.add("Gemm", inputs, [m, n], attributes);
};

const softmax =
  (operator: string): Step =>
  (draft, { name, shape }) => {
    if (shape.length === 0) return;
    const isOld = draft.below(4) === 0;
    draft.add(operator, [name], shape, { axis: draft.below(shape.length) }, isOld ? 11 : 17);
  };

const layerNormalization: Step = (draft, { name, shape }) => {
  if (shape.length === 0) return;
  const axis = draft.below(shape.length);
  const inner = shape.slice(axis);
  const inputs = [name, draft.floats(inner)];
  if (draft.below(2) === 0) inputs.push(draft.floats(inner));
  // Rows of one element would have a variance of nothing but rounding errors.
  if (product(inner) > 1) draft.add("LayerNormalization", inputs, shape, { axis });
};

const reduction =
  (operator: string): Step =>
  (draft, { name, shape }) => {
    const axes = shape.map((_, axis) => axis).filter(() => draft.below(2) === 0);
    const keeps = draft.below(2);
    // Axes are an attribute before opset 13.
    const list = axes.map((axis) => (draft.below(3) === 0 ? axis - shape.length : axis));
    const to =
      list.length === 0
        ? shape.flatMap(() => (keeps === 1 ? [1] : []))
        : shape.flatMap((size, axis) => (axes.includes(axis) ? (keeps === 1 ? [1] : []) : [size]));
    draft.add(operator, [name], to, { keepdims: keeps, ...(list.length === 0 ? {} : { axes: list }) }, 11);
  };

const batchNormalization: Step = (draft, { name, shape }) => {
  const [, channels = 1] = shape;
  if (shape.length < 2) return;
  const given = [0, 1, 2].map(() => draft.floats([channels]));
  const variance = draft.constant(
    floats(
      [channels],
      Array.from({ length: channels }, () => 0.5 + draft.random.uniform()),
    ),
  );
  draft.add("BatchNormalization", [name, ...given, variance], shape);
};

const resize: Step = (draft, { name, shape }) => {
  const [batch = 1, channels = 1, ...sizes] = shape;
  if (shape.length !== 4) return;
  const to = [batch, channels, ...sizes.map((size) => size * (1 + draft.below(2)) + draft.below(2))];
  if (product(to) > 4096) return;
  const mode = draft.pick(["nearest", "linear"]);
  const ways = { coordinate_transformation_mode: draft.pick(["half_pixel", "asymmetric", "align_corners"]) };
  draft.add("Resize", [name, "", "", draft.constant(int64s(...to))], to, {
    mode,
    ...ways,
    nearest_mode: "floor",
  });
};

export const heavySteps: readonly Step[] = [
  convolution,
  convolution,
  pool("MaxPool"),
  pool("AveragePool"),
  globalPool("GlobalAveragePool"),
  globalPool("GlobalMaxPool"),
  matrixProduct,
  matrixProduct,
  gemm,
  softmax("Softmax"),
  softmax("LogSoftmax"),
  layerNormalization,
  ...["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceLogSumExp"].map(reduction),
  batchNormalization,
  resize,
];

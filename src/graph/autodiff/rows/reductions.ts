/**
 * Gradients of reductions, softmax and layer normalisation. The gradient of a reduction is stretched over what was
 * reduced. With y = softmax(x) that of x is y (g - sum(g y)); layer normalisation is derived at its row.
 */
import { float, int, listArgument, normalAxis } from "../../ops/call.ts";
import {
  type GradientCall,
  type GradientRow,
  type GradientRows,
  inputOf,
  onlyGradient,
  type UnaryCall,
  unary,
} from "../gradient-row.ts";

/** The axes that a reduction is over, or that stay as they are. */
function reducedAxes({ node, call, write }: GradientCall): readonly number[] {
  const rank = write.shape(node.inputs[0] ?? "").length;
  const argument = listArgument(call, 1, "axes");
  if (argument.kind === "unknown")
    throw call.error("its axes are not known before it runs", "make them constants");
  const given = argument.kind === "absent" ? [] : argument.values.map(Number);
  if (given.length > 0) return given.map((axis) => normalAxis(call, axis, rank));
  const none = int(call, "noop_with_empty_axes", 0) !== 0;
  return none ? [] : Array.from({ length: rank }, (_, axis) => axis);
}

interface ReductionCall extends UnaryCall {
  /** The result with the reduced axes as axes of size 1. */
  readonly total: () => string;
  /** How many elements each sum is over. */
  readonly count: number;
}

/** A row whose g is given with the reduced axes as axes of size 1. */
function reduction(of: (call: ReductionCall) => string): GradientRow {
  return unary((call) => {
    const { write, x, y, g } = call;
    const axes = reducedAxes(call);
    const kept = write.shape(x).map((size, axis) => (axes.includes(axis) ? 1 : size));
    const count = axes.reduce((total, axis) => total * (write.shape(x)[axis] ?? 1), 1);
    return of({ ...call, g: write.reshape(g, kept), total: () => write.reshape(y, kept), count });
  });
}

function softmaxAxis({ node, call, write }: GradientCall): number {
  return normalAxis(call, int(call, "axis", -1), write.shape(node.inputs[0] ?? "").length);
}

const softmax: GradientRow = unary((call) => {
  const { write, y, g } = call;
  const total = write.sum(write.mul(g, y), [softmaxAxis(call)], true);
  return write.mul(y, write.sub(g, total));
});

/** With y = x - log sum e^x: g - e^y sum(g). */
const logSoftmax: GradientRow = unary((call) => {
  const { write, y, g } = call;
  const total = write.sum(g, [softmaxAxis(call)], true);
  return write.sub(g, write.mul(write.op("Exp", [y]), total));
});

/**
 * y = n scale + bias with n = (x - mean) r and r = 1 / sqrt(variance + epsilon). With s = g scale the gradient of x is
 * r (s - mean(s) - n mean(s n)), that of the scale the sum of g n. Mean and r are computed again: engines differ in which
 * of the operator's further results they give.
 */
const layerNormalization: GradientRow = (call) => {
  const { write, call: read } = call;
  const g = onlyGradient(call);
  const [x, scale] = [inputOf(call, 0), inputOf(call, 1)];
  const rank = write.shape(x).length;
  const first = normalAxis(read, int(read, "axis", -1), rank);
  const axes = Array.from({ length: rank - first }, (_, at) => first + at);
  const normalized = (): { readonly n: string; readonly r: string } => {
    const moved = write.sub(x, write.mean(x, axes));
    const variance = write.mean(write.mul(moved, moved), axes);
    const root = write.op("Sqrt", [write.add(variance, float(read, "epsilon", 1e-5))]);
    const r = write.op("Reciprocal", [root]);
    return { n: write.mul(moved, r), r };
  };
  return [
    () => {
      const { n, r } = normalized();
      const s = write.mul(g, scale);
      const along = write.mul(n, write.mean(write.mul(s, n), axes));
      return write.mul(r, write.sub(write.sub(s, write.mean(s, axes)), along));
    },
    () => write.mul(g, normalized().n),
    () => g,
  ];
};

export const reductionGradients: GradientRows = {
  LayerNormalization: layerNormalization,
  LogSoftmax: logSoftmax,
  ReduceL2: reduction(({ write, x, total, g }) => write.mul(x, write.div(g, total()))),
  ReduceLogSumExp: reduction(({ write, x, total, g }) =>
    write.mul(g, write.op("Exp", [write.sub(x, total())])),
  ),
  ReduceMean: reduction(({ write, g, count }) => write.mul(g, 1 / count)),
  ReduceSum: reduction(({ g }) => g),
  ReduceSumSquare: reduction(({ write, x, g }) => write.mul(write.mul(x, g), 2)),
  Softmax: softmax,
};

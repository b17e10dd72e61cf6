/** Normalizations over parts of a value that are no rows of axes, as loop nests: groups of channels, neighbours, norms. */
import { known } from "../../../base/assert.ts";
import { product } from "../../../base/integers.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { float, int, ints, normalAxis } from "../../../graph/ops/call.ts";
import { type Affine, type Loop, loopAffine, scale, sum, zero } from "../loops/affine.ts";
import { binary, compare, constant, type Expr, indexOf, select, unary } from "../loops/expr.ts";
import { add, divide, equal, like, multiply, plus, subtract, times } from "../operators/values.ts";
import type { BlockState } from "./block.ts";
import { clamped } from "./computed-places.ts";
import { type Indices, Nest } from "./nests.ts";
import { notCompiled } from "./not-compiled.ts";
import { shapeOf } from "./shapes.ts";
import { staticCall } from "./static-call.ts";

/** The elements that are normalized together: outer loops walk the rows, inner ones the elements of a row. */
interface Rows {
  readonly rows: readonly Loop[];
  readonly columns: readonly Loop[];
  /** The element at a place of both. */
  readonly at: Indices;
}

type Normalize = (nest: Nest, x: Expr, rows: Rows) => Expr;

function normalize(state: BlockState, node: OpNode, label: string, rows: Rows, result: Normalize): void {
  const { context } = state;
  const [data = ""] = node.inputs;
  const [output = ""] = node.outputs;
  if (context.memory.storedType(data) !== "float32") throw notCompiled(node);
  const view = context.placement.viewFor(output);
  const nest = new Nest(context);
  nest.inLoops(
    rows.rows,
    () => {
      const value = result(nest, nest.read(data, rows.at), rows);
      nest.inLoops(rows.columns, () => nest.store(view, rows.at, value));
    },
    rows.columns.length === 0,
  );
  nest.finish(label);
  context.memory.place(output, view);
}

/** Rows along some axes. */
function alongAxes(shape: readonly number[], axes: readonly number[]): Rows {
  const loops = shape.map((extent, axis) => ({ name: `i${axis}`, extent }));
  return {
    rows: loops.filter((_, axis) => !axes.includes(axis)),
    columns: loops.filter((_, axis) => axes.includes(axis)),
    at: loops.map(loopAffine),
  };
}

const countOf = ({ columns }: Rows): number => product(columns.map(({ extent }) => extent));

/** x less the mean of its row, and the variance of the row. */
function moments(nest: Nest, x: Expr, rows: Rows): { readonly moved: Expr; readonly variance: Expr } {
  const count = countOf(rows);
  const mean = divide(nest.reduce("add", rows.columns, 0, x), like(x, count));
  const moved = subtract(x, mean);
  const squares = nest.reduce("add", rows.columns, 0, multiply(moved, moved));
  return { moved, variance: divide(squares, like(x, count)) };
}

/** Scale and bias lie by channel, or by group in opset 18. */
export function lowerGroupNormalization(state: BlockState, node: OpNode, label: string): void {
  const { typed } = state.context;
  const call = staticCall(typed, node);
  const [data = "", factor = "", bias = ""] = node.inputs;
  const [batch = 1, channels = 1, ...sizes] = shapeOf(typed, data);
  const groups = int(call, "num_groups", 1);
  const [image, group, channel, ...spatial] = [batch, groups, channels / groups, ...sizes].map(
    (extent, at) => ({ name: `i${at}`, extent }),
  );
  const loops = { image: known(image, "loop"), group: known(group, "loop"), channel: known(channel, "loop") };
  const atChannel = sum(scale(loopAffine(loops.group), channels / groups), loopAffine(loops.channel));
  const isPerGroup = shapeOf(typed, factor)[0] === groups && groups !== channels;
  const parameter: Affine = isPerGroup ? loopAffine(loops.group) : atChannel;
  const rows = {
    rows: [loops.image, loops.group],
    columns: [loops.channel, ...spatial],
    at: [loopAffine(loops.image), atChannel, ...spatial.map(loopAffine)],
  };
  const epsilon = float(call, "epsilon", 1e-5);
  normalize(state, node, label, rows, (nest, x) => {
    const { moved, variance } = moments(nest, x, rows);
    const normal = divide(moved, unary("squareRoot", plus(variance, epsilon)));
    return add(multiply(normal, nest.read(factor, [parameter])), nest.read(bias, [parameter]));
  });
}

export function lowerMeanVariance(state: BlockState, node: OpNode, label: string): void {
  const { typed } = state.context;
  const call = staticCall(typed, node);
  const shape = shapeOf(typed, node.inputs[0] ?? "");
  const axes = (ints(call, "axes") ?? [0, 2, 3]).map((axis) => normalAxis(call, axis, shape.length));
  normalize(state, node, label, alongAxes(shape, axes), (nest, x, rows) => {
    const { moved, variance } = moments(nest, x, rows);
    return divide(moved, plus(unary("squareRoot", variance), 1e-9));
  });
}

/** Over the norm along the axis; 0 where that is 0. */
export function lowerLpNormalization(state: BlockState, node: OpNode, label: string): void {
  const { typed } = state.context;
  const call = staticCall(typed, node);
  const shape = shapeOf(typed, node.inputs[0] ?? "");
  const axis = normalAxis(call, int(call, "axis", -1), shape.length);
  const p = int(call, "p", 2);
  if (p !== 1 && p !== 2) throw notCompiled(node);
  normalize(state, node, label, alongAxes(shape, [axis]), (nest, x, rows) => {
    const part = p === 1 ? unary("absolute", x) : multiply(x, x);
    const total = nest.reduce("add", rows.columns, 0, part);
    const norm = p === 1 ? total : unary("squareRoot", total);
    return select(equal(norm, like(norm, 0)), like(x, 0), divide(x, norm));
  });
}

/** Each element over a power of the sum of its neighbours' squares, across channels. */
export function lowerLocalResponse(state: BlockState, node: OpNode, label: string): void {
  const { typed } = state.context;
  const call = staticCall(typed, node);
  const [data = ""] = node.inputs;
  const shape = shapeOf(typed, data);
  const channels = shape[1] ?? 1;
  const size = int(call, "size", 1);
  const [alpha, beta, bias] = [
    float(call, "alpha", 0.0001),
    float(call, "beta", 0.75),
    float(call, "bias", 1),
  ];
  const rows = { ...alongAxes(shape, []), columns: [] };
  normalize(state, node, label, rows, (nest, x) => {
    const neighbour = { name: "neighbour", extent: size };
    const offset = { offset: -Math.floor((size - 1) / 2), terms: [] };
    const channel = sum(rows.at[1] ?? zero, loopAffine(neighbour), offset);
    const isInside = binary(
      "and",
      compare("greaterOrEqual", indexOf(channel), constant("i32", 0)),
      compare("less", indexOf(channel), constant("i32", channels)),
    );
    const place = clamped(channel, channels);
    const other = nest.read(
      data,
      rows.at.map((index, axis) => (axis === 1 ? place : index)),
    );
    const squares = nest.reduce("add", [neighbour], 0, select(isInside, multiply(other, other), like(x, 0)));
    const base = plus(times(squares, alpha / size), bias);
    return divide(x, binary("power", base, like(base, beta)));
  });
}

/**
 * Sums of products and windows as plain loop nests, for what tiles of float32 do not take: other types of elements,
 * weights that are computed, places of largest elements, Einsum, powers. Slow, but in the types that ONNX asks for.
 */
import { known } from "../../../base/assert.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { float, int, requiredInts, string } from "../../../graph/ops/call.ts";
import { labelSizes, parseEquation } from "../../../graph/ops/einsum-equation.ts";
import { type PlacedWindow, placeWindow } from "../../../graph/ops/kernels/sliding-window.ts";
import { readWindow } from "../../../graph/ops/window.ts";
import { type Affine, type Loop, loopAffine, quotient, rangeOf, scale, sum, zero } from "../loops/affine.ts";
import { binary, compare, constant, type Expr, indexOf, select } from "../loops/expr.ts";
import { add, castTo, inRange, integerRanges, isFloat, like, multiply } from "../operators/values.ts";
import type { BlockState } from "./block.ts";
import { clamped } from "./computed-places.ts";
import { broadcastIndices } from "./index-maps.ts";
import { convolutionWindow } from "./layouts.ts";
import { type Indices, Nest } from "./nests.ts";
import { notCompiled } from "./not-compiled.ts";
import { shapeOf } from "./shapes.ts";
import { staticCall } from "./static-call.ts";

/** Makes a nest that stores each element of the node's first output. */
function storeEach(
  state: BlockState,
  node: OpNode,
  label: string,
  element: (nest: Nest, at: Indices) => Expr,
): void {
  const { context } = state;
  const [output = ""] = node.outputs;
  const view = context.placement.viewFor(output);
  const type = context.memory.storedType(output);
  const nest = new Nest(context);
  nest.overElements(view, (at) => nest.store(view, at, inRange(element(nest, at), type)));
  nest.finish(label);
  context.memory.place(output, view);
}

const loopsOver = (name: string, sizes: readonly number[]): readonly Loop[] =>
  sizes.map((extent, axis) => ({ name: `${name}${axis}`, extent }));

interface Tap {
  /** The index in the image, inside it. */
  readonly at: readonly Affine[];
  /** Undefined where the window never leaves the image. */
  readonly isInside: Expr | undefined;
}

/** Where a place of a window's kernel lies in the image at a position. */
function tapOf(window: PlacedWindow, sizes: readonly number[], position: Indices, place: Indices): Tap {
  let isInside: Expr | undefined;
  const at = sizes.map((size, axis) => {
    const start = scale(position[axis] ?? zero, window.strides[axis] ?? 1);
    const offset = { offset: -(window.begins[axis] ?? 0), terms: [] };
    const index = sum(start, scale(place[axis] ?? zero, window.dilations[axis] ?? 1), offset);
    const [low, high] = rangeOf(index);
    const tests = [
      ...(low < 0 ? [compare("greaterOrEqual", indexOf(index), constant("i32", 0))] : []),
      ...(high >= size ? [compare("less", indexOf(index), constant("i32", size))] : []),
    ];
    for (const test of tests) isInside = isInside === undefined ? test : binary("and", isInside, test);
    return tests.length === 0 ? index : clamped(index, size);
  });
  return { at, isInside };
}

const where = (condition: Expr | undefined, yes: Expr, no: number): Expr =>
  condition === undefined ? yes : select(condition, yes, like(yes, no));

export function convolutionNest(state: BlockState, node: OpNode, label: string): void {
  const { typed } = state.context;
  const [data = "", weights = "", bias = ""] = node.inputs;
  const window = convolutionWindow(typed, node);
  if (window === undefined) throw notCompiled(node);
  const sizes = shapeOf(typed, data).slice(2);
  const [filters = 1, channels = 1] = shapeOf(typed, weights);
  const perGroup = filters / int(staticCall(typed, node), "group", 1);
  storeEach(state, node, label, (nest, [batch = zero, filter = zero, ...position]) => {
    const channel = { name: "channel", extent: channels };
    const places = loopsOver("tap", window.kernel);
    const place = places.map(loopAffine);
    const { at, isInside } = tapOf(window, sizes, position, place);
    const from = sum(scale(quotient(filter, perGroup), channels), loopAffine(channel));
    const x = where(isInside, nest.read(data, [batch, from, ...at]), 0);
    const product = multiply(x, nest.read(weights, [filter, loopAffine(channel), ...place]));
    const total = nest.reduce("add", [channel, ...places], 0, product);
    return bias === "" ? total : add(total, nest.read(bias, [filter]));
  });
}

export function matMulNest(state: BlockState, node: OpNode, label: string): void {
  const { typed } = state.context;
  const [a = "", b = ""] = node.inputs;
  const [shapeA, shapeB] = [shapeOf(typed, a), shapeOf(typed, b)];
  const deep = { name: "k", extent: shapeA.at(-1) ?? 1 };
  const k = loopAffine(deep);
  storeEach(state, node, label, (nest, at) => {
    const columns = shapeB.length === 1 ? 0 : 1;
    const rows = shapeA.length === 1 ? 0 : 1;
    const batches = at.slice(0, at.length - rows - columns);
    const row = at.slice(batches.length, batches.length + rows);
    const column = at.slice(at.length - columns);
    const left = [...broadcastIndices(batches, shapeA.slice(0, -2)), ...row, k];
    const right = [...broadcastIndices(batches, shapeB.slice(0, -2)), k, ...column];
    return nest.reduce("add", [deep], 0, multiply(nest.read(a, left), nest.read(b, right)));
  });
}

export function gemmNest(state: BlockState, node: OpNode, label: string): void {
  const { context } = state;
  const call = staticCall(context.typed, node);
  const [a = "", b = "", c = ""] = node.inputs;
  const [transA, transB] = [int(call, "transA", 0) !== 0, int(call, "transB", 0) !== 0];
  const shapeA = shapeOf(context.typed, a);
  const deep = { name: "k", extent: shapeA[transA ? 0 : 1] ?? 1 };
  const k = loopAffine(deep);
  const type = context.memory.storedType(a);
  const [alpha, beta] = [float(call, "alpha", 1), float(call, "beta", 1)];
  const isWhole = Number.isInteger(alpha) && Number.isInteger(beta);
  storeEach(state, node, label, (nest, [row = zero, column = zero]) => {
    const left = nest.read(a, transA ? [k, row] : [row, k]);
    const right = nest.read(b, transB ? [column, k] : [k, column]);
    if (!isFloat(left.type) && !isWhole) throw notCompiled(node);
    const times = (x: Expr, factor: number): Expr => (factor === 1 ? x : multiply(x, like(x, factor)));
    const total = times(nest.reduce("add", [deep], 0, multiply(left, right)), alpha);
    if (c === "" || beta === 0) return total;
    const added = nest.read(c, broadcastIndices([row, column], shapeOf(context.typed, c)));
    return add(total, times(castTo(added, context.memory.storedType(c), type), beta));
  });
}

/** One product for each point of the index space, summed over the labels that the result lacks. */
export function lowerEinsum(state: BlockState, node: OpNode, label: string): void {
  const { typed } = state.context;
  const call = staticCall(typed, node);
  const shapes = node.inputs.map((name) => shapeOf(typed, name));
  const ranks = shapes.map((shape) => shape.length);
  const equation = parseEquation({ text: string(call, "equation", ""), ranks });
  if (equation === undefined) throw notCompiled(node, "the equation does not fit the inputs");
  const sizes = labelSizes(equation, shapes, (_, size) => size);
  const summed = [...sizes.keys()].filter((name) => !equation.result.includes(name));
  const loops = summed.map((name) => ({ name: `sum_${name}`, extent: Number(sizes.get(name) ?? 1) }));
  storeEach(state, node, label, (nest, at) => {
    const indexOfLabel = new Map<string, Affine>([
      ...equation.result.map((name, axis) => [name, known(at[axis], "index")] as const),
      ...summed.map((name, axis) => [name, loopAffine(known(loops[axis], "loop"))] as const),
    ]);
    const factors = equation.operands.map((labels, operand) => {
      const index = labels.map((name, axis) =>
        shapes[operand]?.[axis] === 1 ? zero : known(indexOfLabel.get(name), "label"),
      );
      return nest.read(node.inputs[operand] ?? "", index);
    });
    const product = factors.reduce(multiply);
    return loops.length === 0 ? product : nest.reduce("add", loops, 0, product);
  });
}

function windowOf(state: BlockState, node: OpNode): PlacedWindow {
  const { typed } = state.context;
  const call = staticCall(typed, node);
  const [sizes, positions] = [node.inputs[0] ?? "", node.outputs[0] ?? ""].map((name) =>
    shapeOf(typed, name).slice(2),
  );
  return placeWindow(
    readWindow(call, requiredInts(call, "kernel_shape")),
    known(sizes, "sizes"),
    known(positions, "positions"),
  );
}

/** The largest element under each window, of any type, and where it is: the first of equals. */
export function maxPoolNest(state: BlockState, node: OpNode, label: string): void {
  const { context } = state;
  const { typed, memory, placement } = context;
  const call = staticCall(typed, node);
  const [data = ""] = node.inputs;
  const [output = "", places = ""] = node.outputs;
  const window = windowOf(state, node);
  const shape = shapeOf(typed, data);
  const sizes = shape.slice(2);
  const least = integerRanges[memory.storedType(data)]?.[0] ?? Number.NEGATIVE_INFINITY;
  const columnMajor = int(call, "storage_order", 0) === 1;
  const view = placement.viewFor(output);
  const placeView = places === "" ? undefined : placement.viewFor(places);
  const nest = new Nest(context);
  nest.overElements(view, (index) => {
    const [batch = zero, channel = zero, ...position] = index;
    const taps = loopsOver("tap", window.kernel);
    const { at, isInside } = tapOf(window, sizes, position, taps.map(loopAffine));
    const element = nest.read(data, [batch, channel, ...at]);
    const best = nest.reduce("maximum", taps, least, where(isInside, element, least));
    nest.store(view, index, best);
    if (placeView === undefined) return;
    let step = columnMajor ? 1 : sizes.reduce((product, size) => product * size, 1);
    let offset: Expr = constant("i32", 0);
    at.forEach((place, axis) => {
      if (!columnMajor) step /= sizes[axis] ?? 1;
      offset = add(offset, multiply(indexOf(place), constant("i32", step)));
      if (columnMajor) step *= sizes[axis] ?? 1;
    });
    const isBest = compare("equal", element, best);
    const most = 2 ** 31 - 1;
    // The first in the order of the window, which is that of the places, unless columns are counted first.
    const order = columnMajor ? tapOrder(window, taps) : offset;
    const found = select(
      isInside === undefined ? isBest : binary("and", isInside, isBest),
      order,
      like(order, most),
    );
    const first = nest.reduce("minimum", taps, most, found);
    const inImage = columnMajor
      ? nest.reduce("add", taps, 0, select(compare("equal", order, first), offset, constant("i32", 0)))
      : first;
    const image = sum(scale(batch, shape[1] ?? 1), channel);
    const imageSize = sizes.reduce((product, size) => product * size, 1);
    nest.store(placeView, index, add(inImage, indexOf(scale(image, imageSize))));
  });
  nest.finish(label);
  memory.place(output, view);
  if (placeView !== undefined) memory.place(places, placeView);
}

function tapOrder({ kernel }: PlacedWindow, taps: readonly Loop[]): Expr {
  let stride = kernel.reduce((product, size) => product * size, 1);
  const terms = taps.map((loop, axis) => {
    stride /= kernel[axis] ?? 1;
    return scale(loopAffine(loop), stride);
  });
  return indexOf(sum(...terms));
}

/** (sum of |x|^p)^(1/p) under each window, or of the whole image; averages of doubles. */
export function lowerPowerPool(state: BlockState, node: OpNode, label: string): void {
  const { typed } = state.context;
  const call = staticCall(typed, node);
  const [data = ""] = node.inputs;
  const sizes = shapeOf(typed, data).slice(2);
  const isGlobal = node.operator === "GlobalLpPool";
  const window = isGlobal ? undefined : windowOf(state, node);
  const p = node.attributes.get("p")?.kind === "float" ? float(call, "p", 2) : int(call, "p", 2);
  const isAverage = node.operator === "AveragePool";
  const countsPadding = int(call, "count_include_pad", 0) !== 0;
  storeEach(state, node, label, (nest, [batch = zero, channel = zero, ...position]) => {
    const taps = loopsOver("tap", window?.kernel ?? sizes);
    const index = taps.map(loopAffine);
    const { at, isInside } =
      window === undefined ? { at: index, isInside: undefined } : tapOf(window, sizes, position, index);
    const x = nest.read(data, [batch, channel, ...at]);
    if (!isFloat(x.type) || (x.type !== "f32" && !isAverage)) throw notCompiled(node);
    if (!isAverage) {
      const magnitude: Expr = { kind: "unary", type: x.type, operator: "absolute", operand: x };
      const power = p === 1 ? magnitude : p === 2 ? multiply(x, x) : binary("power", magnitude, like(x, p));
      const total = nest.reduce("add", taps, 0, where(isInside, power, 0));
      if (p === 1) return total;
      if (p === 2) return { kind: "unary", type: x.type, operator: "squareRoot", operand: total };
      return binary("power", total, like(total, 1 / p));
    }
    const total = nest.reduce("add", taps, 0, where(isInside, x, 0));
    const inPadding =
      countsPadding && window !== undefined ? paddedTap(window, sizes, position, index) : isInside;
    const count = nest.reduce("add", taps, 0, where(inPadding, like(x, 1), 0));
    return binary("divide", total, count);
  });
}

/** Whether a place of the window lies in the image or its padding: windows that are rounded up go beyond. */
function paddedTap(
  window: PlacedWindow,
  sizes: readonly number[],
  position: Indices,
  place: Indices,
): Expr | undefined {
  const begins = window.begins.map(() => 0);
  const padded = sizes.map((size, axis) => size + (window.begins[axis] ?? 0) + (window.ends[axis] ?? 0));
  return tapOf({ ...window, begins }, padded, position, place).isInside;
}

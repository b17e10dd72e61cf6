/** Operators that find, rank and accumulate along one axis: ArgMax, ArgMin, Hardmax, TopK, CumSum. */
import { known } from "../../../base/assert.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { int, normalAxis, scalarInput } from "../../../graph/ops/call.ts";
import { type Affine, type Loop, loopAffine, sum, valueAffine } from "../loops/affine.ts";
import { binary, compare, constant, convert, type Expr, indexOf, select, unary } from "../loops/expr.ts";
import { add, inRange, integerRanges, isFloat, like } from "../operators/values.ts";
import type { BlockState } from "./block.ts";
import { clamped } from "./computed-places.ts";
import { type Indices, Nest } from "./nests.ts";
import { notCompiled } from "./not-compiled.ts";
import { shapeOf } from "./shapes.ts";
import { staticCall } from "./static-call.ts";
import { allocateView, partOf } from "./views.ts";

/** An axis longer than this has places that a float32 does not hold. */
const mostPlaces = 2 ** 24;
/** Ranks are found by comparing all pairs. */
const mostRanked = 2 ** 15;

const withAxis = (at: Indices, axis: number, index: Affine): Indices =>
  at.map((old, where) => (where === axis ? index : old));

/** Elements of which every two are in an order: what is no number stands at an end. */
function comparable(element: Expr, end: number): Expr {
  return isFloat(element.type)
    ? select(compare("notEqual", element, element), like(element, end), element)
    : element;
}

/** The place of the largest or smallest element along a loop; of equals the first, or the last. */
function placeOf(
  nest: Nest,
  loop: Loop,
  value: Expr,
  { isMost, takesLast }: { readonly isMost: boolean; readonly takesLast: boolean },
): Expr {
  const { type } = value;
  const element = comparable(value, isMost ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
  const least = isFloat(type) ? Number.NEGATIVE_INFINITY : (integerRanges[`int${bitsOf(type)}`]?.[0] ?? 0);
  // The least integer is the complement of the largest complement: the largest int64 is no double to start from.
  const turned = (x: Expr): Expr => (isMost ? x : unary(isFloat(type) ? "negate" : "bitNot", x));
  const best = turned(nest.reduce("maximum", [loop], least, turned(element)));
  // Floats are compared in lanes, and so are their places.
  const number = type === "f32" ? "f32" : "i32";
  const place = convert(number, indexOf(loopAffine(loop)));
  const otherwise = takesLast ? -1 : loop.extent;
  const found = select(compare("equal", element, best), place, constant(number, otherwise));
  return nest.reduce(takesLast ? "maximum" : "minimum", [loop], otherwise, found);
}

const bitsOf = (type: Expr["type"]): 32 | 64 => (type === "i64" ? 64 : 32);

function axisOf(state: BlockState, node: OpNode, otherwise: number): number {
  const { typed } = state.context;
  const call = staticCall(typed, node);
  return normalAxis(call, int(call, "axis", otherwise), shapeOf(typed, node.inputs[0] ?? "").length);
}

export function lowerArgument(state: BlockState, node: OpNode, label: string): void {
  const { context } = state;
  const [data = ""] = node.inputs;
  const [output = ""] = node.outputs;
  const call = staticCall(context.typed, node);
  const shape = shapeOf(context.typed, data);
  const axis = axisOf(state, node, 0);
  const loop = { name: "place", extent: known(shape[axis], "size") };
  if (loop.extent > mostPlaces)
    throw notCompiled(node, `${node.operator} of so long an axis is not compiled`);
  const keeps = int(call, "keepdims", 1) !== 0;
  const view = context.placement.viewFor(output);
  const nest = new Nest(context);
  nest.overElements(view, (at) => {
    const kept = keeps ? at : [...at.slice(0, axis), loopAffine(loop), ...at.slice(axis)];
    const element = nest.read(data, withAxis(kept, axis, loopAffine(loop)));
    const place = placeOf(nest, loop, element, {
      isMost: node.operator === "ArgMax",
      takesLast: int(call, "select_last_index", 0) !== 0,
    });
    nest.store(view, at, place);
  });
  nest.finish(label);
  context.memory.place(output, view);
}

/** 1 at the first of the largest elements along the axis (before opset 13: of all axes from it on), else 0. */
export function lowerHardmax(state: BlockState, node: OpNode, label: string): void {
  const { context } = state;
  const [data = ""] = node.inputs;
  const [output = ""] = node.outputs;
  const shape = shapeOf(context.typed, data);
  const axis = axisOf(state, node, node.opset < 13 ? 1 : -1);
  if (node.opset < 13 && shape.slice(axis + 1).some((size) => size > 1)) throw notCompiled(node);
  const loop = { name: "place", extent: known(shape[axis], "size") };
  const view = context.placement.viewFor(output);
  const nest = new Nest(context);
  nest.overElements(view, (at) => {
    const element = nest.read(data, withAxis(at, axis, loopAffine(loop)));
    const place = placeOf(nest, loop, element, { isMost: true, takesLast: false });
    const here = convert(place.type, indexOf(known(at[axis], "index")));
    nest.store(view, at, compare("equal", place, here));
  });
  nest.finish(label);
  context.memory.place(output, view);
}

/**
 * Each element's rank is the number of elements before it in the order, equals in the order of their places; then each
 * element goes to the place that its rank says. Those beyond the k best go to one place behind them, which nobody reads.
 */
export function lowerTopK(state: BlockState, node: OpNode, label: string): void {
  const { context } = state;
  const [data = ""] = node.inputs;
  const [values = "", places = ""] = node.outputs;
  const shape = shapeOf(context.typed, data);
  const axis = axisOf(state, node, -1);
  const size = known(shape[axis], "size");
  const call = staticCall(context.typed, node);
  if (size > mostRanked) throw notCompiled(node, "a TopK of so long an axis is not compiled");
  const count = known(shapeOf(context.typed, values || places)[axis], "size");
  const ranks = allocateView(`${node.name}.ranks`, "int32", shape);
  const ranking = new Nest(context);
  const other = { name: "other", extent: size };
  const isMost = int(call, "largest", 1) !== 0;
  ranking.overElements(ranks, (at) => {
    const here = known(at[axis], "index");
    const [own, rival] = [here, loopAffine(other)].map((place) =>
      comparable(ranking.read(data, withAxis(at, axis, place)), Number.POSITIVE_INFINITY),
    );
    if (own === undefined || rival === undefined) return;
    const isBetter = compare(isMost ? "greater" : "less", rival, own);
    const isBefore = binary(
      "and",
      compare("equal", rival, own),
      compare("less", indexOf(loopAffine(other)), indexOf(here)),
    );
    const counts = own.type === "f32" ? "f32" : "i32";
    const one = select(binary("or", isBetter, isBefore), constant(counts, 1), constant(counts, 0));
    ranking.store(ranks, at, ranking.reduce("add", [other], 0, one));
  });
  ranking.finish(`${label} (ranks)`);
  const nest = new Nest(context);
  const room = shape.map((old, where) => (where === axis ? count + 1 : old));
  const targets = [values, places].map((name) =>
    name === "" ? undefined : allocateView(`${name}.ranked`, context.memory.storedType(name), room),
  );
  nest.overElements(
    ranks,
    (at) => {
      const rank = binary("minimum", nest.load(ranks, at), constant("i32", count));
      const to = withAxis(at, axis, valueAffine(rank, count + 1));
      const results = [nest.read(data, at), indexOf(known(at[axis], "index"))];
      targets.forEach((view, which) => {
        if (view !== undefined) nest.store(view, to, known(results[which], "result"));
      });
    },
    false,
  );
  nest.finish(`${label} (places)`);
  [values, places].forEach((name, which) => {
    const target = targets[which];
    if (target !== undefined) context.memory.place(name, partOf(target, axis, 0, count));
  });
}

/** Along the axis each sum is the one before and an element. */
export function lowerCumSum(state: BlockState, node: OpNode, label: string): void {
  const { context } = state;
  const { typed } = context;
  const [data = ""] = node.inputs;
  const [output = ""] = node.outputs;
  const call = staticCall(typed, node);
  const shape = shapeOf(typed, data);
  const stated = scalarInput(call, 1);
  if (typeof stated !== "number") throw notCompiled(node, "a CumSum whose axis is computed is not compiled");
  const axis = normalAxis(call, stated, shape.length);
  const size = known(shape[axis], "size");
  const [exclusive, reverse] = [int(call, "exclusive", 0) !== 0, int(call, "reverse", 0) !== 0];
  const view = context.placement.viewFor(output);
  const type = context.memory.storedType(output);
  const nest = new Nest(context);
  const step = { name: "step", extent: size };
  const lines = { ...view, shape: shape.map((old, where) => (where === axis ? 1 : old)) };
  nest.overElements(
    lines,
    (at) => {
      nest.inLoops(
        [step],
        () => {
          const count = loopAffine(step);
          const back = (by: number): Affine => {
            const from = sum(count, { offset: -by, terms: [] });
            const place = reverse
              ? sum({ offset: size - 1, terms: [] }, { offset: -from.offset, terms: negated(from) })
              : from;
            return by === 0 ? place : clamped(place, size);
          };
          const here = withAxis(at, axis, back(0));
          const before = withAxis(at, axis, back(1));
          const total = nest.load(view, before);
          const added = exclusive ? nest.read(data, before) : nest.read(data, here);
          const isFirst = compare("equal", indexOf(count), constant("i32", 0));
          const first = exclusive ? constant(total.type, 0) : added;
          nest.store(view, here, select(isFirst, first, inRange(add(total, added), type)));
        },
        false,
      );
    },
    false,
  );
  nest.finish(label);
  context.memory.place(output, view);
}

const negated = ({ terms }: Affine): Affine["terms"] =>
  terms.map(({ factor, stride }) => ({ factor, stride: -stride }));

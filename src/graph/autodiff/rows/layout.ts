/** Gradients of operators that move elements: each element of the gradient goes back to where its element came from. */
import { known } from "../../../base/assert.ts";
import { intAttribute } from "../../ir/node-attributes.ts";
import { allNumbers, int, ints, normalAxis, string } from "../../ops/call.ts";
import { staticShape } from "../../ops/fold.ts";
import { rowOf } from "../../ops/registry.ts";
import { cuts } from "../../ops/slice-cuts.ts";
import {
  type GradientCall,
  type GradientRow,
  type GradientRows,
  inputOf,
  onlyGradient,
  type UnaryCall,
  unary,
} from "../gradient-row.ts";
import type { GraphWriter } from "../graph-writer.ts";

/** Elements stay in their order. */
const reshaped: GradientRow = unary(({ write, x, g }) => write.reshape(g, write.shape(x)));

const transpose: GradientRow = unary(({ write, call, x, g }) => {
  const rank = write.shape(x).length;
  const order = ints(call, "perm") ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  const places = order.map((axis) => normalAxis(call, axis, rank));
  return write.transpose(
    g,
    places.map((_, axis) => places.indexOf(axis)),
  );
});

const concat: GradientRow = (call) => {
  const { write, node } = call;
  const g = onlyGradient(call);
  const axis = normalAxis(call.call, int(call.call, "axis", 0), write.shape(g).length);
  let next = 0;
  return node.inputs.map((name) => {
    const size = write.shape(name)[axis] ?? 0;
    const start = next;
    next += size;
    return () => write.slice(g, axis, start, size);
  });
};

/** Parts that nothing depends on have zeros, also where they have no name. */
const split: GradientRow = (call) => {
  const { write, node, gradients } = call;
  const x = inputOf(call, 0);
  const axis = normalAxis(call.call, int(call.call, "axis", 0), write.shape(x).length);
  const parts = (): readonly string[] =>
    (rowOf(node)?.infer(call.call) ?? [])
      .slice(0, node.outputs.length)
      .map(
        ({ shape }, at) =>
          gradients[at] ?? write.filled(0, write.elementType(x), known(staticShape(shape), "part")),
      );
  return [() => write.op("Concat", parts(), { axis: intAttribute(axis) })];
};

/** Each axis that was cut is laid out again: turned round, spread by the step, and filled up with zeros. */
const slice: GradientRow = unary(({ write, call, x, g }) => {
  const shape = write.shape(x);
  const all = cuts(call, shape);
  if (all === undefined) throw notKnown(call, "axes");
  return all.reduce((value, { axis, begin, step, size }) => {
    if (typeof begin !== "number" || typeof size !== "number") throw notKnown(call, "limits");
    const turned = step < 0 && size > 0 ? reversed(write, value, axis) : value;
    const first = step < 0 ? begin + (size - 1) * step : begin;
    const spread = spreadAxis(write, turned, axis, Math.abs(step));
    const whole = shape[axis] ?? 0;
    const inside = write.slice(spread, axis, 0, Math.min(write.shape(spread)[axis] ?? 0, whole - first));
    return padAxis(write, inside, axis, first, whole - first - (write.shape(inside)[axis] ?? 0));
  }, g);
});

function notKnown(call: GradientCall["call"], what: string): Error {
  return call.error(`its ${what} are not known before it runs`, "make them constants");
}

function reversed(write: GraphWriter, value: string, axis: number): string {
  const lists = [[-1], [-(2 ** 31)], [axis], [-1]].map((list) => write.list(list));
  return write.op("Slice", [value, ...lists]);
}

/** step - 1 zeros behind each place of an axis. */
function spreadAxis(write: GraphWriter, value: string, axis: number, step: number): string {
  if (step === 1) return value;
  const shape = write.shape(value);
  const apart = write.reshape(value, [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)]);
  const padded = padAxis(write, apart, axis + 1, 0, step - 1);
  return write.reshape(
    padded,
    shape.map((size, at) => (at === axis ? size * step : size)),
  );
}

function padAxis(write: GraphWriter, value: string, axis: number, before: number, after: number): string {
  if (before === 0 && after === 0) return value;
  const rank = write.shape(value).length;
  const at = (count: number): readonly number[] =>
    Array.from({ length: rank }, (_, each) => (each === axis ? count : 0));
  return write.op("Pad", [value, write.list([...at(before), ...at(after)])]);
}

/** What was added around a value has no gradient. */
const pad: GradientRow = unary(({ write, call, node, x, g }) => {
  if (string(call, "mode", "constant") !== "constant")
    throw call.error("only constant padding has a gradient", "pad with a constant, or before the parameters");
  const pads = allNumbers(call.elements(call.inputs[1]));
  const axes = (node.inputs[3] ?? "") === "" ? undefined : allNumbers(call.elements(call.inputs[3]));
  if (pads === undefined || pads.some((count) => count < 0))
    throw notKnown(call, "sizes, which must not be negative,");
  const shape = write.shape(x);
  const places = axes ?? shape.map((_, axis) => axis);
  return places.reduce((value, place, at) => {
    const axis = normalAxis(call, place, shape.length);
    return write.slice(value, axis, pads[at] ?? 0, shape[axis] ?? 0);
  }, g);
});

/** The copies are summed: each axis as repeats times elements. */
const tile: GradientRow = unary(({ write, x, g }) => {
  const shape = write.shape(x);
  const whole = write.shape(g);
  const apart = shape.flatMap((size, axis) => [size === 0 ? 1 : (whole[axis] ?? 0) / size, size]);
  return write.sum(
    write.reshape(g, apart),
    shape.map((_, axis) => 2 * axis),
    false,
  );
});

const triangle: GradientRow = unary(({ write, call, node, g }: UnaryCall) =>
  write.op("Trilu", [g, ...node.inputs.slice(1)], { upper: intAttribute(int(call, "upper", 1)) }),
);

/** Gathers elements by places; `toFront` brings the axes of the places in front. */
const gather: GradientRow = (call) => {
  const { write, call: read } = call;
  const g = onlyGradient(call);
  const [x, indices] = [inputOf(call, 0), inputOf(call, 1)];
  const shape = write.shape(x);
  const rank = write.shape(indices).length;
  const axis = normalAxis(read, int(read, "axis", 0), shape.length);
  return [
    () => {
      const order = write.shape(g).map((_, at) => at);
      const toFront = [
        ...order.slice(axis, axis + rank),
        ...order.slice(0, axis),
        ...order.slice(axis + rank),
      ];
      const others = shape.filter((_, at) => at !== axis);
      const rows = write.reshape(indices, [...write.shape(indices), 1]);
      const sums = scatterSums(call, [shape[axis] ?? 0, ...others], rows, write.transpose(g, toFront));
      // Axis 0 of the sums goes back to where it was.
      const back = shape.map((_, at) => (at === axis ? 0 : at < axis ? at + 1 : at));
      return write.transpose(sums, back);
    },
  ];
};

const gatherNd: GradientRow = (call) => {
  const { write, call: read } = call;
  const g = onlyGradient(call);
  if (int(read, "batch_dims", 0) !== 0)
    throw read.error("GatherND with batch_dims has no gradient", "write the batches into the indices");
  return [() => scatterSums(call, write.shape(inputOf(call, 0)), inputOf(call, 1), g)];
};

const gatherElements: GradientRow = (call) => {
  const { write, call: read } = call;
  const g = onlyGradient(call);
  const shape = write.shape(inputOf(call, 0));
  const axis = normalAxis(read, int(read, "axis", 0), shape.length);
  return [
    () => {
      needReduction(call);
      const zeros = write.filled(0, write.elementType(g), shape);
      const attributes = { axis: intAttribute(axis), reduction: { kind: "string", value: "add" } } as const;
      return write.op("ScatterElements", [zeros, inputOf(call, 1), g], attributes);
    },
  ];
};

/** Zeros with the updates added where the indices say: places may come more than once. */
function scatterSums(call: GradientCall, shape: readonly number[], indices: string, updates: string): string {
  const { write } = call;
  needReduction(call);
  const zeros = write.filled(0, write.elementType(updates), shape);
  return write.op("ScatterND", [zeros, indices, updates], { reduction: { kind: "string", value: "add" } });
}

function needReduction({ write, call }: GradientCall): void {
  if (write.opset >= 16) return;
  throw call.error(
    "its gradient needs sums in ScatterND, which opset 16 brought",
    "export the network with opset 17",
  );
}

export const layoutGradients: GradientRows = {
  Concat: concat,
  // The caller sums what was stretched.
  Expand: unary(({ g }) => g),
  Flatten: reshaped,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  Pad: pad,
  Reshape: reshaped,
  Slice: slice,
  Split: split,
  Squeeze: reshaped,
  Tile: tile,
  Transpose: transpose,
  Trilu: triangle,
  Unsqueeze: reshaped,
};

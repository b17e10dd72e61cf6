/** ScatterElements and ScatterND: a copy of the data, then each update in its order, put where its index says. */
import { known } from "../../../base/assert.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { int, normalAxis, string } from "../../../graph/ops/call.ts";
import { type Affine, constantAffine } from "../loops/affine.ts";
import { binary, type Expr } from "../loops/expr.ts";
import { inRange } from "../operators/values.ts";
import type { BlockState } from "./block.ts";
import { placeIn } from "./computed-places.ts";
import { type Indices, Nest } from "./nests.ts";
import { notCompiled } from "./not-compiled.ts";
import { shapeOf } from "./shapes.ts";
import { staticCall } from "./static-call.ts";
import { allocateView } from "./views.ts";

const combiners: Readonly<Record<string, "add" | "multiply" | "maximum" | "minimum">> = {
  add: "add",
  mul: "multiply",
  max: "maximum",
  min: "minimum",
};

/** `placeOf` gives where the update at an index goes. */
function scatter(
  state: BlockState,
  node: OpNode,
  label: string,
  placeOf: (nest: Nest, at: Indices) => Indices,
): void {
  const { context } = state;
  const [data = "", , updates = ""] = node.inputs;
  const [output = ""] = node.outputs;
  const reduction = string(staticCall(context.typed, node), "reduction", "none");
  const combiner = combiners[reduction];
  if (combiner === undefined && reduction !== "none") throw notCompiled(node);
  const view = context.placement.viewFor(output);
  const type = context.memory.storedType(output);
  const nest = new Nest(context);
  nest.overElements(view, (at) => nest.store(view, at, nest.read(data, at)));
  const shape = shapeOf(context.typed, updates);
  nest.overElements(
    allocateView("updates", type, shape),
    (at) => {
      const place = placeOf(nest, at);
      const update = nest.read(updates, at);
      const old = (): Expr => nest.load(view, place);
      const value = combiner === undefined ? update : inRange(binary(combiner, old(), update), type);
      nest.store(view, place, value);
    },
    false,
  );
  // Two updates may go to one place.
  nest.finish(label, { alone: true });
  context.memory.place(output, view);
}

export function lowerScatterElements(state: BlockState, node: OpNode, label: string): void {
  const { typed } = state.context;
  const [data = "", indices = ""] = node.inputs;
  const call = staticCall(typed, node);
  const shape = shapeOf(typed, data);
  const axis = normalAxis(call, int(call, "axis", 0), shape.length);
  scatter(state, node, label, (nest, at) => {
    const place = placeIn(known(shape[axis], "size"), nest.read(indices, at));
    return at.map((index, where): Affine => (where === axis ? place : index));
  });
}

export function lowerScatterNd(state: BlockState, node: OpNode, label: string): void {
  const { typed } = state.context;
  const [data = "", indices = ""] = node.inputs;
  const shape = shapeOf(typed, data);
  const rows = shapeOf(typed, indices).slice(0, -1);
  const depth = shapeOf(typed, indices).at(-1) ?? 0;
  scatter(state, node, label, (nest, at) => {
    const row = at.slice(0, rows.length);
    const places = Array.from({ length: depth }, (_, axis) =>
      placeIn(known(shape[axis], "size"), nest.read(indices, [...row, constantAffine(axis)])),
    );
    return [...places, ...at.slice(rows.length)];
  });
}

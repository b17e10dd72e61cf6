/** Operators that give elements of others at computed places, or say where a place is: GatherND, OneHot, and so on. */
import { known } from "../../../base/assert.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { int, normalAxis } from "../../../graph/ops/call.ts";
import type { Affine } from "../loops/affine.ts";
import { constantAffine } from "../loops/affine.ts";
import {
  binary,
  compare,
  constant,
  convert,
  type Expr,
  indexOf,
  numberTypeOf,
  select,
} from "../loops/expr.ts";
import { equal, less, like, plus } from "../operators/values.ts";
import { clampedValue, placeIn } from "./computed-places.ts";
import type { ValueReader } from "./read-value.ts";
import { shapeOf } from "./shapes.ts";
import { staticCall } from "./static-call.ts";

type Indices = readonly Affine[];
type Make = (reader: ValueReader, node: OpNode, indices: Indices) => Expr;

const gatherNd: Make = (reader, node, indices) => {
  const { typed } = reader.memory;
  const [data = "", places = ""] = node.inputs;
  const shape = shapeOf(typed, data);
  const rows = shapeOf(typed, places).slice(0, -1).length;
  const depth = shapeOf(typed, places).at(-1) ?? 0;
  const batch = int(staticCall(typed, node), "batch_dims", 0);
  const row = indices.slice(0, rows);
  const at = Array.from({ length: depth }, (_, axis) =>
    placeIn(known(shape[batch + axis], "size"), reader.read(places, [...row, constantAffine(axis)])),
  );
  return reader.read(data, [...indices.slice(0, batch), ...at, ...indices.slice(rows)]);
};

/** Indices count from the end where they are negative; those out of range give the "off" value. */
const oneHot: Make = (reader, node, indices) => {
  const { typed } = reader.memory;
  const [places = "", , values = ""] = node.inputs;
  const call = staticCall(typed, node);
  const axis = normalAxis(call, int(call, "axis", -1), indices.length);
  const depth = known(shapeOf(typed, node.outputs[0] ?? "")[axis], "depth");
  const place = reader.read(places, [...indices.slice(0, axis), ...indices.slice(axis + 1)]);
  const fromFront = select(less(place, like(place, 0)), plus(place, depth), place);
  const here = convert(place.type, indexOf(known(indices[axis], "index")));
  const [off, on] = [0, 1].map((which) => reader.read(values, [constantAffine(which)]));
  return select(equal(fromFront, here), known(on, "on"), known(off, "off"));
};

const reverseSequence: Make = (reader, node, indices) => {
  const { typed } = reader.memory;
  const [data = "", lengths = ""] = node.inputs;
  const call = staticCall(typed, node);
  const [timeAxis, batchAxis] = [int(call, "time_axis", 0), int(call, "batch_axis", 1)];
  const size = known(shapeOf(typed, data)[timeAxis], "size");
  const time = indexOf(known(indices[timeAxis], "time"));
  const length = convert("i32", reader.read(lengths, [known(indices[batchAxis], "batch")]));
  const mirrored = binary("subtract", binary("subtract", length, constant("i32", 1)), time);
  const place = clampedValue(select(less(time, length), mirrored, time), size);
  return reader.read(
    data,
    indices.map((index, axis) => (axis === timeAxis ? place : index)),
  );
};

/** 1 on a diagonal. */
const eyeLike: Make = (reader, node, [row, column]) => {
  const { memory } = reader;
  const shift = int(staticCall(memory.typed, node), "k", 0);
  const diagonal = plus(indexOf(known(row, "row")), shift);
  const isOn = compare("equal", indexOf(known(column, "column")), diagonal);
  return convert(numberTypeOf[memory.storedType(node.outputs[0] ?? "")], isOn);
};

export const movedElements: Readonly<Record<string, Make>> = {
  EyeLike: eyeLike,
  GatherND: gatherNd,
  OneHot: oneHot,
  ReverseSequence: reverseSequence,
};

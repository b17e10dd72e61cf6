/** Operators that read or write at places given by indices. */
import type { Dimension, ElementType, Shape } from "../ir/tensor.ts";
import { describeInput, input, int, normalAxis, optionalInt, scalarInput } from "./call.ts";
import type { Element, Elements } from "./fact.ts";
import { foldableCount, tensorFact } from "./fact.ts";
import { coordinates, offsetOf, staticShape } from "./fold.ts";
import { indexingKernels } from "./kernels/indexing.ts";
import { withKernels } from "./kernels/kernel.ts";
import type { Call, OperatorRow } from "./row.ts";
import { row } from "./row.ts";

const gather = row({
  operator: "Gather",
  versions: [1, 11, 13],
  arity: [2, 2],
  mappingType: "one-to-many",
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    const indices = input(call, 1).shape;
    if (shape === undefined || indices === undefined) return [tensorFact(elementType, undefined)];
    const axis = normalAxis(call, int(call, "axis", 0), shape.length);
    checkIndices(call, call.elements(call.inputs[1]), shape[axis] ?? 0);
    return [tensorFact(elementType, [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)])];
  },
  fold: (call, outputs) => [foldGather(call, staticShape(outputs[0]?.shape))],
});

function checkIndices(call: Call, indices: Elements | undefined, size: Dimension): void {
  if (indices === undefined || typeof size !== "number") return;
  const outside = indices.find((index) => typeof index === "number" && (index < -size || index >= size));
  if (outside !== undefined) {
    throw call.error(
      `index ${outside} is out of range for an axis of size ${size} of ${describeInput(call, 0)}`,
      `use an index from ${-size} to ${size - 1}`,
    );
  }
}

function foldGather(call: Call, shape: readonly number[] | undefined): Elements | undefined {
  const from = staticShape(call.inputs[0]?.shape);
  const places = staticShape(call.inputs[1]?.shape);
  const elements = call.elements(call.inputs[0]);
  const indices = call.elements(call.inputs[1]);
  const count = foldableCount(shape);
  if (shape === undefined || from === undefined || places === undefined || count === undefined)
    return undefined;
  if (elements === undefined || indices === undefined) return undefined;
  const axis = normalAxis(call, int(call, "axis", 0), from.length);
  return Array.from({ length: count }, (_, number): Element => {
    const at = coordinates(shape, number);
    const index = indices[offsetOf(places, at.slice(axis, axis + places.length))];
    if (typeof index !== "number") return undefined;
    const normal = index < 0 ? index + (from[axis] ?? 0) : index;
    const origin = [...at.slice(0, axis), normal, ...at.slice(axis + places.length)];
    return elements[offsetOf(from, origin)];
  });
}

const gatherElements = row({
  operator: "GatherElements",
  versions: [11, 13],
  arity: [2, 2],
  mappingType: "one-to-many",
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    const indices = input(call, 1).shape;
    if (shape !== undefined) {
      normalAxis(call, int(call, "axis", 0), shape.length);
      checkEqualRanks(call, shape, indices);
    }
    return [tensorFact(elementType, indices)];
  },
});

function checkEqualRanks(call: Call, shape: Shape, indices: Shape | undefined): void {
  if (indices !== undefined && indices.length !== shape.length) {
    throw call.error(
      `the indices ${describeInput(call, 1)} should have the rank of ${describeInput(call, 0)}`,
    );
  }
}

/** The last axis of the indices addresses that many axes behind the batch axes. */
const gatherNd = row({
  operator: "GatherND",
  versions: [11, 12, 13],
  arity: [2, 2],
  mappingType: "one-to-many",
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    const indices = input(call, 1).shape;
    const batchAxes = int(call, "batch_dims", 0);
    const depth = indices?.at(-1);
    if (shape === undefined || indices === undefined || typeof depth !== "number") {
      return [tensorFact(elementType, undefined)];
    }
    if (batchAxes + depth > shape.length || batchAxes < 0 || batchAxes >= indices.length) {
      throw call.error(
        `the indices ${describeInput(call, 1)} address ${batchAxes + depth} axes of ${describeInput(call, 0)}`,
        "the last axis of the indices is at most the rank of the data, less batch_dims",
      );
    }
    return [tensorFact(elementType, [...indices.slice(0, -1), ...shape.slice(batchAxes + depth)])];
  },
  fold: (call, outputs) => [foldGatherNd(call, staticShape(outputs[0]?.shape))],
});

function foldGatherNd(call: Call, shape: readonly number[] | undefined): Elements | undefined {
  const from = staticShape(call.inputs[0]?.shape);
  const places = staticShape(call.inputs[1]?.shape);
  const elements = call.elements(call.inputs[0]);
  const indices = call.elements(call.inputs[1]);
  if (shape === undefined || from === undefined || places === undefined || int(call, "batch_dims", 0) !== 0)
    return undefined;
  if (elements === undefined || indices === undefined) return undefined;
  const count = foldableCount(shape) ?? 0;
  const depth = places.at(-1) ?? 0;
  return Array.from({ length: count }, (_, number): Element => {
    const at = coordinates(shape, number);
    const row = at.slice(0, places.length - 1);
    const origin: number[] = [];
    for (let axis = 0; axis < depth; axis++) {
      const index = indices[offsetOf(places, [...row, axis])];
      if (typeof index !== "number") return undefined;
      origin.push(index < 0 ? index + (from[axis] ?? 0) : index);
    }
    return elements[offsetOf(from, [...origin, ...at.slice(places.length - 1)])];
  });
}

function scatter(operator: string, versions: readonly number[], fold?: OperatorRow["fold"]): OperatorRow {
  return row({
    operator,
    versions,
    arity: [3, 3],
    mappingType: "shuffle",
    infer: (call) => {
      const { elementType, shape } = input(call, 0);
      const axis = optionalInt(call, "axis");
      if (shape !== undefined && axis !== undefined) normalAxis(call, axis, shape.length);
      return [tensorFact(elementType, shape)];
    },
    ...(fold === undefined ? {} : { fold }),
  });
}

const foldScatterElements: NonNullable<OperatorRow["fold"]> = (call) => {
  const shape = staticShape(call.inputs[0]?.shape);
  const places = staticShape(call.inputs[1]?.shape);
  const elements = call.elements(call.inputs[0]);
  const indices = call.elements(call.inputs[1]);
  const updates = call.elements(call.inputs[2]);
  const adds = call.node.attributes.has("reduction");
  if (shape === undefined || places === undefined || adds) return [];
  if (elements === undefined || indices === undefined || updates === undefined) return [];
  const axis = normalAxis(call, int(call, "axis", 0), shape.length);
  const result = [...elements];
  for (const [number, index] of indices.entries()) {
    if (typeof index !== "number") return [];
    const at = coordinates(places, number);
    at[axis] = index < 0 ? index + (shape[axis] ?? 0) : index;
    result[offsetOf(shape, at)] = updates[number];
  }
  return [result];
};

const foldScatterNd: NonNullable<OperatorRow["fold"]> = (call) => {
  const shape = staticShape(call.inputs[0]?.shape);
  const places = staticShape(call.inputs[1]?.shape);
  const elements = call.elements(call.inputs[0]);
  const indices = call.elements(call.inputs[1]);
  const updates = call.elements(call.inputs[2]);
  if (shape === undefined || places === undefined || call.node.attributes.has("reduction")) return [];
  if (elements === undefined || indices === undefined || updates === undefined) return [];
  const depth = places.at(-1) ?? 0;
  const tail = shape.slice(depth);
  const block = tail.reduce((a, b) => a * b, 1);
  const result = [...elements];
  for (const [number, update] of updates.entries()) {
    const rowNumber = Math.floor(number / Math.max(block, 1));
    const origin = indices.slice(rowNumber * depth, (rowNumber + 1) * depth);
    const known = origin.filter((index) => typeof index === "number");
    if (known.length !== depth) return [];
    const normal = known.map((index, axis) => (index < 0 ? index + (shape[axis] ?? 0) : index));
    result[offsetOf(shape, [...normal, ...coordinates(tail, number % Math.max(block, 1))])] = update;
  }
  return [result];
};

const oneHot = row({
  operator: "OneHot",
  versions: [9, 11],
  arity: [3, 3],
  mappingType: "one-to-many",
  infer: (call) => {
    const elementType: ElementType = input(call, 2).elementType;
    const { shape } = input(call, 0);
    if (shape === undefined) return [tensorFact(elementType, undefined)];
    const depth = scalarInput(call, 1) ?? call.symbols.fresh();
    const axis = normalAxis(call, int(call, "axis", -1), shape.length + 1, "the result");
    return [tensorFact(elementType, [...shape.slice(0, axis), depth, ...shape.slice(axis)])];
  },
});

export const indexingRows: readonly OperatorRow[] = withKernels(
  [
    gather,
    gatherElements,
    gatherNd,
    oneHot,
    scatter("Scatter", [9, 11]),
    scatter("ScatterElements", [11, 13, 16, 18], foldScatterElements),
    scatter("ScatterND", [11, 13, 16, 18], foldScatterNd),
  ],
  indexingKernels,
);

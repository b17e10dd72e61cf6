/** Operators that pad, repeat and stretch along axes. */
import type { Dimension, Shape } from "../ir/tensor.ts";
import { allNumbers, describeInput, input, ints, listArgument, normalAxis, scalarInput } from "./call.ts";
import { formatElements, formatShape, tensorFact } from "./fact.ts";
import { foldByIndex, offsetOf } from "./fold.ts";
import { withKernels } from "./kernels/kernel.ts";
import { stretchingKernels } from "./kernels/stretching.ts";
import type { Call, OperatorRow } from "./row.ts";
import { row } from "./row.ts";
import { broadcast, freshShape, withDimension } from "./shapes.ts";

/** Pads: all begins, then all ends, of the given axes; negative pads cut. */
function paddedShape(call: Call, shape: Shape): Shape {
  const argument = call.inputs.length > 1 ? listArgument(call, 1, "pads") : padsAttribute(call);
  const axes = padAxes(call, shape.length);
  if (argument.kind !== "known" || axes === undefined) return freshShape(call, shape.length);
  const pads = argument.values;
  if (pads.length !== 2 * axes.length) {
    throw call.error(`${pads.length} pads are given for ${axes.length} axes of ${describeInput(call, 0)}`);
  }
  const result = [...shape];
  axes.forEach((axis, index) => {
    const [begin, end] = [pads[index], pads[index + axes.length]];
    const size = shape[axis] ?? 0;
    const padded =
      begin === undefined || end === undefined
        ? call.symbols.fresh()
        : call.symbols.add(size, call.symbols.add(begin, end));
    if (typeof padded === "number" && padded < 0) {
      throw call.error(`axis ${axis} of ${describeInput(call, 0)} would get size ${padded}`);
    }
    result[axis] = padded;
  });
  return result;
}

/** Opset 1 called the attribute "paddings". */
function padsAttribute(call: Call): ReturnType<typeof listArgument> {
  const values = ints(call, "pads") ?? ints(call, "paddings");
  if (values === undefined) throw call.error("the pads are missing");
  return { kind: "known", values };
}

function padAxes(call: Call, rank: number): readonly number[] | undefined {
  const given = call.inputs[3];
  if (given === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  return allNumbers(call.elements(given))?.map((axis) => normalAxis(call, axis, rank));
}

const pad = row({
  operator: "Pad",
  versions: [1, 2, 11, 13, 18, 19, 21],
  arity: [1, 4],
  mappingType: "one-to-one",
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    return [tensorFact(elementType, shape === undefined ? undefined : paddedShape(call, shape))];
  },
});

/** Opset 1 of Tile repeated one axis: inputs tiles and axis. */
function tiledShape(call: Call, shape: Shape): Shape {
  if (call.node.opset < 6) {
    const axis = scalarInput(call, 2);
    const tiles = scalarInput(call, 1);
    if (typeof axis !== "number" || tiles === undefined) return freshShape(call, shape.length);
    const normal = normalAxis(call, axis, shape.length);
    return withDimension(shape, normal, call.symbols.multiply(shape[normal] ?? 0, tiles));
  }
  const repeats = call.elements(input(call, 1));
  if (repeats === undefined) return freshShape(call, shape.length);
  if (repeats.length !== shape.length) {
    throw call.error(`${repeats.length} repeats are given for ${describeInput(call, 0)}`);
  }
  return shape.map((size, axis) => {
    const times = repeats[axis];
    if (typeof times === "number" && times < 0)
      throw call.error(`axis ${axis} would be repeated ${times} times`);
    return times === undefined ? call.symbols.fresh() : call.symbols.multiply(size, times);
  });
}

const tile = row({
  operator: "Tile",
  versions: [1, 6, 13],
  arity: [2, 3],
  mappingType: "one-to-many",
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    return [tensorFact(elementType, shape === undefined ? undefined : tiledShape(call, shape))];
  },
  fold: (call, outputs) => [
    foldByIndex(call, outputs[0], (at, from) =>
      offsetOf(
        from,
        at.map((place, axis) => place % Math.max(from[axis] ?? 1, 1)),
      ),
    ),
  ],
});

const expand = row({
  operator: "Expand",
  versions: [8, 13],
  arity: [2, 2],
  mappingType: "one-to-many",
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    const target = call.elements(input(call, 1));
    if (target === undefined) return [tensorFact(elementType, expandedRank(call))];
    const sizes = target.map((size): Dimension => {
      if (typeof size === "number" && size < 0) {
        throw call.error(`the target shape ${formatElements(target)} has the size ${size}`);
      }
      return size ?? call.symbols.fresh();
    });
    return [tensorFact(elementType, broadcastTo(call, shape, sizes))];
  },
  fold: (call, outputs) => [foldByIndex(call, outputs[0], (at, from) => offsetOf(from, at))],
});

function broadcastTo(call: Call, shape: Shape | undefined, target: Shape): Shape | undefined {
  if (shape === undefined) return undefined;
  const shifted = target.length - shape.length;
  target.forEach((size, axis) => {
    const old = shape[axis - shifted] ?? 1;
    if (typeof old === "number" && typeof size === "number" && old !== 1 && size !== 1 && old !== size) {
      throw call.error(`${describeInput(call, 0)} does not stretch to ${formatShape(target)}`);
    }
  });
  return broadcast(call, [shape, target]);
}

function expandedRank(call: Call): Shape | undefined {
  const length = input(call, 1).shape?.[0];
  const rank = input(call, 0).shape?.length;
  if (typeof length !== "number" || rank === undefined) return undefined;
  return freshShape(call, Math.max(length, rank));
}

/** Crops or pads the given axes to the given sizes. */
const centerCropPad = row({
  operator: "CenterCropPad",
  versions: [18],
  arity: [2, 2],
  mappingType: "one-to-one",
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    if (shape === undefined) return [tensorFact(elementType, undefined)];
    const sizes = call.elements(input(call, 1));
    const axes = (ints(call, "axes") ?? shape.map((_, axis) => axis)).map((axis) =>
      normalAxis(call, axis, shape.length),
    );
    const result = [...shape];
    axes.forEach((axis, index) => {
      result[axis] = sizes?.[index] ?? call.symbols.fresh();
    });
    return [tensorFact(elementType, result)];
  },
});

export const stretchingRows: readonly OperatorRow[] = withKernels(
  [centerCropPad, expand, pad, tile],
  stretchingKernels,
);

/** Operators that cut and join along axes. */
import type { Dimension, Shape } from "../ir/tensor.ts";
import {
  allNumbers,
  describeInput,
  describeInputs,
  input,
  int,
  listArgument,
  normalAxis,
  optionalInt,
} from "./call.ts";
import type { Element, Elements, Fact } from "./fact.ts";
import { formatElements, tensorFact } from "./fact.ts";
import { coordinates, foldByIndex, offsetOf, staticShape } from "./fold.ts";
import { withKernels } from "./kernels/kernel.ts";
import { slicingKernels } from "./kernels/slicing.ts";
import type { Call, OperatorRow } from "./row.ts";
import { row } from "./row.ts";
import { freshShape, sameDimension, withDimension } from "./shapes.ts";
import { cuts } from "./slice-cuts.ts";

function concatAxis(call: Call, rank: number): number {
  return normalAxis(call, int(call, "axis", 1), rank);
}

function concatShape(call: Call): Shape | undefined {
  let result: Shape | undefined;
  for (let index = 0; index < call.node.inputs.length; index++) {
    const { shape } = input(call, index);
    if (shape === undefined) return undefined;
    result = result === undefined ? shape : joined(call, result, shape);
  }
  if (result !== undefined) concatAxis(call, result.length);
  return result;
}

function joined(call: Call, a: Shape, b: Shape): Shape {
  if (a.length !== b.length) throw call.error(`the ranks of ${describeInputs(call)} differ`);
  const axis = concatAxis(call, a.length);
  return a.map((size, index) => {
    const other = b[index] ?? 0;
    if (index === axis) return call.symbols.add(size, other);
    return sameDimension(call, size, other, `axis ${index} of the joined tensors`);
  });
}

const concat = row({
  operator: "Concat",
  versions: [1, 4, 11, 13],
  arity: [1, Number.POSITIVE_INFINITY],
  mappingType: "one-to-one",
  infer: (call) => [tensorFact(input(call, 0).elementType, concatShape(call))],
  fold: (call, outputs) => [foldConcat(call, outputs[0])],
});

/** Pieces that are not known leave gaps: a shape is often built of one unknown and three known sizes. */
function foldConcat(call: Call, output: Fact | undefined): Elements | undefined {
  const shape = staticShape(output?.shape);
  if (shape === undefined) return undefined;
  const axis = concatAxis(call, shape.length);
  const result: Element[] = new Array(shape.reduce((a, b) => a * b, 1)).fill(undefined);
  let start = 0;
  for (const fact of call.inputs) {
    const from = staticShape(fact?.shape);
    if (from === undefined) return undefined;
    call.elements(fact)?.forEach((element, index) => {
      const at = coordinates(from, index);
      at[axis] = (at[axis] ?? 0) + start;
      result[offsetOf(shape, at)] = element;
    });
    start += from[axis] ?? 0;
  }
  return result;
}

/** The sizes of the parts: given, or equal with a smaller last one (opset 18, num_outputs). */
function partSizes(call: Call, size: Dimension): readonly Dimension[] {
  const { symbols } = call;
  const argument = listArgument(call, 1, "split");
  if (argument.kind === "known") {
    return checkedParts(
      call,
      size,
      argument.values.map((part) => part ?? symbols.fresh()),
    );
  }
  const count = int(call, "num_outputs", call.node.outputs.length);
  if (count < 1 || count > Math.max(call.node.outputs.length, 1)) {
    throw call.error(`num_outputs is ${count}, and the node has ${call.node.outputs.length} outputs`);
  }
  if (argument.kind === "unknown") return freshShape(call, call.node.outputs.length);
  const part = symbols.ceilDivide(size, count);
  if (typeof size === "number" && typeof part === "number" && size % count !== 0) {
    const last = size - part * (count - 1);
    if (call.node.opset < 18 || last < 0) {
      throw call.error(
        `axis of size ${size} of ${describeInput(call, 0)} does not divide into ${count} parts`,
      );
    }
    return [...new Array<number>(count - 1).fill(part), last];
  }
  const exact = typeof size === "number" ? part : symbols.floorDivide(size, count);
  return new Array<Dimension>(count).fill(exact);
}

function checkedParts(call: Call, size: Dimension, parts: readonly Dimension[]): readonly Dimension[] {
  const negative = parts.find((part) => typeof part === "number" && part < 0);
  if (negative !== undefined) throw call.error(`a part of size ${negative} cannot be split off`);
  const total = parts.reduce<Dimension>((a, b) => call.symbols.add(a, b), 0);
  if (typeof total === "number" && typeof size === "number" && total !== size) {
    throw call.error(
      `the parts ${formatElements(parts)} do not add up to the axis of size ${size} of ${describeInput(call, 0)}`,
    );
  }
  return parts;
}

const split = row({
  operator: "Split",
  versions: [1, 2, 11, 13, 18],
  arity: [1, 2],
  mappingType: "one-to-one",
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    if (shape === undefined) return call.node.outputs.map(() => tensorFact(elementType, undefined));
    const axis = normalAxis(call, int(call, "axis", 0), shape.length);
    return partSizes(call, shape[axis] ?? 0).map((part) =>
      tensorFact(elementType, withDimension(shape, axis, part)),
    );
  },
  fold: (call, outputs) => {
    const axis = normalAxis(call, int(call, "axis", 0), input(call, 0).shape?.length ?? 0);
    let start = 0;
    return outputs.map((output) => {
      const begin = start;
      const size = output.shape?.[axis];
      if (typeof size !== "number") return undefined;
      start += size;
      return foldByIndex(call, output, (at, from) =>
        offsetOf(
          from,
          at.map((place, index) => (index === axis ? place + begin : place)),
        ),
      );
    });
  },
});

const slice = row({
  operator: "Slice",
  versions: [1, 10, 11, 13],
  arity: [1, 5],
  mappingType: "one-to-one",
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    if (shape === undefined) return [tensorFact(elementType, undefined)];
    const all = cuts(call, shape);
    if (all === undefined) return [tensorFact(elementType, freshShape(call, shape.length))];
    const result = [...shape];
    for (const { axis, size } of all) result[axis] = size;
    return [tensorFact(elementType, result)];
  },
  fold: (call, outputs) => {
    const all = cuts(call, input(call, 0).shape ?? []);
    if (all === undefined || all.some(({ begin }) => typeof begin !== "number")) return [];
    return [
      foldByIndex(call, outputs[0], (at, from) => {
        const origin = [...at];
        for (const { axis, begin, step } of all) origin[axis] = Number(begin) + (at[axis] ?? 0) * step;
        return offsetOf(from, origin);
      }),
    ];
  },
});

/** Keeps the slices whose condition holds: how many is for the run to tell. */
const compress = row({
  operator: "Compress",
  versions: [9, 11],
  arity: [2, 2],
  mappingType: "one-to-one",
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    const condition = allNumbers(call.elements(input(call, 1)));
    const kept = condition?.filter((element) => element !== 0).length ?? call.symbols.fresh();
    const axis = optionalInt(call, "axis");
    if (axis === undefined) return [tensorFact(elementType, [kept])];
    if (shape === undefined) return [tensorFact(elementType, undefined)];
    return [tensorFact(elementType, withDimension(shape, normalAxis(call, axis, shape.length), kept))];
  },
});

export const slicingRows: readonly OperatorRow[] = withKernels(
  [compress, concat, slice, split],
  slicingKernels,
);

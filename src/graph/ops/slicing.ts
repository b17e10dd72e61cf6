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
import type { Call, OperatorRow } from "./row.ts";
import { row } from "./row.ts";
import { freshShape, sameDimension, withDimension } from "./shapes.ts";

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

/** One axis of a Slice: where it begins, how it steps, and how many elements it keeps. */
interface Cut {
  readonly axis: number;
  readonly begin: Element;
  readonly step: number;
  readonly size: Dimension;
}

/** The cuts of a Slice; undefined where it is not known which axes are cut. */
function cuts(call: Call, shape: Shape): readonly Cut[] | undefined {
  const starts = listArgument(call, 1, "starts");
  const ends = listArgument(call, 2, "ends");
  const axes = listArgument(call, 3, "axes");
  const steps = listArgument(call, 4, "steps");
  const count = listLength(starts) ?? listLength(ends) ?? listLength(axes);
  if (count === undefined || axes.kind === "unknown") return undefined;
  const places =
    axes.kind === "known"
      ? allNumbers(axes.values)
      : Array.from({ length: Math.min(count, shape.length) }, (_, axis) => axis);
  if (places === undefined) return undefined;
  if (starts.kind === "absent" || ends.kind === "absent") throw call.error("starts or ends are missing");
  if (places.length < count)
    throw call.error(`${count} starts are given for ${places.length} axes of ${describeInput(call, 0)}`);
  return places.map((place, index) => {
    const axis = normalAxis(call, place, shape.length);
    const step = steps.kind === "absent" ? 1 : steps.kind === "known" ? steps.values[index] : undefined;
    if (step === 0) throw call.error("a step of 0 never ends");
    const begin = starts.kind === "known" ? starts.values[index] : undefined;
    const end = ends.kind === "known" ? ends.values[index] : undefined;
    return cut(call, shape[axis] ?? 0, { axis, begin, end, step });
  });
}

function listLength(argument: ReturnType<typeof listArgument>): number | undefined {
  if (argument.kind === "known") return argument.values.length;
  return argument.kind === "unknown" ? argument.length : undefined;
}

interface CutRequest {
  readonly axis: number;
  readonly begin: Element;
  readonly end: Element;
  readonly step: Element;
}

function cut(call: Call, size: Dimension, { axis, begin, end, step }: CutRequest): Cut {
  const unknown = { axis, begin: undefined, step: 1, size: call.symbols.fresh() };
  if (typeof step !== "number" || begin === undefined || end === undefined) return unknown;
  if (typeof size === "number" && typeof begin === "number" && typeof end === "number") {
    const from = clampPlace(begin, size, step < 0 ? -1 : 0, step < 0 ? size - 1 : size);
    const to = clampPlace(end, size, step < 0 ? -1 : 0, step < 0 ? size - 1 : size);
    return { axis, begin: from, step, size: Math.max(0, Math.ceil((to - from) / step)) };
  }
  return symbolicCut(call, size, { axis, begin, end, step }) ?? unknown;
}

function clampPlace(place: number, size: number, least: number, most: number): number {
  return Math.min(Math.max(place < 0 ? place + size : place, least), most);
}

/** Beyond every size: how export code writes "to the end". */
const farEnd = 2 ** 31 - 1;

/** Cuts of sizes that are symbols, where the request says enough: [a:], [:b], [a:b] and [:-b] forwards. */
function symbolicCut(call: Call, size: Dimension, { axis, begin, end, step }: CutRequest): Cut | undefined {
  const { symbols } = call;
  if (step === -1 && begin === -1 && typeof end === "number" && end <= -farEnd)
    return { axis, begin: undefined, step, size };
  if (typeof step !== "number" || step < 1 || begin === undefined || end === undefined) return undefined;
  const from = typeof begin === "number" && begin < 0 ? symbols.add(size, begin) : begin;
  const toEnd = end === size || (typeof end === "number" && end >= farEnd);
  const to = toEnd ? size : typeof end === "number" && end < 0 ? symbols.add(size, end) : end;
  // A table cut to the length of a sequence: the sequence is taken not to be longer than the table.
  // An end that is a number may lie beyond a size that is a symbol, unless it is the first element.
  if (!toEnd && typeof end === "number" && end > 1) return undefined;
  const length = symbols.ceilDivide(symbols.subtract(to, from), step);
  if (typeof length === "number" && length < 0) return undefined;
  return { axis, begin: from, step, size: length };
}

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

export const slicingRows: readonly OperatorRow[] = [compress, concat, slice, split];

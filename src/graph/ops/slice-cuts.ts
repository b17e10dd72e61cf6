/** What a Slice cuts from each axis: attributes before opset 10, inputs from then on. */
import type { Dimension, Shape } from "../ir/tensor.ts";
import { allNumbers, describeInput, listArgument, normalAxis } from "./call.ts";
import type { Element } from "./fact.ts";
import type { Call } from "./row.ts";

/** One axis of a Slice: where it begins, how it steps, and how many elements it keeps. */
export interface Cut {
  readonly axis: number;
  readonly begin: Element;
  readonly step: number;
  readonly size: Dimension;
}

/** The cuts of a Slice; undefined where it is not known which axes are cut. */
export function cuts(call: Call, shape: Shape): readonly Cut[] | undefined {
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

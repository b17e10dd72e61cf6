/** Operators that keep the elements in their order and change the axes. */
import type { Dimension, Shape } from "../ir/tensor.ts";
import { allNumbers, describeInput, input, int, listArgument, normalAxis } from "./call.ts";
import type { Element, Elements } from "./fact.ts";
import { formatElements, tensorFact } from "./fact.ts";
import { withKernels } from "./kernels/kernel.ts";
import { reshapingKernels } from "./kernels/layout.ts";
import type { Call, OperatorRow } from "./row.ts";
import { row } from "./row.ts";
import { freshShape, productOf } from "./shapes.ts";

/** The elements stay in their order. */
const keepElements = (call: Call): readonly (Elements | undefined)[] => [call.elements(call.inputs[0])];

function targetShape(call: Call): Elements | number | undefined {
  const argument = listArgument(call, 1, "shape");
  if (argument.kind === "known") return argument.values;
  return argument.kind === "unknown" ? argument.length : undefined;
}

function reshapedShape(call: Call): Shape | undefined {
  const from = input(call, 0).shape;
  const target = targetShape(call);
  if (target === undefined) return undefined;
  if (typeof target === "number") return freshShape(call, target);
  const copiesZero = int(call, "allowzero", 0) === 0;
  const copied = target.map((size, axis): Element => {
    if (size !== 0 || !copiesZero) return size;
    if (from !== undefined && axis >= from.length) {
      throw call.error(
        `the 0 at place ${axis} of the new shape copies an axis that ${describeInput(call, 0)} lacks`,
      );
    }
    return from?.[axis];
  });
  return filledIn(call, from, copied, formatElements(target));
}

/** Puts in the one size that the others leave open, given as -1 or simply not known. */
function filledIn(call: Call, from: Shape | undefined, target: Elements, text: string): Shape {
  for (const size of target) {
    if (typeof size === "number" && size < -1) throw call.error(`the new shape ${text} has the size ${size}`);
  }
  const open = target.flatMap((size, axis) => (size === -1 ? [axis] : []));
  const unknown = target.flatMap((size, axis) => (size === undefined ? [axis] : []));
  if (open.length > 1) throw call.error(`the new shape ${text} has more than one -1`);
  const known = target.filter((size) => size !== undefined && size !== -1) as readonly Dimension[];
  const rest = productOf(call, known);
  const places = [...open, ...unknown];
  if (from === undefined || places.length > 1) {
    return target.map((size) => (size === undefined || size === -1 ? call.symbols.fresh() : size));
  }
  const total = productOf(call, from);
  if (places.length === 0) {
    checkCount(call, total, rest, text);
    return known;
  }
  const size = quotient(call, total, rest, text);
  return target.map((old, axis) => (axis === places[0] ? size : (old ?? size)));
}

function checkCount(call: Call, total: Dimension, wanted: Dimension, text: string): void {
  if (typeof total !== "number" || typeof wanted !== "number" || total === wanted) return;
  throw call.error(
    `${describeInput(call, 0)} has ${total} elements, the new shape ${text} has ${wanted}`,
    "a reshape keeps the number of elements; if the batch was changed, the file's shape is fixed to the old one",
  );
}

function quotient(call: Call, total: Dimension, rest: Dimension, text: string): Dimension {
  if (rest === 0) return 0;
  if (typeof total === "number" && typeof rest === "number" && total % rest !== 0) {
    throw call.error(
      `${describeInput(call, 0)} has ${total} elements, which do not divide into the new shape ${text}`,
      "a reshape keeps the number of elements; if the batch was changed, the file's shape is fixed to the old one",
    );
  }
  return call.symbols.floorDivide(total, rest);
}

const reshape = row({
  operator: "Reshape",
  versions: [1, 5, 13, 14, 19, 21],
  arity: [1, 2],
  mappingType: "reorganize",
  infer: (call) => [tensorFact(input(call, 0).elementType, reshapedShape(call))],
  fold: keepElements,
});

const flatten = row({
  operator: "Flatten",
  versions: [1, 9, 11, 13, 21],
  arity: [1, 1],
  mappingType: "reorganize",
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    if (shape === undefined) return [tensorFact(elementType, freshShape(call, 2))];
    const stated = int(call, "axis", 1);
    // The axis is where the shape is cut in two, so the rank itself is allowed.
    const axis = stated === shape.length ? stated : normalAxis(call, stated, shape.length);
    const halves = [productOf(call, shape.slice(0, axis)), productOf(call, shape.slice(axis))];
    return [tensorFact(elementType, halves)];
  },
  fold: keepElements,
});

const squeeze = row({
  operator: "Squeeze",
  versions: [1, 11, 13, 21],
  arity: [1, 2],
  mappingType: "reorganize",
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    return [tensorFact(elementType, shape === undefined ? undefined : squeezed(call, shape))];
  },
  fold: keepElements,
});

function squeezed(call: Call, shape: Shape): Shape | undefined {
  const argument = listArgument(call, 1, "axes");
  if (argument.kind === "absent") {
    // Which axes go depends on sizes: with a symbol among them the rank is open.
    return shape.every((size) => typeof size === "number") ? shape.filter((size) => size !== 1) : undefined;
  }
  const axes = argument.kind === "known" ? allNumbers(argument.values) : undefined;
  if (axes === undefined) {
    const length = argument.kind === "known" ? argument.values.length : argument.length;
    return length === undefined ? undefined : freshShape(call, Math.max(shape.length - length, 0));
  }
  const removed = new Set(axes.map((axis) => normalAxis(call, axis, shape.length)));
  for (const axis of removed) {
    const size = shape[axis];
    if (typeof size === "number" && size !== 1) {
      throw call.error(
        `axis ${axis} of ${describeInput(call, 0)} has size ${size} and cannot be squeezed away`,
      );
    }
  }
  return shape.filter((_, axis) => !removed.has(axis));
}

const unsqueeze = row({
  operator: "Unsqueeze",
  versions: [1, 11, 13, 21],
  arity: [1, 2],
  mappingType: "reorganize",
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    return [tensorFact(elementType, shape === undefined ? undefined : unsqueezed(call, shape))];
  },
  fold: keepElements,
});

function unsqueezed(call: Call, shape: Shape): Shape | undefined {
  const argument = listArgument(call, 1, "axes");
  if (argument.kind === "absent") throw call.error("the axes are missing", "export the network again");
  const axes = argument.kind === "known" ? allNumbers(argument.values) : undefined;
  if (axes === undefined) {
    const length = argument.kind === "known" ? argument.values.length : argument.length;
    return length === undefined ? undefined : freshShape(call, shape.length + length);
  }
  const rank = shape.length + axes.length;
  const added = new Set(axes.map((axis) => normalAxis(call, axis, rank, `a result of rank ${rank}`)));
  if (added.size !== axes.length) throw call.error(`the axes [${axes.join(",")}] name one twice`);
  const rest = [...shape];
  return Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (rest.shift() ?? 1)));
}

export const reshapingRows: readonly OperatorRow[] = withKernels(
  [flatten, reshape, squeeze, unsqueeze],
  reshapingKernels,
);

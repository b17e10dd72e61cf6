/** Operators that reduce, scan or rank along axes. */
import type { Dimension, Shape } from "../ir/tensor.ts";
import {
  allNumbers,
  input,
  int,
  listArgument,
  normalAxis,
  optionalInt,
  scalarInput,
  string,
} from "./call.ts";
import type { Element, Elements, Fact } from "./fact.ts";
import { foldableCount, formatShape, tensorFact } from "./fact.ts";
import type { ElementFunction } from "./fold.ts";
import { coordinates, numeric, offsetOf, staticShape, stored } from "./fold.ts";
import { withKernels } from "./kernels/kernel.ts";
import { rankingKernels } from "./kernels/ranking.ts";
import { reductionKernels } from "./kernels/reduction.ts";
import { softmaxKernels } from "./kernels/softmax.ts";
import type { Call, OperatorRow } from "./row.ts";
import { row } from "./row.ts";
import { freshShape, withDimension } from "./shapes.ts";

/** The axes that a Reduce* removes; undefined where they are not known. All of them where none are given. */
function reducedAxes(call: Call, rank: number): ReadonlySet<number> | undefined {
  const argument = listArgument(call, 1, "axes");
  if (argument.kind === "unknown") return argument.length === 0 ? allAxes(call, rank) : undefined;
  if (argument.kind === "absent" || argument.values.length === 0) return allAxes(call, rank);
  const axes = allNumbers(argument.values);
  return axes === undefined ? undefined : new Set(axes.map((axis) => normalAxis(call, axis, rank)));
}

function allAxes(call: Call, rank: number): ReadonlySet<number> {
  if (int(call, "noop_with_empty_axes", 0) !== 0) return new Set();
  return new Set(Array.from({ length: rank }, (_, axis) => axis));
}

function reducedShape(call: Call): Shape | undefined {
  const { shape } = input(call, 0);
  if (shape === undefined) return undefined;
  const keep = int(call, "keepdims", 1) !== 0;
  const axes = reducedAxes(call, shape.length);
  if (axes === undefined) return unknownReduction(call, shape, keep);
  return shape.flatMap((dimension, axis): Dimension[] => (!axes.has(axis) ? [dimension] : keep ? [1] : []));
}

/** The axes come from data: the rank is still known where dimensions are kept or the list's length is. */
function unknownReduction(call: Call, shape: Shape, keep: boolean): Shape | undefined {
  if (keep) return freshShape(call, shape.length);
  const argument = listArgument(call, 1, "axes");
  if (argument.kind !== "unknown" || argument.length === undefined) return undefined;
  return freshShape(call, Math.max(shape.length - argument.length, 0));
}

function reduction(operator: string, versions: readonly number[], combine?: ElementFunction): OperatorRow {
  return row({
    operator,
    versions,
    arity: [1, 2],
    infer: (call) => [tensorFact(input(call, 0).elementType, reducedShape(call))],
    ...(combine === undefined ? {} : { fold: foldReduction(combine) }),
  });
}

/** Combines the elements along the reduced axes, in order. */
function foldReduction(combine: ElementFunction): NonNullable<OperatorRow["fold"]> {
  return (call, outputs) => {
    const output = outputs[0];
    const from = staticShape(call.inputs[0]?.shape);
    const elements = call.elements(call.inputs[0]);
    if (output === undefined || from === undefined || elements === undefined) return [];
    const axes = reducedAxes(call, from.length);
    const count = foldableCount(output.shape);
    if (axes === undefined || count === undefined) return [];
    // With the axes kept as 1, every element of the input falls on one of the output.
    const kept = from.map((size, axis) => (axes.has(axis) ? 1 : size));
    const groups: Element[][] = Array.from({ length: count }, () => []);
    elements.forEach((element, index) => {
      groups[offsetOf(kept, coordinates(from, index))]?.push(element);
    });
    return [
      groups.map((group): Element => {
        const [first, ...rest] = group;
        const total = rest.reduce<Element>(
          (sum, next) => combine([sum, next], call.symbols, output.elementType),
          first,
        );
        return group.length === 0 ? undefined : stored(total, output.elementType);
      }),
    ];
  };
}

const times: ElementFunction = ([a, b], symbols) =>
  a === undefined || b === undefined ? undefined : symbols.multiply(a, b);
const plus: ElementFunction = ([a, b], symbols) =>
  a === undefined || b === undefined ? undefined : symbols.add(a, b);

/** ArgMax and ArgMin. */
function argument(operator: string): OperatorRow {
  return row({
    operator,
    versions: [1, 11, 12, 13],
    arity: [1, 1],
    infer: (call) => {
      const { shape } = input(call, 0);
      if (shape === undefined) return [tensorFact("int64", undefined)];
      const axis = normalAxis(call, int(call, "axis", 0), shape.length);
      const keep = int(call, "keepdims", 1) !== 0;
      const result = keep ? withDimension(shape, axis, 1) : shape.filter((_, index) => index !== axis);
      return [tensorFact("int64", result)];
    },
  });
}

/** Softmax and its like keep the shape. Before opset 13 the axis, by default 1, only cut the shape in two. */
function softmax(operator: string): OperatorRow {
  return row({
    operator,
    versions: [1, 11, 13],
    arity: [1, 1],
    infer: (call) => {
      const { elementType, shape } = input(call, 0);
      const axis = optionalInt(call, "axis");
      const cutsAtEnd = call.node.opset < 13 && axis === shape?.length;
      if (shape !== undefined && axis !== undefined && !cutsAtEnd) normalAxis(call, axis, shape.length);
      return [tensorFact(elementType, shape)];
    },
  });
}

const topK = row({
  operator: "TopK",
  versions: [1, 10, 11],
  arity: [1, 2],
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    if (shape === undefined) return [tensorFact(elementType, undefined), tensorFact("int64", undefined)];
    const axis = normalAxis(call, int(call, "axis", -1), shape.length);
    const k = optionalInt(call, "k") ?? scalarInput(call, 1) ?? call.symbols.fresh();
    const available = shape[axis] ?? 0;
    if (typeof k === "number" && (k < 0 || (typeof available === "number" && k > available))) {
      throw call.error(
        `k is ${k}, and axis ${axis} of "${call.node.inputs[0]}" ${formatShape(shape)} has ${available}`,
        `k must be from 0 to ${available}`,
      );
    }
    const result = withDimension(shape, axis, k);
    return [tensorFact(elementType, result), tensorFact("int64", result)];
  },
});

const cumSum = row({
  operator: "CumSum",
  versions: [11, 14],
  arity: [2, 2],
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    const axis = scalarInput(call, 1);
    if (shape !== undefined && typeof axis === "number") normalAxis(call, axis, shape.length);
    return [tensorFact(elementType, shape)];
  },
});

/** Unique's outputs but the first are int64: indices of the first occurrences, the inverse, and counts. */
const unique = row({
  operator: "Unique",
  versions: [11],
  arity: [1, 1],
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    const found = call.symbols.fresh();
    const axis = optionalInt(call, "axis");
    const list = tensorFact("int64", [found]);
    if (axis === undefined) {
      const all = shape?.reduce((a, b) => call.symbols.multiply(a, b), 1);
      return [
        tensorFact(elementType, [found]),
        list,
        tensorFact("int64", all === undefined ? undefined : [all]),
        list,
      ];
    }
    if (shape === undefined)
      return [tensorFact(elementType, undefined), list, tensorFact("int64", undefined), list];
    const normal = normalAxis(call, axis, shape.length);
    return [
      tensorFact(elementType, withDimension(shape, normal, found)),
      list,
      tensorFact("int64", [shape[normal] ?? found]),
      list,
    ];
  },
});

/** Positions of the elements that are not zero: [rank, how many]. */
const nonZero = row({
  operator: "NonZero",
  versions: [9, 13],
  arity: [1, 1],
  infer: (call) => {
    const fact = input(call, 0);
    if (fact.shape === undefined) return [tensorFact("int64", freshShape(call, 2))];
    // A scalar counts as a list of one.
    const rank = Math.max(fact.shape.length, 1);
    const found = nonZeroPositions(call, fact);
    if (found === undefined) return [tensorFact("int64", [rank, call.symbols.fresh()])];
    return [tensorFact("int64", [rank, found.length])];
  },
  fold: (call) => {
    const fact = input(call, 0);
    const found = nonZeroPositions(call, fact);
    if (found === undefined) return [];
    const rank = Math.max(fact.shape?.length ?? 0, 1);
    return [Array.from({ length: rank }, (_, axis) => found.map((at) => at[axis] ?? 0)).flat()];
  },
});

function nonZeroPositions(call: Call, fact: Fact): readonly (readonly number[])[] | undefined {
  const shape = staticShape(fact.shape);
  const elements = call.elements(fact);
  const known: Elements | undefined = allNumbers(elements);
  if (shape === undefined || known === undefined) return undefined;
  return known.flatMap((element, index) => (element === 0 ? [] : [coordinates(shape, index)]));
}

/** The losses of ONNX: reduced to a scalar, or one value per target. */
function loss(operator: string, versions: readonly number[]): OperatorRow {
  return row({
    operator,
    versions,
    arity: [2, 3],
    infer: (call) => {
      const { elementType, shape } = input(call, 0);
      const reduced = string(call, "reduction", "mean") !== "none";
      const result = reduced ? [] : input(call, 1).shape;
      return [tensorFact(elementType, result), tensorFact(elementType, shape)];
    },
  });
}

const sameShape = (
  operator: string,
  versions: readonly number[],
  arity: readonly [number, number],
): OperatorRow =>
  row({
    operator,
    versions,
    arity,
    infer: (call) => [tensorFact(input(call, 0).elementType, input(call, 0).shape)],
  });

const smallest = numeric(Math.min);
const largest = numeric(Math.max);

export const reductionRows: readonly OperatorRow[] = withKernels(
  [
    argument("ArgMax"),
    argument("ArgMin"),
    cumSum,
    loss("NegativeLogLikelihoodLoss", [12, 13, 22]),
    loss("SoftmaxCrossEntropyLoss", [12, 13]),
    nonZero,
    reduction("ReduceL1", [1, 11, 13, 18]),
    reduction("ReduceL2", [1, 11, 13, 18]),
    reduction("ReduceLogSum", [1, 11, 13, 18]),
    reduction("ReduceLogSumExp", [1, 11, 13, 18]),
    reduction("ReduceMax", [1, 11, 12, 13, 18, 20], largest),
    reduction("ReduceMean", [1, 11, 13, 18]),
    reduction("ReduceMin", [1, 11, 12, 13, 18, 20], smallest),
    reduction("ReduceProd", [1, 11, 13, 18], times),
    reduction("ReduceSum", [1, 11, 13], plus),
    reduction("ReduceSumSquare", [1, 11, 13, 18]),
    sameShape("LpNormalization", [1, 22], [1, 1]),
    softmax("Hardmax"),
    softmax("LogSoftmax"),
    softmax("Softmax"),
    topK,
    unique,
  ],
  { ...rankingKernels, ...reductionKernels, ...softmaxKernels },
);

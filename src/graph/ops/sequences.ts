/** Sequences of tensors and optional values. Of a sequence the shape that its tensors share is kept, not its length. */
import type { Dimension, Shape } from "../ir/tensor.ts";
import { elementTypeAttribute, graphAttribute, input, int, normalAxis, scalarInput } from "./call.ts";
import type { Fact } from "./fact.ts";
import { sequenceFact, tensorFact } from "./fact.ts";
import { withKernels } from "./kernels/kernel.ts";
import { sequenceKernels } from "./kernels/sequences.ts";
import type { Call, OperatorRow } from "./row.ts";
import { row } from "./row.ts";
import { commonShape, withDimension } from "./shapes.ts";

/** A sequence with one more tensor in it. An empty sequence of unknown shape stays unknown. */
function joinedShape(call: Call, sequence: Fact, added: Fact): Shape | undefined {
  return commonShape(call, sequence.shape, added.shape);
}

const construct = row({
  operator: "SequenceConstruct",
  versions: [11],
  arity: [1, Number.POSITIVE_INFINITY],
  infer: (call) => {
    const first = input(call, 0);
    const shape = call.node.inputs
      .map((_, index) => input(call, index).shape)
      .reduce((a, b) => commonShape(call, a, b), first.shape);
    return [sequenceFact(first.elementType, shape)];
  },
});

const empty = row({
  operator: "SequenceEmpty",
  versions: [11],
  arity: [0, 0],
  infer: (call) => [sequenceFact(elementTypeAttribute(call, "dtype") ?? "float32", undefined)],
});

const insert = row({
  operator: "SequenceInsert",
  versions: [11],
  arity: [2, 3],
  infer: (call) => {
    const added = input(call, 1);
    return [sequenceFact(added.elementType, joinedShape(call, input(call, 0), added))];
  },
});

const erase = row({
  operator: "SequenceErase",
  versions: [11],
  arity: [1, 2],
  infer: (call) => [input(call, 0)],
});

const at = row({
  operator: "SequenceAt",
  versions: [11],
  arity: [2, 2],
  infer: (call) => [tensorFact(input(call, 0).elementType, input(call, 0).shape)],
});

const length = row({
  operator: "SequenceLength",
  versions: [11],
  arity: [1, 1],
  infer: () => [tensorFact("int64", [])],
});

/** Joins along an axis that exists, or stacks along a new one. */
const concatFromSequence = row({
  operator: "ConcatFromSequence",
  versions: [11],
  arity: [1, 1],
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    if (shape === undefined) return [tensorFact(elementType, undefined)];
    const stated = int(call, "axis", 0);
    if (int(call, "new_axis", 0) === 0) {
      const axis = normalAxis(call, stated, shape.length);
      return [tensorFact(elementType, withDimension(shape, axis, call.symbols.fresh()))];
    }
    const axis = normalAxis(call, stated, shape.length + 1, "the stacked result");
    return [tensorFact(elementType, [...shape.slice(0, axis), call.symbols.fresh(), ...shape.slice(axis)])];
  },
});

const splitToSequence = row({
  operator: "SplitToSequence",
  versions: [11],
  arity: [1, 2],
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    if (shape === undefined) return [sequenceFact(elementType, undefined)];
    const axis = normalAxis(call, int(call, "axis", 0), shape.length);
    const parts = call.inputs[1];
    if (parts === undefined) {
      const keep = int(call, "keepdims", 1) !== 0;
      const single = keep ? withDimension(shape, axis, 1) : shape.filter((_, index) => index !== axis);
      return [sequenceFact(elementType, single)];
    }
    return [sequenceFact(elementType, withDimension(shape, axis, partSize(call, shape[axis] ?? 0)))];
  },
});

/** Parts of one size, given as a scalar, are equal only if the axis divides by it. */
function partSize(call: Call, size: Dimension): Dimension {
  const part = call.inputs[1]?.shape?.length === 0 ? scalarInput(call, 1) : undefined;
  const divides = typeof part === "number" && typeof size === "number" && size % part === 0;
  return divides ? part : call.symbols.fresh();
}

const sequenceMap = row({
  operator: "SequenceMap",
  versions: [17],
  arity: [1, Number.POSITIVE_INFINITY],
  infer: (call) => {
    const elements = call.node.inputs.map((_, index) => {
      const { elementType, shape } = input(call, index);
      return tensorFact(elementType, shape);
    });
    return call
      .subgraph(graphAttribute(call, "body"), elements)
      .map(({ elementType, shape }) => sequenceFact(elementType, shape));
  },
});

const optional = row({
  operator: "Optional",
  versions: [15],
  arity: [0, 1],
  infer: (call) => {
    const inner = call.inputs[0];
    return [{ ...tensorFact(inner?.elementType ?? "float32", inner?.shape), container: "optional" }];
  },
});

const optionalGetElement = row({
  operator: "OptionalGetElement",
  versions: [15, 18],
  arity: [1, 1],
  infer: (call) => [{ ...input(call, 0), container: "tensor" }],
});

const optionalHasElement = row({
  operator: "OptionalHasElement",
  versions: [15, 18],
  arity: [0, 1],
  infer: () => [tensorFact("bool", [])],
});

export const sequenceRows: readonly OperatorRow[] = withKernels(
  [
    at,
    concatFromSequence,
    construct,
    empty,
    erase,
    insert,
    length,
    optional,
    optionalGetElement,
    optionalHasElement,
    sequenceMap,
    splitToSequence,
  ],
  sequenceKernels,
);

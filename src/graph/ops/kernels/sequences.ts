/** Kernels of sequences and optional values. */
import {
  type RuntimeValue,
  type SequenceValue,
  scalarValue,
  type TensorValue,
} from "../../ir/runtime-value.ts";
import { elementTypeAttribute, graphAttribute, int, normalAxis } from "../call.ts";
import { stacked } from "./control-flow.ts";
import {
  inputNumbers,
  integerList,
  type Kernel,
  type KernelCall,
  type Kernels,
  optionalScalar,
  optionalTensor,
  sequence,
  tensor,
} from "./kernel.ts";
import { concatenated, sliceOf } from "./slicing.ts";
import { reshaped } from "./strided.ts";

const sequenceOf = (
  elementType: SequenceValue["elementType"],
  items: readonly RuntimeValue[],
): SequenceValue => ({
  kind: "sequence",
  elementType,
  items,
});

/** A place in a sequence, counted from the end where negative; `most` is the last one allowed. */
function position(call: KernelCall, index: number, length: number, most: number): number {
  const place = index < 0 ? index + length : index;
  if (place >= 0 && place <= most) return place;
  throw call.error(`position ${index} is outside the sequence of ${length}`, "correct the position");
}

const construct: Kernel = (call) => {
  const items = call.values.map((_, index) => tensor(call, index));
  return [sequenceOf(items[0]?.elementType ?? "float32", items)];
};

const insert: Kernel = (call) => {
  const { items } = sequence(call, 0);
  const added = tensor(call, 1);
  const place = position(call, optionalScalar(call, 2) ?? items.length, items.length, items.length);
  return [sequenceOf(added.elementType, items.toSpliced(place, 0, added))];
};

const erase: Kernel = (call) => {
  const { elementType, items } = sequence(call, 0);
  const place = position(call, optionalScalar(call, 1) ?? items.length - 1, items.length, items.length - 1);
  return [sequenceOf(elementType, items.toSpliced(place, 1))];
};

const at: Kernel = (call) => {
  const { items } = sequence(call, 0);
  const item = items[position(call, inputNumbers(call, 1)[0] ?? 0, items.length, items.length - 1)];
  return item === undefined ? [] : [item];
};

/** Joins along an axis that exists, or stacks along a new one. */
const concatFromSequence: Kernel = (call) => {
  const { items } = sequence(call, 0);
  const parts = items.filter((item): item is TensorValue => item.kind === "tensor");
  const [first] = parts;
  if (first === undefined) throw call.error("an empty sequence cannot be joined");
  const stated = int(call, "axis", 0);
  if (int(call, "new_axis", 0) !== 0) {
    return [stacked(call, parts, normalAxis(call, stated, first.shape.length + 1, "the result"), first)];
  }
  const axis = normalAxis(call, stated, first.shape.length);
  const total = parts.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
  return [
    concatenated(
      parts,
      axis,
      first.shape.map((size, index) => (index === axis ? total : size)),
    ),
  ];
};

/** Parts of given sizes, of one size with a smaller last one, or single places. */
const splitToSequence: Kernel = (call) => {
  const value = tensor(call, 0);
  const axis = normalAxis(call, int(call, "axis", 0), value.shape.length);
  const size = value.shape[axis] ?? 0;
  const parts = optionalTensor(call, 1);
  const sizes = partSizes(
    size,
    parts?.shape.length === 0 ? undefined : integerList(call, 1),
    optionalScalar(call, 1) ?? 1,
  );
  let start = 0;
  const items = sizes.map((part) => {
    start += part;
    const item = sliceOf(value, axis, start - part, part);
    const drops = parts === undefined && int(call, "keepdims", 1) === 0;
    return drops
      ? reshaped(
          item,
          item.shape.filter((_, index) => index !== axis),
        )
      : item;
  });
  return [sequenceOf(value.elementType, items)];
};

function partSizes(size: number, given: readonly number[] | undefined, each: number): readonly number[] {
  if (given !== undefined) return given;
  return Array.from({ length: Math.ceil(size / each) }, (_, index) => Math.min(each, size - index * each));
}

/** The body runs once for each item of the first sequence; other sequences go along, tensors stay. */
const sequenceMap: Kernel = (call) => {
  const body = graphAttribute(call, "body");
  const { items } = sequence(call, 0);
  const results = items.map((_, index) =>
    call.run(
      body,
      call.values.flatMap((value) => {
        if (value?.kind !== "sequence") return value ?? [];
        return value.items[index] ?? [];
      }),
    ),
  );
  return body.outputs.map(({ type }, output) => {
    const list = results.flatMap((values) => values[output] ?? []);
    const [first] = list;
    return sequenceOf(first?.kind === "tensor" ? first.elementType : type.elementType, list);
  });
};

const getElement: Kernel = (call) => {
  const value = call.values[0];
  if (value === undefined || (value.kind === "optional" && value.value === undefined)) {
    throw call.error("the optional value is empty", "test it with OptionalHasElement first");
  }
  return value.kind === "optional" && value.value !== undefined ? [value.value] : [value];
};

const hasElement: Kernel = (call) => {
  const value = call.values[0];
  const isThere = value !== undefined && (value.kind !== "optional" || value.value !== undefined);
  return [scalarValue("bool", isThere ? 1 : 0)];
};

export const sequenceKernels: Kernels = {
  ConcatFromSequence: concatFromSequence,
  Optional: (call) => [{ kind: "optional", value: call.values[0] }],
  OptionalGetElement: getElement,
  OptionalHasElement: hasElement,
  SequenceAt: at,
  SequenceConstruct: construct,
  SequenceEmpty: (call) => [sequenceOf(elementTypeAttribute(call, "dtype") ?? "float32", [])],
  SequenceErase: erase,
  SequenceInsert: insert,
  SequenceLength: (call) => [scalarValue("int64", sequence(call, 0).items.length)],
  SequenceMap: sequenceMap,
  SplitToSequence: splitToSequence,
};

/** Kernels that sort, count and accumulate: TopK, Unique, NonZero, CumSum, LpNormalization, Compress. */
import {
  allocate,
  type ElementArray,
  numbersOf,
  type TensorValue,
  tensorValue,
} from "../../ir/runtime-value.ts";
import { int, normalAxis, optionalInt } from "../call.ts";
import { bigIntsOf, type Writable } from "./broadcast.ts";
import {
  inputNumbers,
  type Kernel,
  type Kernels,
  numericKernel,
  optionalScalar,
  outputType,
  tensor,
} from "./kernel.ts";
import { linesAlong } from "./lines.ts";

/** Numbers, bigints and texts, all of one kind. */
type Comparable = number | bigint | string;

const ascending = (a: Comparable, b: Comparable): number => (a < b ? -1 : a > b ? 1 : 0);

/** The k largest or smallest of each line, best first; of equals the first. */
const topK: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const value = tensor(call, 0);
  const axis = normalAxis(call, int(call, "axis", -1), shape.length);
  const sign = int(call, "largest", 1) !== 0 ? -1 : 1;
  const lines = linesAlong(value.shape, axis);
  const results = linesAlong(shape, axis);
  const elements = allocate(elementType, results.count * results.size);
  const out: Writable<unknown> = elements;
  const indices = new BigInt64Array(elements.length);
  const from = value.elements as ArrayLike<Comparable>;
  for (let line = 0; line < lines.count; line++) {
    const [start, to] = [lines.start(line), results.start(line)];
    const at = (place: number): Comparable => from[start + place * lines.stride] as Comparable;
    const order = Array.from({ length: lines.size }, (_, place) => place);
    order.sort((a, b) => sign * ascending(at(a), at(b)) || a - b);
    for (let rank = 0; rank < results.size; rank++) {
      out[to + rank * results.stride] = at(order[rank] as number);
      indices[to + rank * results.stride] = BigInt(order[rank] as number);
    }
  }
  return [{ kind: "tensor", elementType, shape, elements }, tensorValue("int64", shape, indices)];
};

const cumSum: Kernel = (call) => {
  const { elementType, shape, elements: from } = tensor(call, 0);
  const axis = normalAxis(call, optionalScalar(call, 1) ?? 0, shape.length);
  const [exclusive, reverse] = [int(call, "exclusive", 0) !== 0, int(call, "reverse", 0) !== 0];
  const elements = allocate(elementType, from.length);
  const lines = linesAlong(shape, axis);
  const run = <T>(source: ArrayLike<T>, out: Writable<T>, zero: T, add: (a: T, b: T) => T): void => {
    for (let line = 0; line < lines.count; line++) {
      let total = zero;
      for (let step = 0; step < lines.size; step++) {
        const place = reverse ? lines.size - 1 - step : step;
        const at = lines.start(line) + place * lines.stride;
        const next = add(total, source[at] as T);
        out[at] = exclusive ? total : next;
        total = next;
      }
    }
  };
  const [bigs, bigOut] = [bigIntsOf(from), bigIntsOf(elements)];
  if (bigs !== undefined && bigOut !== undefined) run<bigint>(bigs, bigOut, 0n, (a, b) => a + b);
  else run<number>(numbersOf(tensor(call, 0)), elements as Writable<number>, 0, (a, b) => a + b);
  return [tensorValue(elementType, shape, elements)];
};

/** Positions of the elements that are not zero: [rank, how many]. */
const nonZero: Kernel = (call) => {
  const { shape, elements } = tensor(call, 0);
  const found: number[] = [];
  elements.forEach((element: Comparable, index: number) => {
    if (Number(element) !== 0) found.push(index);
  });
  const rank = Math.max(shape.length, 1);
  const out = new BigInt64Array(rank * found.length);
  found.forEach((index, column) => {
    let rest = index;
    for (let axis = rank - 1; axis >= 0; axis--) {
      const size = shape[axis] ?? 1;
      out[axis * found.length + column] = BigInt(rest % size);
      rest = Math.floor(rest / size);
    }
  });
  return [tensorValue("int64", [rank, found.length], out)];
};

/** A slice of a tensor along an axis, as what is compared. */
interface Slice {
  readonly index: number;
  readonly elements: readonly Comparable[];
}

function slicesOf(value: TensorValue, axis: number | undefined): readonly Slice[] {
  const elements = value.elements as ArrayLike<Comparable>;
  if (axis === undefined) {
    return Array.from(elements, (element, index) => ({ index, elements: [element] }));
  }
  const lines = linesAlong(value.shape, axis);
  return Array.from({ length: lines.size }, (_, index) => ({
    index,
    elements: Array.from(
      { length: lines.count },
      (__, line) => elements[lines.start(line) + index * lines.stride] as Comparable,
    ),
  }));
}

function compareSlices(a: Slice, b: Slice): number {
  for (let place = 0; place < a.elements.length; place++) {
    const order = ascending(a.elements[place] as Comparable, b.elements[place] as Comparable);
    if (order !== 0) return order;
  }
  return 0;
}

/** Slices of their own, with where each was first, which one every slice is, and how often it occurs. */
const unique: Kernel = (call) => {
  const value = tensor(call, 0);
  const stated = optionalInt(call, "axis");
  const axis = stated === undefined ? undefined : normalAxis(call, stated, value.shape.length);
  const slices = slicesOf(value, axis);
  const groups: Slice[][] = [];
  for (const slice of slices.toSorted((a, b) => compareSlices(a, b) || a.index - b.index)) {
    const last = groups.at(-1);
    const [first] = last ?? [];
    if (last !== undefined && first !== undefined && compareSlices(first, slice) === 0) last.push(slice);
    else groups.push([slice]);
  }
  if (int(call, "sorted", 1) === 0) groups.sort(([a], [b]) => (a?.index ?? 0) - (b?.index ?? 0));
  const inverse = new BigInt64Array(slices.length);
  groups.forEach((group, number) => {
    for (const { index } of group) inverse[index] = BigInt(number);
  });
  const list = (numbers: readonly number[]): TensorValue =>
    tensorValue("int64", [numbers.length], BigInt64Array.from(numbers, BigInt));
  return [
    joined(
      value,
      axis,
      groups.flatMap(([first]) => first ?? []),
    ),
    list(groups.map(([first]) => first?.index ?? 0)),
    tensorValue("int64", [slices.length], inverse),
    list(groups.map((group) => group.length)),
  ];
};

function joined(value: TensorValue, axis: number | undefined, slices: readonly Slice[]): TensorValue {
  const shape =
    axis === undefined
      ? [slices.length]
      : value.shape.map((size, at) => (at === axis ? slices.length : size));
  const elements: ElementArray = allocate(
    value.elementType,
    slices.length * (slices[0]?.elements.length ?? 0),
  );
  const out: Writable<unknown> = elements;
  const lines = linesAlong(shape, axis ?? 0);
  slices.forEach((slice, place) => {
    slice.elements.forEach((element, line) => {
      out[lines.start(line) + place * lines.stride] = element;
    });
  });
  return { kind: "tensor", elementType: value.elementType, shape, elements };
}

const lpNormalization: Kernel = numericKernel((call, out, shape) => {
  const numbers = inputNumbers(call, 0);
  const lines = linesAlong(shape, normalAxis(call, int(call, "axis", -1), shape.length));
  const power = int(call, "p", 2);
  for (let line = 0; line < lines.count; line++) {
    let sum = 0;
    const start = lines.start(line);
    for (let place = 0; place < lines.size; place++) {
      sum += Math.abs(numbers[start + place * lines.stride] as number) ** power;
    }
    const norm = sum ** (1 / power);
    for (let place = 0; place < lines.size; place++) {
      const at = start + place * lines.stride;
      out[at] = norm === 0 ? 0 : (numbers[at] as number) / norm;
    }
  }
});

export const rankingKernels: Kernels = {
  CumSum: cumSum,
  LpNormalization: lpNormalization,
  NonZero: nonZero,
  TopK: topK,
  Unique: unique,
};

/** Kernels that reduce along axes. */
import { allocate, countOf, type NumberArray, numbersOf, tensorValue } from "../../ir/runtime-value.ts";
import { int, ints, normalAxis } from "../call.ts";
import { bigIntsOf, type Writable } from "./broadcast.ts";
import {
  fromBuffer,
  integerList,
  type Kernel,
  type KernelCall,
  type Kernels,
  numberBuffer,
  outputType,
  tensor,
} from "./kernel.ts";
import { stridesOf, walkRows } from "./strided.ts";

/** The axes to reduce: an input or an attribute; none given means all, or none with noop_with_empty_axes. */
function reducedAxes(call: KernelCall, rank: number): ReadonlySet<number> {
  const axes = integerList(call, 1) ?? ints(call, "axes") ?? [];
  if (axes.length > 0) return new Set(axes.map((axis) => normalAxis(call, axis, rank)));
  if (int(call, "noop_with_empty_axes", 0) !== 0) return new Set();
  return new Set(Array.from({ length: rank }, (_, axis) => axis));
}

/** Strides of the result seen from the input: reduced axes stay in place. */
function resultStrides(shape: readonly number[], axes: ReadonlySet<number>): number[] {
  const own = stridesOf(shape.map((size, axis) => (axes.has(axis) ? 1 : size)));
  return own.map((stride, axis) => (axes.has(axis) ? 0 : stride));
}

/** out[place] = step(out[place], element) for every element, in order. */
export function accumulate<T>(
  from: ArrayLike<T>,
  shape: readonly number[],
  strides: readonly number[],
  step: (total: T, element: T, place: number) => T,
  out: Writable<T>,
): void {
  walkRows(shape, [stridesOf(shape), strides], ([start = 0, place = 0], count, [stride = 0, jump = 0]) => {
    for (let index = 0; index < count; index++) {
      const to = place + index * jump;
      out[to] = step(out[to] as T, from[start + index * stride] as T, to);
    }
  });
}

interface Reduction {
  readonly initial: number;
  readonly step: (total: number, element: number) => number;
  readonly finish?: (total: number, count: number) => number;
  /** For 64-bit integers, where doubles would lose digits. */
  readonly big?: (total: bigint, element: bigint) => bigint;
  readonly bigInitial?: bigint;
}

function reduction({ initial, step, finish, big, bigInitial }: Reduction): Kernel {
  return (call) => {
    const { elementType, shape } = outputType(call);
    const value = tensor(call, 0);
    const axes = reducedAxes(call, value.shape.length);
    const strides = resultStrides(value.shape, axes);
    const bigs = bigIntsOf(value.elements);
    if (bigs !== undefined && big !== undefined) {
      const elements = allocate(elementType, countOf(shape));
      const out = bigIntsOf(elements) ?? bigs;
      // The first element of each place starts it; an empty one keeps the neutral element.
      const started = new Uint8Array(elements.length);
      out.fill(bigInitial ?? 0n);
      accumulate<bigint>(
        bigs,
        value.shape,
        strides,
        (total, element, place) => {
          if (started[place] === 1) return big(total, element);
          started[place] = 1;
          return element;
        },
        out,
      );
      return [tensorValue(elementType, shape, elements)];
    }
    const totals = new Float64Array(countOf(shape)).fill(initial);
    accumulate<number>(
      numbersOf(value),
      value.shape,
      strides,
      (total, element) => step(total, element),
      totals,
    );
    const count = totals.length === 0 ? 0 : value.elements.length / totals.length;
    const out = numberBuffer(elementType, totals.length);
    for (let index = 0; index < out.length; index++) {
      out[index] = finish === undefined ? (totals[index] as number) : finish(totals[index] as number, count);
    }
    return [fromBuffer(elementType, shape, out)];
  };
}

/** ln(sum of e^x), with the largest x taken out first so that nothing overflows. */
const logSumExp: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const value = tensor(call, 0);
  const strides = resultStrides(value.shape, reducedAxes(call, value.shape.length));
  const numbers = numbersOf(value);
  const most = new Float64Array(countOf(shape)).fill(Number.NEGATIVE_INFINITY);
  accumulate<number>(numbers, value.shape, strides, (a, b) => Math.max(a, b), most);
  const sums = new Float64Array(most.length);
  const shiftOf = (place: number): number => (Number.isFinite(most[place]) ? (most[place] as number) : 0);
  accumulate<number>(
    numbers,
    value.shape,
    strides,
    (total, element, place) => total + Math.exp(element - shiftOf(place)),
    sums,
  );
  const out = numberBuffer(elementType, sums.length);
  for (let index = 0; index < out.length; index++)
    out[index] = Math.log(sums[index] as number) + shiftOf(index);
  return [fromBuffer(elementType, shape, out)];
};

/** Where the largest or smallest element along the axis is; of equals the first, or the last if asked. */
function argument(better: (a: number, b: number) => boolean): Kernel {
  return (call) => {
    const { shape } = outputType(call);
    const value = tensor(call, 0);
    const rank = value.shape.length;
    const axis = normalAxis(call, int(call, "axis", 0), rank);
    const takesLast = int(call, "select_last_index", 0) !== 0;
    const elements: ArrayLike<number> = (bigIntsOf(value.elements) ?? numbersOf(value)) as NumberArray;
    const size = value.shape[axis] ?? 1;
    const stride = stridesOf(value.shape)[axis] ?? 1;
    const out = new BigInt64Array(countOf(shape));
    for (let index = 0; index < out.length; index++) {
      const start = Math.floor(index / stride) * stride * size + (index % stride);
      let best = 0;
      for (let place = 1; place < size; place++) {
        const [a, b] = [
          elements[start + place * stride] as number,
          elements[start + best * stride] as number,
        ];
        if (better(a, b) || (takesLast && a === b)) best = place;
      }
      out[index] = BigInt(best);
    }
    return [tensorValue("int64", shape, out)];
  };
}

const add = (a: number, b: number): number => a + b;
const addBig = (a: bigint, b: bigint): bigint => a + b;

export const reductionKernels: Kernels = {
  ArgMax: argument((a, b) => a > b),
  ArgMin: argument((a, b) => a < b),
  ReduceL1: reduction({ initial: 0, step: (total, x) => total + Math.abs(x) }),
  ReduceL2: reduction({ initial: 0, step: (total, x) => total + x * x, finish: Math.sqrt }),
  ReduceLogSum: reduction({ initial: 0, step: add, finish: Math.log }),
  ReduceLogSumExp: logSumExp,
  ReduceMax: reduction({
    initial: Number.NEGATIVE_INFINITY,
    step: Math.max,
    big: (a, b) => (a > b ? a : b),
    bigInitial: -(2n ** 63n),
  }),
  ReduceMean: reduction({ initial: 0, step: add, finish: (total, count) => total / count }),
  ReduceMin: reduction({
    initial: Number.POSITIVE_INFINITY,
    step: Math.min,
    big: (a, b) => (a < b ? a : b),
    bigInitial: 2n ** 63n - 1n,
  }),
  ReduceProd: reduction({ initial: 1, step: (a, b) => a * b, big: (a, b) => a * b, bigInitial: 1n }),
  ReduceSum: reduction({ initial: 0, step: add, big: addBig }),
  ReduceSumSquare: reduction({ initial: 0, step: (total, x) => total + x * x }),
};

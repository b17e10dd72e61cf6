/** Elementwise loops: one output element from one of each operand, with broadcasting by strides. */
import {
  allocate,
  countOf,
  type ElementArray,
  type NumberArray,
  numbersOf,
  type TensorValue,
  tensorFromDoubles,
  tensorValue,
} from "../../ir/runtime-value.ts";
import type { ElementType } from "../../ir/tensor.ts";
import { int } from "../call.ts";
import { fromBuffer, type Kernel, type KernelCall, numberBuffer, outputType, tensor } from "./kernel.ts";
import { broadcastStrides, stridesOf, walkRows } from "./strided.ts";

/** An array that results are written to. */
export interface Writable<T> {
  [index: number]: T;
}

/** Elements with the shape they are broadcast from. */
export interface Operand<T> {
  readonly elements: ArrayLike<T>;
  readonly shape: readonly number[];
}

/** out = f(a), element by element. */
export function mapOne<T, R>(f: (a: T) => R, from: ArrayLike<T>, out: Writable<R>): void {
  for (let index = 0; index < from.length; index++) out[index] = f(from[index] as T);
}

/** out = f(a, b), both broadcast to the shape. */
export function mapTwo<T, U, R>(
  f: (a: T, b: U) => R,
  a: Operand<T>,
  b: Operand<U>,
  shape: readonly number[],
  out: Writable<R>,
): void {
  const strides = [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape), stridesOf(shape)];
  const [left, right] = [a.elements, b.elements];
  walkRows(shape, strides, ([startA = 0, startB = 0, start = 0], count, [stepA = 0, stepB = 0, step = 0]) => {
    let [atA, atB, at] = [startA, startB, start];
    for (let index = 0; index < count; index++) {
      out[at] = f(left[atA] as T, right[atB] as U);
      atA += stepA;
      atB += stepB;
      at += step;
    }
  });
}

/** The same where all are floats, as weights are: a loop that sees one kind of array runs several times faster. */
function mapFloats(
  f: Binary,
  a: Operand<number> & { readonly elements: Float32Array },
  b: Operand<number> & { readonly elements: Float32Array },
  shape: readonly number[],
  out: Float32Array,
): void {
  const strides = [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape), stridesOf(shape)];
  const [left, right] = [a.elements, b.elements];
  walkRows(shape, strides, ([startA = 0, startB = 0, start = 0], count, [stepA = 0, stepB = 0, step = 0]) => {
    for (let index = 0; index < count; index++) {
      out[start + index * step] = f(left[startA + index * stepA] ?? 0, right[startB + index * stepB] ?? 0);
    }
  });
}

/** out = f(a, b, c), all broadcast to the shape. */
export function mapThree<T, U, V, R>(
  f: (a: T, b: U, c: V) => R,
  operands: readonly [Operand<T>, Operand<U>, Operand<V>],
  shape: readonly number[],
  out: Writable<R>,
): void {
  const [a, b, c] = operands;
  const strides = [...operands.map((operand) => broadcastStrides(operand.shape, shape)), stridesOf(shape)];
  walkRows(shape, strides, (starts, count, steps) => {
    const [startA = 0, startB = 0, startC = 0, start = 0] = starts;
    const [stepA = 0, stepB = 0, stepC = 0, step = 0] = steps;
    for (let index = 0; index < count; index++) {
      out[start + index * step] = f(
        a.elements[startA + index * stepA] as T,
        b.elements[startB + index * stepB] as U,
        c.elements[startC + index * stepC] as V,
      );
    }
  });
}

/** The elements as bigints; undefined where they are of another kind. */
export function bigIntsOf(elements: ElementArray): BigInt64Array | BigUint64Array | undefined {
  return elements instanceof BigInt64Array || elements instanceof BigUint64Array ? elements : undefined;
}

/** An operation on numbers, and, where doubles would lose digits, on 64-bit integers. */
export interface Operation<F, G> {
  /** For the elements of this type. */
  readonly number: (elementType: ElementType, call: KernelCall) => F;
  readonly bigint?: (call: KernelCall) => G;
}

type Unary = (a: number) => number;
type Binary = (a: number, b: number) => number;
type BigUnary = (a: bigint) => bigint;
type BigBinary = (a: bigint, b: bigint) => bigint;

/** A kernel of one operand whose result has its type. */
export function unaryKernel({ number, bigint }: Operation<Unary, BigUnary>): Kernel {
  return (call) => {
    const value = tensor(call, 0);
    const { elementType, shape, elements } = value;
    const bigs = bigIntsOf(elements);
    if (bigs !== undefined && bigint !== undefined) {
      const out = elementType === "int64" ? new BigInt64Array(bigs.length) : new BigUint64Array(bigs.length);
      mapOne(bigint(call), bigs, out);
      return [tensorValue(elementType, shape, out)];
    }
    const out = numberBuffer(elementType, countOf(shape));
    mapOne(number(elementType, call), numbersOf(value), out);
    return [fromBuffer(elementType, shape, out)];
  };
}

/** A function that needs neither the type nor attributes. */
export function plainUnary(f: Unary, big?: BigUnary): Kernel {
  return unaryKernel({ number: () => f, ...(big === undefined ? {} : { bigint: () => big }) });
}

/**
 * The shape of a binary operator's second operand, as it is broadcast: before opset 7 it was aligned with the first from
 * the attribute axis on, which is as if it had axes of size 1 at its end.
 */
export function alignedShape(call: KernelCall, second: readonly number[], rank: number): readonly number[] {
  if (call.node.opset >= 7) return second;
  const stated = int(call, "axis", rank - second.length);
  const axis = stated < 0 ? stated + rank : stated;
  return [...second, ...new Array<number>(Math.max(rank - axis - second.length, 0)).fill(1)];
}

/** A kernel of two operands of one type whose result has their type. */
export function binaryKernel({ number, bigint }: Operation<Binary, BigBinary>): Kernel {
  return (call) => [combine({ number, ...(bigint === undefined ? {} : { bigint }) }, call)];
}

function combine({ number, bigint }: Operation<Binary, BigBinary>, call: KernelCall): TensorValue {
  const { elementType, shape } = outputType(call);
  const [a, b] = [tensor(call, 0), tensor(call, 1)];
  const second = alignedShape(call, b.shape, a.shape.length);
  const [left, right] = [bigIntsOf(a.elements), bigIntsOf(b.elements)];
  if (left !== undefined && right !== undefined && bigint !== undefined) {
    const out =
      elementType === "int64" ? new BigInt64Array(countOf(shape)) : new BigUint64Array(countOf(shape));
    mapTwo(bigint(call), { elements: left, shape: a.shape }, { elements: right, shape: second }, shape, out);
    return tensorValue(elementType, shape, out);
  }
  const out = numberBuffer(elementType, countOf(shape));
  const f = number(elementType, call);
  const [x, y] = [numbersOf(a), numbersOf(b)];
  if (x instanceof Float32Array && y instanceof Float32Array && out instanceof Float32Array) {
    mapFloats(f, { elements: x, shape: a.shape }, { elements: y, shape: second }, shape, out);
  } else mapTwo(f, { elements: x, shape: a.shape }, { elements: y, shape: second }, shape, out);
  return fromBuffer(elementType, shape, out);
}

/** Any number of operands, combined from the left; floats in doubles, rounded once. */
export function variadicKernel(
  { number, bigint }: Operation<Binary, BigBinary>,
  finish: (total: number, operands: number) => number = (total) => total,
): Kernel {
  return (call) => {
    const { elementType, shape } = outputType(call);
    const operands = call.values.map((_, index) => tensor(call, index));
    const count = countOf(shape);
    if (bigint !== undefined && operands.every(({ elements }) => bigIntsOf(elements) !== undefined)) {
      return [combineBigInts(bigint(call), operands, elementType, shape)];
    }
    const f = number(elementType, call);
    const total = new Float64Array(count);
    operands.forEach((operand, index) => {
      const next = { elements: numbersOf(operand), shape: operand.shape };
      mapTwo(index === 0 ? (_, b) => b : f, { elements: total, shape }, next, shape, total);
    });
    for (let index = 0; index < count; index++)
      total[index] = finish(total[index] as number, operands.length);
    return [tensorFromDoubles(elementType, shape, total)];
  };
}

function combineBigInts(
  f: BigBinary,
  operands: readonly TensorValue[],
  elementType: ElementType,
  shape: readonly number[],
): TensorValue {
  const total = allocate(elementType, countOf(shape));
  const out = bigIntsOf(total) ?? new BigInt64Array(0);
  operands.forEach(({ elements, shape: from }, index) => {
    const next = { elements: bigIntsOf(elements) ?? out, shape: from };
    mapTwo(index === 0 ? (_, b) => b : f, { elements: out, shape }, next, shape, out);
  });
  return tensorValue(elementType, shape, total);
}

/** A kernel whose result is a truth value of two operands of one type. */
export function comparisonKernel(f: (a: unknown, b: unknown) => boolean): Kernel {
  return (call) => {
    const { shape } = outputType(call);
    const [a, b] = [tensor(call, 0), tensor(call, 1)];
    const out: NumberArray = new Uint8Array(countOf(shape));
    const second = { elements: b.elements, shape: alignedShape(call, b.shape, a.shape.length) };
    mapTwo<unknown, unknown, number>((x, y) => (f(x, y) ? 1 : 0), a, second, shape, out);
    return [tensorValue("bool", shape, out)];
  };
}

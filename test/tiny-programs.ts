/** Compiled networks made by hand, small enough to know what they compute. */
import { contentOf } from "../src/compiler/codegen/content.ts";
import type { Program, ProgramTensor, Step } from "../src/compiler/codegen/program.ts";
import { f32, get, i32, type Local, load, op, store } from "../src/compiler/codegen/wasm/code.ts";
import { FunctionBuilder, type WasmFunction } from "../src/compiler/codegen/wasm/function-builder.ts";
import type { ElementType } from "../src/graph/ir/tensor.ts";

/** Work that is always shared out between threads, and work that never is. */
export const muchWork = 1e9;
export const littleWork = 1;

const elementBytes: Partial<Record<ElementType, number>> = { float32: 4, int32: 4, int64: 8, bool: 1 };

export function programTensor(
  name: string,
  elementType: ElementType,
  shape: readonly number[],
  byteOffset: number,
): ProgramTensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return { name, elementType, shape, byteOffset, byteLength: count * (elementBytes[elementType] ?? 4) };
}

interface Loop {
  readonly builder: FunctionBuilder;
  readonly addresses: readonly Local[];
  readonly at: Local;
  /** The address of element `at` of a tensor of 4-byte elements. */
  readonly element: (address: Local, index?: Local) => ReturnType<typeof op>;
}

/** A kernel (address..., from, to) with a loop over its units. */
function kernel(name: string, addresses: readonly string[], body: (loop: Loop) => void): WasmFunction {
  const builder = new FunctionBuilder(name);
  const locals = addresses.map((address) => builder.parameter("i32", address));
  const at = builder.parameter("i32", "from");
  const to = builder.parameter("i32", "to");
  const element = (address: Local, index = at) =>
    op("i32.add", get(address), op("i32.shl", get(index), i32(2)));
  builder.forSteps(at, get(to), 1, () => body({ builder, addresses: locals, at, element }));
  return builder.build();
}

/** sum = a + b, with b also scaled: twoSteps(a, b) = (a + b) * 0.5 + weights. */
export function addScaleProgram(count: number, options: { readonly relaxedSimd?: boolean } = {}): Program {
  const add = kernel("add", ["a", "b", "sum"], ({ builder, addresses: [a, b, sum], element }) => {
    if (a === undefined || b === undefined || sum === undefined) return;
    const total = op("f32.add", load("f32.load", element(a)), load("f32.load", element(b)));
    builder.emit(store("f32.store", element(sum), total));
  });
  const scale = kernel("scale", ["x", "w", "y"], ({ builder, addresses: [x, w, y], element }) => {
    if (x === undefined || w === undefined || y === undefined) return;
    const [left, right] = [load("f32.load", element(x)), load("f32.load", element(w))];
    const splat = (code: ReturnType<typeof op>) => op("f32x4.splat", code);
    const value =
      options.relaxedSimd === true
        ? {
            kind: "op" as const,
            name: "f32x4.extract_lane",
            operands: [op("f32x4.relaxed_madd", splat(left), splat(f32(0.5)), splat(right))],
            lane: 0,
          }
        : op("f32.add", op("f32.mul", left, f32(0.5)), right);
    builder.emit(store("f32.store", element(y), value));
  });
  const bytes = Math.ceil((count * 4) / 64) * 64;
  const at = (index: number): number => 64 + index * bytes;
  const weights = Float32Array.from({ length: count }, (_, index) => index / 4);
  const steps: readonly Step[] = [
    {
      kernel: "add",
      addresses: [at(1), at(2), at(3)],
      units: count,
      work: muchWork,
      reads: [0, 1],
      writes: [2],
      label: "Add",
    },
    {
      kernel: "scale",
      addresses: [at(3), at(0), at(4)],
      units: count,
      work: littleWork,
      reads: [2],
      writes: [3],
      label: "Mul",
    },
  ];
  return {
    name: "add-scale",
    functions: [add, scale],
    preparation: [],
    steps,
    places: [1, 2, 3, 4].map((index) => ({ byteOffset: at(index), byteLength: bytes })),
    inputs: [programTensor("a", "float32", [count], at(1)), programTensor("b", "float32", [count], at(2))],
    outputs: [programTensor("y", "float32", [count], at(4))],
    constants: { byteOffset: 64, ...contentOf(new Uint8Array(weights.buffer)) },
    memoryBytes: at(5),
    relaxedSimd: options.relaxedSimd === true,
  };
}

/** What addScaleProgram computes. */
export function addScale(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, index) => Math.fround(Math.fround(value + (b[index] ?? 0)) * 0.5) + index / 4);
}

/**
 * Each step moves all elements one place and adds 1, so that an element comes from another thread's share at every
 * border: without a barrier the sums are wrong. The result of S steps: y[i] = x[(i + S) mod count] + S.
 */
export function rotateProgram(count: number, works: readonly number[]): Program {
  const rotate = kernel("rotate", ["x", "y"], ({ builder, addresses: [x, y], at, element }) => {
    if (x === undefined || y === undefined) return;
    const next = builder.let("i32", "next", op("i32.add", get(at), i32(1)));
    builder.when(op("i32.eq", get(next), i32(count)), () => {
      builder.emit({ kind: "set", local: next, value: i32(0) });
    });
    const value = op("i32.add", load("i32.load", element(x, next)), i32(1));
    builder.emit(store("i32.store", element(y), value));
  });
  const bytes = Math.ceil((count * 4) / 64) * 64;
  const at = (index: number): number => 64 + bytes * (index % 2);
  return {
    name: "rotate",
    functions: [rotate],
    preparation: [],
    steps: works.map((work, index) => ({
      kernel: "rotate",
      addresses: [at(index), at(index + 1)],
      units: count,
      work,
      reads: [index],
      writes: [index + 1],
      label: `rotate ${index}`,
    })),
    // One for each value, two of which take turns.
    places: Array.from({ length: works.length + 1 }, (_, index) => ({
      byteOffset: at(index),
      byteLength: bytes,
    })),
    inputs: [programTensor("x", "int32", [count], at(0))],
    outputs: [programTensor("y", "int32", [count], at(works.length))],
    constants: { byteOffset: 64, ...contentOf(new Uint8Array()) },
    memoryBytes: 64 + 2 * bytes,
    relaxedSimd: false,
  };
}

/** quotient = a / b in whole numbers, which stops at a division by zero. */
export function divideProgram(count: number): Program {
  const divide = kernel("divide", ["a", "b", "q"], ({ builder, addresses: [a, b, q], element }) => {
    if (a === undefined || b === undefined || q === undefined) return;
    const value = op("i32.div_s", load("i32.load", element(a)), load("i32.load", element(b)));
    builder.emit(store("i32.store", element(q), value));
  });
  const bytes = Math.ceil((count * 4) / 64) * 64;
  const [a, b, q] = [64, 64 + bytes, 64 + 2 * bytes];
  const step = {
    kernel: "divide",
    addresses: [a, b, q],
    units: count,
    work: muchWork,
    reads: [0, 1],
    writes: [2],
    label: "Div",
  };
  return {
    name: "divide",
    functions: [divide],
    preparation: [],
    steps: [step, step],
    places: [a, b, q].map((byteOffset) => ({ byteOffset, byteLength: bytes })),
    inputs: [programTensor("a", "int32", [count], a), programTensor("b", "int32", [count], b)],
    outputs: [programTensor("q", "int32", [count], q)],
    constants: { byteOffset: 64, ...contentOf(new Uint8Array()) },
    memoryBytes: 64 + 3 * bytes,
    relaxedSimd: false,
  };
}

/**
 * Runs a program step by step, for tests that want to be strict: memory is full of rubbish before the run, so that what
 * was not written is not read; a kernel that is called for no units must leave it so; the units of each step may run in pieces and in any order; each step must write only where
 * it says; and bytes behind the memory must stay as they are. Or as threads would run it that are as far apart as barriers
 * let them.
 */

import { setFlagsFromString } from "node:v8";
import type { RandomSource } from "../../../base/random.ts";
import type { ElementArray, RuntimeValue, TensorValue } from "../../../graph/ir/runtime-value.ts";
import { storedArrays } from "../loops/stored-arrays.ts";
import type { Program, ProgramTensor, Step } from "../program.ts";
import { bytesOf } from "../schedule/memory.ts";
import { memoryTypeOf } from "../schedule/shapes.ts";
import { stagesOf } from "../stages.ts";
import { encodeModule } from "../wasm/encode.ts";

// Node 20 has relaxed SIMD behind a flag, which must be set before the first validation.
setFlagsFromString("--experimental-wasm-relaxed-simd");

type Values = ReadonlyMap<string, RuntimeValue>;

/** All bits set: not a number as floats, -1 as integers. */
const rubbish = 0xff;
const canaryBytes = 256;
const pageBytes = 65_536;

export interface RunStepsOptions {
  /** Runs units in random pieces, in random order. */
  readonly random?: RandomSource;
  /** As this many threads would run it, which take turns at random. */
  readonly threads?: number;
}

/** Little, so that most steps of small networks are shared. */
const leastSharedWork = 64;

/** The outputs by name. */
export function runSteps(
  program: Program,
  inputs: Values,
  { random, threads }: RunStepsOptions = {},
): Values {
  const pages = Math.ceil((program.memoryBytes + canaryBytes) / pageBytes);
  const functions = program.functions.map((fn) => ({ ...fn, exported: true }));
  const bytes = encodeModule({ memory: { pages, shared: false }, functions });
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const module = new WebAssembly.Module(bytes as BufferSource);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const all = new Uint8Array(memory.buffer);
  all.fill(rubbish);
  const called = new Set([...program.preparation, ...program.steps].map(({ kernel }) => kernel));
  for (const { name, parameters } of functions.filter((fn) => called.has(fn.name))) {
    (exports[name] as (...numbers: readonly number[]) => void)(...parameters.map(() => 0));
    if (all.some((byte) => byte !== rubbish)) throw new Error(`${name} writes although it is given no units`);
  }
  const { byteOffset, byteLength } = program.constants;
  // Content is written into zeros.
  const constants = all.subarray(byteOffset, byteOffset + byteLength).fill(0);
  program.constants.writeTo(constants);
  const call = ({ kernel, addresses, firstUnit = 0 }: Step, from: number, to: number): void => {
    const run = exports[kernel] as (...numbers: readonly number[]) => void;
    run(...addresses, firstUnit + from, firstUnit + to);
  };
  const runWhole = (step: Step): void => {
    for (const [from, to] of random === undefined ? [[0, step.units] as const] : pieces(step.units, random))
      call(step, from, to);
  };
  for (const step of program.preparation) runWhole(step);
  // Not sooner: they may take the place of constants that only the preparation reads.
  for (const tensor of program.inputs) {
    const value = inputs.get(tensor.name);
    if (value?.kind !== "tensor" || Array.isArray(value.elements)) throw new Error(`no ${tensor.name}`);
    all.set(bytesOf(value.elements, memoryTypeOf(tensor.elementType, tensor.name)), tensor.byteOffset);
  }
  if (threads !== undefined && random !== undefined) runThreads(program, { random, threads, call });
  else {
    for (const step of program.steps) {
      const before = all.slice();
      runWhole(step);
      checkWrites(program, step, before, all);
    }
  }
  if (all.subarray(program.memoryBytes).some((byte) => byte !== rubbish))
    throw new Error("a kernel writes behind the memory");
  if (all.subarray(0, 64).some((byte) => byte !== rubbish))
    throw new Error("a kernel writes where the runtime's own bytes are");
  return new Map(program.outputs.map((tensor) => [tensor.name, valueAt(tensor, memory.buffer)]));
}

/** Throws if bytes have changed in places that the step does not write. */
function checkWrites({ places }: Program, step: Step, before: Uint8Array, after: Uint8Array): void {
  const now = after.slice();
  for (const place of step.writes) {
    const { byteOffset = 0, byteLength = 0 } = places[place] ?? {};
    now.set(before.subarray(byteOffset, byteOffset + byteLength), byteOffset);
  }
  if (now.some((byte, at) => byte !== before[at]))
    throw new Error(`${step.label} writes where it does not say`);
}

interface SimulatedThreads {
  readonly random: RandomSource;
  readonly threads: number;
  readonly call: (step: Step, from: number, to: number) => void;
}

/** Threads that take turns at random between two barriers. */
function runThreads(program: Program, { random, threads, call }: SimulatedThreads): void {
  const waiting: (() => void)[][] = Array.from({ length: threads }, () => []);
  const finish = (): void => {
    for (let left = waiting.filter(({ length }) => length > 0); left.length > 0; ) {
      left[random.below(left.length)]?.shift()?.();
      left = waiting.filter(({ length }) => length > 0);
    }
  };
  for (const { step, isShared, waits } of stagesOf(program.steps, program.places, leastSharedWork)) {
    if (waits) finish();
    waiting.forEach((queue, thread) => {
      const share = (index: number): number =>
        isShared ? Math.floor((step.units * index) / threads) : index === 0 ? 0 : step.units;
      const [from, to] = [share(thread), share(thread + 1)];
      const middle = from + random.below(to - from + 1);
      queue.push(
        () => call(step, from, middle),
        () => call(step, middle, to),
      );
    });
  }
  finish();
}

/** The units cut at random and shuffled. */
function pieces(units: number, random: RandomSource): readonly (readonly [number, number])[] {
  const cuts = [0, units, ...Array.from({ length: 1 + random.below(3) }, () => random.below(units + 1))];
  cuts.sort((a, b) => a - b);
  const all = cuts.slice(1).map((to, at) => ({ piece: [cuts[at] ?? 0, to] as const, key: random.uniform() }));
  return all.sort((a, b) => a.key - b.key).map(({ piece }) => piece);
}

function valueAt({ name, elementType, shape, byteOffset }: ProgramTensor, memory: ArrayBuffer): TensorValue {
  const count = shape.reduce((product, size) => product * size, 1);
  const make = storedArrays[memoryTypeOf(elementType, name)];
  const elements: ElementArray = new make(memory, byteOffset, count).slice();
  return { kind: "tensor", elementType, shape, elements };
}

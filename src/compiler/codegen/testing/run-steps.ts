/**
 * Runs a program step by step, for tests that want to be strict: memory is full of rubbish before the run, so that what
 * was not written is not read; the units of each step may run in pieces and in any order, as threads would run them;
 * and bytes behind the memory must stay as they are.
 */
import { setFlagsFromString } from "node:v8";
import type { RandomSource } from "../../../base/random.ts";
import type { ElementArray, RuntimeValue, TensorValue } from "../../../graph/ir/runtime-value.ts";
import type { Program, ProgramTensor } from "../program.ts";
import { bytesOf } from "../schedule/memory.ts";
import { memoryTypeOf } from "../schedule/shapes.ts";
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
}

/** The outputs by name. */
export function runSteps(program: Program, inputs: Values, { random }: RunStepsOptions = {}): Values {
  const pages = Math.ceil((program.memoryBytes + canaryBytes) / pageBytes);
  const functions = program.functions.map((fn) => ({ ...fn, exported: true }));
  const bytes = encodeModule({ memory: { pages, shared: false }, functions });
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const module = new WebAssembly.Module(bytes as BufferSource);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const all = new Uint8Array(memory.buffer);
  all.fill(rubbish);
  const { byteOffset, byteLength } = program.constants;
  // Content is written into zeros.
  const constants = all.subarray(byteOffset, byteOffset + byteLength).fill(0);
  program.constants.writeTo(constants);
  for (const tensor of program.inputs) {
    const value = inputs.get(tensor.name);
    if (value?.kind !== "tensor" || Array.isArray(value.elements)) throw new Error(`no ${tensor.name}`);
    all.set(bytesOf(value.elements, memoryTypeOf(tensor.elementType, tensor.name)), tensor.byteOffset);
  }
  for (const { kernel, addresses, units } of [...program.preparation, ...program.steps]) {
    const run = exports[kernel] as (...numbers: readonly number[]) => void;
    for (const [from, to] of random === undefined ? [[0, units] as const] : pieces(units, random))
      run(...addresses, from, to);
  }
  if (all.subarray(program.memoryBytes).some((byte) => byte !== rubbish))
    throw new Error("a kernel writes behind the memory");
  if (all.subarray(0, 64).some((byte) => byte !== rubbish))
    throw new Error("a kernel writes where the runtime's own bytes are");
  return new Map(program.outputs.map((tensor) => [tensor.name, valueAt(tensor, memory.buffer)]));
}

/** The units cut at random and shuffled. */
function pieces(units: number, random: RandomSource): readonly (readonly [number, number])[] {
  const cuts = [0, units, ...Array.from({ length: 1 + random.below(3) }, () => random.below(units + 1))];
  cuts.sort((a, b) => a - b);
  const all = cuts.slice(1).map((to, at) => ({ piece: [cuts[at] ?? 0, to] as const, key: random.uniform() }));
  return all.sort((a, b) => a.key - b.key).map(({ piece }) => piece);
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

function valueAt({ name, elementType, shape, byteOffset }: ProgramTensor, memory: ArrayBuffer): TensorValue {
  const count = shape.reduce((product, size) => product * size, 1);
  const make = arrays[memoryTypeOf(elementType, name)];
  const elements: ElementArray = new make(memory, byteOffset, count).slice();
  return { kind: "tensor", elementType, shape, elements };
}

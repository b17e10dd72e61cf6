/**
 * A compiled network: kernels, the order in which they run with the addresses they are given, and where everything
 * lies in the one linear memory. Data only, but for weights, which are packed when they are asked for; encode-program.ts makes it a WebAssembly module, the runtime runs that.
 */
import type { ElementType } from "../../graph/ir/tensor.ts";
import type { Content } from "./content.ts";
import type { WasmFunction } from "./wasm/function-builder.ts";

/** A call of a kernel. Every kernel takes addresses in bytes, then the first unit of work and the one after the last. */
export interface Step {
  /** The kernel's name. */
  readonly kernel: string;
  /** Its addresses in bytes, without the two that say which units. */
  readonly addresses: readonly number[];
  /** Independent parts of the work, which threads may share out, and the number of the first: 0, unless given. */
  readonly units: number;
  readonly firstUnit?: number;
  /** About how long the whole step takes, in multiply-accumulates or elements moved; decides if threads share it. */
  readonly work: number;
  /** Which of the program's places it reads and writes, as their numbers; constants do not count. */
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  /** For people: the operators it runs. */
  readonly label: string;
}

/**
 * Where a value is, or several that are parts of one. Places overlap if their values are never alive at once. Each element
 * is written once in a run, but for scratch memory, which the steps that change it read as well.
 */
export interface ProgramPlace {
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** An input or output of the network, row-major and contiguous at its place in the memory. */
export interface ProgramTensor {
  readonly name: string;
  readonly elementType: ElementType;
  readonly shape: readonly number[];
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** What is in the memory before the first run and, but for what only the preparation reads, never changes: packed weights, constants, tables. */
export interface ProgramConstants extends Content {
  readonly byteOffset: number;
}

export interface Program {
  readonly name: string;
  /** Kernels, each once however many steps use it, and the helpers that they call. */
  readonly functions: readonly WasmFunction[];
  /** Run once, when the constants are in memory: they make weights that would need more room in a file. */
  readonly preparation: readonly Step[];
  readonly steps: readonly Step[];
  readonly places: readonly ProgramPlace[];
  readonly inputs: readonly ProgramTensor[];
  readonly outputs: readonly ProgramTensor[];
  readonly constants: ProgramConstants;
  /** The whole memory: the first 64 bytes belong to the runtime (thread barrier), then constants, then values. */
  readonly memoryBytes: number;
  /** Whether kernels use relaxed SIMD (fused multiply-add). */
  readonly relaxedSimd: boolean;
}

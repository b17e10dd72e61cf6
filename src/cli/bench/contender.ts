/**
 * What is measured: a runtime that takes an ONNX file and runs it. Every runtime gets the same complete file and the same
 * inputs; what a user of it would do once, outside the time of a run, it does in `load` and `bind`.
 */
import type { RuntimeValue } from "../../graph/ir/runtime-value.ts";
import type { ShapeOptions } from "../../graph/ops/bindings.ts";

/** A network as contenders get it. */
export interface BenchNetwork {
  readonly name: string;
  /** A complete ONNX file, all weights inside. */
  readonly bytes: Uint8Array;
  /** Sizes of open dimensions. */
  readonly shapes: ShapeOptions;
}

export type Values = ReadonlyMap<string, RuntimeValue>;

/** A runtime to measure. */
export interface Contender {
  readonly name: string;
  /** The version of what is measured; throws where it is not installed, and says how to install it. */
  version(): Promise<string>;
  /** From the file to something that runs: part of the time to the first output. */
  load(network: BenchNetwork, options: LoadOptions): Promise<Loading>;
}

export interface LoadOptions {
  readonly threads: number;
}

/** What became of a network: it runs, or the runtime cannot run it, which is an answer and no error. */
export type Loading = LoadedNetwork | { readonly kind: "unsupported"; readonly reason: string };

export interface LoadedNetwork {
  readonly kind: "loaded";
  /** What of the machine it uses: "simd", "simd, 2 threads". */
  readonly flavour: string;
  /** What a browser downloads besides the weights. */
  readonly download: readonly DownloadFile[];
  /**
   * Puts inputs into the form in which a user of this runtime has them (NHWC images for a runtime that computes in
   * NHWC). Not measured.
   */
  bind(inputs: Values): BoundRun;
  dispose(): Promise<void>;
}

/** One inference with its inputs. */
export interface BoundRun {
  /** Inputs in, outputs out as typed arrays of JavaScript, in the runtime's own layout. This is what is measured. */
  run(): Promise<void> | void;
  /** What the last run gave, as ONNX states it. Not measured. */
  outputs(): Values;
}

export interface DownloadFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

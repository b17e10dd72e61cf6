/** What a compiled network says of itself: its inputs and outputs, and the files that it is loaded from. */
import type { ElementType } from "../../graph/ir/tensor.ts";

export interface ModelTensor {
  readonly name: string;
  readonly elementType: ElementType;
  readonly shape: readonly number[];
}

export interface ModelFile {
  readonly name: string;
  readonly bytes: number;
  /** See checksum.ts; absent where the bytes never left this program. */
  readonly checksum?: number;
}

/** The same network for engines that have more or fewer features. */
export interface ModelVariant {
  readonly relaxedSimd: boolean;
  readonly kernels: ModelFile;
  readonly weights: ModelFile;
  readonly weightsOffset: number;
  readonly memoryBytes: number;
  /** Byte offsets, in the order of the manifest's inputs and outputs. */
  readonly inputOffsets: readonly number[];
  readonly outputOffsets: readonly number[];
}

export const manifestFormat = "laminate-model/1";

export interface ModelManifest {
  readonly format: typeof manifestFormat;
  readonly name: string;
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
  /** Threads it was compiled for: 1 means that its memory is not shared and it can never have more. */
  readonly threads: number;
  /** The best first; the last one runs wherever there is SIMD. */
  readonly variants: readonly ModelVariant[];
}

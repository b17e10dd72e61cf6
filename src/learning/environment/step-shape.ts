/**
 * The six loop dimensions of a step's tensor (DNNFuser, section 4.2: K, C, Y, X, R, S). Readings:
 * - Step 0, the network's input, is a layer that makes what its first reader reads: K and C are that reader's channels,
 *   Y and X the positions that its stride covers, R = S = 1.
 * - A layer without a heavy operator has no loop dimensions. It counts as X = elements of its output, all else 1, so that
 *   K Y X are the elements of the output for every kind.
 */
import { known } from "../../base/assert.ts";
import { type ElementType, elementBits } from "../../graph/ir/tensor.ts";
import {
  type Layer,
  type LoopDimensions,
  tensorBytes,
  type Workload,
} from "../../mapping/workload/workload.ts";

export type StepShape = Pick<LoopDimensions, "K" | "C" | "Y" | "X" | "R" | "S">;

/** Bytes of one element of activations and weights. */
export function bytesPerElement({ elementType }: Workload): number {
  return (elementBits[elementType as ElementType] ?? 8) / 8;
}

/** Indices of the tensors that a step makes: the network's inputs, or the outputs of layer step - 1. */
export function tensorsOfStep(workload: Workload, step: number): readonly number[] {
  if (step > 0) return known(workload.layers[step - 1], "layer").outputs;
  return workload.tensors.flatMap(({ source }, index) => (source.kind === "network-input" ? [index] : []));
}

/** The six numbers of a step. O(1), for step 0 O(tensors). */
export function stepShape(workload: Workload, step: number): StepShape {
  const tensors = tensorsOfStep(workload, step);
  const layer = step > 0 ? known(workload.layers[step - 1], "layer") : undefined;
  if (layer !== undefined && layer.macs > 0) return layer.dimensions;
  const reader = layer === undefined ? firstReader(workload, tensors) : undefined;
  if (reader !== undefined && reader.macs > 0) return inputShape(reader);
  const elements = tensorBytes(workload, tensors) / bytesPerElement(workload);
  return { K: 1, C: 1, Y: 1, X: Math.ceil(elements), R: 1, S: 1 };
}

function firstReader(workload: Workload, tensors: readonly number[]): Layer | undefined {
  const readers = tensors.flatMap((tensor) => workload.tensors[tensor]?.consumers ?? []);
  return workload.layers[Math.min(...readers)];
}

function inputShape({ kind, dimensions }: Layer): StepShape {
  const { C, Y, X, strideY, strideX } = dimensions;
  // Transposed convolutions count input positions already.
  const [down, right] = kind === "transposed-convolution" ? [1, 1] : [strideY, strideX];
  return { K: C, C, Y: Y * down, X: X * right, R: 1, S: 1 };
}

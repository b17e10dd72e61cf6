/**
 * The workload: what a mapper sees of a network. Layers 1..N with loop dimensions and the tensors between them, all
 * quantities per image (one element of the batch dimension), so that the batch is part of the problem and not of the
 * workload. Made from a graph by extract.ts.
 */

/** What a layer's heavy operator is; "vector" has none (elementwise, pooling, layout), "opaque" is not understood. */
export type LayerKind =
  | "convolution"
  | "depthwise"
  | "transposed-convolution"
  | "matmul"
  | "attention"
  | "vector"
  | "opaque";

/**
 * Loop dimensions of a layer for one image: macs = N K (C / groups) Y X R S for kinds with MACs (transposed convolutions
 * count input positions). Y and X are output sizes; for 3-D convolutions depth is folded into Y and R.
 */
export interface LoopDimensions {
  readonly N: number;
  readonly K: number;
  readonly C: number;
  readonly Y: number;
  readonly X: number;
  readonly R: number;
  readonly S: number;
  readonly groups: number;
  readonly strideY: number;
  readonly strideX: number;
  readonly dilationY: number;
  readonly dilationX: number;
}

/** A fused block of operators with at most one heavy operator: the unit that a mapping places. */
export interface Layer {
  /** Unique in the workload. */
  readonly name: string;
  readonly kind: LayerKind;
  readonly dimensions: LoopDimensions;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
  /** Bytes of all constants of the block; they do not depend on the batch. */
  readonly weightBytes: number;
  /** Indices into Workload.tensors, without duplicates; constants are not among them. */
  readonly inputs: readonly number[];
  /** Indices into Workload.tensors; usually one. */
  readonly outputs: readonly number[];
  /** Smallest slice of the inputs from which one row of output can be made, in bytes (docs/cost-model.md, working set). */
  readonly inputWindowBytes: number;
  /** One row of the output, in bytes, with the rows of intermediate results that a joined pooling window needs. */
  readonly outputRowBytes: number;
  /** False for opaque layers: their tensors are never staged. */
  readonly fusible: boolean;
  /** Names of the graph nodes in the block, in topological order; the heavy one decides the layer's name. */
  readonly operators: readonly string[];
}

/** Where a tensor comes from. */
export type TensorSource =
  | { readonly kind: "network-input" }
  | { readonly kind: "layer"; readonly layer: number };

/** An activation that crosses between layers, or enters or leaves the network. */
export interface WorkloadTensor {
  readonly name: string;
  /** Bytes for one image. */
  readonly bytes: number;
  readonly source: TensorSource;
  /** Indices of the layers that read it, ascending, without duplicates. */
  readonly consumers: readonly number[];
  /** The network returns it, so it always goes off chip. */
  readonly isNetworkOutput: boolean;
}

export interface Workload {
  readonly name: string;
  /** In topological order: the chain of paper mode, and the order in which exact search looks for contiguous groups. */
  readonly layers: readonly Layer[];
  readonly tensors: readonly WorkloadTensor[];
  /** The element type that activations and weights are counted in. */
  readonly elementType: string;
}

/** Bytes of some of the tensors together, for one image. */
export function tensorBytes(workload: Workload, tensors: readonly number[]): number {
  let bytes = 0;
  for (const tensor of tensors) bytes += workload.tensors[tensor]?.bytes ?? 0;
  return bytes;
}

/** Bytes of what the network is given, for one image. */
export function networkInputBytes({ tensors }: Workload): number {
  let bytes = 0;
  for (const tensor of tensors) if (tensor.source.kind === "network-input") bytes += tensor.bytes;
  return bytes;
}

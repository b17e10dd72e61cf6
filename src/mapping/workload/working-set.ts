/**
 * The smallest slices from which a layer can work: what must lie on chip beside the staged tensors (docs/cost-model.md).
 *
 * A row is what one step of the layer's row loop touches of a tensor:
 * - convolutions and layers without a heavy operator: of [N, C, H, W] a row is C x W elements; with more spatial axes all
 *   but the last count as H. Of a tensor of lower rank a convolution touches bytes / Y, a layer without a heavy operator
 *   one vector along the last axis.
 * - matrix products: of every tensor bytes / (N Y groups), at most a row of the larger matrix (C or K elements of a group),
 *   at least one vector along the last axis. For x W that is one row of x (C elements) and one of the result (K elements);
 *   a cache that only passes through the block is not held as a whole.
 *
 * A window operator of filter k, dilation d needs (k - 1) d + 1 rows along each spatial axis but the last, at most what
 * there is; a transposed one with stride s the s-th part, rounded up. A matrix product of two activations needs one row
 * of each. Whatever else reads a tensor needs one row: a reduction over the whole map (global average pooling) only keeps
 * its accumulators, which are its output.
 *
 * inputWindowBytes: for every tensor that the block reads the largest of its readers' needs, and the window of the heavy
 * operator where its input is made inside the block. outputRowBytes: a row of every tensor that the block makes, and the
 * rows that a pooling inside it needs of what it pools. A normalisation over the whole map (InstanceNormalization) is
 * counted as if its statistics were known, so it is a lower bound there.
 */
import { known } from "../../base/assert.ts";
import { ceilDiv, product, sum } from "../../base/integers.ts";
import type { DataFlow } from "../../compiler/fusion/data-flow.ts";
import { activationsRead } from "../../compiler/fusion/data-flow.ts";
import type { OpNode, TypedGraph } from "../../graph/ir/graph.ts";
import type { BlockView } from "./block-view.ts";
import type { LoopNest } from "./loop-nest.ts";
import { intsAttribute, slidesWindow } from "./loop-nest.ts";
import type { Sizes } from "./sizes.ts";

export interface WorkingSet {
  readonly inputWindowBytes: number;
  readonly outputRowBytes: number;
}

export interface WorkingSetParts {
  readonly typed: TypedGraph;
  readonly flow: DataFlow;
  readonly sizes: Sizes;
  readonly block: BlockView;
  readonly nest: LoopNest;
}

export function workingSet(parts: WorkingSetParts): WorkingSet {
  const { typed, flow, sizes, block, nest } = parts;
  if (block.isBarrier) {
    return {
      inputWindowBytes: sum(block.reads.map(sizes.bytes)),
      outputRowBytes: sum(block.makes.map(sizes.bytes)),
    };
  }
  const fromOutside = new Set(block.reads);
  const inputs = new Map(block.reads.map((value) => [value, rowBytes(sizes, nest, value)]));
  const outputs = new Map(block.makes.map((value) => [value, rowBytes(sizes, nest, value)]));
  for (const index of block.nodes) {
    const node = known(typed.graph.nodes[index], "node");
    const isHeavy = index === block.heavy;
    if (!isHeavy && !slidesWindow(node)) continue;
    for (const value of activationsRead(flow, index)) {
      const bytes = windowRows(sizes, node, value) * rowBytes(sizes, nest, value);
      keepLargest(fromOutside.has(value) || isHeavy ? inputs : outputs, value, bytes);
    }
  }
  return { inputWindowBytes: sum(inputs.values()), outputRowBytes: sum(outputs.values()) };
}

function keepLargest(bytesOf: Map<string, number>, value: string, bytes: number): void {
  bytesOf.set(value, Math.max(bytesOf.get(value) ?? 0, bytes));
}

function rowBytes(sizes: Sizes, nest: LoopNest, value: string): number {
  const shape = sizes.shape(value);
  const bytes = sizes.bytes(value);
  const { N, K, C, Y, groups } = nest.dimensions;
  const vector = Math.min(bytes, sizes.elementsToBytes(value, shape.at(-1) ?? 1));
  if (nest.kind === "matmul" || nest.kind === "attention") {
    const widest = sizes.elementsToBytes(value, Math.max(K, C) / groups);
    return Math.max(vector, Math.min(widest, share(bytes, N * Y * groups, 0)));
  }
  if (shape.length >= 4) return share(bytes, perImage(shape, sizes) * product(shape.slice(2, -1)), 0);
  return nest.kind === "vector" ? vector : share(bytes, N * Y, vector);
}

/** Images of its own that a tensor still holds for one image of the network: regions of interest. */
function perImage(shape: readonly number[], sizes: Sizes): number {
  const count = shape[0] ?? 1;
  return count % sizes.images === 0 ? count / sizes.images : count;
}

function share(bytes: number, parts: number, least: number): number {
  return Math.max(least, ceilDiv(bytes, Math.max(1, parts)));
}

/** Rows of its data input that one row of the result needs; 1 for other inputs and other operators. */
function windowRows(sizes: Sizes, node: OpNode, value: string): number {
  if (!slidesWindow(node) || node.inputs[0] !== value) return 1;
  const space = sizes.shape(value).slice(2);
  const filter = intsAttribute(node, "kernel_shape") ?? filterOfWeights(sizes, node);
  const dilations = intsAttribute(node, "dilations") ?? [];
  const strides = intsAttribute(node, "strides") ?? [];
  const spread = node.operator === "ConvTranspose";
  return product(
    space.slice(0, -1).map((extent, axis) => {
      const rows = ((filter[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
      return Math.min(extent, spread ? ceilDiv(rows, strides[axis] ?? 1) : rows);
    }),
  );
}

/** Weights of rank 3 and more are [K, C, filter...]; their place among the inputs differs. */
function filterOfWeights(sizes: Sizes, node: OpNode): readonly number[] {
  const rank = sizes.shape(node.inputs[0] ?? "").length;
  for (const input of node.inputs.slice(1)) {
    const shape = input === "" ? [] : sizes.shape(input);
    if (shape.length === rank && rank >= 3) return shape.slice(2);
  }
  return [];
}

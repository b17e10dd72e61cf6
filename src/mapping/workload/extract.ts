/**
 * From a fused graph to the workload: every block becomes a layer, every activation between blocks a tensor. All
 * quantities are for one image (sizes.ts says how many images the file's shapes hold). Linear in the graph.
 *
 * - Weights are the constants that a block reads (weights.ts).
 * - An activation that a block reads only to move it (Reshape, Transpose, Slice) counts all of its bytes.
 * - Blocks that no network output depends on, and blocks of constants only, are no layers.
 * - Sizes that a layer needs and nobody can tell are bad input, with the tensor's name and the way out. An opaque layer
 *   needs the shapes of what it reads and makes too: the file must state them.
 */
import { known } from "../../base/assert.ts";
import { sum } from "../../base/integers.ts";
import type { FusedGraph } from "../../compiler/fusion/fused-graph.ts";
import type { Roles } from "../../compiler/fusion/roles.ts";
import { rolesOf } from "../../compiler/fusion/roles.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import type { ElementType } from "../../graph/ir/tensor.ts";
import type { BlockView } from "./block-view.ts";
import { blockViews } from "./block-view.ts";
import type { LoopNest } from "./loop-nest.ts";
import { loopNest, macsOf, noLoops } from "./loop-nest.ts";
import type { Sizes } from "./sizes.ts";
import { exact, sizesOf } from "./sizes.ts";
import { weightBytes } from "./weights.ts";
import { workingSet } from "./working-set.ts";
import type { Layer, Workload, WorkloadTensor } from "./workload.ts";

export interface ExtractOptions {
  /** The workload's name; the graph's when left out. */
  readonly name?: string;
  /** What floating-point tensors and weights are counted in; int8 when left out. */
  readonly elementType?: ElementType;
}

/** What the layers of a network add up to. */
export interface WorkloadTotals {
  /** Multiply-accumulates for one image. */
  readonly macs: number;
  /** Constants that several layers share count in each of them. */
  readonly weightBytes: number;
}

/** The layers and tensors of a network whose operators are gathered into blocks. */
export function extractWorkload(fused: FusedGraph, options: ExtractOptions = {}): Workload {
  const { typed } = fused;
  const elementType = options.elementType ?? "int8";
  const roles = rolesOf(typed);
  const sizes = sizesOf(typed, roles.flow, elementType);
  const blocks = blockViews(fused, roles);
  const tensors = tensorsBetween(typed, roles, blocks, sizes);
  const indexOf = new Map(tensors.map((tensor, index) => [tensor.name, index]));
  const indices = (values: readonly string[]): number[] =>
    values.map((value) => known(indexOf.get(value), `tensor ${value}`));
  const layers = blocks.map(
    (block): Layer => ({
      ...describe(typed, roles, block, sizes),
      inputs: indices(block.reads),
      outputs: indices(block.makes),
    }),
  );
  return { name: options.name ?? typed.graph.name, layers, tensors, elementType };
}

export function workloadTotals(workload: Workload): WorkloadTotals {
  return {
    macs: sum(workload.layers.map((layer) => layer.macs)),
    weightBytes: sum(workload.layers.map((layer) => layer.weightBytes)),
  };
}

function describe(
  typed: TypedGraph,
  roles: Roles,
  block: BlockView,
  sizes: Sizes,
): Omit<Layer, "inputs" | "outputs"> {
  const { flow } = roles;
  const nameOf = (node: number): string => known(typed.graph.nodes[node], "node").name;
  const nest = nestOf(typed, roles, block, sizes);
  // Without a heavy operator the last one names the layer, as its result is what leaves.
  const name = nameOf(known(block.heavy ?? block.nodes.at(-1), "a block's operator"));
  return {
    name,
    kind: nest.kind,
    dimensions: nest.dimensions,
    macs: block.heavy === undefined ? 0 : exact(macsOf(nest.dimensions), `MACs of "${name}"`),
    weightBytes: weightBytes(typed, flow, block, sizes),
    ...workingSet({ typed, flow, sizes, block, nest }),
    fusible: !block.isBarrier,
    operators: block.nodes.map(nameOf),
  };
}

function nestOf(typed: TypedGraph, { flow }: Roles, block: BlockView, sizes: Sizes): LoopNest {
  if (block.isBarrier) return { kind: "opaque", dimensions: noLoops };
  if (block.heavy === undefined) return { kind: "vector", dimensions: noLoops };
  const node = known(typed.graph.nodes[block.heavy], "node");
  const nest = loopNest({
    node,
    images: sizes.images,
    input: (index) => sizes.shape(known(node.inputs[index], `input ${index} of ${node.name}`)),
    output: (index) => sizes.shape(known(node.outputs[index], `output ${index} of ${node.name}`)),
    isConstant: (index) => flow.constants.has(node.inputs[index] ?? ""),
  });
  return known(nest, `the loop nest of ${node.operator}`);
}

function tensorsBetween(
  typed: TypedGraph,
  { flow }: Roles,
  blocks: readonly BlockView[],
  sizes: Sizes,
): readonly WorkloadTensor[] {
  const readers = new Map<string, number[]>();
  blocks.forEach((block, layer) => {
    for (const value of block.reads) {
      const list = readers.get(value);
      if (list === undefined) readers.set(value, [layer]);
      else list.push(layer);
    }
  });
  const tensor = (name: string, source: WorkloadTensor["source"]): WorkloadTensor => ({
    name,
    bytes: sizes.bytes(name),
    source,
    consumers: readers.get(name) ?? [],
    isNetworkOutput: source.kind === "layer" && flow.networkOutputs.has(name),
  });
  return [
    ...typed.graph.inputs
      .filter(({ name }) => readers.has(name))
      .map(({ name }) => tensor(name, { kind: "network-input" })),
    ...blocks.flatMap((block, layer) => block.makes.map((name) => tensor(name, { kind: "layer", layer }))),
  ];
}

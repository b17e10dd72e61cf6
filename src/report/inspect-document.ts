/** `laminate.inspect/1`: what `inspect --json` prints of a network. Quantities are for one image. */
import { z } from "zod";
import { sum } from "../base/integers.ts";
import type { TypedGraph } from "../graph/ir/graph.ts";
import { type Layer, tensorBytes, type Workload } from "../mapping/workload/workload.ts";
import { layerName } from "./layer-names.ts";
import type { DeepReadonly } from "./map-schema.ts";

export const inspectSchemaName = "laminate.inspect/1";

const counting = z.int().nonnegative();
const quantity = z.number().nonnegative();

const layer = z.object({
  name: z.string(),
  kind: z.enum([
    "convolution",
    "depthwise",
    "transposed-convolution",
    "matmul",
    "attention",
    "vector",
    "opaque",
  ]),
  N: counting,
  K: counting,
  C: counting,
  Y: counting.describe("rows of the output"),
  X: counting.describe("columns of the output"),
  R: counting,
  S: counting,
  stride: counting.describe("along Y; strideX stands beside it"),
  strideX: counting,
  dilation: counting.describe("along Y; dilationX stands beside it"),
  dilationX: counting,
  groups: counting,
  macs: quantity,
  weightBytes: quantity,
  outputBytes: quantity,
  inputs: z.array(z.string()).describe("layers that feed this one, and network inputs by their names"),
  operators: z.array(z.string()).describe("the nodes in the layer"),
});

export const inspectSchema = z
  .object({
    schema: z.literal(inspectSchemaName),
    model: z.string(),
    elementType: z.string(),
    operators: z.record(z.string(), counting).describe("how often each operator occurs, most frequent first"),
    layers: z.array(layer),
    totals: z.object({ macs: quantity, weightBytes: quantity, layers: counting, operators: counting }),
    unsupported: z.array(z.object({ node: z.string(), operator: z.string(), reason: z.string() })),
  })
  .describe("The layers of a network, for one image.");

/** A document of `laminate.inspect/1`. */
export type InspectDocument = DeepReadonly<z.infer<typeof inspectSchema>>;

/** The document of a network and the layers made of it. */
export function inspectDocument(workload: Workload, typed: TypedGraph): InspectDocument {
  return {
    schema: inspectSchemaName,
    model: workload.name,
    elementType: workload.elementType,
    operators: operatorCounts(typed),
    layers: workload.layers.map((entry) => layerEntry(workload, entry)),
    totals: {
      macs: sum(workload.layers.map(({ macs }) => macs)),
      weightBytes: sum(workload.layers.map(({ weightBytes }) => weightBytes)),
      layers: workload.layers.length,
      operators: typed.graph.nodes.length,
    },
    unsupported: typed.unsupported.map(({ node, operator, reason }) => ({ node, operator, reason })),
  };
}

/** How often each operator occurs, most frequent first. */
export function operatorCounts(typed: TypedGraph): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { operator } of typed.graph.nodes) counts.set(operator, (counts.get(operator) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));
}

function layerEntry(workload: Workload, layer: Layer): InspectDocument["layers"][number] {
  const { N, K, C, Y, X, R, S, groups, strideY, strideX, dilationY, dilationX } = layer.dimensions;
  return {
    name: layer.name,
    kind: layer.kind,
    ...{ N, K, C, Y, X, R, S },
    ...{ stride: strideY, strideX, dilation: dilationY, dilationX, groups },
    macs: layer.macs,
    weightBytes: layer.weightBytes,
    outputBytes: outputBytes(workload, layer),
    inputs: sources(workload, layer),
    operators: layer.operators,
  };
}

/** Bytes that a layer makes of one image. */
export function outputBytes(workload: Workload, layer: Layer): number {
  return tensorBytes(workload, layer.outputs);
}

function sources(workload: Workload, layer: Layer): readonly string[] {
  const names = layer.inputs.flatMap((index) => {
    const tensor = workload.tensors[index];
    if (tensor === undefined) return [];
    return tensor.source.kind === "layer" ? layerName(workload, tensor.source.layer) : tensor.name;
  });
  return [...new Set(names)];
}

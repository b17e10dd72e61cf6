/**
 * `laminate.map/1`: what `map` and `evaluate` print with --json, as a schema. A document is data that scripts rely on:
 * fields are added, never renamed or given another meaning; a breaking change takes a new number.
 * Seconds, bytes and joules are for the whole batch. Layers go by name, so that a document reads without the network.
 */
import { z } from "zod";

export const mapSchemaName = "laminate.map/1";

const quantity = z.number().nonnegative();
const bytes = quantity.describe("bytes");
const seconds = quantity.describe("seconds");
const layerNames = z.array(z.string()).describe("names of layers, in the order of the network");
const lane = z
  .int()
  .nonnegative()
  .describe("lane of a section of groups side by side; left out where nothing runs beside the group");
const counting = z.int().nonnegative();

const infeasible = z
  .object({
    group: layerNames,
    requiredBytes: bytes.describe("what the group needs: the smallest memory in which this mapping fits"),
    availableBytes: bytes,
  })
  .describe(
    "why the mapping does not fit; null also where the mapper found none, though layer by layer fits",
  );

const baseline = z
  .object({ latencySeconds: seconds.nullable(), offChipBytes: bytes.nullable() })
  .describe("layer by layer on the same problem; nulls where that does not fit either");

const group = z.object({
  layers: layerNames,
  passes: z.array(z.int().positive()).describe("images per pass of each of those layers"),
  footprintBytes: bytes.describe("on-chip bytes reserved while the group runs"),
  offChipBytes: bytes,
  latencySeconds: seconds,
  bound: z.enum(["compute", "on-chip", "off-chip"]).describe("the roof that the latency touches"),
  onChipTrafficBytes: bytes,
  energyJoules: quantity.describe("joules"),
  macs: quantity,
  lane: lane.optional(),
  startSeconds: seconds
    .optional()
    .describe("from the start of the network; where groups run side by side, latencies do not add up"),
});

const layerMapping = z.object({
  layer: z.string(),
  pass: z.int().positive().describe("images per pass"),
  output: z.enum(["stage", "sync"]).describe("kept on chip for its consumers, or written off chip"),
  weights: z.enum(["streamed", "resident"]),
  cores: z.int().positive(),
  lane: lane.optional(),
});

const proof = z.object({
  optimal: z.boolean(),
  space: z.string().describe('the space in which the claim holds (docs/cost-model.md); "" for no claim'),
  lowerBoundSeconds: seconds
    .nullable()
    .describe("null for objectives other than latency, or without a bound"),
  gap: quantity.nullable().describe("cost / lower bound - 1 in the objective; null when unknown"),
  lowerBound: quantity.nullable().describe("in the objective's unit: seconds, joules or bytes"),
});

export const mapSchema = z
  .object({
    schema: z.literal(mapSchemaName),
    model: z.string(),
    batch: z.int().positive(),
    accelerator: z.string(),
    memoryBytes: bytes.describe("on-chip bytes that the mapping may use"),
    mapper: z.string(),
    objective: z.enum(["latency", "energy", "traffic"]),
    paperMode: z.boolean(),
    elementType: z.string(),
    seed: z.int(),
    feasible: z.boolean(),
    infeasible: infeasible.nullable(),
    physical: z
      .boolean()
      .describe(
        "false when a paper-mode answer does not fit under the full model's footprint, or nothing fits",
      ),
    speedup: quantity.nullable().describe("latency of layer by layer over latency found"),
    latencySeconds: seconds.nullable(),
    offChipBytes: bytes.nullable(),
    onChipTrafficBytes: bytes.nullable(),
    peakFootprintBytes: bytes.nullable(),
    energyJoules: quantity.nullable(),
    baseline,
    groups: z
      .array(group)
      .describe("in the order of their layers, which is that in which they run but for lanes"),
    mapping: z.array(layerMapping).describe("one entry per layer; empty when no mapping was found"),
    vector: z
      .array(z.int())
      .nullable()
      .describe("[mB_0 .. mB_N], -1 for sync; null when the mapping is beyond that encoding"),
    proof,
    evaluations: counting,
    elapsedSeconds: seconds.describe("of the search"),
    gain: quantity.nullable().describe("cost of layer by layer over cost found, in the objective"),
    physicalPeakFootprintBytes: bytes.nullable().describe("the full model's peak, also in paper mode"),
    stopped: z.enum(["finished", "budget", "interrupted"]).describe("what ended the search"),
  })
  .describe("A mapping of a network on an accelerator, with its cost and proof.");

/** The same type with nothing to write to. */
export type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

/** A document of `laminate.map/1`. */
export type MapDocument = DeepReadonly<z.infer<typeof mapSchema>>;

/**
 * `laminate.compare/1`: what `compare --json` prints, as a schema. Costs are in the objective's unit: seconds, joules or
 * bytes, for the whole batch. Where a value has no figure (nothing feasible, a share never reached) it is null.
 */
import { z } from "zod";
import type { DeepReadonly } from "./map-schema.ts";

export const compareSchemaName = "laminate.compare/1";

const quantity = z.number().nonnegative();
const counting = z.int().nonnegative();
const cost = quantity.describe("in the objective's unit: seconds, joules or bytes");

const spread = z
  .object({
    median: z.number().nullable(),
    least: z.number().nullable(),
    most: z.number().nullable(),
  })
  .describe(
    "over the runs; a run without a figure stands beyond the worst, and is null where it is the value",
  );

const run = z.object({
  seed: z.int(),
  stopped: z.enum(["finished", "budget", "interrupted"]).describe("what ended the search"),
  feasible: z.boolean().describe("whether it found a mapping that fits"),
  leastRequiredBytes: quantity
    .nullable()
    .describe("when it found none, and keeps it: bytes that the least demanding mapping it tried needs"),
  cost: cost.nullable(),
  speedup: quantity.nullable().describe("latency of layer by layer over latency found"),
  gain: quantity.nullable().describe("cost of layer by layer over cost found, in the objective"),
  gap: z.number().nullable().describe("cost / cost of the target - 1"),
  peakFootprintBytes: quantity.nullable(),
  proof: z.object({ optimal: z.boolean(), lowerBound: cost.nullable() }),
  evaluations: counting.describe("mappings whose cost was worked out; partial ones for the reference"),
  elapsedSeconds: quantity.describe("of the search"),
  evaluationsToShare: z
    .array(counting.nullable())
    .describe("for each of `shares`: evaluations until that share of the target's gain was reached"),
  improvements: z
    .array(z.object({ evaluations: counting, cost }))
    .describe("each mapping that cost less than all before it, as the mapper showed them"),
});

const mapper = z.object({
  mapper: z.string(),
  ignoresSeed: z.boolean().describe("every seed gives the same answer, so it ran once"),
  feasibleRuns: counting,
  speedup: spread,
  gain: spread,
  gap: spread,
  peakFootprintBytes: spread,
  evaluations: spread,
  elapsedSeconds: spread,
  evaluationsToShare: z.array(spread).describe("for each of `shares`"),
  runs: z.array(run).describe("one for each seed"),
});

export const compareSchema = z
  .object({
    schema: z.literal(compareSchemaName),
    model: z.string(),
    batch: z.int().positive(),
    accelerator: z.string(),
    memoryBytes: quantity.describe("on-chip bytes that a mapping may use"),
    objective: z.enum(["latency", "energy", "traffic"]),
    paperMode: z.boolean(),
    elementType: z.string(),
    seeds: z.array(z.int()),
    budget: z
      .object({ seconds: quantity.nullable(), evaluations: quantity.nullable() })
      .describe("of each search; nulls for each mapper's own default"),
    baseline: z
      .object({ cost: cost.nullable(), requiredBytes: quantity.nullable() })
      .describe("layer by layer; requiredBytes where it does not fit: then nothing does"),
    reference: z
      .string()
      .describe("the mapper whose proof is the target; only seconds of the budget bind it"),
    target: z
      .object({
        kind: z.enum(["optimum", "lower-bound", "none"]),
        cost: cost.nullable(),
        gain: quantity.nullable().describe("cost of layer by layer over the target's cost"),
        space: z.string().describe("the space in which nothing costs less (docs/cost-model.md)"),
      })
      .describe("what costs are held against"),
    shares: z.array(quantity).describe("shares of the target's gain, such as 0.95"),
    mappers: z.array(mapper).describe("in the order in which they were named"),
    stopped: z.enum(["finished", "interrupted"]),
  })
  .describe("Mappers on one problem side by side: how good, how fast, how steady.");

/** A document of `laminate.compare/1`. */
export type CompareDocument = DeepReadonly<z.infer<typeof compareSchema>>;
export type CompareRow = CompareDocument["mappers"][number];
export type CompareRun = CompareRow["runs"][number];
export type CompareSpread = CompareRow["gain"];

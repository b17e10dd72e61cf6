/** `laminate.tune/1`: what `tune --json` prints of a profile that was filled for a network. */
import { z } from "zod";
import type { DeepReadonly } from "./map-schema.ts";

export const tuneSchemaName = "laminate.tune/1";

const count = z.int().nonnegative();
const seconds = z.number().nonnegative();
const spread = z.object({
  count,
  median: seconds,
  p10: seconds,
  p90: seconds,
  least: seconds,
  most: seconds,
});

export const tuneSchema = z
  .object({
    schema: z.literal(tuneSchemaName),
    model: z.string(),
    profile: z.string().describe("the file"),
    origin: z
      .object({
        laminate: z.string(),
        processor: z.string(),
        engine: z.string(),
        simd: z.string(),
        threads: count,
      })
      .describe("what the latencies hold for"),
    entries: count.describe("in the file now, of all networks that it was tuned for"),
    newEntries: count,
    notCompiled: count.describe("entries of blocks that do not compile alone"),
    measured: count.describe("decisions measured now, alike ones once"),
    decisions: count.describe("yellow cells that the plan met"),
    byLatency: count.describe("those of them that a measurement decided"),
    changed: count.describe("those that it decided otherwise than the static estimate would"),
    complete: z.boolean().describe("whether nothing that can be measured is left"),
    blocks: z.object({ before: count, after: count }),
    network: z
      .object({
        before: spread,
        after: spread,
        speedup: z
          .object({ ratio: z.number(), low: z.number(), high: z.number() })
          .describe("before over after, with its 95 % interval over the rounds"),
      })
      .nullable()
      .describe("seconds of a run with the static plan and with the profile's, in interleaved rounds"),
    networkNote: z.string().nullable().describe("why the network was not measured"),
  })
  .describe("Latencies of candidate blocks, measured here, and what they change in a network's fusion plan.");

/** A document of `laminate.tune/1`. */
export type TuneDocument = DeepReadonly<z.infer<typeof tuneSchema>>;

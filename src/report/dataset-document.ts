/** `laminate.dataset/1`: what `dataset --json` prints of a data set that was made, or of the part that is done. */
import { z } from "zod";
import type { DeepReadonly } from "./map-schema.ts";

export const datasetSchemaName = "laminate.dataset/1";

const count = z.int().nonnegative();

export const datasetSchema = z
  .object({
    schema: z.literal(datasetSchemaName),
    folder: z.string(),
    features: z.string().describe("the feature schema and its version"),
    complete: z.boolean().describe("false after an interruption: the same command goes on"),
    problems: z.object({
      planned: count,
      done: count,
      made: count.describe("of those, made now"),
      infeasible: count.describe("of those done, problems that no mapping fits"),
    }),
    trajectories: count,
    steps: count,
    shards: count,
    bytes: count,
  })
  .describe("A data set for the learned mapper.");

/** A document of `laminate.dataset/1`. */
export type DatasetDocument = DeepReadonly<z.infer<typeof datasetSchema>>;

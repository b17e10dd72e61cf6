/** `laminate.run/1`: what `run --json` prints of a network's outputs. */
import { z } from "zod";
import type { DeepReadonly } from "./map-schema.ts";

export const runSchemaName = "laminate.run/1";

const output = z.object({
  name: z.string(),
  elementType: z.string().describe("undefined for what is no tensor"),
  shape: z.array(z.int().nonnegative()).nullable().describe("null for what is no tensor"),
  file: z.string().nullable().describe("where the output was written"),
  maxAbsoluteError: z
    .number()
    .nullable()
    .describe("against the expected output; null where there is none, or the two are not comparable"),
  maxRelativeError: z.number().nullable().describe("null too where it is infinite, against an expected 0"),
  difference: z.string().nullable().describe("why the two are not comparable"),
});

export const runSchema = z
  .object({
    schema: z.literal(runSchemaName),
    model: z.string(),
    target: z.string(),
    outputs: z.array(output),
    pass: z
      .boolean()
      .nullable()
      .describe("whether all outputs are as expected; null without expected outputs"),
    milliseconds: z.number().nonnegative().describe("for the run, without reading and writing files"),
  })
  .describe("One run of a network.");

/** A document of `laminate.run/1`. */
export type RunDocument = DeepReadonly<z.infer<typeof runSchema>>;
export type RunOutput = RunDocument["outputs"][number];

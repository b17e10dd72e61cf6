/** `laminate.error/1`: what a verb prints with --json when it cannot answer. */
import { z } from "zod";
import type { ErrorParts } from "../base/errors.ts";
import type { DeepReadonly } from "./map-schema.ts";

export const errorSchemaName = "laminate.error/1";

export const errorSchema = z
  .object({
    schema: z.literal(errorSchemaName),
    code: z.enum([
      "usage",
      "bad-input",
      "infeasible",
      "gate-failed",
      "not-proven",
      "interrupted",
      "internal",
    ]),
    message: z.string(),
    where: z.string().nullable().describe("file with line and column, node, tensor or option"),
    fix: z.string().nullable().describe("what to do"),
  })
  .describe("Why there is no answer.");

/** A document of `laminate.error/1`. */
export type ErrorDocument = DeepReadonly<z.infer<typeof errorSchema>>;

export function errorDocument(error: ErrorParts): ErrorDocument {
  const { code, message, where = null, fix = null } = error;
  return { schema: errorSchemaName, code, message, where, fix };
}

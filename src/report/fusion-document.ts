/** `laminate.fusion/1`: what `fusion --json` prints of a fusion plan. */
import { z } from "zod";
import { known } from "../base/assert.ts";
import type { FusionPlan } from "../compiler/fusion/fusion-plan.ts";
import { summarizePlan } from "../compiler/fusion/plan-summary.ts";
import { reasonText } from "../compiler/fusion/verdict.ts";
import type { DeepReadonly } from "./map-schema.ts";

export const fusionSchemaName = "laminate.fusion/1";

const counting = z.int().nonnegative();
const quantity = z.number().nonnegative();
const mappingType = z.enum(["one-to-one", "reorganize", "shuffle", "one-to-many", "many-to-many"]);

export const fusionSchema = z
  .object({
    schema: z.literal(fusionSchemaName),
    model: z.string(),
    plan: z.enum(["table", "fixed", "none"]),
    totals: z.object({
      operators: counting.describe(
        "without Constant, Identity, and what is known without running the network",
      ),
      heavyOperators: counting,
      blocks: counting,
      rate: quantity.describe("operators per block"),
      intermediateBytesBefore: quantity.describe("of float32 results that another operator reads"),
      intermediateBytesAfter: quantity.describe("of float32 results that another block reads"),
      unknownSizes: counting.describe("float32 results that are not in the bytes"),
    }),
    blocks: z.array(
      z.object({
        mappingType,
        operators: z.array(z.string()).describe("nodes that run, in the order of the graph"),
        exceptions: z.array(z.string()).describe("rules beyond the paper's table that made the block"),
      }),
    ),
    edges: z.array(
      z.object({
        producer: z.string(),
        consumer: z.string(),
        value: z.string(),
        fused: z.boolean(),
        kind: z
          .string()
          .describe("what decided: green, estimate, latency, red, exception, cycle, limit, ..."),
        reason: z.string().describe("the same in words"),
      }),
    ),
  })
  .describe("A fusion plan: blocks in the order in which they run, and why each edge is fused or not.");

/** A document of `laminate.fusion/1`. */
export type FusionDocument = DeepReadonly<z.infer<typeof fusionSchema>>;

export function fusionDocument(model: string, plan: FusionPlan): FusionDocument {
  const nameOf = (node: number): string => known(plan.typed.graph.nodes[node], "node").name;
  return {
    schema: fusionSchemaName,
    model,
    plan: plan.kind,
    totals: summarizePlan(plan),
    blocks: plan.blocks.map(({ mappingType: type, nodes, exceptions }) => ({
      mappingType: type,
      operators: nodes.filter((node) => plan.ecg.operators[node] !== undefined).map(nameOf),
      exceptions,
    })),
    edges: plan.verdicts.map((verdict) => ({
      producer: nameOf(verdict.producer),
      consumer: nameOf(verdict.consumer),
      value: verdict.value,
      fused: verdict.fused,
      kind: verdict.reason.kind,
      reason: reasonText(verdict),
    })),
  };
}

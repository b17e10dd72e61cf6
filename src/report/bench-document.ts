/** `laminate.bench/1`: what `bench --json` prints of runtimes that ran one network. */
import { z } from "zod";
import type { DeepReadonly } from "./map-schema.ts";

export const benchSchemaName = "laminate.bench/1";

const seconds = z.number().nonnegative();
const count = z.int().nonnegative();

const machine = z.object({
  cpu: z.string(),
  processors: count,
  node: z.string(),
  v8: z.string(),
  wasmSimd: z.enum(["none", "simd", "relaxed simd"]).describe("the most that WebAssembly can do here"),
  flags: z.array(z.string()).describe("that Node was started with"),
});

const measured = z.object({
  kind: z.literal("measured"),
  flavour: z.string().describe("what of the machine it uses"),
  seconds: z
    .object({
      count: count.describe("rounds"),
      median: seconds,
      p10: seconds,
      p90: seconds,
      least: seconds,
      most: seconds,
    })
    .describe("of one run, warm, inputs and outputs included"),
  timesFirst: z
    .object({ ratio: z.number(), low: z.number(), high: z.number() })
    .nullable()
    .describe(
      "how many times as long as the first contender's, with its 95 % interval; null for that one itself",
    ),
  rangeError: z
    .number()
    .nullable()
    .describe(
      "largest difference from the reference's outputs, as a part of their range; null for the reference",
    ),
  cold: z
    .object({
      loadSeconds: seconds.describe("reading the runtime and making the network ready"),
      firstRunSeconds: seconds,
      firstOutputSeconds: seconds.describe("both together: from the file's bytes to the first outputs"),
      peakBytes: count.describe("the most memory of its process"),
      downloadBytes: count.describe("what a browser downloads besides the weights"),
      downloadGzipBytes: count,
    })
    .nullable()
    .describe("medians over processes of their own; null where that was not asked for"),
});

const notMeasured = z.object({
  kind: z.enum(["unsupported", "failed"]),
  reason: z.string(),
});

export const benchSchema = z
  .object({
    schema: z.literal(benchSchemaName),
    model: z.string(),
    machine,
    seed: count,
    fileBytes: count.describe("of the complete ONNX file that all are given"),
    weightBytes: count,
    reference: z.string().nullable().describe("the contender whose outputs the others are held against"),
    measured: z.array(
      z.object({
        contender: z.string(),
        version: z.string(),
        threads: count,
        result: z.discriminatedUnion("kind", [measured, notMeasured]),
      }),
    ),
  })
  .describe("Runtimes on one network, in interleaved rounds of one process for each number of threads.");

/** A document of `laminate.bench/1`. */
export type BenchDocument = DeepReadonly<z.infer<typeof benchSchema>>;

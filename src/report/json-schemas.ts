/** The JSON Schemas of the documents, as published in schemas/: they follow from the same zod schemas that are used. */
import { z } from "zod";
import { targetSchema, targetSchemaName } from "../mapping/targets/target-profile.ts";
import { benchSchema } from "./bench-document.ts";
import { compareSchema } from "./compare-schema.ts";
import { compileSchema } from "./compile-document.ts";
import { datasetSchema } from "./dataset-document.ts";
import { errorSchema } from "./error-document.ts";
import { fusionSchema } from "./fusion-document.ts";
import { inspectSchema } from "./inspect-document.ts";
import { mapSchema } from "./map-schema.ts";
import { runSchema } from "./run-document.ts";
import { trainSchema } from "./train-document.ts";
import { tuneSchema } from "./tune-document.ts";

/** File name in schemas/ -> JSON Schema (2020-12). Readers must accept fields that later versions add. */
export function documentSchemas(): Readonly<Record<string, object>> {
  return {
    "map.schema.json": publish("laminate.map/1", mapSchema),
    "inspect.schema.json": publish("laminate.inspect/1", inspectSchema),
    "fusion.schema.json": publish("laminate.fusion/1", fusionSchema),
    "bench.schema.json": publish("laminate.bench/1", benchSchema),
    "compare.schema.json": publish("laminate.compare/1", compareSchema),
    "compile.schema.json": publish("laminate.compile/1", compileSchema),
    "run.schema.json": publish("laminate.run/1", runSchema),
    "tune.schema.json": publish("laminate.tune/1", tuneSchema),
    "target.schema.json": publish(targetSchemaName, targetSchema),
    "dataset.schema.json": publish("laminate.dataset/1", datasetSchema),
    "train.schema.json": publish("laminate.train/1", trainSchema),
    "error.schema.json": publish("laminate.error/1", errorSchema),
  };
}

function publish(title: string, schema: z.ZodType): object {
  return { title, ...z.toJSONSchema(schema, { io: "input" }) };
}

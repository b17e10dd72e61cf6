/** The table of docs/baselines.md that stands beside the paper's is what the mappers find. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { measureMapper, paperCases, type Result, resultTable } from "../bench/papers/measure-baselines.ts";
import { fuse } from "../src/compiler/fusion/static-plan.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";
import { mappers } from "../src/index.ts";
import { extractWorkload } from "../src/mapping/workload/extract.ts";
import { repositoryRoot } from "./build-dist.ts";

/** It takes ten seconds a search; LAMINATE_ALL_MODELS=1 has it too. */
const leftOut = process.env.LAMINATE_ALL_MODELS === "1" ? undefined : "ddpg";

test("VGG16 by every mapper, with the seeds 1 to 5, beside table 1 of DNNFuser", async () => {
  const page = readFileSync(join(repositoryRoot, "docs", "baselines.md"), "utf8");
  const table = page.split("<!-- table: table 1 -->\n")[1]?.split("\n\n")[0];
  const model = importOnnx(readFileSync(join(repositoryRoot, "models", "tv_vgg16.onnx")));
  const workload = extractWorkload(fuse(inferShapes(model)));
  const results: Result[] = [];
  for (const entry of paperCases)
    for (const mapper of mappers.map((create) => create()))
      if (mapper.name !== leftOut)
        results.push(await measureMapper(mapper, workload, entry, [1, 2, 3, 4, 5]));
  const rows = table?.split("\n").filter((row) => !row.startsWith(`| \`${leftOut}\``));
  expect(resultTable(results)).toEqual(rows);
}, 900_000);

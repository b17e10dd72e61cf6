/**
 * DNNFuser's table 1 beside ours: black-box optimisers and reinforcement learners on VGG16. Each cell is a median over seeds, and the number of seeds for
 * which a mapping was found.
 *
 *   node baselines.js [--network vgg16] [--memory 20,40,80 --batch 64] [--seeds 5] [--json]     (bundled)
 *   node baselines.js --learners [--seeds 5]      the reinforcement learners alone, with memory and time
 *   node baselines.js --functions [--seeds 5]     the optimisers alone, on the standard functions of their tests
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { median } from "../../src/base/statistics.ts";
import { fuse } from "../../src/compiler/fusion/static-plan.ts";
import { importOnnx } from "../../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../../src/graph/ops/infer-shapes.ts";
import { a2cMapper, ddpgMapper, mappers } from "../../src/index.ts";
import { baselineNames, optimizers } from "../../src/mapping/mappers/baselines/baselines.ts";
import {
  knapsack,
  minimise,
  oneMax,
  rastrigin,
  rosenbrock,
  sphere,
  turnedEllipsoid,
} from "../../src/mapping/mappers/baselines/optimizers/testing/functions.ts";
import { extractWorkload } from "../../src/mapping/workload/extract.ts";
import type { Workload } from "../../src/mapping/workload/workload.ts";
import { markdownTable } from "../markdown.ts";
import { readOptions } from "../read-options.ts";
import {
  type Case,
  countFitting,
  learnerTable,
  measureMapper,
  paperCases,
  type Result,
  resultTable,
  roomyCase,
} from "./measure-baselines.ts";

const { values } = readOptions({
  options: {
    network: { type: "string", default: "vgg16" },
    memory: { type: "string" },
    batch: { type: "string", default: "64" },
    seeds: { type: "string", default: "5" },
    functions: { type: "boolean" },
    learners: { type: "boolean" },
    json: { type: "boolean" },
  },
});
/** Samples of an optimiser on a function, as of a mapper. */
const samples = 2_000;
/** Vectors that are drawn to see which share of them fits. */
const draws = 1_000_000;

const seeds = Array.from({ length: Number.parseInt(values.seeds, 10) }, (_, index) => index + 1);
if (values.functions) printFunctions();
else if (values.learners) await printLearners();
else await compareMappers();

function loadWorkload(): Workload {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
  const bytes = readFileSync(join(root, "models", `tv_${values.network}.onnx`));
  return extractWorkload(fuse(inferShapes(importOnnx(bytes))));
}

async function printLearners(): Promise<void> {
  const workload = loadWorkload();
  const learners = [
    ["`a2c`", a2cMapper()],
    ["`a2c`, a probability for each entry", a2cMapper({ policy: "choice" })],
    ["`ddpg`", ddpgMapper()],
  ] as const;
  const rows: (readonly [string, readonly Result[]])[] = [];
  for (const [name, mapper] of learners) {
    const results: Result[] = [];
    for (const entry of [...paperCases, roomyCase])
      results.push(await measureMapper(mapper, workload, entry, seeds));
    rows.push([name, results]);
  }
  for (const row of learnerTable(rows)) console.log(row);
}

async function compareMappers(): Promise<void> {
  const workload = loadWorkload();
  const cases = casesOf(values.memory);
  const results: Result[] = [];
  for (const entry of cases)
    for (const create of mappers) results.push(await measureMapper(create(), workload, entry, seeds));
  if (values.json) {
    console.log(JSON.stringify({ network: values.network, seeds, results }, null, 2));
    return;
  }
  for (const row of resultTable(results)) console.log(row);
  for (const entry of cases) {
    const fit = countFitting(workload, entry, draws).toLocaleString("en-US");
    const name = `${entry.megabytes} MB, batch ${entry.batch}`;
    console.log(`${name}: ${fit} of ${draws.toLocaleString("en-US")} random vectors fit`);
  }
}

/** The paper's two on its network, or those that were asked for. */
function casesOf(memory: string | undefined): readonly Case[] {
  if (memory === undefined && values.network === "vgg16") return paperCases;
  const batch = Number.parseInt(values.batch, 10);
  return (memory ?? "20").split(",").map((size) => ({ megabytes: Number.parseFloat(size), batch }));
}

/** The median over the seeds of the least loss, for every optimiser on every function. */
function printFunctions(): void {
  const functions = [sphere(10), turnedEllipsoid(5), rosenbrock(5), rastrigin(2), rastrigin(5), knapsack()];
  const rows = [...functions, oneMax(30)].map((task) => {
    const cells = baselineNames.map((name) => {
      const runs = seeds.map((seed) => minimise(optimizers[name], task, { evaluations: samples, seed }));
      return median(runs.map(({ best }) => best.at(-1) ?? Number.NaN)).toPrecision(2);
    });
    return [task.name, ...cells];
  });
  const head = ["function", ...baselineNames.map((name) => `\`${name}\``)];
  for (const row of markdownTable(head, rows)) console.log(row);
}

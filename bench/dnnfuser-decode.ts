/**
 * How long the learned mapper takes for a mapping: medians of warm searches with the range, one core, weights of DNNFuser's sizes
 * (3 blocks, 2 heads, width 128; 57 steps), or those of --weights. What the weights are changes no time. Beside it what the network
 * alone takes, and what comes before the first search.
 *
 *   npm run bench:dnnfuser [-- --repeats 31] [--weights FILE] [--busy] [--json]
 *
 * --busy counts processor time, which other load on the machine hardly changes: what a search takes on a quiet one.
 */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatSeconds } from "../src/base/format.ts";
import { summarize } from "../src/base/statistics.ts";
import { alignColumns } from "../src/cli/bench/bench-text.ts";
import { fuse } from "../src/compiler/fusion/static-plan.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";
import { generalSchema } from "../src/learning/environment/general-schema.ts";
import { paperSchema } from "../src/learning/environment/paper-schema.ts";
import { schemaTitle } from "../src/learning/environment/schema.ts";
import { createStepNetwork, type StepNetwork } from "../src/learning/inference/step-network.ts";
import { dnnfuserMapper, withRoomFor } from "../src/learning/mappers/dnnfuser.ts";
import { type MapperWeights, readMapperWeights } from "../src/learning/network/mapper-weights.ts";
import { firstParameters, paperSizes } from "../src/learning/network/network-sizes.ts";
import { presets } from "../src/mapping/accelerator/presets/presets.ts";
import type { Problem } from "../src/mapping/cost/problem.ts";
import { monotonicClock } from "../src/mapping/mappers/find-mapping.ts";
import type { Mapper } from "../src/mapping/mappers/mapper.ts";
import { extractWorkload } from "../src/mapping/workload/extract.ts";
import type { Workload } from "../src/mapping/workload/workload.ts";
import { processorClock } from "./processor-clock.ts";
import { readOptions } from "./read-options.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const { values: options } = readOptions({
  options: {
    repeats: { type: "string", default: "31" },
    weights: { type: "string" },
    busy: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const clock = options.busy ? processorClock : monotonicClock;
const repeats = Math.max(1, Number.parseInt(options.repeats, 10) || 31);

/** The goals of one pass, in milliseconds. */
const networks = [
  { name: "resnet18", goal: 5 },
  { name: "mobilenet_v2", goal: 15 },
] as const;
const sampleCounts = [1, 8, 32];

interface Row {
  readonly what: string;
  readonly samples: number;
  readonly steps: number;
  readonly search: readonly number[];
  /** Of the network's runs alone. */
  readonly network: readonly number[];
  readonly goal: string;
}

const rows: Row[] = [];
const prepared: string[] = [];
for (const weights of weightsToTime()) await timeWeights(weights);
print();

function weightsToTime(): readonly MapperWeights[] {
  if (options.weights !== undefined)
    return [readMapperWeights(readFileSync(options.weights), options.weights)];
  return [paperSchema, generalSchema].map((schema) => {
    return { sizes: paperSizes, schema, parameters: firstParameters(paperSizes, schema, 1), record: {} };
  });
}

async function timeWeights(weights: MapperWeights): Promise<void> {
  const title = schemaTitle(weights.schema);
  for (const samples of sampleCounts) {
    const mapper = dnnfuserMapper({ weights, samples });
    for (const { name, goal } of networks) {
      const problem = problemOf(workloadOf(name), weights);
      const start = performance.now();
      await mapper.prepare?.(problem);
      if (name === networks[0].name)
        prepared.push(`${title}, ${samples}: ${formatSeconds((performance.now() - start) / 1000)}`);
      const steps = problem.workload.layers.length + 1;
      const together = Math.min(8, samples);
      const network = await createStepNetwork(withRoomFor(weights, problem), together);
      rows.push({
        ...{ what: `${name}, ${title}`, samples, steps },
        search: timed(() => searchThrough(mapper, problem)),
        network: timed(() => {
          for (let batch = 0; batch < samples / together; batch++) runSteps(network, steps);
        }),
        goal: samples === 1 ? `< ${goal} ms` : "",
      });
    }
  }
}

function workloadOf(name: string): Workload {
  const bytes = readFileSync(join(root, "models", `tv_${name}.onnx`));
  return extractWorkload(fuse(inferShapes(importOnnx(bytes, { name }))), { name });
}

function problemOf(workload: Workload, { schema }: MapperWeights): Problem {
  const mode = schema.action.kind === "share" ? "paper" : "full";
  return { workload, accelerator: presets.dnnfuser2022Calibrated, batch: 64, memoryBytes: 20e6, mode };
}

function searchThrough(mapper: Mapper, problem: Problem): void {
  for (const _ of mapper.search(problem, { seed: 1 }));
}

function runSteps(network: StepNetwork, steps: number): void {
  network.restart();
  for (let step = 0; step < steps; step++) network.step();
}

/** Seconds of each run, after V8 has compiled what it needs. */
function timed(work: () => void): readonly number[] {
  for (const end = performance.now() + 2000; performance.now() < end; ) work();
  return Array.from({ length: repeats }, () => {
    const start = clock();
    work();
    return clock() - start;
  });
}

function print(): void {
  if (options.json) {
    console.log(JSON.stringify({ rows, prepared }, null, 2));
    return;
  }
  console.log(
    `Node ${process.version}, ${cpus()[0]?.model}; ${repeats} warm searches, batch 64, 20 MB, ${options.busy ? "processor time" : "one core"}`,
  );
  const cells = rows.map(({ what, samples, steps, search, network, goal }) => {
    const { median, p10, p90 } = summarize(search);
    return [
      ...[what, String(samples), String(steps), formatSeconds(median)],
      ...[`${formatSeconds(p10)} .. ${formatSeconds(p90)}`, formatSeconds(summarize(network).median), goal],
    ];
  });
  console.log(
    alignColumns([
      ["network, features", "samples", "steps", "search", "p10 .. p90", "network alone", "goal"],
      ...cells,
    ]).join("\n"),
  );
  console.log(`compiled, once for weights and samples (the first is cold): ${prepared.join("; ")}`);
}

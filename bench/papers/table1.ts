/**
 * DNNFuser's table 1 beside ours: VGG16 in 20 MB at batch 64 and in 40 MB at batch 128, 2,000 samples, paper mode, on the
 * machine as printed and on the calibrated one. All mappers there are, several seeds, medians with least and most, warm.
 *
 *   npm run paper:table1 [-- --seeds N] [--weights FILE [--samples K]] [--json]
 *
 * With weights of the learned mapper, which the paper's table has too, it stands beside the others.
 */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatBytes } from "../../src/base/format.ts";
import { fuse } from "../../src/compiler/fusion/static-plan.ts";
import { importOnnx } from "../../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../../src/graph/ops/infer-shapes.ts";
import { mappers } from "../../src/index.ts";
import { dnnfuserMapper } from "../../src/learning/mappers/dnnfuser.ts";
import { readMapperWeights } from "../../src/learning/network/mapper-weights.ts";
import { type Accelerator, peakMacsPerCycle } from "../../src/mapping/accelerator/accelerator.ts";
import { presets } from "../../src/mapping/accelerator/presets/presets.ts";
import { evaluateLayerByLayer } from "../../src/mapping/cost/evaluate.ts";
import type { Problem } from "../../src/mapping/cost/problem.ts";
import { compareMappers } from "../../src/mapping/mappers/compare-mappers.ts";
import { exactMapper } from "../../src/mapping/mappers/exact/exact.ts";
import type { Mapper } from "../../src/mapping/mappers/mapper.ts";
import { extractWorkload } from "../../src/mapping/workload/extract.ts";
import { compareDocument } from "../../src/report/compare-document.ts";
import type { CompareDocument } from "../../src/report/compare-schema.ts";
import { compareNotes } from "../../src/report/compare-text.ts";
import { readOptions } from "../read-options.ts";
import { dnnFuserTable1, type PaperCase, paperSamples } from "./dnnfuser-results.ts";
import { differences, type Machine, table1Text } from "./table1-text.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const { values } = readOptions({
  options: {
    seeds: { type: "string", default: "9" },
    weights: { type: "string" },
    samples: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const seeds = Array.from({ length: Math.max(1, Number.parseInt(values.seeds, 10) || 9) }, (_, at) => at + 1);
const model = importOnnx(readFileSync(join(root, "models", "tv_vgg16.onnx")), { name: "vgg16" });
const workload = extractWorkload(fuse(inferShapes(model)), { name: "vgg16" });
/** Compiled once for all cases. */
const learned = values.weights === undefined ? [] : [learnedMapper(values.weights)];
await main();

function learnedMapper(file: string): Mapper {
  const weights = readMapperWeights(readFileSync(file), file);
  return dnnfuserMapper({ weights, samples: Number(values.samples) });
}

async function main(): Promise<void> {
  const documents: CompareDocument[] = [];
  if (!values.json) {
    const asked = `${paperSamples.toLocaleString("en-US")} samples, paper mode, ${seeds.length} seeds`;
    console.log(`DNNFuser, table 1: vgg16, ${asked}; Node ${process.version}, ${cpus()[0]?.model}`);
  }
  for (const accelerator of [presets.dnnfuser2022, presets.dnnfuser2022Calibrated]) {
    for (const paperCase of dnnFuserTable1) {
      console.error(`searching: ${paperCase.name} on ${accelerator.name}`);
      const problem = problemOf(paperCase, accelerator);
      const document = await compared(problem);
      documents.push(document);
      if (!values.json) printCase(paperCase, document, machineOf(problem));
    }
  }
  if (values.json) console.log(JSON.stringify(documents, null, 2));
}

function problemOf({ batch, memoryMegabytes }: PaperCase, accelerator: Accelerator): Problem {
  return { workload, accelerator, batch, memoryBytes: memoryMegabytes * 1e6, mode: "paper" };
}

async function compared(problem: Problem): Promise<CompareDocument> {
  const budget = { evaluations: paperSamples };
  const all = mappers.map((create) => create()).toSpliced(-1, 0, ...learned);
  const comparison = await compareMappers(all, problem, {
    seeds,
    budget,
    reference: exactMapper(),
    warmUpSeconds: 0.5,
  });
  const { accelerator } = problem;
  return compareDocument({
    ...{ modelName: "vgg16", problem, accelerator: accelerator.name, seeds, budget, comparison },
  });
}

function machineOf(problem: Problem): Machine | undefined {
  const baseline = evaluateLayerByLayer(problem);
  if (!baseline.feasible) return undefined;
  const { accelerator } = problem;
  const macs = baseline.groups.reduce((total, group) => total + group.macs, 0);
  return {
    baseline,
    computeSeconds: macs / peakMacsPerCycle(accelerator) / accelerator.frequencyHertz,
    trafficSeconds: baseline.offChipBytes / accelerator.offChipBytesPerSecond,
  };
}

function printCase(paperCase: PaperCase, document: CompareDocument, machine: Machine | undefined): void {
  const { batch, memoryBytes, accelerator } = document;
  console.log(`\n${paperCase.name}: batch ${batch}, ${formatBytes(memoryBytes)}, ${accelerator}\n`);
  console.log(table1Text(paperCase, document));
  console.log();
  for (const note of compareNotes(document)) console.log(note);
  if (machine !== undefined)
    for (const difference of differences(paperCase, document, machine)) console.log(difference);
}

/**
 * DNNFuser's figure 3, the mappings drawn: what the learned mapper, g-teacher and the exact mapper make of VGG16 and ResNet18, beside
 * the two mappings that the paper prints. Batch 64, paper mode, memories that the paper's training did not have. Without weights
 * the paper's network is trained first, as for table 2.
 *
 *   npm run paper:figure3 [-- --weights FILE | --steps 1000 --threads 2] [--seed 1] [--networks vgg16,resnet18] [--memories 20,40]
 *     [--models DIR] [--out out/figure3.html]
 */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { known } from "../../src/base/assert.ts";
import { packageRoot, packageVersion } from "../../src/host/package-root.ts";
import { enableRelaxedSimd } from "../../src/host/wasm-engine.ts";
import { writeFileAtomically } from "../../src/host/write-file.ts";
import { dnnfuserMapper } from "../../src/learning/mappers/dnnfuser.ts";
import { type MapperWeights, readMapperWeights } from "../../src/learning/network/mapper-weights.ts";
import { exactMapper } from "../../src/mapping/mappers/exact/exact.ts";
import { findMapping } from "../../src/mapping/mappers/find-mapping.ts";
import { gTeacherMapper } from "../../src/mapping/mappers/g-teacher/g-teacher.ts";
import type { Mapper } from "../../src/mapping/mappers/mapper.ts";
import { encodeMapping } from "../../src/mapping/space/encoding.ts";
import { readOptions } from "../read-options.ts";
import { dnnFuserFigure3 } from "./dnnfuser-results.ts";
import { dnnFuserTable2, trainingMegabytes } from "./dnnfuser-transfer-results.ts";
import { type DrawnMapping, type Panel, panelText } from "./figure3-mappings.ts";
import { renderFigure3 } from "./figure3-page.ts";
import {
  paperBatch,
  problemOf,
  type Question,
  questionsOf,
  trained,
  trainingData,
  trainingRuntime,
} from "./imitation.ts";

enableRelaxedSimd();
const root = packageRoot();
const { values } = readOptions({
  options: {
    weights: { type: "string" },
    steps: { type: "string", default: "1000" },
    threads: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
    networks: { type: "string", default: "vgg16,resnet18" },
    memories: { type: "string", default: "20,40" },
    models: { type: "string", default: join(root, "models") },
    out: { type: "string", default: join(root, "out", "figure3.html") },
  },
});
const seed = Number(values.seed);
await main();

async function main(): Promise<void> {
  const { weights, title } = values.weights === undefined ? await train() : read(values.weights);
  const networks = values.networks.split(",");
  const megabytes = values.memories.split(",").map(Number);
  const panels: Panel[] = [];
  for (const question of questionsOf(values.models, networks, megabytes, "latency"))
    panels.push(await panelOf(question, dnnfuserMapper({ weights })));
  console.log(panels.map(panelText).join("\n\n"));
  const given = process.argv.slice(2);
  const run = {
    command: ["npm run paper:figure3", ...(given.length > 0 ? ["--", ...given] : [])].join(" "),
    versions: { laminate: packageVersion(), node: process.versions.node },
  };
  writeFileAtomically(values.out, renderFigure3({ panels, weights: title, run }));
  console.error(`wrote ${relative(process.cwd(), values.out)}`);
}

interface NamedWeights {
  readonly weights: MapperWeights;
  readonly title: string;
}

function read(path: string): NamedWeights {
  return { weights: readMapperWeights(readFileSync(path), path), title: path };
}

/** On the networks and memories of table 2, taught by G-Teacher as in the paper. */
async function train(): Promise<NamedWeights> {
  const networks = dnnFuserTable2.map(({ network }) => network);
  const questions = questionsOf(values.models, networks, trainingMegabytes, "latency");
  const runtime = trainingRuntime(Number(values.threads));
  const steps = Number(values.steps);
  const title = `${steps} steps on ${networks.join(" and ")} with ${trainingMegabytes.join(", ")} MB, taught by g-teacher, seed ${seed}`;
  console.error(`training: ${title}`);
  const weights = await trained(trainingData(questions, ["g-teacher"], seed), { steps, seed, runtime });
  runtime.dispose();
  return { weights, title };
}

/** The mappers' answers, best last; before them what the paper prints of this network and memory. */
async function panelOf(question: Question, learned: Mapper): Promise<Panel> {
  const mappings: DrawnMapping[] = [];
  const { network, memoryMegabytes, mappings: printed } = dnnFuserFigure3;
  if (question.workload.name === network && question.megabytes === memoryMegabytes)
    mappings.push(
      ...printed.map(({ method, vector }) => ({ name: `paper: ${method}`, vector, found: undefined })),
    );
  for (const mapper of [learned, gTeacherMapper(), exactMapper()])
    mappings.push(await drawn(mapper, question));
  const optimum = known(mappings.at(-1)?.found, "the exact mapper's answer").speedup;
  return {
    network: question.workload.name,
    megabytes: question.megabytes,
    batch: paperBatch,
    optimum,
    mappings,
  };
}

async function drawn(mapper: Mapper, question: Question): Promise<DrawnMapping> {
  const found = await findMapping(mapper, problemOf(question), { seed });
  const { evaluation, baseline } = found;
  const mapping = known(found.mapping, "in paper mode layer by layer always fits");
  const vector = known(
    encodeMapping(mapping, { batch: paperBatch, cores: problemOf(question).accelerator.cores }),
    "a mapping of paper mode is a vector",
  );
  const isOptimum = found.proof.optimal;
  if (!evaluation.feasible || !baseline.feasible) throw new Error("internal: an answer fits");
  return {
    name: isOptimum ? "optimum" : mapper.name,
    vector,
    found: {
      speedup: baseline.latencySeconds / evaluation.latencySeconds,
      peakBytes: evaluation.peakFootprintBytes,
    },
  };
}

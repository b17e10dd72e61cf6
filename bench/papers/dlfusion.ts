/**
 * DLFusion's comparison: the speed-up of each strategy over no optimisation (one core, no fusion), its share of the true
 * oracle's, evaluations and time, beside the range that the paper prints, 3.6x to 7.9x. The paper measured a card; these are
 * figures of the cost model on the preset `mlu100-like`, part of whose numbers are assumed. Below stand laminate's own searches,
 * which choose cores too; of g-teacher the median of five seeds counts. Branches side by side are dlfusion's alone: the oracle is
 * that of one block at a time, so that its share may be more than 1.
 *
 *   npm run paper:dlfusion [-- --accelerator mlu100-like --batch 1 --models DIR --networks GoogLeNet,S3D,.. --json
 *     --out out/dlfusion.html]
 *   npm run paper:dlfusion -- --here [--threads 2 --networks ResNet18,.. --repeats 7 --profile FILE --models DIR --json]
 *
 * The first also writes a page with the figures drawn; the second measures this machine's threads instead (dlfusion-here.ts).
 * DIR adds what is not in the gallery, files of the ONNX project: GoogLeNet, light_inception_v1.onnx, and of the networks with more
 * branches, which --networks names, Inception-v2 and DenseNet121.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { usageError } from "../../src/base/errors.ts";
import { formatSeconds } from "../../src/base/format.ts";
import { median } from "../../src/base/statistics.ts";
import { fuse } from "../../src/compiler/fusion/static-plan.ts";
import type { ElementType } from "../../src/graph/ir/tensor.ts";
import { importOnnx } from "../../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../../src/graph/ops/infer-shapes.ts";
import { packageRoot, packageVersion } from "../../src/host/package-root.ts";
import { writeFileAtomically } from "../../src/host/write-file.ts";
import { findPreset } from "../../src/mapping/accelerator/presets/presets.ts";
import type { FeasibleEvaluation } from "../../src/mapping/cost/evaluation.ts";
import type { Problem } from "../../src/mapping/cost/problem.ts";
import {
  growthMapper,
  noLanesMapper,
  strategyMapper,
  strategyNames,
} from "../../src/mapping/mappers/dlfusion/mapper.ts";
import { exactMapper } from "../../src/mapping/mappers/exact/exact.ts";
import { type FoundMapping, findMapping } from "../../src/mapping/mappers/find-mapping.ts";
import { gTeacherMapper } from "../../src/mapping/mappers/g-teacher/g-teacher.ts";
import { layerByLayerMapper } from "../../src/mapping/mappers/layer-by-layer/layer-by-layer.ts";
import { extractWorkload } from "../../src/mapping/workload/extract.ts";
import { type Column, textTable } from "../../src/report/text-table.ts";
import { readOptions } from "../read-options.ts";
import { chooseNetworks, measureHere } from "./dlfusion-here.ts";
import { type Row, renderDlfusion } from "./dlfusion-page.ts";

/** What the paper prints. */
const paperEnds = { low: 3.6, high: 7.9 };
const paperRange = `${paperEnds.low}x to ${paperEnds.high}x`;

interface Network {
  readonly name: string;
  readonly file: string;
}

const networks: readonly Network[] = [
  { name: "AlexNet", file: "tv_alexnet.onnx" },
  { name: "VGG19", file: "tv_vgg19.onnx" },
  { name: "ResNet18", file: "tv_resnet18.onnx" },
  { name: "ResNet50", file: "tv_resnet50.onnx" },
  { name: "MobileNet-V2", file: "tv_mobilenet_v2.onnx" },
  { name: "GoogLeNet", file: "light_inception_v1.onnx" },
];

/** More with branches, for --networks. */
const branched: readonly Network[] = [
  { name: "Inception-v2", file: "light_inception_v2.onnx" },
  { name: "DenseNet121", file: "light_densenet121.onnx" },
  { name: "S3D", file: "tv_s3d.onnx" },
  { name: "SSD300", file: "tv_ssd300_vgg16_static.onnx" },
  { name: "Mask-R-CNN", file: "tv_maskrcnn_resnet50_fpn_static.onnx" },
];

const { values } = readOptions({
  options: {
    accelerator: { type: "string", default: "mlu100-like" },
    batch: { type: "string", default: "1" },
    models: { type: "string" },
    json: { type: "boolean" },
    out: { type: "string", default: join(packageRoot(), "out", "dlfusion.html") },
    here: { type: "boolean" },
    threads: { type: "string" },
    networks: { type: "string" },
    repeats: { type: "string" },
    profile: { type: "string" },
  },
});
const given = process.argv.slice(2);
const seeds = [1, 2, 3, 4, 5];
const gallery = join(packageRoot(), "models");
const accelerator = findPreset(values.accelerator);
const batch = Number(values.batch);
const mappers = [
  strategyMapper("one-core"),
  layerByLayerMapper(),
  ...strategyNames.filter((name) => name !== "one-core").map((name) => strategyMapper(name)),
  gTeacherMapper(),
  exactMapper(),
].flatMap((mapper) => (mapper.name === "dlfusion" ? [growthMapper(), noLanesMapper(), mapper] : [mapper]));

const rows: Row[] = [];
const absent: string[] = [];
const files = [...networks, ...branched].map(({ name, file }) => ({
  name,
  paths: [gallery, values.models].flatMap((folder) => (folder === undefined ? [] : [join(folder, file)])),
}));
refuse(
  values.here ? ["accelerator", "batch", "out"] : ["threads", "repeats", "profile"],
  values.here ? "leave it out, or leave out --here" : "add --here",
);
if (values.here) await measureHere(files, values);
else await compareAll();

/** Options that the other comparison has. */
function refuse(names: readonly string[], fix: string): void {
  const strange = names.find((name) => given.some((arg) => arg.split("=")[0] === `--${name}`));
  if (strange !== undefined)
    throw usageError("this option has no meaning here", { where: `--${strange}`, fix });
}

async function compareAll(): Promise<void> {
  for (const { name, path } of values.networks ? chooseNetworks(files, values.networks) : usualNetworks())
    rows.push(...(await compare(name, path)));
  if (values.json)
    console.log(JSON.stringify({ accelerator: accelerator.name, batch, paperRange, rows, absent }, null, 2));
  else print();
  const run = {
    command: ["npm run paper:dlfusion", ...(given.length > 0 ? ["--", ...given] : [])].join(" "),
    versions: { laminate: packageVersion(), node: process.versions.node },
  };
  const page = renderDlfusion({ accelerator: accelerator.name, batch, paperRange: paperEnds, rows, run });
  writeFileAtomically(values.out, page);
  console.error(`wrote ${relative(process.cwd(), values.out)}`);
}

/** Those that are there. */
function usualNetworks(): readonly { readonly name: string; readonly path: string }[] {
  return files.slice(0, networks.length).flatMap(({ name, paths }) => {
    const path = paths.find(existsSync);
    if (path === undefined) absent.push(name);
    return path === undefined ? [] : [{ name, path }];
  });
}

async function compare(network: string, path: string): Promise<readonly Row[]> {
  const typed = inferShapes(importOnnx(readFileSync(path), { name: network }), { batch: 1 });
  const elementType = accelerator.elementType as ElementType;
  const workload = extractWorkload(fuse(typed), { name: network, elementType });
  const problem: Problem = { workload, accelerator, batch };
  const found: (FoundMapping & {
    readonly name: string;
    readonly evaluation: FeasibleEvaluation;
    readonly searchSeconds: number;
  })[] = [];
  for (const mapper of mappers) {
    const runs: (FoundMapping & { readonly evaluation: FeasibleEvaluation })[] = [];
    // The first warms up.
    for (const seed of [1, ...seeds]) {
      const result = await findMapping(mapper, problem, { seed });
      const { mapping, evaluation } = result;
      if (mapping !== undefined && evaluation.feasible) runs.push({ ...result, evaluation });
    }
    const timed = runs.slice(1);
    const byLatency = timed.toSorted((a, b) => a.evaluation.latencySeconds - b.evaluation.latencySeconds);
    const middle = byLatency[timed.length >> 1];
    if (middle !== undefined)
      found.push({
        ...middle,
        name: mapper.name,
        searchSeconds: median(timed.map(({ elapsedSeconds }) => elapsedSeconds)),
      });
  }
  const [base, oracle] = ["one-core", "cores-oracle"].map((name) =>
    found.find((entry) => entry.name === name),
  );
  if (base === undefined || oracle === undefined)
    throw usageError(
      `${network} does not fit one core of ${accelerator.name}, so that there is no speed-up over it`,
      {
        where: "--networks",
        fix: `leave ${network} out`,
      },
    );
  return found.map(({ name, evaluation, evaluations, searchSeconds }) => ({
    network,
    layers: workload.layers.length,
    strategy: name,
    latencySeconds: evaluation.latencySeconds,
    speedup: base.evaluation.latencySeconds / evaluation.latencySeconds,
    share: oracle.evaluation.latencySeconds / evaluation.latencySeconds,
    evaluations,
    fewer: oracle.evaluations / evaluations,
    searchSeconds,
    groups: evaluation.groups.length,
  }));
}

function print(): void {
  const names = [...new Set(rows.map(({ network }) => network))];
  const at = (network: string, strategy: string): Row | undefined =>
    rows.find((row) => row.network === network && row.strategy === strategy);
  const strategies = mappers.map(({ name }) => name);
  const columns: readonly Column<string>[] = [
    { head: `${accelerator.name}, batch ${batch}`, align: "left", cell: (strategy) => strategy },
    ...names.map(
      (network): Column<string> => ({
        head: network,
        cell: (strategy) => `${at(network, strategy)?.speedup.toFixed(2) ?? "-"}x`,
      }),
    ),
    {
      head: "share of the oracle, mean",
      cell: (strategy) => {
        const shares = sharesOf(strategy);
        return (shares.reduce((sum, share) => sum + share, 0) / shares.length).toFixed(3);
      },
    },
    { head: "least", cell: (strategy) => Math.min(...sharesOf(strategy)).toFixed(3) },
  ];
  console.log(
    `Speed-up over one core without fusion; printed by the paper for its networks: ${paperRange}.\n`,
  );
  console.log(textTable(strategies, columns));
  const detail: readonly Column<string>[] = [
    { head: "network", align: "left", cell: (network) => network },
    { head: "layers", cell: (network) => `${at(network, "dlfusion")?.layers}` },
    ...["dlfusion", "reduced-brute-force", "cores-oracle"].flatMap((strategy): Column<string>[] => [
      {
        head: strategy,
        cell: (network) => (at(network, strategy)?.evaluations ?? 0).toLocaleString("en-US"),
      },
      { head: "time", cell: (network) => formatSeconds(at(network, strategy)?.searchSeconds ?? 0) },
    ]),
    { head: "fewer", cell: (network) => `${at(network, "dlfusion")?.fewer.toFixed(1)}x` },
    {
      head: "lanes save",
      cell: (network) => {
        const [side, alone] = [at(network, "dlfusion"), at(network, noLanesMapper().name)];
        const share = 1 - (side?.latencySeconds ?? Number.NaN) / (alone?.latencySeconds ?? Number.NaN);
        return `${(100 * share).toFixed(1)} %`;
      },
    },
  ];
  console.log(
    "\nEvaluations, the median time of a search, and what branches side by side save of dlfusion's latency:\n",
  );
  console.log(textTable(names, detail));
  if (absent.length > 0) console.log(`\n${absent.join(", ")} left out: not in the gallery nor in --models`);
}

function sharesOf(strategy: string): readonly number[] {
  return rows.filter((row) => row.strategy === strategy).map(({ share }) => share);
}

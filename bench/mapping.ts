/**
 * How fast mappings are found and evaluated: medians of several runs after warm-up, with the range. Absolute times are
 * this machine's; the goals beside them are the project's.
 *
 *   npm run bench
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { seededRandom } from "../src/base/random.ts";
import { fuse } from "../src/compiler/fusion/static-plan.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";
import { presets } from "../src/mapping/accelerator/presets/presets.ts";
import { createCostModel } from "../src/mapping/cost/cost-model.ts";
import { createIncrementalCost } from "../src/mapping/cost/incremental-cost.ts";
import type { CostMode, Problem } from "../src/mapping/cost/problem.ts";
import { createVectorCost } from "../src/mapping/cost/vector-cost.ts";
import { exactMapper } from "../src/mapping/mappers/exact/exact.ts";
import { findMapping } from "../src/mapping/mappers/find-mapping.ts";
import { gTeacherMapper } from "../src/mapping/mappers/g-teacher/g-teacher.ts";
import { doublingLadder } from "../src/mapping/space/pass-sizes.ts";
import { extractWorkload } from "../src/mapping/workload/extract.ts";
import type { Workload } from "../src/mapping/workload/workload.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const runs = 9;

interface Row {
  readonly what: string;
  readonly samples: readonly number[];
  readonly unit: string;
  readonly goal: string;
  readonly note?: string;
}

function load(file: string): Workload {
  const bytes = readFileSync(file);
  return extractWorkload(fuse(inferShapes(importOnnx(bytes, { name: file }))), { name: file });
}

const gallery = (name: string): Workload => load(join(root, "models", `tv_${name}.onnx`));

function problemOf(workload: Workload, mode: CostMode): Problem {
  return { workload, accelerator: presets.dnnfuser2022Calibrated, batch: 64, memoryBytes: 20e6, mode };
}

/** Milliseconds of each run, after a warm-up. */
async function timed(work: () => unknown): Promise<number[]> {
  for (let warm = 0; warm < 3; warm++) await work();
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await work();
    samples.push(performance.now() - start);
  }
  return samples;
}

async function exactRows(): Promise<Row[]> {
  const goals = { vgg16: 50, resnet18: 50, resnet50: 250, mobilenet_v2: 250, mnasnet1_0: 250 };
  const rows: Row[] = [];
  for (const [name, goal] of Object.entries(goals)) {
    const workload = gallery(name);
    for (const mode of ["paper", "full"] as const) {
      const problem = problemOf(workload, mode);
      const { proof, baseline, evaluation } = await findMapping(exactMapper(), problem);
      const speedup =
        baseline.feasible && evaluation.feasible ? baseline.latencyCycles / evaluation.latencyCycles : 0;
      rows.push({
        what: `exact, ${name}, ${mode} mode`,
        samples: await timed(() => findMapping(exactMapper(), problem)),
        unit: "ms",
        goal: mode === "paper" ? `< ${goal} ms` : "",
        note: `${speedup.toFixed(3)}x, ${proof.optimal ? "proven optimal" : "not proven"}`,
      });
    }
  }
  return rows;
}

async function teacherRow(): Promise<Row> {
  const problem = problemOf(gallery("resnet18"), "paper");
  const samples = await timed(() => findMapping(gTeacherMapper(), problem));
  return { what: "g-teacher, resnet18, 2,000 samples, paper mode", samples, unit: "ms", goal: "< 20 ms" };
}

/** Million layers whose cost is worked out in a second: layers of a vector, or decisions of the incremental form. */
async function evaluationRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of ["resnet18", "mobilenet_v2"]) {
    const workload = gallery(name);
    for (const mode of ["paper", "full"] as const) {
      const model = createCostModel(problemOf(workload, mode));
      const random = seededRandom(1);
      const sizes = doublingLadder(64).slice(0, 4);
      const vectors = Array.from({ length: 200 }, () =>
        Int32Array.from(workload.layers, () =>
          random.uniform() < 0.4 ? -1 : (sizes[random.below(sizes.length)] ?? 1),
        ),
      );
      const costOf = createVectorCost(model);
      const repeats = mode === "paper" ? 100 : 5;
      let sink = 0;
      const samples = await timed(() => {
        for (let repeat = 0; repeat < repeats; repeat++) for (const vector of vectors) sink += costOf(vector);
      });
      const layers = repeats * vectors.length * workload.layers.length;
      rows.push({
        what: `evaluate, ${name}, ${mode} mode`,
        samples: samples.map((milliseconds) => layers / milliseconds / 1_000),
        unit: "M layers/s",
        goal: "> 10 M layers/s",
        note: sink === 0 ? "" : "one core, random vectors",
      });
    }
  }
  const workload = gallery("resnet18");
  const model = createCostModel(problemOf(workload, "paper"));
  const samples = await timed(() => {
    for (let repeat = 0; repeat < 2_000; repeat++) {
      const cost = createIncrementalCost(model);
      for (let layer = 0; layer < workload.layers.length; layer++)
        cost.push(4, layer % 3 === 2 ? "sync" : "stage");
    }
  });
  const decisions = 2_000 * workload.layers.length;
  rows.push({
    what: "incremental cost, resnet18, paper mode",
    samples: samples.map((milliseconds) => decisions / milliseconds / 1_000),
    unit: "M layers/s",
    goal: "",
  });
  return rows;
}

/** The whole command, process start included, on the largest transformer of the papers, where its file is at hand. */
function commandRow(file: string): Row {
  const samples = Array.from({ length: 5 }, () => {
    const start = performance.now();
    execFileSync(
      process.execPath,
      [join(root, "bin", "laminate.js"), "map", file, "--memory", "20MB", "--batch", "64", "--json"],
      {
        stdio: ["ignore", "ignore", "ignore"],
      },
    );
    return performance.now() - start;
  });
  return {
    what: "laminate map mobilebert (1,840 nodes), whole command",
    samples,
    unit: "ms",
    goal: "< 3,000 ms",
  };
}

function print({ what, samples, unit, goal, note }: Row): void {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.round(share * (sorted.length - 1))] ?? 0).toPrecision(3);
  console.log(
    [
      what.padEnd(54),
      `${at(0.5)} ${unit}`.padEnd(18),
      `(${at(0)} .. ${at(1)})`.padEnd(20),
      goal.padEnd(16),
      note ?? "",
    ].join(" "),
  );
}

console.log(
  `Node ${process.version}, ${cpus()[0]?.model}; median (least .. most) of ${runs} runs; batch 64, 20 MB, dnnfuser-2022-calibrated`,
);
for (const row of await exactRows()) print(row);
print(await teacherRow());
for (const row of await evaluationRows()) print(row);
const mobileBert = join(root, "..", "shared", "models", "structure", "hf_mobilebert_s128.onnx");
if (existsSync(mobileBert)) print(commandRow(mobileBert));
else console.log("skipped: the whole command on MobileBERT, whose file is not here");

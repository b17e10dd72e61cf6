/**
 * DNNFuser's tables 2 and 3 beside ours. Table 2: the paper's network, trained on VGG16 and ResNet18 with 16, 32, 48 and 64 MB, is asked
 * for memories in between. Table 3: it goes on with a tenth of the steps on another network (transfer), beside one that has only these
 * steps (direct) and beside g-teacher. Every answer also as a share of the proven optimum.
 *
 *   node table2.js [--steps 1000] [--seeds 3] [--threads 2] [--objective latency] [--teachers g-teacher] [--tables 2,3] [--models DIR] [--json]
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatSeconds } from "../../src/base/format.ts";
import { median } from "../../src/base/statistics.ts";
import { enableRelaxedSimd } from "../../src/host/wasm-engine.ts";
import { dnnfuserMapper } from "../../src/learning/mappers/dnnfuser.ts";
import type { MapperWeights } from "../../src/learning/network/mapper-weights.ts";
import { type TeacherName, teacherNames } from "../../src/learning/trajectories/teach.ts";
import type { Objective } from "../../src/mapping/cost/problem.ts";
import { exactMapper } from "../../src/mapping/mappers/exact/exact.ts";
import { gTeacherMapper } from "../../src/mapping/mappers/g-teacher/g-teacher.ts";
import { readOptions } from "../read-options.ts";
import { dnnFuserTable2, dnnFuserTable3, trainingMegabytes } from "./dnnfuser-transfer-results.ts";
import {
  type Answer,
  ask,
  questionsOf,
  trained,
  trainingData,
  trainingRuntime,
  workloadNamed,
} from "./imitation.ts";

enableRelaxedSimd();
const { values } = readOptions({
  options: {
    steps: { type: "string", default: "1000" },
    seeds: { type: "string", default: "3" },
    threads: { type: "string", default: "2" },
    objective: { type: "string", default: "latency" },
    teachers: { type: "string", default: "g-teacher" },
    tables: { type: "string", default: "2,3" },
    models: {
      type: "string",
      default: join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "models"),
    },
    json: { type: "boolean", default: false },
  },
});
const objectives = ["latency", "energy", "traffic"] as const satisfies readonly Objective[];
const objective = objectives.find((name) => name === values.objective) ?? "latency";
const teachers: readonly TeacherName[] = teacherNames.filter((name) =>
  values.teachers.split(",").includes(name),
);
const steps = Number(values.steps);
const seeds = Array.from({ length: Number(values.seeds) }, (_, at) => at + 1);
const runtime = trainingRuntime(Number(values.threads));

/** A cell of a table: one answer per seed. */
interface Cell {
  readonly answers: readonly Answer[];
  readonly optimum: number;
}

interface Row {
  readonly network: string;
  readonly megabytes: number;
  readonly printed: readonly (number | undefined)[];
  readonly cells: readonly Cell[];
}

await main();

async function main(): Promise<void> {
  const learned = await Promise.all([]).then(() =>
    trainAll(
      dnnFuserTable2.map(({ network }) => network),
      steps,
    ),
  );
  const tables: Record<string, readonly Row[]> = {};
  if (values.tables.includes("2")) tables.table2 = await table2(learned);
  if (values.tables.includes("3")) tables.table3 = await table3(learned);
  if (values.json) {
    console.log(JSON.stringify({ steps, seeds, objective, teachers, ...tables }, null, 2));
    return;
  }
  console.log(
    `${steps} steps of 32 trajectories, ${seeds.length} seeds, taught by ${teachers.join(" and ")}, for ${objective}`,
  );
  console.log("median (least .. most) over the seeds; of the optimum in brackets\n");
  if (tables.table2) print(tables.table2, ["paper: DNNFuser", "G-Teacher"], ["here: DNNFuser", "g-teacher"]);
  if (tables.table3)
    print(
      tables.table3,
      ["paper: transfer", "direct", "G-Teacher"],
      ["here: transfer", "direct", "g-teacher"],
    );
}

/** One training for each seed. */
async function trainAll(
  networks: readonly string[],
  count: number,
  from?: readonly MapperWeights[],
): Promise<readonly MapperWeights[]> {
  const all: MapperWeights[] = [];
  for (const [at, seed] of seeds.entries()) {
    const data = trainingData(
      questionsOf(values.models, networks, trainingMegabytes, objective),
      teachers,
      seed,
    );
    const start = performance.now();
    const base = from?.[at];
    const weights = await trained(data, {
      steps: count,
      seed,
      runtime,
      ...(base === undefined ? {} : { from: base }),
    });
    const text = formatSeconds((performance.now() - start) / 1_000);
    console.error(
      `${networks.join(", ")}, seed ${seed}: ${count} steps in ${text}, loss ${Number(weights.record.loss).toPrecision(3)}`,
    );
    all.push(weights);
  }
  return all;
}

async function table2(learned: readonly MapperWeights[]): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const { network, rows: printed } of dnnFuserTable2) {
    for (const { megabytes, dnnfuser, gTeacher } of printed) {
      const cells = await cellsOf(network, megabytes, [learned]);
      rows.push({ network, megabytes, printed: [dnnfuser, gTeacher], cells });
    }
  }
  return rows;
}

async function table3(learned: readonly MapperWeights[]): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const { network, rows: printed } of dnnFuserTable3) {
    const tenth = Math.max(1, Math.round(steps / 10));
    const transferred = await trainAll([network], tenth, learned);
    const direct = await trainAll([network], tenth);
    for (const { megabytes, transfer, direct: alone, gTeacher } of printed) {
      const cells = await cellsOf(network, megabytes, [transferred, direct]);
      rows.push({ network, megabytes, printed: [transfer, alone, gTeacher], cells });
    }
  }
  return rows;
}

/** The answers of each set of weights, then of g-teacher. */
async function cellsOf(
  network: string,
  megabytes: number,
  weights: readonly (readonly MapperWeights[])[],
): Promise<readonly Cell[]> {
  const question = { workload: workloadNamed(values.models, network), megabytes, objective };
  const optimum = (await ask(exactMapper(), question)).gain ?? Number.NaN;
  const cells: Cell[] = [];
  for (const set of weights) {
    const answers: Answer[] = [];
    for (const one of set) answers.push(await ask(dnnfuserMapper({ weights: one }), question));
    cells.push({ answers, optimum });
  }
  const searched: Answer[] = [];
  for (const seed of seeds) searched.push(await ask(gTeacherMapper(), question, seed));
  return [...cells, { answers: searched, optimum }];
}

function print(rows: readonly Row[], printed: readonly string[], here: readonly string[]): void {
  const head = ["network", "MB", ...printed, ...here, "optimum"];
  console.log(`| ${head.join(" | ")} |`);
  console.log(`|${"---|".repeat(head.length)}`);
  for (const { network, megabytes, printed: figures, cells } of rows) {
    const paper = figures.map((figure) => (figure === undefined ? "N/A" : `${figure.toFixed(2)}x`));
    const optimum = `${(cells[0]?.optimum ?? Number.NaN).toFixed(2)}x`;
    console.log(`| ${[network, String(megabytes), ...paper, ...cells.map(cellText), optimum].join(" | ")} |`);
  }
  for (const [index, name] of here.entries()) {
    const shares = rows.flatMap(({ cells }) => {
      const cell = cells[index];
      return (cell?.answers ?? []).map(({ gain }) => (gain ?? 0) / (cell?.optimum ?? 1));
    });
    const least = Math.min(...shares);
    const mean = shares.reduce((total, share) => total + share, 0) / shares.length;
    const seconds = median(
      rows.flatMap(({ cells }) => (cells[index]?.answers ?? []).map((answer) => answer.seconds)),
    );
    console.log(
      `${name}: ${percent(mean)} of the optimum in the mean, ${percent(least)} at least, ${formatSeconds(seconds)} an answer`,
    );
  }
  console.log("");
}

function cellText({ answers, optimum }: Cell): string {
  const gains = answers.map(({ gain }) => gain ?? 0).sort((a, b) => a - b);
  const middle = median(gains);
  const [least = 0, most = 0] = [gains[0], gains.at(-1)];
  const spread = most - least < 0.005 ? "" : ` (${least.toFixed(2)} .. ${most.toFixed(2)})`;
  return `${middle.toFixed(2)}x${spread} [${percent(middle / optimum)}]`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/**
 * The learned mapper on problems that its training never saw, zero-shot, against the optimum and against g-teacher with as many
 * evaluations and as much time. Training draws networks with seeds of its own; here are
 * - real networks: every network of a folder on every preset of one core, with memories and batches of a grid (held-out/grid.ts);
 * - generated networks and machines of another seed.
 * Then how long g-teacher and exact take, on long networks, to what one greedy pass gives. Full mode, latency, processor time.
 *
 *   npm run bench:held-out [-- --weights FILE] [--models DIR] [--networks a,b] [--samples 8] [--temperature T] [--seeds 3]
 *     [--accelerators a,b] [--cells 4] [--generated 200] [--targets 3] [--limit-seconds 60] [--json FILE]
 *
 * --cells 0, --generated 0 and --targets 0 leave a part out. 16 cells are the whole grid. Tables go to stdout, progress to stderr.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { usageError } from "../src/base/errors.ts";
import { formatSeconds, formatSpeedup } from "../src/base/format.ts";
import { sha256OfBytes } from "../src/base/sha256.ts";
import { describeMachine, machineText } from "../src/cli/bench/machine.ts";
import { packageRoot } from "../src/host/package-root.ts";
import { shippedWeights } from "../src/host/shipped-weights.ts";
import { generateProblem } from "../src/learning/generate/generate-problem.ts";
import { dnnfuserMapper } from "../src/learning/mappers/dnnfuser.ts";
import { readMapperWeights } from "../src/learning/network/mapper-weights.ts";
import type { Accelerator } from "../src/mapping/accelerator/accelerator.ts";
import { oneCorePresets } from "../src/mapping/accelerator/presets/presets.ts";
import { exactMapper } from "../src/mapping/mappers/exact/exact.ts";
import { gTeacherMapper } from "../src/mapping/mappers/g-teacher/g-teacher.ts";
import { drawCells, gridBatches, gridMegabytes } from "./held-out/grid.ts";
import { type Contestants, type HeldOutProblem, type Measured, measureProblem } from "./held-out/measure.ts";
import { type FolderNetworks, type GivenNetwork, networksOf } from "./held-out/networks.ts";
import { evenlySpaced, worthwhileGain } from "./held-out/summary.ts";
import {
  groupTable,
  problemCounts,
  shareTable,
  timedProblems,
  timeSummary,
  timeTable,
} from "./held-out/tables.ts";
import { type TimedProblem, timeToQuality } from "./held-out/time-to-quality.ts";
import { readOptions } from "./read-options.ts";

const { values } = readOptions({
  options: {
    weights: { type: "string" },
    models: { type: "string", default: join(packageRoot(), "models") },
    networks: { type: "string", default: "" },
    accelerators: { type: "string", default: "" },
    samples: { type: "string", default: "8" },
    temperature: { type: "string" },
    seeds: { type: "string", default: "3" },
    cells: { type: "string", default: "4" },
    generated: { type: "string", default: "200" },
    targets: { type: "string", default: "3" },
    "limit-seconds": { type: "string", default: "60" },
    json: { type: "string" },
  },
});

/** Of the cells of the grid; and of the generated problems, where training has 7. */
const gridSeed = 1;
const generatedSeed = 10_007;
/** Networks of so many layers are long: there a search takes its time. */
const longLayers = 50;
const warmUpSeconds = 2;

const samples = whole("samples", 1);
const seeds = Array.from({ length: whole("seeds", 1) }, (_, at) => at + 1);
const limitSeconds = whole("limit-seconds", 1);
const machines = machinesOf(values.accelerators.split(",").filter(Boolean));
const weights = readWeights();
const contestants: Contestants = {
  greedy: dnnfuserMapper({ weights: weights.read }),
  sampled: dnnfuserMapper({
    ...{ weights: weights.read, samples },
    ...(values.temperature === undefined ? {} : { temperature: Number(values.temperature) }),
  }),
  gTeacher: gTeacherMapper(),
  exact: exactMapper(),
};
/** A problem with what was measured of it. */
type Done = readonly [problem: HeldOutProblem, measured: Measured];

await main();

async function main(): Promise<void> {
  const folder = networksOf(values.models, values.networks.split(",").filter(Boolean));
  for (const { name, reason } of folder.skipped) console.error(`${name} skipped: ${reason}`);
  const given = whole("cells", 0) === 0 ? [] : networkProblems(folder.networks);
  const drawn = Array.from({ length: whole("generated", 0) }, (_, index) => generatedProblem(index));
  await warmUp([...given, ...drawn]);
  const onNetworks = await measureAll("networks", given);
  const onGenerated = await measureAll("generated", drawn);
  const timed = await timeAll(onNetworks);
  printSet("Networks", onNetworks, networkLines(folder));
  printSet("Generated", onGenerated, [`${drawn.length} problems of seed ${generatedSeed}`]);
  printTimes(timed);
  console.log(`${machineText(describeMachine())}; processor time; weights ${weights.digest.slice(0, 12)}`);
  if (values.json !== undefined) writeJson(values.json, { folder, onNetworks, onGenerated, timed });
}

function whole(
  name: "samples" | "seeds" | "cells" | "generated" | "targets" | "limit-seconds",
  least: number,
): number {
  const number = Number(values[name]);
  if (Number.isInteger(number) && number >= least) return number;
  throw usageError(`"${values[name]}" is no number of ${name}`, {
    where: `--${name}`,
    fix: `give a whole number from ${least}`,
  });
}

/** Those of the names; all presets of one core where there is none. */
function machinesOf(names: readonly string[]): readonly Accelerator[] {
  const strange = names.find((name) => oneCorePresets.every((preset) => preset.name !== name));
  if (strange === undefined)
    return oneCorePresets.filter(({ name }) => names.length === 0 || names.includes(name));
  throw usageError(`there is no preset of one core "${strange}"`, {
    where: "--accelerators",
    fix: `name some of ${oneCorePresets.map(({ name }) => name).join(", ")}`,
  });
}

function readWeights() {
  const path = values.weights ?? shippedWeights();
  if (path === undefined)
    throw usageError("no weights come with this version", {
      where: "--weights",
      fix: "give a file: --weights FILE",
    });
  const bytes = readFileSync(path);
  return { path, digest: sha256OfBytes(bytes), read: readMapperWeights(bytes, path) };
}

function networkProblems(networks: readonly GivenNetwork[]): readonly HeldOutProblem[] {
  // Drawn for all presets, so that a machine has the same cells whoever else is asked.
  const places = networks.flatMap((network) =>
    oneCorePresets.map((accelerator) => ({ network, accelerator })),
  );
  const cells = drawCells(places.length, {
    ...{ megabytes: gridMegabytes, batches: gridBatches, count: whole("cells", 0), seed: gridSeed },
  });
  return places.flatMap(({ network, accelerator }, place) =>
    (machines.includes(accelerator) ? (cells[place] ?? []) : []).map(
      ({ megabytes, batch }): HeldOutProblem => {
        const workload = network.workloadFor(accelerator);
        return {
          group: network.name,
          problem: { workload, accelerator, batch, memoryBytes: megabytes * 1e6 },
        };
      },
    ),
  );
}

function generatedProblem(index: number): HeldOutProblem {
  const problem = generateProblem(index, { seed: generatedSeed, mode: "full", objective: "latency" });
  return { group: problem.workload.name.replace(/-\d+-\d+$/, ""), problem };
}

/** Code is compiled for what it meets: the first problems are searched for some seconds, and not counted. */
async function warmUp(problems: readonly HeldOutProblem[]): Promise<void> {
  const some = evenlySpaced(problems, 6);
  const end = performance.now() + 1000 * warmUpSeconds;
  for (let at = 0; some.length > 0 && (performance.now() < end || at < some.length); at++)
    await measureProblem(some[at % some.length] as HeldOutProblem, {
      ...{ contestants, seeds: [1], limitSeconds: Math.min(1, limitSeconds) },
    });
}

async function measureAll(name: string, problems: readonly HeldOutProblem[]): Promise<readonly Done[]> {
  const done: Done[] = [];
  const start = performance.now();
  for (const problem of problems) {
    done.push([problem, await measureProblem(problem, { contestants, seeds, limitSeconds })]);
    if (done.length % 10 === 0 || done.length === problems.length) {
      const spent = formatSeconds((performance.now() - start) / 1000);
      console.error(`${name}: ${done.length} of ${problems.length} problems, ${spent}, at ${problem.group}`);
    }
  }
  return done;
}

/** On each long network some of the problems where fusing is worthwhile, from the least gain to the most. */
async function timeAll(done: readonly Done[]): Promise<readonly TimedProblem[]> {
  const worth = done
    .filter(([, { layers, best = 0 }]) => layers >= longLayers && best >= worthwhileGain)
    .toSorted(([, a], [, b]) => (a.best ?? 0) - (b.best ?? 0));
  const networks = [...new Set(done.map(([, { network }]) => network))];
  const chosen = networks.flatMap((network) =>
    evenlySpaced(
      worth.filter(([, measured]) => measured.network === network),
      whole("targets", 0),
    ),
  );
  const timed: TimedProblem[] = [];
  for (const [{ problem }, measured] of chosen) {
    timed.push(await timeToQuality(measured, problem, { contestants, seeds, limitSeconds }));
    console.error(`time to quality: ${timed.length} of ${chosen.length} problems, at ${measured.network}`);
  }
  return timed;
}

function networkLines({ networks, skipped }: FolderNetworks): readonly string[] {
  const cells = Math.min(whole("cells", 0), gridMegabytes.length * gridBatches.length);
  const grid = `${gridMegabytes.join(", ")} MB and batches ${gridBatches.join(", ")}`;
  return [
    `${networks.length} networks on ${machines.length} ${machines.length === 1 ? "machine" : "machines"}, ${cells} of ${gridMegabytes.length * gridBatches.length} pairs of ${grid} each, drawn with seed ${gridSeed}`,
    ...(skipped.length === 0
      ? []
      : [
          `${skipped.length} skipped: ${skipped.map(({ name, reason }) => `${name} (${reason})`).join("; ")}`,
        ]),
  ];
}

function printSet(title: string, done: readonly Done[], lines: readonly string[]): void {
  if (done.length === 0) return;
  const all = done.map(([, measured]) => measured);
  console.log(`### ${title}\n`);
  for (const line of [...lines, ...problemCounts(all)]) console.log(`- ${line}`);
  console.log(`\n${shareTable(all, samples).join("\n")}\n`);
  console.log(`${groupTable(all, samples).join("\n")}\n`);
}

function printTimes(timed: readonly TimedProblem[]): void {
  if (timed.length === 0) return;
  console.log("### Time to the quality of one pass\n");
  console.log(
    `- networks of ${longLayers} layers or more, at most ${whole("targets", 0)} of the problems of each that gain ${formatSpeedup(worthwhileGain)} or more, ${seeds.length} seeds of g-teacher`,
  );
  for (const line of timeSummary(timed, limitSeconds)) console.log(`- ${line}`);
  console.log(`\n${timeTable(timed).join("\n")}\n`);
  console.log(`${timedProblems(timed).join("\n")}\n`);
}

interface Results {
  readonly folder: FolderNetworks;
  readonly onNetworks: readonly Done[];
  readonly onGenerated: readonly Done[];
  readonly timed: readonly TimedProblem[];
}

function writeJson(path: string, { folder, onNetworks, onGenerated, timed }: Results): void {
  const measured = (done: readonly Done[]): readonly Measured[] => done.map(([, one]) => one);
  const document = {
    ...{ machine: describeMachine(), weights: weights.digest, options: values, gridSeed, generatedSeed },
    ...{ skipped: folder.skipped, networks: measured(onNetworks), generated: measured(onGenerated), timed },
  };
  writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`);
}

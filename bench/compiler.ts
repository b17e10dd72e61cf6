/**
 * Networks of the papers and small complete ones in every runtime, with one thread and with two: the time of a warm run,
 * the time from the file to the first outputs, memory, download, and the geometric mean of the ratios.
 *
 *   node compiler.js --models DIR [--only NAMES] [--against NAMES] [--threads 1,2] [--repeats N] [--seconds S]
 *                    [--cold-starts N] [--json]        (bundled; networks that are not in DIR are skipped and counted)
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatBytes, formatSeconds } from "../src/base/format.ts";
import { geometricMean } from "../src/base/statistics.ts";
import { alignColumns, measurementsText } from "../src/cli/bench/bench-text.ts";
import { contenderByName, ownNames } from "../src/cli/bench/contenders.ts";
import { answerJob, jobVerb } from "../src/cli/bench/job-process.ts";
import { describeMachine, machineText } from "../src/cli/bench/machine.ts";
import { type Measured, measureModel, type NetworkMeasurements } from "../src/cli/bench/measure.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { type BenchedNetwork, benchedNetworks } from "./networks.ts";
import { readOptions } from "./read-options.ts";

const gallery = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "models");

if (process.argv[2] === jobVerb) await answerJob(process.argv[3] ?? "");
else await main();

async function main(): Promise<void> {
  const { values } = readOptions({
    options: {
      models: { type: "string", default: "../shared/models" },
      only: { type: "string" },
      against: { type: "string", default: "ort-web,tfjs" },
      threads: { type: "string", default: "1,2" },
      repeats: { type: "string", default: "15" },
      seconds: { type: "string", default: "30" },
      "cold-starts": { type: "string", default: "3" },
      json: { type: "boolean", default: false },
    },
  });
  const wanted = values.only?.split(",");
  const networks = benchedNetworks.filter(({ name }) => wanted?.includes(name) ?? true);
  const machine = describeMachine();
  console.error(machineText(machine));
  const done: NetworkMeasurements[] = [];
  const skipped: string[] = [];
  for (const network of networks) {
    const file = fileOf(network, values.models);
    if (file === undefined) {
      skipped.push(network.name);
      continue;
    }
    const measured = await measureModel(
      network.name,
      importOnnx(readFileSync(file), { name: network.file }),
      { batch: 1, ...network.shapes },
      {
        contenders: [...ownNames, ...values.against.split(",").map((name) => contenderByName(name).name)],
        threads: values.threads.split(",").map(Number),
        settings: { rounds: Number(values.repeats), mostSeconds: Number(values.seconds), seed: 1 },
        coldStarts: Number(values["cold-starts"]),
        onProgress: (what) => console.error(`measuring ${what}`),
      },
    );
    done.push(measured);
    if (!values.json) console.log(`${measurementsText(measured)}\n`);
  }
  if (values.json) console.log(JSON.stringify({ machine, networks: done, skipped }, null, 2));
  else printSummary(done);
  const missing = skipped.length === 0 ? "" : `: ${skipped.join(", ")}`;
  console.error(`${done.length} networks, ${skipped.length} skipped because they are not there${missing}`);
}

function fileOf({ file }: BenchedNetwork, models: string): string | undefined {
  const places = [models, join(models, "structure"), join(models, "complete"), gallery];
  return places.map((folder) => join(folder, file)).find((path) => existsSync(path));
}

/** One line for each network and number of threads, and the means. */
function printSummary(all: readonly NetworkMeasurements[]): void {
  const names = [...new Set(all.flatMap(({ measured }) => measured.map(({ contender }) => contender)))];
  const threadCounts = [...new Set(all.flatMap(({ measured }) => measured.map(({ threads }) => threads)))];
  const [first = ""] = names;
  for (const threads of threadCounts) {
    const rows = all.map(({ network, measured }) => {
      const found = names.map((name) =>
        measured.find((one) => one.contender === name && one.threads === threads),
      );
      return [
        network,
        ...found.flatMap((one, index) => (index === 0 ? [timeText(one)] : [timeText(one), ratioText(one)])),
      ];
    });
    const means = names.map((name) => {
      const ratios = all.flatMap(({ measured }) => {
        const one = measured.find(({ contender, threads: count }) => contender === name && count === threads);
        return one?.result.kind === "measured" && one.result.timesFirst !== null
          ? [one.result.timesFirst.ratio]
          : [];
      });
      return ratios.length === 0 ? "-" : `${geometricMean(ratios).toFixed(2)} (${ratios.length})`;
    });
    const heads = names.flatMap((name, index) => (index === 0 ? [name] : [name, `times ${first}`]));
    const last = [
      "geometric mean (of)",
      ...names.flatMap((_, index) => (index === 0 ? [""] : ["", means[index] ?? "-"])),
    ];
    console.log(`median of a warm run, ${threads} ${threads === 1 ? "thread" : "threads"}`);
    console.log(alignColumns([["network", ...heads], ...rows, last]).join("\n"));
    console.log("");
  }
  printCold(all, names, threadCounts[0] ?? 1);
}

function timeText(one: Measured | undefined): string {
  return one?.result.kind === "measured"
    ? formatSeconds(one.result.seconds.median)
    : (one?.result.kind ?? "-");
}

function ratioText(one: Measured | undefined): string {
  const times = one?.result.kind === "measured" ? one.result.timesFirst : null;
  return times === null
    ? "-"
    : `${times.ratio.toFixed(2)} [${times.low.toFixed(2)}, ${times.high.toFixed(2)}]`;
}

function printCold(all: readonly NetworkMeasurements[], names: readonly string[], threads: number): void {
  const rows = all.map(({ network, weightBytes, measured }) => {
    const cells = names.flatMap((name) => {
      const one = measured.find((each) => each.contender === name && each.threads === threads);
      const cold = one?.result.kind === "measured" ? one.result.cold : null;
      if (cold === null) return ["-", "-", "-"];
      return [
        formatSeconds(cold.firstOutputSeconds),
        formatBytes(cold.peakBytes),
        formatBytes(cold.downloadGzipBytes),
      ];
    });
    return [network, formatBytes(weightBytes), ...cells];
  });
  const heads = names.flatMap((name) => [`${name}: first output`, "peak memory", "download, gzip"]);
  console.log(`cold starts, ${threads} ${threads === 1 ? "thread" : "threads"}; download is without weights`);
  console.log(alignColumns([["network", "weights", ...heads], ...rows]).join("\n"));
}

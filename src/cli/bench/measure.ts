/** All measurements of one network: races by number of threads, and cold starts of each contender. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../../base/random.ts";
import {
  bootstrapRatio,
  median,
  type RatioInterval,
  type Summary,
  summarize,
} from "../../base/statistics.ts";
import type { Model } from "../../graph/ir/graph.ts";
import { weightBytes, writeCompleteModel } from "./complete-model.ts";
import type { ColdStart, JobNetwork, JobShapes, NotMeasured, RaceSettings } from "./job.ts";
import { spawnJob } from "./job-process.ts";

export interface MeasureOptions {
  /** Names; ratios are against the first that was measured. */
  readonly contenders: readonly string[];
  readonly threads: readonly number[];
  readonly settings: RaceSettings;
  /** Cold starts of each contender; 0 leaves them out. */
  readonly coldStarts: number;
  readonly onProgress?: (what: string) => void;
}

/** One contender with one number of threads. */
export interface Measured {
  readonly contender: string;
  readonly version: string;
  readonly threads: number;
  readonly result: MeasuredResult | NotMeasured;
}

export interface MeasuredResult {
  readonly kind: "measured";
  readonly flavour: string;
  /** Seconds of one run. */
  readonly seconds: Summary;
  /** How many times as long as the first contender's with these threads; null for that one itself. */
  readonly timesFirst: RatioInterval | null;
  readonly rangeError: number | null;
  readonly cold: ColdSummary | null;
}

/** Medians of the cold starts. */
export interface ColdSummary extends Omit<ColdStart, "kind"> {
  /** From the file's bytes to the first outputs. */
  readonly firstOutputSeconds: number;
}

export interface NetworkMeasurements {
  readonly network: string;
  readonly fileBytes: number;
  readonly weightBytes: number;
  /** Whose outputs the errors are against. */
  readonly reference: string | null;
  readonly measured: readonly Measured[];
}

/** Measures a model; its complete file lies in a folder of its own meanwhile. */
export async function measureModel(
  name: string,
  model: Model,
  shapes: JobShapes,
  options: MeasureOptions,
): Promise<NetworkMeasurements> {
  const folder = mkdtempSync(join(tmpdir(), "laminate-bench-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    const file = join(folder, "model.onnx");
    writeCompleteModel(model, file);
    const races = await measureRaces({ name, file, shapes }, options);
    return { network: name, fileBytes: statSync(file).size, weightBytes: weightBytes(model), ...races };
  } finally {
    process.off("exit", remove);
    remove();
  }
}

async function measureRaces(
  network: JobNetwork,
  options: MeasureOptions,
): Promise<Pick<NetworkMeasurements, "reference" | "measured">> {
  const measured: Measured[] = [];
  let reference: string | null = null;
  for (const threads of options.threads) {
    const { contenders, settings } = options;
    options.onProgress?.(`${network.name}: ${threads} ${threads === 1 ? "thread" : "threads"}`);
    const most = mostSecondsOf(options);
    const result = await spawnJob({ kind: "race", network, contenders, threads, settings }, most);
    if (result.kind !== "race") {
      const why = result.kind === "cold-start" ? noRace : result;
      measured.push(...contenders.map((contender) => ({ contender, version: "", threads, result: why })));
      continue;
    }
    reference ??= result.reference;
    let first: readonly number[] | undefined;
    for (const { name: contender, version, result: entry } of result.entries) {
      if (entry.kind !== "measured") {
        measured.push({ contender, version, threads, result: entry });
        continue;
      }
      const { flavour, seconds, rangeError } = entry;
      const cold = await measureCold(network, contender, threads, options);
      const timesFirst =
        first === undefined ? null : bootstrapRatio(seconds, first, { random: seededRandom(settings.seed) });
      const summary = {
        kind: "measured",
        flavour,
        seconds: summarize(seconds),
        timesFirst,
        rangeError,
        cold,
      } as const;
      measured.push({ contender, version, threads, result: summary });
      first ??= seconds;
    }
  }
  return { reference, measured };
}

const noRace: NotMeasured = { kind: "failed", reason: "another job answered" };

/** Far more than a race takes: warm-ups, rounds over the limit, and reading a large file. */
function mostSecondsOf({ contenders, settings }: MeasureOptions): number {
  return 300 + contenders.length * (settings.mostSeconds + 120);
}

async function measureCold(
  network: JobNetwork,
  contender: string,
  threads: number,
  { coldStarts, settings }: MeasureOptions,
): Promise<ColdSummary | null> {
  const starts: ColdStart[] = [];
  for (let start = 0; start < coldStarts; start++) {
    const answer = await spawnJob(
      { kind: "cold-start", network, contender, threads, seed: settings.seed },
      600,
    );
    if (answer.kind !== "cold-start" || answer.result.kind !== "measured") return null;
    starts.push(answer.result);
  }
  if (starts.length === 0) return null;
  const middle = (pick: (start: ColdStart) => number): number => median(starts.map(pick));
  return {
    loadSeconds: middle((start) => start.loadSeconds),
    firstRunSeconds: middle((start) => start.firstRunSeconds),
    firstOutputSeconds: middle((start) => start.loadSeconds + start.firstRunSeconds),
    peakBytes: middle((start) => start.peakBytes),
    downloadBytes: middle((start) => start.downloadBytes),
    downloadGzipBytes: middle((start) => start.downloadGzipBytes),
  };
}

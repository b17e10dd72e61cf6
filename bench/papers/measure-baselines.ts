/**
 * What each mapper finds in the paper's space and memory rule on the calibrated machine, by seed, and as the rows of a table
 * beside DNNFuser's table 1. Every mapper takes its default budget, 2,000 samples for those that sample.
 */
import { seededRandom } from "../../src/base/random.ts";
import { median } from "../../src/base/statistics.ts";
import { presets } from "../../src/mapping/accelerator/presets/presets.ts";
import { createCostModel } from "../../src/mapping/cost/cost-model.ts";
import type { Problem } from "../../src/mapping/cost/problem.ts";
import { createVectorCost } from "../../src/mapping/cost/vector-cost.ts";
import { findMapping } from "../../src/mapping/mappers/find-mapping.ts";
import type { Mapper } from "../../src/mapping/mappers/mapper.ts";
import type { Workload } from "../../src/mapping/workload/workload.ts";
import { markdownTable } from "../markdown.ts";

export interface Case {
  readonly megabytes: number;
  readonly batch: number;
  /** Speed-ups that the paper prints, by mapper. */
  readonly printed?: Readonly<Record<string, string>>;
}

/** With so much memory that whoever draws at random finds something. */
export const roomyCase: Case = { megabytes: 300, batch: 64 };

const nothingFound = { pso: "N/A", de: "N/A", "cma-es": "N/A", tbpsa: "N/A", "std-ga": "N/A" } as const;

/** VGG16 in the paper's table 1. */
export const paperCases: readonly Case[] = [
  { megabytes: 20, batch: 64, printed: { ...nothingFound, a2c: "0.98x", "g-teacher": "1.19x" } },
  { megabytes: 40, batch: 128, printed: { ...nothingFound, a2c: "N/A", "g-teacher": "2.06x" } },
];

/** The speed-ups over layer by layer that a mapper found, by seed; null where it found nothing feasible. */
export interface Result {
  readonly mapper: string;
  readonly entry: Case;
  readonly speedups: readonly (number | null)[];
  /** On-chip bytes of what was found; of the least demanding mapping that was tried where nothing was. */
  readonly bytes: readonly (number | null)[];
  readonly seconds: readonly number[];
}

export async function measureMapper(
  mapper: Mapper,
  workload: Workload,
  entry: Case,
  seeds: readonly number[],
): Promise<Result> {
  const found = [];
  for (const seed of seeds) found.push(await findMapping(mapper, problemOf(workload, entry), { seed }));
  const speedups = found.map(({ mapping, evaluation, baseline }) =>
    mapping !== undefined && evaluation.feasible && baseline.feasible
      ? baseline.latencySeconds / evaluation.latencySeconds
      : null,
  );
  const bytes = found.map(({ mapping, evaluation, leastRequiredBytes }) =>
    mapping !== undefined && evaluation.feasible
      ? evaluation.peakFootprintBytes
      : (leastRequiredBytes ?? null),
  );
  return {
    mapper: mapper.name,
    entry,
    speedups,
    bytes,
    seconds: found.map(({ elapsedSeconds }) => elapsedSeconds),
  };
}

function problemOf(workload: Workload, { megabytes, batch }: Case): Problem {
  const accelerator = presets.dnnfuser2022Calibrated;
  return { workload, accelerator, batch, memoryBytes: megabytes * 1e6, mode: "paper" };
}

/** How many of so many vectors fit that are drawn evenly, every entry from -1 and 1..batch. */
export function countFitting(workload: Workload, entry: Case, draws: number): number {
  const problem = problemOf(workload, entry);
  const costOf = createVectorCost(createCostModel(problem));
  const random = seededRandom(1);
  const drawEntry = (): number => random.below(problem.batch + 1) || -1;
  const vector = new Int32Array(workload.layers.length);
  let fit = 0;
  for (let draw = 0; draw < draws; draw++) {
    for (let layer = 0; layer < vector.length; layer++) vector[layer] = drawEntry();
    if (costOf(vector, drawEntry()) < Number.POSITIVE_INFINITY) fit++;
  }
  return fit;
}

/** A Markdown table: a row for each mapper, one column for each case, before it the paper's where it prints something. */
export function resultTable(results: readonly Result[]): readonly string[] {
  const cases = [...new Set(results.map(({ entry }) => entry))];
  const head = cases.flatMap(({ megabytes, batch, printed }) => {
    const name = `${megabytes} MB, batch ${batch}`;
    return printed === undefined ? [name] : [`${name}: printed`, "here"];
  });
  const rows = [...new Set(results.map(({ mapper }) => mapper))].map((name) => {
    const cells = cases.flatMap((entry) => {
      const result = results.find(({ mapper, entry: of }) => mapper === name && of === entry);
      const own = result === undefined ? "-" : resultCell(result);
      return entry.printed === undefined ? [own] : [entry.printed[name] ?? "-", own];
    });
    return [`\`${name}\``, ...cells];
  });
  return markdownTable(["mapper", ...head], rows);
}

/** A Markdown table of learners: a row for each, and for each case what was found, in how many bytes and how long it took. */
export function learnerTable(
  rows: readonly (readonly [name: string, results: readonly Result[]])[],
): readonly string[] {
  const cases = rows[0]?.[1].map(({ entry }) => entry) ?? [];
  const head = cases.flatMap(({ megabytes, batch }) => [
    `${megabytes} MB, batch ${batch}`,
    "on chip",
    "search",
  ]);
  const body = rows.map(([name, results]) => [
    name,
    ...results.flatMap((result) => [resultCell(result), bytesCell(result), secondsCell(result)]),
  ]);
  return markdownTable(["learner", ...head], body);
}

function bytesCell({ bytes, speedups }: Result): string {
  const isFound = (_: unknown, at: number): boolean => (speedups[at] ?? null) !== null;
  const shown = speedups.some(isFound) ? bytes.filter(isFound) : bytes;
  const megabytes = shown.filter((size) => size !== null).map((size) => size / 1e6);
  if (megabytes.length === 0) return "-";
  return `${Math.min(...megabytes).toFixed(2)} to ${Math.max(...megabytes).toFixed(2)} MB`;
}

function secondsCell({ seconds }: Result): string {
  return `${median([...seconds]).toFixed(1)} s`;
}

/** The median, a seed without an answer ranking below all others (of an even number the lower); how many have an answer. */
function resultCell({ speedups }: Result): string {
  const sorted = speedups.map((speedup) => speedup ?? 0).sort((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  const found = sorted.filter((speedup) => speedup > 0).length;
  return `${middle === 0 ? "N/A" : `${middle.toFixed(2)}x`} (${found} of ${sorted.length})`;
}

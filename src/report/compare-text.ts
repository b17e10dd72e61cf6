/** A comparison of mappers as text: a table with one line per mapper, and what must be known to read it. */
import {
  formatBytes,
  formatJoules,
  formatSeconds,
  formatSpeedup,
  formatWhole,
  threeDigits,
} from "../base/format.ts";
import type { CompareDocument, CompareRow, CompareRun, CompareSpread } from "./compare-schema.ts";
import { type Column, textTable } from "./text-table.ts";

/** One line per mapper. A figure is the median, with least and most in brackets where seeds differ. */
export function compareTable({ mappers, objective, shares }: CompareDocument): string {
  const toShares = shares.map((share, at): Column<CompareRow> => {
    const percent = `${threeDigits(share * 100)} %`;
    return {
      head: at === 0 ? `evaluations to ${percent}` : `to ${percent}`,
      cell: ({ evaluationsToShare }) => spreadText(evaluationsToShare[at], formatWhole, "-"),
    };
  });
  return textTable(mappers, [
    { head: "mapper", align: "left", cell: ({ mapper }) => mapper },
    { head: gainName(objective), cell: ({ gain }) => spreadText(gain, formatSpeedup, "N/A") },
    { head: "gap", cell: ({ gap }) => spreadText(gap, formatGap, "-") },
    ...toShares,
    { head: "evaluations", cell: ({ evaluations }) => spreadText(evaluations, formatWhole, "-") },
    { head: "search", cell: ({ elapsedSeconds }) => spreadText(elapsedSeconds, formatSeconds, "-") },
    { head: "feasible", cell: ({ feasibleRuns, runs }) => `${feasibleRuns} of ${runs.length}` },
  ]);
}

/** What the table is held against, how it was made, and which mappers found nothing. */
export function compareNotes(document: CompareDocument): readonly string[] {
  const once = document.mappers.filter(({ ignoresSeed }) => ignoresSeed).map(({ mapper }) => mapper);
  const counted = document.mappers.some(({ mapper }) => mapper === document.reference);
  return [
    targetText(document),
    seedsText(document, once),
    ...(counted ? [`evaluations of ${document.reference} are partial mappings`] : []),
    ...document.mappers.flatMap((row) => vainText(row, document)),
    ...(document.stopped === "interrupted" ? ["interrupted: what was not begun is missing"] : []),
  ];
}

/** `1.73x (1.70x .. 1.73x)`; `none` where there is no figure. */
export function spreadText(
  spread: CompareSpread | undefined,
  format: (value: number) => string,
  none: string,
): string {
  const { median, least, most } = spread ?? { median: null, least: null, most: null };
  const shown = (value: number | null): string => (value === null ? none : format(value));
  const [middle, low, high] = [shown(median), shown(least), shown(most)];
  return low === high && low === middle ? middle : `${middle} (${low} .. ${high})`;
}

/** What the factor over layer by layer is called: only for latency it is a speed-up. */
export function gainName(objective: CompareDocument["objective"]): string {
  return objective === "latency" ? "speed-up" : `${objective} gain`;
}

/** `3.1 %`: how far a cost is above the target's. */
export function formatGap(gap: number): string {
  return `${threeDigits(gap * 100)} %`;
}

/** A cost with its unit. */
export function formatObjective(cost: number, objective: CompareDocument["objective"]): string {
  const formats = { latency: formatSeconds, energy: formatJoules, traffic: formatBytes };
  return formats[objective](cost);
}

/** What is known to be the best. */
export function targetText({ target, reference, objective, baseline, memoryBytes }: CompareDocument): string {
  if (baseline.requiredBytes !== null) {
    const least = formatBytes(baseline.requiredBytes);
    return `no mapping fits: layer by layer needs least, ${least} on chip, and there are ${formatBytes(memoryBytes)}`;
  }
  if (target.kind === "none" || target.cost === null)
    return `${reference} proves no bound to hold costs against`;
  const cost = formatObjective(target.cost, objective);
  const gain = target.gain === null ? "" : `${formatSpeedup(target.gain)}, `;
  const claim =
    target.kind === "optimum"
      ? `the optimum is ${gain}${cost}, proven by ${reference}`
      : `no mapping is better than ${gain}${cost}, by ${reference}, which has not found the optimum`;
  return `${claim} in the space "${target.space}"`;
}

/** How a mapper that found nothing says so. */
export function vainText(
  { mapper, runs, feasibleRuns }: CompareRow,
  { memoryBytes }: CompareDocument,
): string[] {
  if (feasibleRuns === runs.length) return [];
  const vain = runs.filter(({ feasible }) => !feasible);
  const which = vain.length === runs.length ? "" : ` with ${vain.length} of ${runs.length} seeds`;
  const evaluations = Math.max(...vain.map((run) => run.evaluations));
  // It saw at once that nothing fits.
  if (evaluations === 0) return [];
  const tried = `no feasible mapping in ${formatWhole(evaluations)} evaluation${evaluations === 1 ? "" : "s"}`;
  return [`${mapper}${which}: ${tried}${nearestText(vain, memoryBytes)}`];
}

/** The least that any of the runs would have needed, where mappers keep it. */
function nearestText(vain: readonly CompareRun[], memoryBytes: number): string {
  const required = vain.flatMap(({ leastRequiredBytes }) => leastRequiredBytes ?? []);
  if (required.length === 0) return "";
  const least = Math.min(...required);
  const over = threeDigits(least / memoryBytes);
  return `; the nearest needs ${formatBytes(least)} on chip, ${over} times what there is`;
}

function seedsText({ seeds }: CompareDocument, once: readonly string[]): string {
  const many = seeds.length === 1 ? "1 seed" : `${seeds.length} seeds`;
  const drawn =
    once.length === 0
      ? ""
      : `; ${once.join(" and ")} draw${once.length === 1 ? "s" : ""} nothing and ran once`;
  return `median (least .. most) over ${many}${drawn}`;
}

/**
 * DNNFuser's table 1 beside ours as text: a line for each search of the paper and each mapper here, every figure of ours
 * also as a part of the proven optimum's, and what the two machines and searches explain of the difference. Pure.
 */
import { formatSeconds, formatSpeedup, threeDigits } from "../../src/base/format.ts";
import { spreadOf } from "../../src/base/spread.ts";
import type { FeasibleEvaluation } from "../../src/mapping/cost/evaluation.ts";
import type { CompareDocument, CompareRow } from "../../src/report/compare-schema.ts";
import { spreadText } from "../../src/report/compare-text.ts";
import { textTable } from "../../src/report/text-table.ts";
import type { PaperCase, PaperSearch } from "./dnnfuser-results.ts";

/** A search of the paper, a mapper here, or both. */
export interface Table1Row {
  readonly paper: PaperSearch | undefined;
  readonly ours: CompareRow | undefined;
}

/** The paper's rows in its order, then the mappers here that it does not have. */
export function table1Rows({ searches }: PaperCase, { mappers }: CompareDocument): readonly Table1Row[] {
  const beside = searches.map((paper) => ({
    paper,
    ours: mappers.find(({ mapper }) => mapper === paper.mapper),
  }));
  const others = mappers.filter(({ mapper }) => searches.every((paper) => paper.mapper !== mapper));
  return [...beside, ...others.map((ours) => ({ paper: undefined, ours }))];
}

/** The table of one case on one machine. */
export function table1Text(paperCase: PaperCase, document: CompareDocument): string {
  const exact = document.mappers.find(({ mapper }) => mapper === document.reference);
  const optimum = document.target.kind === "optimum" ? document.target.gain : null;
  const share = (value: number | null | undefined, whole: number | null | undefined): string =>
    value === null || value === undefined || !whole ? "-" : `${threeDigits((100 * value) / whole)} %`;
  return textTable(table1Rows(paperCase, document), [
    { head: "paper", align: "left", cell: ({ paper }) => paper?.method ?? "-" },
    { head: "speed-up", cell: ({ paper }) => paperSpeedup(paper) },
    { head: "of opt.", cell: ({ paper }) => share(paper?.speedup, optimum) },
    { head: "MB", cell: ({ paper }) => (paper === undefined ? "-" : String(paper.megabytes)) },
    { head: "min", cell: ({ paper }) => (paper === undefined ? "-" : String(paper.minutes)) },
    { head: "| here", align: "left", cell: ({ paper, ours }) => `| ${ours?.mapper ?? paper?.mapper ?? "-"}` },
    {
      head: "speed-up",
      cell: ({ ours }) => (ours === undefined ? "not here yet" : spreadText(ours.gain, formatSpeedup, "N/A")),
    },
    { head: "of opt.", cell: ({ ours }) => share(ours?.gain.median, optimum) },
    {
      head: "MB",
      cell: ({ ours }) => (ours === undefined ? "-" : spreadText(memoryOf(ours), megabytes, "-")),
    },
    {
      head: "of opt.",
      cell: ({ ours }) => share(ours && memoryOf(ours).median, exact?.peakFootprintBytes.median),
    },
    {
      head: "search",
      cell: ({ ours }) => (ours === undefined ? "-" : spreadText(ours.elapsedSeconds, formatSeconds, "-")),
    },
    {
      head: "of exact",
      cell: ({ ours }) => share(ours?.elapsedSeconds.median, exact?.elapsedSeconds.median),
    },
    {
      head: "fits",
      cell: ({ ours }) => (ours === undefined ? "-" : `${ours.feasibleRuns}/${ours.runs.length}`),
    },
  ]);
}

/** What holds the machine back, before fusion and at its best: from these follows what any search can gain. */
export interface Machine {
  readonly computeSeconds: number;
  readonly trafficSeconds: number;
  readonly baseline: FeasibleEvaluation;
}

/** Where the paper's figures and ours differ, and why, one sentence each. */
export function differences(
  paperCase: PaperCase,
  document: CompareDocument,
  machine: Machine,
): readonly string[] {
  const rows = table1Rows(paperCase, document);
  return [roofText(document, machine), ...beyondText(rows, document), ...fitText(rows), ...timeText(rows)];
}

function roofText({ target, memoryBytes }: CompareDocument, machine: Machine): string {
  const { computeSeconds, trafficSeconds, baseline } = machine;
  const bound = baseline.groups.filter((group) => group.bound === "compute").length;
  const roof = baseline.latencySeconds / computeSeconds;
  const reached =
    target.gain === null
      ? "nothing is proven"
      : `the optimum in ${threeDigits(memoryBytes / 1e6)} MB is ${formatSpeedup(target.gain)}`;
  return (
    `roof: layer by layer ${bound} of ${baseline.groups.length} layers are bound by compute; computing takes ` +
    `${formatSeconds(computeSeconds)} and traffic across the chip's border ${formatSeconds(trafficSeconds)}, so no mapping ` +
    `gains more than ${formatSpeedup(roof)}, and ${reached}`
  );
}

/** Printed speed-ups that no mapping of this machine has. */
function beyondText(rows: readonly Table1Row[], { target }: CompareDocument): readonly string[] {
  const { gain } = target;
  if (gain === null) return [];
  const beyond = rows.flatMap(({ paper }) =>
    paper?.speedup !== undefined && paper.speedup > gain * 1.005
      ? [`${paper.method} ${formatSpeedup(paper.speedup)}`]
      : [],
  );
  if (beyond.length === 0) return [];
  return [
    `beyond: ${beyond.join(", ")} in print, more than the proven optimum here: the paper's machine has another roof`,
  ];
}

/** Searches that fail there and not here, or the other way round. */
function fitText(rows: readonly Table1Row[]): readonly string[] {
  const both = rows.flatMap(({ paper, ours }) => (paper && ours ? [{ paper, ours }] : []));
  const names = (some: typeof both): string => some.map(({ ours }) => ours.mapper).join(", ");
  const here = both.filter(({ paper, ours }) => paper.speedup === undefined && ours.gain.median !== null);
  const there = both.filter(({ paper, ours }) => paper.speedup !== undefined && ours.gain.median === null);
  const below = both.filter(({ paper, ours }) => (paper.speedup ?? 1) < 1 && (ours.gain.median ?? 0) >= 1);
  return [
    ...(here.length === 0
      ? []
      : [
          `fits: ${names(here)} N/A in print and not here: layer by layer always fits in paper mode, and a search here ` +
            "answers with the best that fits of all it tried",
        ]),
    ...(there.length === 0 ? [] : [`fits: ${names(there)} N/A here and not in print`]),
    ...(below.length === 0
      ? []
      : [`below 1: ${names(below)} slower than layer by layer in print and not here`]),
  ];
}

function timeText(rows: readonly Table1Row[]): readonly string[] {
  const factors = rows.flatMap(({ paper, ours }) => {
    const seconds = ours?.elapsedSeconds.median;
    if (paper === undefined || ours === undefined || !seconds) return [];
    return [`${ours.mapper} ${threeDigits((paper.minutes * 60) / seconds)}x`];
  });
  if (factors.length === 0) return [];
  return [
    `time: so many times as long in print, on another machine and with another cost model: ${factors.join(", ")}`,
  ];
}

function paperSpeedup(paper: PaperSearch | undefined): string {
  if (paper === undefined) return "-";
  return paper.speedup === undefined ? "N/A" : formatSpeedup(paper.speedup);
}

/** The memory of the mapping found; of the least demanding one tried where none fits, as the paper prints it. */
function memoryOf({ runs }: CompareRow): CompareRow["gain"] {
  return spreadOf(
    runs.map(({ peakFootprintBytes, leastRequiredBytes }) => peakFootprintBytes ?? leastRequiredBytes),
    "highest",
  );
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2);
}

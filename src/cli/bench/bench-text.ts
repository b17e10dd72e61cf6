/** Measurements as text: one line for each contender and number of threads. */
import { formatBytes, formatSeconds } from "../../base/format.ts";
import type { Measured, MeasuredResult, NetworkMeasurements } from "./measure.ts";

const heads = [
  "contender",
  "threads",
  "median",
  "p10 .. p90",
  "times the first",
  "95 %",
  "error",
  "first output",
  "peak memory",
  "download",
];

/** The table of one network. */
export function measurementsText({ network, weightBytes, measured, reference }: NetworkMeasurements): string {
  const rows = measured.flatMap((one) => (one.result.kind === "measured" ? [cells(one, one.result)] : []));
  const others = measured.flatMap(({ contender, threads, result }) =>
    result.kind === "measured"
      ? []
      : [`  ${contender}, ${threadsText(threads)}: ${result.kind}: ${result.reason}`],
  );
  const against =
    reference === null ? "" : `; errors are against ${reference}, as a part of each output's range`;
  return [
    `${network}, ${formatBytes(weightBytes)} of weights${against}`,
    ...(rows.length === 0 ? [] : alignColumns([heads, ...rows])),
    ...others,
  ].join("\n");
}

function threadsText(threads: number): string {
  return threads === 1 ? "1 thread" : `${threads} threads`;
}

function cells(
  { contender, version, threads }: Measured,
  { seconds, timesFirst, rangeError, cold, flavour }: MeasuredResult,
): readonly string[] {
  return [
    `${contender} ${version} (${flavour})`,
    String(threads),
    formatSeconds(seconds.median),
    `${formatSeconds(seconds.p10)} .. ${formatSeconds(seconds.p90)}`,
    timesFirst === null ? "1" : timesFirst.ratio.toFixed(2),
    timesFirst === null ? "" : `${timesFirst.low.toFixed(2)} .. ${timesFirst.high.toFixed(2)}`,
    rangeError === null ? "-" : rangeError === 0 ? "0" : rangeError.toExponential(0),
    cold === null ? "" : formatSeconds(cold.firstOutputSeconds),
    cold === null ? "" : formatBytes(cold.peakBytes),
    cold === null ? "" : `${formatBytes(cold.downloadBytes)} (${formatBytes(cold.downloadGzipBytes)} gzip)`,
  ];
}

/** The first column to the left, the others to the right. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
}

/** Tables for the terminal, as text without colour: mappers side by side, the groups of a mapping, the layers of a network. */
import Table from "cli-table3";
import { formatBytes, formatCount, formatSeconds, formatSpeedup } from "../base/format.ts";
import type { InspectDocument } from "./inspect-document.ts";
import { fitName, keepEnd, shortName } from "./layer-names.ts";
import type { MapDocument } from "./map-schema.ts";
import { passList } from "./pass-list.ts";
import { proofText } from "./proof-text.ts";

/** A column: its head, where its cells stand, and a row's cell. */
interface Column<Row> {
  readonly head: string;
  readonly align?: "left" | "right";
  readonly cell: (row: Row, at: number) => string;
}

/** One line per document: what each mapper found for the same problem, and at what effort. */
export function comparisonTable(documents: readonly MapDocument[]): string {
  return render(documents, [
    { head: "mapper", align: "left", cell: ({ mapper }) => mapper },
    { head: "speed-up", cell: ({ speedup }) => shown(speedup, formatSpeedup) },
    { head: "latency", cell: ({ latencySeconds }) => shown(latencySeconds, formatSeconds) },
    { head: "off chip", cell: ({ offChipBytes }) => shown(offChipBytes, formatBytes) },
    { head: "peak on chip", cell: ({ peakFootprintBytes }) => shown(peakFootprintBytes, formatBytes) },
    { head: "search", cell: ({ elapsedSeconds }) => formatSeconds(elapsedSeconds) },
    { head: "evaluations", cell: ({ evaluations }) => evaluations.toLocaleString("en-US") },
    { head: "proof", align: "left", cell: (row) => (row.feasible ? proofText(row)[0] : "does not fit") },
  ]);
}

/** One line per group, in the order in which they run. */
export function groupTable({ groups }: MapDocument): string {
  return render(groups, [
    { head: "group", cell: (_, at) => String(at + 1) },
    { head: "layers", align: "left", cell: ({ layers }) => layerSpan(layers) },
    { head: "images per pass", align: "left", cell: ({ passes }) => keepEnd(passList(passes), 30) },
    { head: "on chip", cell: ({ footprintBytes }) => formatBytes(footprintBytes) },
    { head: "off chip", cell: ({ offChipBytes }) => formatBytes(offChipBytes) },
    { head: "latency", cell: ({ latencySeconds }) => formatSeconds(latencySeconds) },
    { head: "bound", align: "left", cell: ({ bound }) => bound },
  ]);
}

/** One line per layer, quantities for one image. */
export function inspectTable({ layers }: InspectDocument): string {
  return render(layers, [
    { head: "#", cell: (_, at) => String(at + 1) },
    { head: "layer", align: "left", cell: ({ name }) => keepEnd(name, 40) },
    { head: "kind", align: "left", cell: ({ kind }) => kind },
    { head: "K", cell: ({ K }) => String(K) },
    { head: "C", cell: ({ C }) => String(C) },
    { head: "Y x X", cell: ({ Y, X }) => `${Y}x${X}` },
    { head: "R x S", cell: ({ R, S }) => `${R}x${S}` },
    {
      head: "stride",
      cell: ({ stride, strideX }) => (stride === strideX ? `${stride}` : `${stride}x${strideX}`),
    },
    { head: "groups", cell: ({ groups }) => String(groups) },
    { head: "MACs", cell: ({ macs }) => formatCount(macs) },
    { head: "weights", cell: ({ weightBytes }) => formatBytes(weightBytes) },
    { head: "output", cell: ({ outputBytes }) => formatBytes(outputBytes) },
  ]);
}

/** Only the heads are ruled off: quiet on a terminal, and cut and awk read it. */
const border = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "" },
  ...{ bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "" },
  ...{ left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "  " },
};

function render<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const table = new Table({
    colAligns: columns.map(({ align = "right" }) => align),
    chars: border,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  table.push(columns.map(({ head }) => head));
  rows.forEach((row, at) => {
    table.push(columns.map(({ cell }) => printable(cell(row, at))));
  });
  const lines = table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
  const [head = "", ...body] = lines.filter((line) => line !== "");
  const rule = "-".repeat(Math.max(...lines.map((line) => line.length)));
  return [head, rule, ...body].join("\n");
}

/** Names come from files: control characters would move the cursor or break the line. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}

function layerSpan(layers: readonly string[]): string {
  const [first = "", last = ""] = [layers[0], layers.at(-1)];
  return layers.length === 1
    ? fitName(shortName(first), 50)
    : `${fitName(shortName(first), 26)} .. ${fitName(shortName(last), 26)} (${layers.length})`;
}

function shown(value: number | null, format: (value: number) => string): string {
  return value === null ? "-" : format(value);
}

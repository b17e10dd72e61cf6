/** Tables for the terminal, as text without colour: mappers side by side, the groups of a mapping, the layers of a network. */
import { formatBytes, formatCount, formatSeconds, formatSpeedup } from "../base/format.ts";
import type { InspectDocument } from "./inspect-document.ts";
import { fitName, keepEnd, shortName } from "./layer-names.ts";
import type { MapDocument } from "./map-schema.ts";
import { passList } from "./pass-list.ts";
import { outcomeText } from "./proof-text.ts";
import { type Column, textTable } from "./text-table.ts";

/** One line per document: what each mapper found for the same problem, and at what effort. */
export function comparisonTable(documents: readonly MapDocument[]): string {
  return textTable(documents, [
    { head: "mapper", align: "left", cell: ({ mapper }) => mapper },
    { head: "speed-up", cell: ({ speedup }) => shown(speedup, formatSpeedup) },
    { head: "latency", cell: ({ latencySeconds }) => shown(latencySeconds, formatSeconds) },
    { head: "off chip", cell: ({ offChipBytes }) => shown(offChipBytes, formatBytes) },
    { head: "peak on chip", cell: ({ peakFootprintBytes }) => shown(peakFootprintBytes, formatBytes) },
    { head: "search", cell: ({ elapsedSeconds }) => formatSeconds(elapsedSeconds) },
    { head: "evaluations", cell: ({ evaluations }) => evaluations.toLocaleString("en-US") },
    { head: "proof", align: "left", cell: (row) => outcomeText(row) },
  ]);
}

/**
 * One line per group, in the order of their layers; with its cores where the accelerator has several, and its lane and start where
 * groups run side by side.
 */
export function groupTable({ groups, mapping }: MapDocument): string {
  const lanes: readonly Column<MapDocument["groups"][number]>[] = [
    { head: "lane", cell: ({ lane }) => String(lane ?? "-") },
    { head: "start", cell: ({ startSeconds }) => shown(startSeconds ?? null, formatSeconds) },
  ];
  const coresOf = new Map(mapping.map(({ layer, cores }) => [layer, cores]));
  const cores: Column<MapDocument["groups"][number]> = {
    head: "cores",
    cell: ({ layers }) => String(coresOf.get(layers[0] ?? "") ?? "-"),
  };
  return textTable(groups, [
    { head: "group", cell: (_, at) => String(at + 1) },
    { head: "layers", align: "left", cell: ({ layers }) => layerSpan(layers) },
    ...(mapping.some((entry) => entry.cores > 1) ? [cores] : []),
    ...(mapping.some(({ lane }) => lane !== undefined) ? lanes : []),
    { head: "images per pass", align: "left", cell: ({ passes }) => keepEnd(passList(passes), 30) },
    { head: "on chip", cell: ({ footprintBytes }) => formatBytes(footprintBytes) },
    { head: "off chip", cell: ({ offChipBytes }) => formatBytes(offChipBytes) },
    { head: "latency", cell: ({ latencySeconds }) => formatSeconds(latencySeconds) },
    { head: "bound", align: "left", cell: ({ bound }) => bound },
  ]);
}

/** One line per layer, quantities for one image. */
export function inspectTable({ layers }: InspectDocument): string {
  return textTable(layers, [
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

function layerSpan(layers: readonly string[]): string {
  const [first = "", last = ""] = [layers[0], layers.at(-1)];
  return layers.length === 1
    ? fitName(shortName(first), 50)
    : `${fitName(shortName(first), 26)} .. ${fitName(shortName(last), 26)} (${layers.length})`;
}

function shown(value: number | null, format: (value: number) => string): string {
  return value === null ? "-" : format(value);
}

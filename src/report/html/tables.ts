/** The tables of the report: the charts' figures in full, and the mappers side by side. */
import { formatBytes, formatCount, formatJoules, formatSeconds, formatSpeedup } from "../../base/format.ts";
import { ceilDiv } from "../../base/integers.ts";
import type { Problem } from "../../mapping/cost/problem.ts";
import type { Mapping } from "../../mapping/space/mapping.ts";
import { outputBytes } from "../inspect-document.ts";
import { layerName, shortName } from "../layer-names.ts";
import type { MapDocument } from "../map-schema.ts";
import { passList } from "../pass-list.ts";
import { outcomeText } from "../proof-text.ts";
import { html, type Markup, type Piece } from "./markup.ts";
import { type GroupView, groupByLayer } from "./view.ts";

/** A column: its head, whether it holds numbers, and its cell in a row. */
export interface Column<Row> {
  readonly head: string;
  /** short: text that is not to be broken; wide: names, broken anywhere. */
  readonly kind: "text" | "short" | "wide" | "number";
  readonly cell: (row: Row) => Piece;
}

/** A table that scrolls by itself where it is too large. */
export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Markup {
  const heads = columns.map(({ head, kind }) => html`<th scope="col" class="${kind}">${head}</th>`);
  const line = (row: Row): Markup =>
    html`<tr>${columns.map((column, at) => tableCell(column, at, row))}</tr>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption>
<thead><tr>${heads}</tr></thead><tbody>${rows.map(line)}</tbody></table></div>`;
}

function tableCell<Row>({ kind, cell }: Column<Row>, at: number, row: Row): Markup {
  return at === 0
    ? html`<th scope="row" class="${kind}">${cell(row)}</th>`
    : html`<td class="${kind}">${cell(row)}</td>`;
}

/** All groups with cost before and after. */
export function groupTable(problem: Problem, groups: readonly GroupView[]): Markup {
  const cores: Column<GroupView> = { head: "Cores", kind: "number", cell: ({ cost }) => `${cost.cores}` };
  const lanes: readonly Column<GroupView>[] = [
    { head: "Lane", kind: "number", cell: ({ cost }) => cost.lane ?? "–" },
    { head: "Starts at", kind: "number", cell: ({ cost }) => formatSeconds(cost.startSeconds) },
  ];
  const columns: readonly Column<GroupView>[] = [
    { head: "Group", kind: "short", cell: groupBadge },
    { head: "Layers", kind: "wide", cell: (group) => layerList(problem, group) },
    ...(problem.accelerator.cores > 1 ? [cores] : []),
    ...(groups.some(({ lanes }) => lanes > 1) ? lanes : []),
    { head: "Images per pass", kind: "text", cell: ({ cost }) => passList(cost.passes) },
    { head: "Reserved on chip", kind: "number", cell: ({ cost }) => formatBytes(cost.footprintBytes) },
    {
      head: "Off chip before",
      kind: "number",
      cell: ({ before }) => before && formatBytes(before.offChipBytes),
    },
    { head: "after", kind: "number", cell: ({ cost }) => formatBytes(cost.offChipBytes) },
    {
      head: "Time before",
      kind: "number",
      cell: ({ before }) => before && formatSeconds(before.latencySeconds),
    },
    { head: "after", kind: "number", cell: ({ cost }) => formatSeconds(cost.latencySeconds) },
    { head: "Energy", kind: "number", cell: ({ cost }) => formatJoules(cost.energyJoules) },
    { head: "Bound by", kind: "text", cell: ({ cost }) => boundBadge(cost.bound) },
  ];
  return table("Groups, in the order of their layers", columns, groups);
}

/** Every layer with its place in the mapping. */
export function layerTable(
  problem: Problem,
  mapping: Mapping | undefined,
  groups: readonly GroupView[],
): Markup {
  const groupOf = groupByLayer(groups);
  const { workload, batch } = problem;
  const layers = workload.layers.map((layer, index) => ({ layer, index, placed: mapping?.[index] }));
  const columns: readonly Column<(typeof layers)[number]>[] = [
    { head: "#", kind: "number", cell: ({ index }) => index + 1 },
    { head: "Layer", kind: "wide", cell: ({ layer }) => layer.name },
    { head: "Kind", kind: "short", cell: ({ layer }) => layer.kind },
    { head: "Group", kind: "short", cell: ({ index }) => optional(groupOf.get(index), groupBadge) },
    { head: "Images per pass", kind: "number", cell: ({ placed }) => placed?.pass ?? "–" },
    { head: "Passes", kind: "number", cell: ({ placed }) => (placed ? ceilDiv(batch, placed.pass) : "–") },
    { head: "Output", kind: "short", cell: ({ placed }) => (placed ? outputWord(placed.output) : "–") },
    { head: "MACs per image", kind: "number", cell: ({ layer }) => formatCount(layer.macs) },
    { head: "Weight bytes", kind: "number", cell: ({ layer }) => formatBytes(layer.weightBytes) },
    {
      head: "Output per image",
      kind: "number",
      cell: ({ layer }) => formatBytes(outputBytes(workload, layer)),
    },
  ];
  return table("Layers, in the order of the network", columns, layers);
}

/** Answers of several mappers to the same problem. */
export function comparisonTable(shown: MapDocument, documents: readonly MapDocument[]): Markup {
  const columns: readonly Column<MapDocument>[] = [
    { head: "Mapper", kind: "text", cell: (row) => mapperName(row, shown) },
    { head: "Speed-up", kind: "number", cell: ({ speedup }) => optional(speedup, formatSpeedup) },
    {
      head: "Latency",
      kind: "number",
      cell: ({ latencySeconds }) => optional(latencySeconds, formatSeconds),
    },
    { head: "Off chip", kind: "number", cell: ({ offChipBytes }) => optional(offChipBytes, formatBytes) },
    {
      head: "Peak on chip",
      kind: "number",
      cell: ({ peakFootprintBytes }) => optional(peakFootprintBytes, formatBytes),
    },
    { head: "Search time", kind: "number", cell: ({ elapsedSeconds }) => formatSeconds(elapsedSeconds) },
    { head: "Evaluations", kind: "number", cell: ({ evaluations }) => evaluations.toLocaleString("en-US") },
    { head: "Proof", kind: "text", cell: (row) => outcomeText(row) },
  ];
  return table("Mappers on the same problem", columns, documents);
}

function mapperName(row: MapDocument, shown: MapDocument): Piece {
  const isShown = row.mapper === shown.mapper && row.seed === shown.seed;
  return isShown ? html`${row.mapper} <span class="badge">shown</span>` : row.mapper;
}

function optional<T>(value: T | null | undefined, show: (value: T) => Piece): Piece {
  return value === null || value === undefined ? "–" : show(value);
}

function groupBadge(group: GroupView): Markup {
  const look = group.colour === undefined ? "alone" : `g${group.colour}`;
  return html`<span class="group-badge ${look}">G${group.number}</span>`;
}

/** The roof that holds a group back, with the colour of the charts. */
export function boundBadge(bound: GroupView["cost"]["bound"]): Markup {
  return html`<span class="bound ${bound}">${bound}</span>`;
}

/** Short names; the whole ones are in the table of layers and under the pointer. */
function layerList(problem: Problem, { cost }: GroupView): Piece {
  const names = cost.layers.map((layer) => layerName(problem.workload, layer));
  const short = names.map(shortName);
  const list = html`<span title="${names.join("\n")}">${short.join(", ")}</span>`;
  if (names.length <= 3) return list;
  return html`<details><summary>${short[0]} … ${short.at(-1)} (${names.length})</summary>${list}</details>`;
}

function outputWord(output: "stage" | "sync"): Piece {
  return output === "stage" ? html`<span class="staged">on chip</span>` : "off chip";
}

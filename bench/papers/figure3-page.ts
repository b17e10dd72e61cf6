/**
 * DNNFuser's figure 3 as one page in the frame of all reports: bars of the images per pass, the bars of one group in one colour, a dashed
 * line where the network is cut by a sync. Pure.
 */
import { formatSpeedup } from "../../src/base/format.ts";
import { px } from "../../src/report/html/convergence.ts";
import { html, jsonScript, type Markup } from "../../src/report/html/markup.ts";
import { renderPage, settingsList } from "../../src/report/html/page.ts";
import { type Column, table } from "../../src/report/html/tables.ts";
import { groupColours, type RunRecord } from "../../src/report/html/view.ts";
import {
  type DrawnMapping,
  factsText,
  figuresText,
  groupFacts,
  type Panel,
  type Run,
  runsOf,
} from "./figure3-mappings.ts";

const width = 1_080;
const left = 156;
const right = 1_072;
const rowHeight = 118;
const axisHeight = 22;
/** Within a row: the line of what it shows, the bars, and their numbers. */
const titleLine = 14;
const bars = { top: 28, bottom: 82 };
const numberLine = 97;
const leastHeight = 2;

export interface Figure3 {
  readonly panels: readonly Panel[];
  /** What the weights are: a file, or how they were trained. */
  readonly weights: string;
  readonly run: RunRecord;
}

/** The whole page as text. */
export function renderFigure3({ panels, weights, run }: Figure3): string {
  const networks = [...new Set(panels.map(({ network }) => network))].join(" and ");
  return renderPage(
    `Mappings of ${networks}`,
    html`<header class="top">
  <p class="eyebrow">DNNFuser, figure 3</p>
  <h1>Mappings <span class="on">of</span> ${networks}</h1>
  <ul class="facts">
    <li><b>${panels[0]?.batch}</b> images per batch</li>
    <li>minimises <b>latency</b></li>
    <li>paper mode</li>
    <li>on <b>dnnfuser-2022-calibrated</b></li>
  </ul>
</header>
<section aria-labelledby="reading"><h2 id="reading">How to read it</h2>
<ul class="notes"><li>A bar is a layer whose output stays on chip: its height and the number below are its images per pass. Layer 0 is the network's input, which our mappers never stage: it would gain nothing.</li>
<li>-1 is a sync and has no bar: the output is written off chip, and the network is cut there (dashed). Between two cuts layers run as one group and share a colour; a layer on its own is grey.</li>
<li>Rows that are as printed show the paper's ResNet18, which has no layers for the convolutions on shortcuts: 18 where this one has 21.</li></ul></section>
${panels.map(panelSection)}
<section aria-labelledby="figures"><h2 id="figures">In figures</h2>${figuresTable(panels)}</section>
<section aria-labelledby="rerun"><h2 id="rerun">Run it again</h2>
<pre class="command"><code>${run.command}</code></pre>
${settingsList([["Weights", weights], ...Object.entries(run.versions)])}
<p class="quiet">This file holds the mappings as JSON in the element <code>#laminate-result</code>.</p>
${jsonScript("laminate-result", panels)}</section>`,
  );
}

function panelSection(panel: Panel): Markup {
  const { network, megabytes, optimum, mappings } = panel;
  const id = `${network}-${megabytes}`;
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${network}, ${megabytes} MB <span class="aside">the optimum is ${formatSpeedup(optimum)} layer by layer's speed</span></h2>
<svg class="chart" viewBox="0 0 ${width} ${rowHeight * mappings.length + axisHeight}" role="img" aria-labelledby="${id}-title ${id}-text">
<title id="${id}-title">Images per pass of each layer, by mapper</title><desc id="${id}-text">The numbers under the bars are the mapping vectors.</desc>
${mappings.map((mapping, row) => drawRow(mapping, panel, row * rowHeight))}
${layerAxis(panel)}
</svg></section>`;
}

const placesOf = ({ mappings }: Panel): number => Math.max(...mappings.map(({ vector }) => vector.length));
const slotOf = (panel: Panel): number => (right - left) / placesOf(panel);

/** The numbers of the layers below the last row. */
function layerAxis(panel: Panel): Markup {
  const y = rowHeight * panel.mappings.length + 8;
  const numbers = Array.from({ length: placesOf(panel) }, (_, layer) => {
    const x = left + (layer + 0.5) * slotOf(panel);
    return html`<text class="tick sub" x="${px(x)}" y="${y}" text-anchor="middle">${layer}</text>`;
  });
  return html`<g><line class="grid" x1="${left}" x2="${right}" y1="${y - 14}" y2="${y - 14}"/><text class="tick sub" x="${left - 8}" y="${y}" text-anchor="end">layer</text>${numbers}</g>`;
}

function drawRow(mapping: DrawnMapping, panel: Panel, top: number): Markup {
  const { name, vector } = mapping;
  const slot = slotOf(panel);
  const y = (images: number): number => top + bars.bottom - (images / panel.batch) * (bars.bottom - bars.top);
  const lines = [0, panel.batch].map(
    (images) =>
      html`<line class="grid" x1="${left}" x2="${px(left + slot * vector.length)}" y1="${px(y(images))}" y2="${px(y(images))}"/><text class="tick sub" x="${left - 8}" y="${px(y(images) + 4)}" text-anchor="end">${images}</text>`,
  );
  let fused = 0;
  const groups = runsOf(vector).map((run) => {
    const look = run.last > Math.max(1, run.first) ? `g${fused++ % groupColours}` : "alone";
    return drawRun(run, vector, { look, slot, top, y });
  });
  return html`<g>${lines}
<text class="strong" x="0" y="${top + bars.top + 12}">${name}</text>
<text class="tick sub" x="0" y="${top + bars.top + 30}">${factsText(vector)}</text>
<text class="tick" x="${left}" y="${top + titleLine}">${figuresText(mapping, panel.optimum)}</text>
${groups}</g>`;
}

interface RunLook {
  /** A class of the style sheet. */
  readonly look: string;
  readonly slot: number;
  readonly top: number;
  readonly y: (images: number) => number;
}

function drawRun({ first, last }: Run, vector: readonly number[], { look, slot, top, y }: RunLook): Markup {
  const entries = vector.slice(first, last + 1).map((entry, offset) => {
    const x = left + (first + offset) * slot;
    const isSync = entry === -1;
    // One image of many would not be seen.
    const height = Math.max(leastHeight, y(0) - y(entry));
    const what = `layer ${first + offset}: ${isSync ? "written off chip" : `${entry} ${entry === 1 ? "image" : "images"} per pass, staged`}`;
    return html`<g><title>${what}</title>${!isSync && html`<rect class="${look}" x="${px(x + slot * 0.1)}" y="${px(y(0) - height)}" width="${px(slot * 0.8)}" height="${px(height)}"/>`}
<text class="${isSync ? "tick sub" : "strong sub"}" x="${px(x + slot / 2)}" y="${top + numberLine}" text-anchor="middle">${entry}</text></g>`;
  });
  const end = left + (last + 1) * slot;
  const cut =
    last < vector.length - 1 &&
    html`<line class="marker" x1="${px(end)}" x2="${px(end)}" y1="${top + bars.top - 4}" y2="${top + numberLine + 2}"/>`;
  return html`<g>${entries}${cut}</g>`;
}

function figuresTable(panels: readonly Panel[]): Markup {
  const rows = panels.flatMap((panel) => panel.mappings.map((mapping) => ({ panel, mapping })));
  type Row = (typeof rows)[number];
  const ofFound = (cell: (found: NonNullable<DrawnMapping["found"]>, row: Row) => string) => (row: Row) =>
    row.mapping.found === undefined ? "–" : cell(row.mapping.found, row);
  const columns: readonly Column<Row>[] = [
    { head: "Network", kind: "short", cell: ({ panel }) => panel.network },
    { head: "Memory", kind: "number", cell: ({ panel }) => `${panel.megabytes} MB` },
    { head: "Mapper", kind: "short", cell: ({ mapping }) => mapping.name },
    { head: "Speed\u2011up", kind: "number", cell: ofFound(({ speedup }) => formatSpeedup(speedup)) },
    {
      head: "Of the optimum",
      kind: "number",
      cell: ofFound(({ speedup }, { panel }) => `${((100 * speedup) / panel.optimum).toFixed(1)} %`),
    },
    {
      head: "Peak on chip",
      kind: "number",
      cell: ofFound(({ peakBytes }) => `${(peakBytes / 1e6).toFixed(2)} MB`),
    },
    { head: "Groups", kind: "number", cell: ({ mapping }) => groupFacts(mapping.vector).groups },
    {
      head: "Layers of the largest",
      kind: "number",
      cell: ({ mapping }) => groupFacts(mapping.vector).longest,
    },
  ];
  return table("Every mapping that is drawn", columns, rows);
}

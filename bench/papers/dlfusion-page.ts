/**
 * DLFusion's comparison as one page in the frame of all reports: speed-ups of every strategy and network beside the paper's range, and
 * the share of the oracle's speed that so many evaluations find. Pure.
 */
import { formatCount, formatSeconds, formatSpeedup, formatWhole } from "../../src/base/format.ts";
import { geometricMean } from "../../src/base/statistics.ts";
import { px } from "../../src/report/html/convergence.ts";
import { html, jsonScript, type Markup } from "../../src/report/html/markup.ts";
import { figure, renderPage, settingsList } from "../../src/report/html/page.ts";
import { type Column, table } from "../../src/report/html/tables.ts";
import { groupColours, type RunRecord } from "../../src/report/html/view.ts";

/** One strategy on one network. */
export interface Row {
  readonly network: string;
  readonly layers: number;
  readonly strategy: string;
  readonly latencySeconds: number;
  /** Over one-core. */
  readonly speedup: number;
  /** The oracle's latency over this one's. */
  readonly share: number;
  readonly evaluations: number;
  /** The oracle's evaluations over these. */
  readonly fewer: number;
  /** Median of the search. */
  readonly searchSeconds: number;
  readonly groups: number;
}

export interface Dlfusion {
  readonly accelerator: string;
  readonly batch: number;
  /** Speed-ups that the paper prints. */
  readonly paperRange: { readonly low: number; readonly high: number };
  readonly rows: readonly Row[];
  readonly run: RunRecord;
}

const width = 1_080;
/** The lane of a strategy, and the distance of two networks' dots in it. */
const lane = { height: 46, step: 5.5 };
const speedups = { left: 172, right: 968, top: 26 };
const shares = { left: 74, right: 1_040, top: 18, bottom: 400, height: 450 };

/** The whole page as text. */
export function renderDlfusion(result: Dlfusion): string {
  const { accelerator, batch, rows, run, paperRange } = result;
  const networks = namesOf(rows, "network");
  return renderPage(
    `Cores and fusion on ${accelerator}`,
    html`<header class="top">
  <p class="eyebrow">DLFusion</p>
  <h1>Cores and fusion <span class="on">on</span> ${accelerator}</h1>
  <ul class="facts">
    <li><b>${networks.length}</b> ${networks.length === 1 ? "network" : "networks"}</li>
    <li>batch <b>${batch}</b></li>
    <li>minimises <b>latency</b>, by the cost model</li>
  </ul>
</header>
${figures(result)}
<section aria-labelledby="speedups"><h2 id="speedups">Speed-up over one core without fusion <span class="aside">a dot is a network; the band is what the paper prints for its own networks</span></h2>
${speedupPlot(result)}
${legend(networks)}</section>
<section aria-labelledby="shares"><h2 id="shares">What evaluations find <span class="aside">the oracle is the best of all cuts and numbers of cores, one block at a time; a ring is a strategy's mean over the networks</span></h2>
${sharePlot(rows)}
${legend(networks)}
<p class="quiet">An evaluation is the cost of one block on one number of cores, or of a whole mapping where a strategy asks for that.</p></section>
<section aria-labelledby="figures"><h2 id="figures">In figures</h2>${figuresTable(rows)}</section>
<section aria-labelledby="rerun"><h2 id="rerun">Run it again</h2>
<pre class="command"><code>${run.command}</code></pre>
${settingsList(Object.entries(run.versions))}
<p class="quiet">This file holds the figures as JSON in the element <code>#laminate-result</code>.</p>
${jsonScript("laminate-result", { accelerator, batch, paperRange, rows })}</section>`,
  );
}

function namesOf(rows: readonly Row[], part: "network" | "strategy"): readonly string[] {
  return [...new Set(rows.map((row) => row[part]))];
}

/** After the last hue the hues begin again, hollow. */
function lookOf(network: number): string {
  return `${network < groupColours ? "end" : "hollow"} g${network % groupColours}`;
}

function legend(networks: readonly string[]): Markup {
  const entries = networks.map((name, at) => html`<i class="key g${at % groupColours}"></i>${name}`);
  return html`<p class="legend">${entries}</p>`;
}

function figures({ rows, paperRange }: Dlfusion): Markup {
  const own = rows.filter(({ strategy }) => strategy === "dlfusion");
  if (own.length === 0) return html``;
  const speeds = own.map(({ speedup }) => speedup);
  const inside = speeds.filter((speed) => speed >= paperRange.low && speed <= paperRange.high).length;
  const meanShare = own.reduce((total, { share }) => total + share, 0) / own.length;
  const fewer = own.map((row) => row.fewer);
  return html`<dl class="figures">
  ${figure("Speed-up of dlfusion", `${formatSpeedup(Math.min(...speeds))} to ${formatSpeedup(Math.max(...speeds))}`, "over one core without fusion", "lead")}
  ${figure("In the paper's range", `${inside} of ${own.length}`, `networks between ${rangeText({ paperRange })}`)}
  ${figure("Of the oracle", `${(100 * meanShare).toFixed(1)} %`, "mean of dlfusion's shares", "lead")}
  ${figure("Fewer evaluations", `${Math.min(...fewer).toFixed(0)}x to ${Math.max(...fewer).toFixed(0)}x`, "than the oracle makes")}
</dl>`;
}

const rangeText = ({ paperRange }: Pick<Dlfusion, "paperRange">): string =>
  `${paperRange.low}x and ${paperRange.high}x`;

function speedupPlot({ rows, paperRange }: Dlfusion): Markup {
  const [strategies, networks] = [namesOf(rows, "strategy"), namesOf(rows, "network")];
  const bottom = speedups.top + lane.height * strategies.length;
  const furthest = Math.max(paperRange.high, ...rows.map(({ speedup }) => speedup)) * 1.04;
  const x = (speedup: number): number =>
    speedups.left + (speedup / furthest) * (speedups.right - speedups.left);
  const step = furthest > 80 ? 20 : furthest > 20 ? 5 : 1;
  const ticks = Array.from({ length: Math.floor(furthest / step) + 1 }, (_, at) => at * step);
  const lanes = strategies.map((strategy, at) => {
    const middle = speedups.top + (at + 0.5) * lane.height;
    const own = rows.filter((row) => row.strategy === strategy);
    const dots = own.map((row) => {
      const network = networks.indexOf(row.network);
      const y = middle + (network - (networks.length - 1) / 2) * lane.step;
      return html`<g><title>${row.network}, ${strategy}: ${formatSpeedup(row.speedup)}</title><circle class="${lookOf(network)}" cx="${px(x(row.speedup))}" cy="${px(y)}" r="5"/></g>`;
    });
    const mean = formatSpeedup(geometricMean(own.map(({ speedup }) => speedup)));
    const line = at > 0 && horizontal(0, width, middle - lane.height / 2);
    return html`${line}<text class="${strategy === "dlfusion" ? "strong" : ""}" x="0" y="${px(middle + 4)}">${strategy}</text>${dots}<text class="strong" x="${width}" y="${px(middle + 4)}" text-anchor="end">${mean}</text>`;
  });
  const band = html`<rect class="band g0" x="${px(x(paperRange.low))}" y="${speedups.top}" width="${px(x(paperRange.high) - x(paperRange.low))}" height="${bottom - speedups.top}"/><text class="tick" x="${px((x(paperRange.low) + x(paperRange.high)) / 2)}" y="${speedups.top - 8}" text-anchor="middle">the paper: ${paperRange.low}x to ${paperRange.high}x</text>`;
  return html`<svg class="chart" viewBox="0 0 ${width} ${bottom + 26}" role="img" aria-labelledby="speedups-title speedups-text">
<title id="speedups-title">Speed-up over one core without fusion, by strategy and network</title><desc id="speedups-text">The table holds every number. The paper prints ${paperRange.low} to ${paperRange.high}.</desc>
${ticks.map((value) => vertical(x(value), speedups.top, bottom, `${value}x`))}
${band}
<text class="tick" x="${width}" y="${speedups.top - 8}" text-anchor="end">geometric mean</text>
${lanes}
</svg>`;
}

const horizontal = (from: number, to: number, y: number): Markup =>
  html`<line class="grid" x1="${from}" x2="${to}" y1="${px(y)}" y2="${px(y)}"/>`;

function vertical(x: number, top: number, bottom: number, label: string): Markup {
  return html`<line class="grid" x1="${px(x)}" x2="${px(x)}" y1="${top}" y2="${bottom}"/><text class="tick" x="${px(x)}" y="${bottom + 18}" text-anchor="middle">${label}</text>`;
}

/** A strategy's mean: evaluations geometrically, shares plainly. */
interface Mean {
  readonly strategy: string;
  readonly x: number;
  readonly y: number;
  readonly rows: readonly Row[];
}

function sharePlot(rows: readonly Row[]): Markup {
  const networks = namesOf(rows, "network");
  const furthest = Math.max(10, ...rows.map(({ evaluations }) => evaluations)) * 1.3;
  const x = (evaluations: number): number =>
    shares.left + (Math.log(evaluations) / Math.log(furthest)) * (shares.right - shares.left);
  // Mappers with more freedom than the oracle may beat it.
  const highest = Math.max(1, ...rows.map(({ share }) => share));
  const y = (share: number): number => shares.bottom - (share / highest) * (shares.bottom - shares.top);
  const decades = Array.from({ length: Math.floor(Math.log10(furthest)) + 1 }, (_, power) => 10 ** power);
  const levels = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      html`${horizontal(shares.left, shares.right, y(share))}<text class="tick" x="${shares.left - 8}" y="${px(y(share) + 4)}" text-anchor="end">${100 * share} %</text>`,
  );
  const means = namesOf(rows, "strategy").map((strategy): Mean => {
    const own = rows.filter((row) => row.strategy === strategy);
    return {
      strategy,
      x: x(geometricMean(own.map(({ evaluations }) => evaluations))),
      y: y(own.reduce((total, { share }) => total + share, 0) / own.length),
      rows: own,
    };
  });
  const spokes = means.map((mean) =>
    mean.rows.map(
      (row) =>
        html`<line class="grid" x1="${px(mean.x)}" y1="${px(mean.y)}" x2="${px(x(row.evaluations))}" y2="${px(y(row.share))}"/>`,
    ),
  );
  const dots = rows.map(
    (row) =>
      html`<g><title>${row.network}, ${row.strategy}: ${(100 * row.share).toFixed(1)} % after ${formatWhole(row.evaluations)} evaluations</title><circle class="${lookOf(networks.indexOf(row.network))}" cx="${px(x(row.evaluations))}" cy="${px(y(row.share))}" r="3.5"/></g>`,
  );
  const rings = means.map(
    (mean) => html`<circle class="hollow alone" cx="${px(mean.x)}" cy="${px(mean.y)}" r="6"/>`,
  );
  return html`<svg class="chart" viewBox="0 0 ${width} ${shares.height}" role="img" aria-labelledby="shares-title shares-text">
<title id="shares-title">Share of the oracle's speed against evaluations, by strategy and network</title><desc id="shares-text">The table holds every number.</desc>
${levels}
${decades.map((value) => vertical(x(value), shares.top, shares.bottom, formatCount(value)))}
<text class="tick" x="${shares.left}" y="${shares.bottom + 38}">evaluations</text>
${spokes}${dots}${rings}
${meanLabels(means, [...rows.map((row) => ({ x: x(row.evaluations), y: y(row.share) })), ...means])}
</svg>`;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where a name is written. */
interface Label extends Point {
  readonly anchor: "start" | "middle" | "end";
}

/** Names beside, below or above the rings: where they lie over the fewest dots, and over no name that is written, if there is such a place. */
function meanLabels(means: readonly Mean[], dots: readonly Point[]): readonly Markup[] {
  const letter = 6.6;
  const written: { readonly from: number; readonly to: number; readonly y: number }[] = [];
  return means.map(({ strategy, x, y }) => {
    const room = strategy.length * letter;
    const fromOf = (label: Label): number => label.x - room * { start: 0, middle: 0.5, end: 1 }[label.anchor];
    const faults = (label: Label): number => {
      const from = fromOf(label);
      const middle = label.y - 4;
      const covered = dots.filter(
        (dot) => dot.x > from - 4 && dot.x < from + room + 4 && Math.abs(dot.y - middle) < 10,
      ).length;
      const names = written.filter(
        (one) => one.from < from + room && from < one.to && Math.abs(one.y - label.y) < 14,
      ).length;
      const isOutside = from < shares.left || from + room > width || label.y < shares.top - 6;
      return covered + 10 * names + (isOutside ? 100 : 0);
    };
    const places: readonly Label[] = [
      { x: x + 11, y: y + 4, anchor: "start" },
      { x: x - 11, y: y + 4, anchor: "end" },
      { x, y: y + 21, anchor: "middle" },
      { x, y: y - 12, anchor: "middle" },
      { x: x + 8, y: y + 18, anchor: "start" },
      { x: x + 8, y: y - 8, anchor: "start" },
      { x: x - 8, y: y + 18, anchor: "end" },
    ];
    const best = places.toSorted((a, b) => faults(a) - faults(b))[0] as Label;
    written.push({ from: fromOf(best), to: fromOf(best) + room, y: best.y });
    return html`<text class="strong" x="${px(best.x)}" y="${px(best.y)}" text-anchor="${best.anchor}">${strategy}</text>`;
  });
}

function figuresTable(rows: readonly Row[]): Markup {
  const columns: readonly Column<Row>[] = [
    { head: "Network", kind: "short", cell: ({ network }) => network },
    { head: "Layers", kind: "number", cell: ({ layers }) => layers },
    { head: "Strategy", kind: "short", cell: ({ strategy }) => strategy },
    { head: "Groups", kind: "number", cell: ({ groups }) => groups },
    { head: "Latency", kind: "number", cell: ({ latencySeconds }) => formatSeconds(latencySeconds) },
    { head: "Speed\u2011up", kind: "number", cell: ({ speedup }) => formatSpeedup(speedup) },
    { head: "Of the oracle", kind: "number", cell: ({ share }) => `${(100 * share).toFixed(1)} %` },
    { head: "Evaluations", kind: "number", cell: ({ evaluations }) => formatWhole(evaluations) },
    { head: "Search", kind: "number", cell: ({ searchSeconds }) => formatSeconds(searchSeconds) },
  ];
  return table("Every strategy on every network", columns, rows);
}

/**
 * The convergence plot: best cost so far against evaluations, both on logarithmic axes; a line per mapper for the median
 * of its seeds, a band from the least to the most.
 */
import { formatCount, formatWhole } from "../../base/format.ts";
import type { CompareDocument } from "../compare-schema.ts";
import { formatObjective } from "../compare-text.ts";
import { type CurvePoint, convergenceCurve } from "../convergence-curve.ts";
import { html, type Markup } from "./markup.ts";
import { groupColours } from "./view.ts";

const width = 1_080;
const height = 430;
const plot = { left: 74, right: 968, top: 34, bottom: 384 };

/** With more lines than this their bands lie over one another, and are drawn fainter. */
const crowd = 5;

/** A mapper's curve with its look. */
interface Line {
  readonly name: string;
  readonly look: string;
  readonly curve: readonly CurvePoint[];
  readonly seeds: number;
}

/** Where a value lies on the page. */
interface Axes {
  readonly x: (evaluations: number) => number;
  readonly y: (cost: number) => number;
  readonly lowest: number;
  readonly highest: number;
  readonly furthest: number;
}

/** The plot; undefined when no mapper found anything. */
export function convergencePlot(document: CompareDocument): Markup | undefined {
  const lines = linesOf(document);
  const axes = axesOf(document, lines);
  if (axes === undefined) return undefined;
  const format = (cost: number): string => formatObjective(cost, document.objective);
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="convergence-title convergence-text">
<title id="convergence-title">Best ${document.objective} so far against evaluations, per mapper</title><desc id="convergence-text">The table of mappers holds where the lines end and when they get there.</desc>
${costTicks(axes.lowest, axes.highest).map((cost) => costLine(axes.y(cost), format(cost)))}
${decades(axes.furthest).map((evaluations) => countLine(axes.x(evaluations), formatCount(evaluations)))}
<text class="tick" x="${plot.left}" y="${plot.bottom + 38}">evaluations</text>
${markers(document, axes, format)}
<g class="bands${lines.length > crowd && " crowded"}">${lines.map((line) => band(line, axes))}</g>
${lines.map((line) => drawLine(line, axes, format))}
</svg>`;
}

/** The names of the lines, with their colours. */
export function convergenceLegend(document: CompareDocument): Markup {
  const entries = linesOf(document).map(
    ({ name, look, curve }) =>
      html`<span class="entry"><i class="stroke ${look}"></i>${name}${curve.length === 0 && " (nothing feasible)"}</span>`,
  );
  return html`<p class="legend lines">${entries}</p>`;
}

/** After the last hue the hues begin again, dashed. */
function linesOf({ mappers }: CompareDocument): readonly Line[] {
  return mappers.map(({ mapper, runs }, at) => ({
    name: mapper,
    look: `g${at % groupColours}${at < groupColours ? "" : " dashed"}`,
    curve: convergenceCurve(runs),
    seeds: runs.length,
  }));
}

function axesOf({ target, baseline }: CompareDocument, lines: readonly Line[]): Axes | undefined {
  const points = lines.flatMap(({ curve }) => curve);
  const found = points.flatMap(({ median, least }) => [median ?? [], least ?? []].flat());
  const costs = [...found, target.cost ?? [], baseline.cost ?? []].flat().filter((cost) => cost > 0);
  if (points.length === 0 || costs.length === 0) return undefined;
  const [least, most] = [Math.min(...costs), Math.max(...costs)];
  // A little air, and a range also where all cost the same.
  const air = Math.max(1.02, (most / least) ** 0.05);
  const [lowest, highest] = [least / air, most * air];
  const furthest = Math.max(10, ...points.map(({ evaluations }) => evaluations));
  const x = (evaluations: number): number =>
    plot.left + (Math.log(Math.max(1, evaluations)) / Math.log(furthest)) * (plot.right - plot.left);
  const y = (cost: number): number => {
    const share = Math.log(cost / lowest) / Math.log(highest / lowest);
    return plot.bottom - Math.min(1, Math.max(0, share)) * (plot.bottom - plot.top);
  };
  return { x, y, lowest, highest, furthest };
}

/** What lies across: where layer by layer stands and where nothing can be below. */
function markers(
  { target, baseline }: CompareDocument,
  { y }: Axes,
  format: (cost: number) => string,
): Markup {
  const below = target.kind === "optimum" ? "optimum" : "lower bound";
  return html`${baseline.cost !== null && marker(y(baseline.cost), ["layer by layer", format(baseline.cost)], -24)}
${target.cost !== null && marker(y(target.cost), [below, format(target.cost)], 14)}`;
}

/** A dashed line with two lines of text beside it, above or below so that two close ones can be read. */
function marker(at: number, texts: readonly string[], offset: number): Markup {
  const words = texts.map(
    (text, row) =>
      html`<text class="tick" x="${plot.right + 10}" y="${px(at + offset + 15 * row)}">${text}</text>`,
  );
  return html`<line class="marker" x1="${plot.left}" x2="${width}" y1="${px(at)}" y2="${px(at)}"/>${words}`;
}

function costLine(y: number, label: string): Markup {
  return html`<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${px(y)}" y2="${px(y)}"/><text class="tick" x="${plot.left - 8}" y="${px(y + 4)}" text-anchor="end">${label}</text>`;
}

function countLine(x: number, label: string): Markup {
  return html`<line class="grid" x1="${px(x)}" x2="${px(x)}" y1="${plot.top}" y2="${plot.bottom}"/><text class="tick" x="${px(x)}" y="${plot.bottom + 18}" text-anchor="middle">${label}</text>`;
}

function band({ curve, look, seeds }: Line, { x, y, highest }: Axes): Markup | undefined {
  if (seeds < 2 || curve.length === 0) return undefined;
  const edge = (cost: (point: CurvePoint) => number | null): string[] =>
    curve.flatMap((point, at) => {
      const level = px(y(cost(point) ?? highest));
      const next = curve[at + 1] ?? point;
      return [`${px(x(point.evaluations))},${level}`, `${px(x(next.evaluations))},${level}`];
    });
  const outline = [...edge(({ most }) => most), ...edge(({ least }) => least).reverse()];
  return html`<polygon class="band ${look}" points="${outline.join(" ")}"/>`;
}

/** Level from each improvement to the next; a dot where the search ended. */
function drawLine(
  { name, curve, look }: Line,
  { x, y }: Axes,
  format: (cost: number) => string,
): Markup | undefined {
  const known = curve.flatMap(({ evaluations, median }) =>
    median === null ? [] : [{ evaluations, median, x: px(x(evaluations)), y: px(y(median)) }],
  );
  const [first] = known;
  const last = known.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const steps = known.slice(1).map((point) => `H${point.x}V${point.y}`);
  const what = `${name}: ${format(last.median)} after ${formatWhole(last.evaluations)} evaluations`;
  return html`<g><title>${what}</title><path class="curve ${look}" d="M${first.x} ${first.y}${steps.join("")}"/><circle class="end ${look}" cx="${last.x}" cy="${last.y}" r="4"/></g>`;
}

/** 1, 10, 100, .. */
function decades(furthest: number): readonly number[] {
  return Array.from({ length: Math.floor(Math.log10(furthest) + 1e-9) + 1 }, (_, power) => 10 ** power);
}

/** 1, 2, 5 x 10^n where at least three of them fit, powers of ten where that is too many, else equal steps. */
export function costTicks(lowest: number, highest: number): readonly number[] {
  const powers: number[] = [];
  for (let power = Math.floor(Math.log10(lowest)); 10 ** power <= highest; power++) powers.push(10 ** power);
  const inside = (ticks: readonly number[]): readonly number[] =>
    ticks.filter((tick) => tick >= lowest && tick <= highest);
  const round = inside(powers.flatMap((power) => [power, 2 * power, 5 * power]));
  if (round.length > 9) return inside(powers);
  if (round.length >= 3) return round;
  const rough = (highest - lowest) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((candidate) => candidate * power >= rough) ?? 10);
  const first = Math.ceil(lowest / step);
  return Array.from({ length: Math.floor(highest / step) - first + 1 }, (_, at) => (first + at) * step);
}

/** Coordinates to a hundredth of a unit. */
export function px(value: number): number {
  return Math.round(value * 100) / 100;
}

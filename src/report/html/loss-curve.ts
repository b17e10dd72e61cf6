/**
 * The loss of a training against steps, on a logarithmic axis: the mean of the batches of a short run of steps as a line,
 * from the least to the most as a band, and the problems held out as a second line. O(steps).
 */
import type { LossCurve } from "../train-document.ts";
import { costTicks, px } from "./convergence.ts";
import { html, type Markup } from "./markup.ts";

const width = 1_080;
const height = 400;
const plot = { left: 74, right: 1_056, top: 24, bottom: 348 };

/** Points of the line, so that a long training makes no large page. */
const mostPoints = 240;

/** A short run of steps as one point, in its middle. */
interface Point {
  readonly step: number;
  readonly mean: number;
  readonly least: number;
  readonly most: number;
}

interface Axes {
  readonly x: (step: number) => number;
  readonly y: (loss: number) => number;
  readonly lowest: number;
  readonly highest: number;
}

/** The plot; undefined before the second step, and where no loss is above 0. */
export function lossPlot(curve: LossCurve): Markup | undefined {
  const points = pointsOf(curve.losses);
  const axes = axesOf(curve, points);
  if (curve.losses.length < 2 || axes === undefined) return undefined;
  const { validationSteps: steps, validationLosses } = curve;
  const held = validationLosses.map((loss, at) => [steps[at] ?? 0, loss] as const);
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="loss-title loss-text">
<title id="loss-title">Loss against steps</title><desc id="loss-text">The figures above say where the lines begin and end.</desc>
${costTicks(axes.lowest, axes.highest).map((loss) => lossLine(axes.y(loss), String(Number(loss.toPrecision(3)))))}
${stepTicks(curve.losses.length).map((step) => stepLine(axes.x(step), step.toLocaleString("en-US")))}
<text class="tick" x="${plot.left}" y="${plot.bottom + 38}">steps</text>
${band(points, axes)}
${line(
  points.map(({ step, mean }) => [step, mean] as const),
  axes,
  "g0",
)}
${line(held, axes, "g1")}
</svg>`;
}

/** The names of the lines, with their colours. */
export function lossLegend({ validationLosses }: LossCurve): Markup {
  return html`<p class="legend lines"><span class="entry"><i class="stroke g0"></i>batches learned from, with dropout</span>
${validationLosses.length > 0 && html`<span class="entry"><i class="stroke g1"></i>problems held out</span>`}</p>`;
}

function pointsOf(losses: readonly number[]): readonly Point[] {
  const each = Math.max(1, Math.ceil(losses.length / mostPoints));
  return Array.from({ length: Math.ceil(losses.length / each) }, (_, at) => {
    const run = losses.slice(at * each, (at + 1) * each);
    return {
      step: at * each + (run.length + 1) / 2,
      mean: run.reduce((total, loss) => total + loss, 0) / run.length,
      least: Math.min(...run),
      most: Math.max(...run),
    };
  });
}

function axesOf({ losses, validationLosses }: LossCurve, points: readonly Point[]): Axes | undefined {
  const all = [...points.flatMap(({ least, most }) => [least, most]), ...validationLosses];
  const positive = all.filter((loss) => loss > 0 && Number.isFinite(loss));
  if (positive.length === 0) return undefined;
  const [least, most] = [Math.min(...positive), Math.max(...positive)];
  const air = Math.max(1.05, (most / least) ** 0.05);
  const [lowest, highest] = [least / air, most * air];
  const x = (step: number): number =>
    plot.left + ((step - 1) / Math.max(1, losses.length - 1)) * (plot.right - plot.left);
  const y = (loss: number): number => {
    const share = Math.log(Math.max(loss, lowest) / lowest) / Math.log(highest / lowest);
    return plot.bottom - Math.min(1, share) * (plot.bottom - plot.top);
  };
  return { x, y, lowest, highest };
}

function band(points: readonly Point[], { x, y }: Axes): Markup {
  const edge = (loss: (point: Point) => number): string[] =>
    points.map((point) => `${px(x(point.step))},${px(y(loss(point)))}`);
  const outline = [...edge(({ most }) => most), ...edge(({ least }) => least).reverse()];
  return html`<g class="bands"><polygon class="band g0" points="${outline.join(" ")}"/></g>`;
}

function line(places: readonly (readonly [number, number])[], { x, y }: Axes, look: string): Markup {
  const [last] = places.slice(-1);
  if (last === undefined) return html``;
  const path = places.map(([step, loss], at) => `${at === 0 ? "M" : "L"}${px(x(step))} ${px(y(loss))}`);
  return html`<path class="curve ${look}" d="${path.join("")}"/><circle class="end ${look}" cx="${px(x(last[0]))}" cy="${px(y(last[1]))}" r="4"/>`;
}

function lossLine(y: number, label: string): Markup {
  return html`<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${px(y)}" y2="${px(y)}"/><text class="tick" x="${plot.left - 8}" y="${px(y + 4)}" text-anchor="end">${label}</text>`;
}

function stepLine(x: number, label: string): Markup {
  return html`<line class="grid" x1="${px(x)}" x2="${px(x)}" y1="${plot.top}" y2="${plot.bottom}"/><text class="tick" x="${px(x)}" y="${plot.bottom + 18}" text-anchor="middle">${label}</text>`;
}

/** Three to six round numbers of steps. */
function stepTicks(steps: number): readonly number[] {
  const power = 10 ** Math.floor(Math.log10(steps / 3));
  const each = Math.max(1, power * ([1, 2, 5].findLast((candidate) => candidate * power <= steps / 3) ?? 1));
  return Array.from({ length: Math.floor(steps / each) }, (_, at) => (at + 1) * each);
}

/**
 * How much of its full rate a core reaches, against operations and against channels: what was measured as dots, the fit as lines,
 * one colour for each number of cores. O(measurements).
 */
import { formatCount } from "../../base/format.ts";
import { observationOf } from "../../mapping/targets/characteristics.ts";
import { type Observation, usedPart } from "../../mapping/targets/fit-throughput.ts";
import type { TargetProfile } from "../../mapping/targets/target-profile.ts";
import { px } from "./convergence.ts";
import { html, type Markup } from "./markup.ts";
import { groupColours } from "./view.ts";

const width = 1_080;
const height = 400;
const plot = { left: 74, right: 1_056, top: 30, bottom: 348 };

/** Measured layers on a number of cores, with what is fitted to them. */
interface Line {
  readonly cores: number;
  readonly halfMacs: number;
  readonly look: string;
  readonly dots: readonly Dot[];
}

interface Dot {
  readonly seen: Observation;
  /** Part of the full rate of its family. */
  readonly share: number;
  /** Whether memory decides, by the fit. */
  readonly isBound: boolean;
}

/** Names of the colours, with the full rates. */
export function throughputLegend(profile: TargetProfile): Markup {
  const entries = profile.fit.cores.map(
    ({ cores }, at) =>
      html`<span class="entry"><i class="stroke ${lookOf(at)}"></i>${cores} ${cores === 1 ? "core" : "cores"}</span>`,
  );
  return html`<p class="legend lines">${entries}</p>`;
}

/** Against the MACs of a core, on a logarithmic axis. */
export function operationsPlot(profile: TargetProfile): Markup {
  const lines = linesOf(profile, "operations");
  const macs = lines.flatMap(({ dots }) => dots.map(({ seen }) => seen.macsPerCore));
  const [least, most] = [Math.min(...macs) / 1.3, Math.max(...macs) * 1.3];
  const x = logScale(least, most);
  const { criticalMacs } = profile.characteristics;
  const curve = (half: number) => (value: number) => value / (value + half);
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="operations-title operations-text">
<title id="operations-title">Part of its full rate that a core reaches, against its operations</title><desc id="operations-text">The table holds where each line is at one half.</desc>
${shareLines()}
${decades(least, most).map((value) => tick(x(value), formatCount(value)))}
<text class="tick" x="${plot.left}" y="${plot.bottom + 38}">MACs of a core in one layer</text>
${mark(x, criticalMacs, `critical: ${formatCount(criticalMacs.value)} MACs`)}
${lines.map((line) => drawLine(line, x, (dot) => dot.macsPerCore, samples(least, most, 120), curve(line.halfMacs)))}
</svg>`;
}

/** Against the output channels of a core, on a logarithmic axis. */
export function channelsPlot(profile: TargetProfile): Markup {
  const lines = linesOf(profile, "channels");
  const channels = [...new Set(lines.flatMap(({ dots }) => dots.map(({ seen }) => seen.channelsPerCore)))];
  const [least, most] = [Math.min(...channels), Math.max(...channels)];
  const x = logScale(least / 1.1, most * 1.1);
  const { rule, granularity } = profile.fit;
  const macs = profile.settings.mostMacs / 4;
  const { channelGranularity } = profile.characteristics;
  const curve = (half: number) => (value: number) =>
    macs / (half + macs / usedPart(rule, granularity, value));
  // Every number of channels is a corner of the curve.
  const places = Array.from({ length: most - least + 1 }, (_, at) => least + at);
  const ticks = channels.filter((value) => Number.isInteger(Math.log2(value)) || value === most);
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="channels-title channels-text">
<title id="channels-title">Part of its full rate that a core reaches, against its output channels</title><desc id="channels-text">The granularity is where a core first works at its full rate.</desc>
${shareLines()}
${ticks.map((value) => tick(x(value), String(value)))}
<text class="tick" x="${plot.left}" y="${plot.bottom + 38}">output channels of a core, in maps of one row</text>
${mark(x, channelGranularity, `granularity: ${channelGranularity.value}`)}
${lines.map((line) => drawLine(line, x, (dot) => dot.channelsPerCore, places, curve(line.halfMacs)))}
</svg>`;
}

/** After the last hue the hues begin again, dashed. */
function lookOf(at: number): string {
  return `g${at % groupColours}${at < groupColours ? "" : " dashed"}`;
}

function linesOf({ fit, measurements }: TargetProfile, sweep: string): readonly Line[] {
  return fit.cores.map(({ cores, criticalMacs, macsPerSecond }, at) => ({
    cores,
    halfMacs: criticalMacs.value,
    look: lookOf(at),
    dots: measurements
      .filter((one) => one.cores === cores && one.sweep === sweep && one.seconds.length > 0)
      .map((one): Dot => {
        const seen = observationOf(one);
        const rate = macsPerSecond[seen.family] ?? Number.NaN;
        const used = usedPart(fit.rule, fit.granularity, seen.channelsPerCore);
        return {
          seen,
          share: seen.macsPerCore / seen.seconds / rate,
          isBound: fit.ridge * seen.elements > seen.macsPerCore / used,
        };
      }),
  }));
}

type Scale = (value: number) => number;

function logScale(least: number, most: number): Scale {
  return (value) => plot.left + (Math.log(value / least) / Math.log(most / least)) * (plot.right - plot.left);
}

/** The axis goes a little beyond the full rate, as times scatter. */
const highestShare = 1.15;

function shareY(share: number): number {
  return plot.bottom - (Math.min(highestShare, share) / highestShare) * (plot.bottom - plot.top);
}

function shareLines(): readonly Markup[] {
  return [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const y = px(shareY(share));
    return html`<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${y}" y2="${y}"/><text class="tick" x="${plot.left - 8}" y="${px(y + 4)}" text-anchor="end">${100 * share} %</text>`;
  });
}

function tick(x: number, label: string): Markup {
  return html`<line class="grid" x1="${px(x)}" x2="${px(x)}" y1="${plot.top}" y2="${plot.bottom}"/><text class="tick" x="${px(x)}" y="${plot.bottom + 18}" text-anchor="middle">${label}</text>`;
}

interface Marked {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A line down at the value, a band over its interval. */
function mark(x: Scale, { value, low, high }: Marked, label: string): Markup {
  const inside = (place: number): number => Math.min(plot.right, Math.max(plot.left, place));
  const [from, at, to] = [inside(x(low)), inside(x(value)), inside(x(high))];
  const isRight = at > (plot.left + plot.right) / 2;
  return html`<rect class="band failing" x="${px(from)}" y="${plot.top}" width="${px(to - from)}" height="${plot.bottom - plot.top}"/>
<line class="limit" x1="${px(at)}" x2="${px(at)}" y1="${plot.top - 8}" y2="${plot.bottom}"/><text class="limit-label" x="${px(at + (isRight ? -8 : 8))}" y="${plot.top - 12}" text-anchor="${isRight ? "end" : "start"}">${label}</text>`;
}

function drawLine(
  { cores, dots, look }: Line,
  x: Scale,
  placeOf: (seen: Observation) => number,
  places: readonly number[],
  shareAt: (value: number) => number,
): Markup {
  const path = places.map(
    (value, at) => `${at === 0 ? "M" : "L"}${px(x(value))} ${px(shareY(shareAt(value)))}`,
  );
  const drawn = dots.map(({ seen, share, isBound }) => {
    const what = `${cores} ${cores === 1 ? "core" : "cores"}, ${seen.family}: ${formatCount(seen.macsPerCore)} MACs and ${seen.channelsPerCore} channels of a core, ${Math.round(100 * share)} %`;
    return html`<g><title>${what}</title><circle class="${isBound ? "hollow" : "end"} ${look}" cx="${px(x(placeOf(seen)))}" cy="${px(shareY(share))}" r="3.5"/></g>`;
  });
  return html`<g><path class="curve ${look}" d="${path.join("")}"/>${drawn}</g>`;
}

/** So many places, evenly on a logarithmic axis. */
function samples(least: number, most: number, count: number): readonly number[] {
  return Array.from({ length: count + 1 }, (_, at) => least * (most / least) ** (at / count));
}

/** 1 k, 10 k, 100 k, .. */
function decades(least: number, most: number): readonly number[] {
  const first = Math.ceil(Math.log10(least));
  const count = Math.floor(Math.log10(most)) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, at) => 10 ** (first + at));
}

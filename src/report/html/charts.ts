/** Charts of the groups, drawn as SVG with one slot per group, so that the three stand under one another. */
import { html, type Markup, type Piece } from "./markup.ts";

/** One part of a stacked bar. */
export interface Segment {
  readonly value: number;
  /** A class of the style sheet. */
  readonly look: string;
}

/** One bar; two in a slot stand side by side. */
export interface Bar {
  readonly segments: readonly Segment[];
  readonly title: string;
}

/** What one group shows. */
export interface Slot {
  readonly label: string;
  /** A word under the label, where there is room. */
  readonly note?: string;
  readonly bars: readonly Bar[];
}

export interface Chart {
  readonly id: string;
  readonly title: string;
  /** What a reader who cannot see the chart should know. */
  readonly description: string;
  readonly slots: readonly Slot[];
  readonly format: (value: number) => string;
  /** A line across, such as the capacity. */
  readonly limit?: { readonly value: number; readonly label: string };
}

const width = 1_080;
const height = 190;
const plot = { left: 74, right: 1_072, top: 20, bottom: 158 };

/** A bar chart from zero, with four grid lines. */
export function barChart(chart: Chart): Markup {
  const top = axisTop(Math.max(chart.limit?.value ?? 0, ...chart.slots.map(slotTop)));
  const y = (value: number): number => plot.bottom - (value / top) * (plot.bottom - plot.top);
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${chart.id}-title ${chart.id}-text">
<title id="${chart.id}-title">${chart.title}</title><desc id="${chart.id}-text">${chart.description}</desc>
${[0, 0.25, 0.5, 0.75, 1].map((part) => gridLine(y(top * part), chart.format(top * part)))}
${chart.slots.map((slot, at) => drawSlot(slot, at, chart.slots.length, y))}
${chart.limit && limitLine(y(chart.limit.value), chart.limit.label)}
</svg>`;
}

const slotTop = (slot: Slot): number => Math.max(0, ...slot.bars.map(barTop));
const barTop = (bar: Bar): number => bar.segments.reduce((total, { value }) => total + value, 0);

/** The least of 1, 1.2, 1.6, 2, 2.4, 3, 4, 6, 8 x 10^n that holds the value: quarters of them are short numbers. */
function axisTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8].find((candidate) => candidate * power >= value * 0.9999);
  return (step ?? 10) * power;
}

function gridLine(y: number, label: string): Markup {
  return html`<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${px(y)}" y2="${px(y)}"/><text class="tick" x="${plot.left - 8}" y="${px(y + 4)}" text-anchor="end">${label}</text>`;
}

function limitLine(y: number, label: string): Markup {
  return html`<line class="limit" x1="${plot.left}" x2="${plot.right}" y1="${px(y)}" y2="${px(y)}"/><text class="limit-label" x="${plot.right}" y="${px(y - 6)}" text-anchor="end">${label}</text>`;
}

function drawSlot(slot: Slot, at: number, slots: number, y: (value: number) => number): Markup {
  const slotWidth = (plot.right - plot.left) / slots;
  const start = plot.left + at * slotWidth;
  const inner = Math.min(slotWidth * 0.78, 64);
  const barWidth = inner / slot.bars.length;
  const first = start + (slotWidth - inner) / 2;
  const gap = barWidth > 6 ? 1 : 0;
  const bars = slot.bars.map((bar, index) => drawBar(bar, first + index * barWidth, barWidth - gap, y));
  return html`<g>${bars}${labelled(at, slots, slotWidth) && slotLabel(slot, start + slotWidth / 2, slotWidth)}</g>`;
}

function drawBar(bar: Bar, x: number, barWidth: number, y: (value: number) => number): Markup {
  let below = 0;
  const parts: Piece[] = bar.segments.map(({ value, look }) => {
    const [bottom, top] = [y(below), y(below + value)];
    below += value;
    return html`<rect class="${look}" x="${px(x)}" y="${px(top)}" width="${px(barWidth)}" height="${px(bottom - top)}"/>`;
  });
  return html`<g><title>${bar.title}</title>${parts}</g>`;
}

function slotLabel({ label, note }: Slot, x: number, room: number): Markup {
  const below = note !== undefined && room >= 48 && slotText(note, x, plot.bottom + 29, "slot sub");
  return html`${slotText(label, x, plot.bottom + 16, "slot")}${below}`;
}

function slotText(text: string, x: number, y: number, look: string): Markup {
  return html`<text class="${look}" x="${px(x)}" y="${y}" text-anchor="middle">${text}</text>`;
}

/** Labels are as wide as the last one; with many groups every second, fifth, ... is written. */
function labelled(at: number, slots: number, slotWidth: number): boolean {
  const needed = 14 + 7 * String(slots).length;
  const every = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((step) => step * slotWidth >= needed) ?? 1_000;
  return every === 1 || (at + 1) % every === 0;
}

/** Coordinates to a hundredth of a unit. */
function px(value: number): number {
  return Math.round(value * 100) / 100;
}

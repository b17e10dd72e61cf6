/**
 * Where the time goes: one bar per group before and one after, on one scale, joined by what became of what. Lanes side by side stand
 * above one another.
 */
import { formatSeconds } from "../../base/format.ts";
import { html, type Markup } from "./markup.ts";
import type { GroupView } from "./view.ts";

const width = 1_080;
const left = 74;
const right = 1_072;
const barHeight = 34;
const beforeTop = 8;
const afterTop = 86;

/** Undefined when layer by layer has no latency to compare with. */
export function timeline(groups: readonly GroupView[]): Markup | undefined {
  const before = groups.map((group) => group.before?.latencySeconds ?? 0);
  const total = Math.max(
    before.reduce((a, b) => a + b, 0),
    ...groups.map(endSeconds),
  );
  if (groups.length === 0 || groups.some((group) => group.before === undefined) || total <= 0)
    return undefined;
  const scale = (right - left) / total;
  const to = left + Math.max(...groups.map(endSeconds)) * scale;
  let from = left;
  const parts = groups.map((group, at) => {
    const start = from;
    from += (before[at] ?? 0) * scale;
    const target = left + group.cost.startSeconds * scale;
    return span(group, { start, end: from, target, targetEnd: left + endSeconds(group) * scale });
  });
  return html`<svg class="chart" viewBox="0 0 ${width} 150" role="img" aria-labelledby="time-title time-text">
<title id="time-title">Time of each group before and after fusion, on one scale</title>
<desc id="time-text">The table of groups holds the same figures.</desc>
<text class="tick" x="${left - 8}" y="${beforeTop + 21}" text-anchor="end">before</text>
<text class="tick" x="${left - 8}" y="${afterTop + 21}" text-anchor="end">after</text>
${parts}
<text class="tick" x="${px(Math.min(from, right))}" y="${beforeTop + barHeight + 14}" text-anchor="end">${formatSeconds((from - left) / scale)}</text>
<text class="tick strong" x="${px(Math.max(to, left + 60))}" y="${afterTop + barHeight + 16}" text-anchor="end">${formatSeconds((to - left) / scale)}</text>
</svg>`;
}

const endSeconds = ({ cost }: GroupView): number => cost.startSeconds + cost.latencySeconds;

interface Span {
  readonly start: number;
  readonly end: number;
  readonly target: number;
  readonly targetEnd: number;
}

function span(group: GroupView, { start, end, target, targetEnd }: Span): Markup {
  const look = group.colour === undefined ? "alone" : `g${group.colour}`;
  const low = beforeTop + barHeight;
  const { lane = 0 } = group.cost;
  const height = barHeight / group.lanes;
  const top = afterTop + lane * height;
  const funnel = [
    [start, low],
    [end, low],
    [targetEnd, top],
    [target, top],
  ];
  const points = funnel.map(([x = 0, y = 0]) => `${px(x)},${y}`).join(" ");
  const layers = group.cost.layers.length;
  const what = `group ${group.number}: ${layers} layer${layers === 1 ? "" : "s"}${group.lanes > 1 ? ` in lane ${lane}` : ""}, ${formatSeconds(group.before?.latencySeconds ?? 0)} before, ${formatSeconds(group.cost.latencySeconds)} after`;
  return html`<g class="span ${look}"><title>${what}</title>
<polygon class="funnel" points="${points}"/>
<rect class="part" x="${px(start)}" y="${beforeTop}" width="${px(end - start)}" height="${barHeight}"/>
<rect class="part" x="${px(target)}" y="${px(top)}" width="${px(targetEnd - target)}" height="${px(height)}"/>
${partLabel(group, start, end, beforeTop + barHeight / 2)}${height > 12 && partLabel(group, target, targetEnd, top + height / 2)}</g>`;
}

/** The group's number where it has room. */
function partLabel(group: GroupView, start: number, end: number, middle: number): Markup {
  if (end - start < 30) return html``;
  return html`<text class="part-label" x="${px((start + end) / 2)}" y="${px(middle + 5)}" text-anchor="middle">G${group.number}</text>`;
}

function px(value: number): number {
  return Math.round(value * 100) / 100;
}

/**
 * The report: one HTML file that stands alone. No script, no request (a content security policy in the page says so),
 * light and dark, printable; every chart's figures are also in a table.
 */
import { formatBytes, formatSeconds } from "../base/format.ts";
import { barChart, type Slot } from "./html/charts.ts";
import { header } from "./html/header.ts";
import { html, type Markup, type Piece } from "./html/markup.ts";
import { renderPage } from "./html/page.ts";
import { rerunSection, vectorSection } from "./html/rerun.ts";
import { strip } from "./html/strip.ts";
import { comparisonTable, groupTable, layerTable } from "./html/tables.ts";
import { timeline } from "./html/timeline.ts";
import { type GroupView, groupViews, type ReportInput, type Traffic } from "./html/view.ts";

export type { ReportInput, RunRecord } from "./html/view.ts";

/** The whole page as text. */
export function renderHtmlReport(input: ReportInput): string {
  const { document, problem, found } = input;
  const groups = document.feasible ? groupViews(problem, found.evaluation, found.baseline) : [];
  return renderPage(
    `${document.model} on ${document.accelerator}: fusion mapping`,
    html`${header(document)}
${networkSection(input, groups)}
${groups.length > 0 && costSections(input, groups)}
${comparison(input)}
${groups.length > 0 && html`<section aria-labelledby="groups"><h2 id="groups">Groups</h2>${groupTable(problem, groups)}</section>`}
<section aria-labelledby="layers"><h2 id="layers">Layers</h2>${layerTable(problem, found.mapping, groups)}</section>
${vectorSection(document)}
${rerunSection(input)}`,
  );
}

function networkSection({ problem, found }: ReportInput, groups: readonly GroupView[]): Markup {
  const count = problem.workload.layers.length;
  const fused = groups.filter(({ cost }) => cost.layers.length > 1).length;
  const summary =
    groups.length === 0
      ? `${count} ${plural(count, "layer")}`
      : `${count} ${plural(count, "layer")} in ${groups.length} ${plural(groups.length, "group")}, ${fused || "none"} of them fused`;
  const failing = found.evaluation.feasible ? [] : found.evaluation.group;
  return html`<section aria-labelledby="network"><h2 id="network">The network <span class="aside">${summary}</span></h2>
${strip({ problem, mapping: found.mapping, groups, failing })}</section>`;
}

function costSections(input: ReportInput, groups: readonly GroupView[]): Markup {
  return html`<section aria-labelledby="time"><h2 id="time">Time <span class="aside">before and after, per group</span></h2>
${timeline(groups)}
${groups.some(({ lanes }) => lanes > 1) && html`<p class="legend">Groups above one another run side by side, each lane on cores of its own. They share the off-chip channel.</p>`}
${timeChart(groups)}
<p class="legend"><i class="key before"></i> layer by layer <i class="key compute"></i> bound by compute <i class="key on-chip"></i> bound by on-chip bandwidth <i class="key off-chip"></i> bound by off-chip bandwidth</p></section>
<section aria-labelledby="traffic"><h2 id="traffic">Off-chip traffic <span class="aside">before and after, per group</span></h2>
${trafficChart(groups)}
<p class="legend"><i class="key half before-weights"></i><i class="key pair before"></i> layer by layer: weights, activations <i class="key weights"></i> weights <i class="key activations"></i> activations</p></section>
<section aria-labelledby="occupancy"><h2 id="occupancy">On-chip memory <span class="aside">reserved per group, against the limit</span></h2>
${occupancyChart(input, groups)}
<p class="legend">${occupancyNote(input)}${groups.some(({ lanes }) => lanes > 1) && " Lanes side by side need their largest groups at one time."}</p></section>`;
}

function timeChart(groups: readonly GroupView[]): Markup {
  const slots = groups.map((group): Slot => {
    const { latencySeconds, bound } = group.cost;
    const slot = slotOf(group, [
      group.before && {
        segments: [{ value: group.before.latencySeconds, look: "before" }],
        title: `G${group.number} layer by layer: ${formatSeconds(group.before.latencySeconds)}`,
      },
      {
        segments: [{ value: latencySeconds, look: bound }],
        title: `G${group.number}: ${formatSeconds(latencySeconds)}, bound by ${bound}`,
      },
    ]);
    return { ...slot, note: bound };
  });
  return barChart({
    id: "time-chart",
    title: "Time per group, layer by layer and mapped",
    description: "The table of groups holds the same figures.",
    slots,
    format: formatSeconds,
  });
}

function trafficChart(groups: readonly GroupView[]): Markup {
  const slots = groups.map((group): Slot => {
    const { before, number, traffic } = group;
    return slotOf(group, [
      before && trafficBar(before.traffic, ["before-weights", "before"], `G${number} layer by layer`),
      trafficBar(traffic, ["weights", "activations"], `G${number}`),
    ]);
  });
  return barChart({
    id: "traffic-chart",
    title: "Off-chip bytes per group, layer by layer and mapped",
    description: "The table of groups holds the same figures.",
    slots,
    format: formatBytes,
  });
}

function trafficBar(traffic: Traffic, looks: readonly [string, string], name: string): Slot["bars"][number] {
  const { weightBytes, activationBytes } = traffic;
  return {
    segments: [
      { value: weightBytes, look: looks[0] },
      { value: activationBytes, look: looks[1] },
    ],
    title: `${name}: ${formatBytes(weightBytes)} weights, ${formatBytes(activationBytes)} activations`,
  };
}

function occupancyChart({ document }: ReportInput, groups: readonly GroupView[]): Markup {
  const slots = groups.map((group) =>
    slotOf(group, [
      {
        segments: [
          {
            value: group.cost.footprintBytes,
            look: group.colour === undefined ? "alone" : `g${group.colour}`,
          },
        ],
        title: `G${group.number}: ${formatBytes(group.cost.footprintBytes)}`,
      },
    ]),
  );
  return barChart({
    id: "occupancy-chart",
    title: "On-chip bytes reserved per group, with the capacity",
    description: `The capacity is ${formatBytes(document.memoryBytes)}; the table of groups holds the figures.`,
    slots,
    format: formatBytes,
    limit: { value: document.memoryBytes, label: `limit ${formatBytes(document.memoryBytes)}` },
  });
}

function occupancyNote({ document }: ReportInput): string {
  if (!document.paperMode)
    return "Ring buffers of the staged tensors and the working set of the largest layer.";
  const rule = "Counted by the paper's rule: pass size × output bytes of the staged tensors.";
  const needed = formatBytes(document.physicalPeakFootprintBytes ?? 0);
  return document.physical
    ? `${rule} The full model's peak, ${needed}, fits too.`
    : `${rule} The full model's peak, ${needed}, does not fit.`;
}

function comparison({ document, compared = [] }: ReportInput): Piece {
  if (compared.length < 2) return undefined;
  return html`<section aria-labelledby="mappers"><h2 id="mappers">Mappers compared</h2>${comparisonTable(document, compared)}</section>`;
}

function slotOf(group: GroupView, bars: readonly (Slot["bars"][number] | undefined)[]): Slot {
  return { label: `G${group.number}`, bars: bars.filter((bar) => bar !== undefined) };
}

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}

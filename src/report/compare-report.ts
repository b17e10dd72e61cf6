/**
 * A comparison of mappers as one HTML file that stands alone, as the report of a mapping does: no script, no request, light
 * and dark, printable.
 */
import { formatBytes, formatSeconds, formatSpeedup, formatWhole, threeDigits } from "../base/format.ts";
import type { CompareDocument, CompareRow } from "./compare-schema.ts";
import {
  compareNotes,
  formatGap,
  formatObjective,
  gainName,
  spreadText,
  targetText,
} from "./compare-text.ts";
import { convergenceLegend, convergencePlot } from "./html/convergence.ts";
import { html, jsonScript, type Markup, type Piece } from "./html/markup.ts";
import { figure, renderPage, settingsList } from "./html/page.ts";
import { type Column, table } from "./html/tables.ts";
import type { RunRecord } from "./html/view.ts";

export interface CompareReportInput {
  readonly document: CompareDocument;
  readonly run: RunRecord;
}

/** The whole page as text. */
export function renderCompareReport({ document, run }: CompareReportInput): string {
  return renderPage(
    `${document.model} on ${document.accelerator}: mappers compared`,
    html`${header(document)}
${convergenceSection(document)}
<section aria-labelledby="mappers"><h2 id="mappers">Mappers <span class="aside">median (least .. most) over the seeds</span></h2>
${mapperTable(document)}</section>
<section aria-labelledby="reading"><h2 id="reading">How to read it</h2>
<ul class="notes">${compareNotes(document).map((note) => html`<li>${note}</li>`)}</ul></section>
<section aria-labelledby="runs"><h2 id="runs">Every search</h2>${runTable(document)}</section>
${rerunSection(document, run)}`,
  );
}

function header(document: CompareDocument): Markup {
  const { batch, memoryBytes, objective, elementType, paperMode, budget } = document;
  return html`<header class="top">
  <p class="eyebrow">Mappers compared</p>
  <h1>${document.model} <span class="on">on</span> ${document.accelerator}</h1>
  <ul class="facts">
    <li><b>${batch}</b> image${batch === 1 ? "" : "s"} per batch</li>
    <li><b>${formatBytes(memoryBytes)}</b> on chip</li>
    <li>minimises <b>${objective}</b></li>
    <li>elements <b>${elementType}</b></li>
    <li>${paperMode ? "paper mode" : "full mode"}</li>
    ${budget.evaluations !== null && html`<li><b>${formatWhole(budget.evaluations)}</b> evaluations each</li>`}
    ${budget.seconds !== null && html`<li>at most <b>${formatSeconds(budget.seconds)}</b> each</li>`}
  </ul>
</header>
${figures(document)}
${document.stopped === "interrupted" && html`<p class="notice">The comparison was interrupted; this is what was done until then.</p>`}`;
}

function figures(document: CompareDocument): Markup {
  const { target, baseline, objective, mappers, seeds } = document;
  const near = mappers.filter(({ gap }) => gap.median !== null && gap.median <= 0.01).length;
  const feasible = mappers.filter(({ feasibleRuns }) => feasibleRuns > 0).length;
  const best = target.kind === "lower-bound" ? "At most" : "Optimum";
  const cost = (value: number): string => formatObjective(value, objective);
  return html`<dl class="figures">
  ${figure(best, orDash(target.gain, formatSpeedup), target.cost === null ? targetText(document) : `${cost(target.cost)}, by ${document.reference}`, "lead")}
  ${figure("Layer by layer", orDash(baseline.cost, cost), baseline.cost === null ? "does not fit" : "the baseline")}
  ${figure("Within 1 % of it", `${near} of ${mappers.length}`, "mappers, by the median of their seeds")}
  ${figure("Feasible", `${feasible} of ${mappers.length}`, "mappers found a mapping that fits")}
  ${figure("Seeds", String(seeds.length), "searches of each mapper that draws at random")}
</dl>`;
}

function convergenceSection(document: CompareDocument): Piece {
  const drawn = convergencePlot(document);
  if (drawn === undefined) return undefined;
  return html`<section aria-labelledby="convergence"><h2 id="convergence">Convergence <span class="aside">best ${document.objective} so far; the line is the median of the seeds, the band goes from the least to the most</span></h2>
${drawn}
${convergenceLegend(document)}</section>`;
}

function mapperTable(document: CompareDocument): Markup {
  const { shares, objective } = document;
  const toShares = shares.map(
    (share, at): Column<CompareRow> => ({
      head: `${at === 0 ? "Evaluations to" : "to"} ${threeDigits(share * 100)} %`,
      kind: "number",
      cell: ({ evaluationsToShare }) => spreadCell(evaluationsToShare[at], formatWhole, "–"),
    }),
  );
  const columns: readonly Column<CompareRow>[] = [
    { head: "Mapper", kind: "short", cell: ({ mapper }) => mapper },
    {
      head: capital(gainName(objective)),
      kind: "number",
      cell: ({ gain }) => spreadCell(gain, formatSpeedup, "N/A"),
    },
    { head: "Gap", kind: "number", cell: ({ gap }) => spreadCell(gap, formatGap, "–") },
    ...toShares,
    {
      head: "Evaluations",
      kind: "number",
      cell: ({ evaluations }) => spreadCell(evaluations, formatWhole, "–"),
    },
    {
      head: "Search time",
      kind: "number",
      cell: ({ elapsedSeconds }) => spreadCell(elapsedSeconds, formatSeconds, "–"),
    },
    {
      head: "Peak on chip",
      kind: "number",
      cell: ({ peakFootprintBytes }) => spreadCell(peakFootprintBytes, formatBytes, "–"),
    },
    {
      head: "Feasible",
      kind: "number",
      cell: ({ feasibleRuns, runs }) => `${feasibleRuns} of ${runs.length}`,
    },
  ];
  return table("Mappers on the same problem", columns, document.mappers);
}

/** The median, and below it the ends where they differ. */
function spreadCell(
  spread: CompareRow["gain"] | undefined,
  format: (value: number) => string,
  none: string,
): Piece {
  const [median = "", ends] = spreadText(spread, format, none).split(" (");
  return ends === undefined ? median : html`${median}<span class="ends">${ends.slice(0, -1)}</span>`;
}

function runTable({ mappers, objective, memoryBytes }: CompareDocument): Markup {
  const rows = mappers.flatMap(({ mapper, ignoresSeed, runs }) =>
    runs.map((run) => ({ mapper, ignoresSeed, run })),
  );
  const inVain = rows.some(({ run }) => run.leastRequiredBytes !== null);
  const over: Column<(typeof rows)[number]> = {
    head: "Over, at the nearest",
    kind: "number",
    cell: ({ run }) => orDash(run.leastRequiredBytes, (bytes) => formatBytes(bytes - memoryBytes)),
  };
  const columns: readonly Column<(typeof rows)[number]>[] = [
    { head: "Mapper", kind: "short", cell: ({ mapper }) => mapper },
    { head: "Seed", kind: "number", cell: ({ run, ignoresSeed }) => (ignoresSeed ? "–" : run.seed) },
    {
      head: capital(gainName(objective)),
      kind: "number",
      cell: ({ run }) => orNone(run.gain, formatSpeedup),
    },
    { head: "Gap", kind: "number", cell: ({ run }) => orDash(run.gap, formatGap) },
    {
      head: "Cost",
      kind: "number",
      cell: ({ run }) => orDash(run.cost, (cost) => formatObjective(cost, objective)),
    },
    { head: "Peak on chip", kind: "number", cell: ({ run }) => orDash(run.peakFootprintBytes, formatBytes) },
    ...(inVain ? [over] : []),
    { head: "Improvements", kind: "number", cell: ({ run }) => run.improvements.length },
    { head: "Evaluations", kind: "number", cell: ({ run }) => formatWhole(run.evaluations) },
    { head: "Search time", kind: "number", cell: ({ run }) => formatSeconds(run.elapsedSeconds) },
    { head: "Ended by", kind: "short", cell: ({ run }) => endText[run.stopped] },
  ];
  return table("Every search of every mapper", columns, rows);
}

const endText = { finished: "itself", budget: "its budget", interrupted: "Ctrl-C" } as const;

function rerunSection(document: CompareDocument, run: RunRecord): Markup {
  const facts = Object.entries({ Seeds: document.seeds.join(", "), ...run.versions });
  return html`<section aria-labelledby="rerun"><h2 id="rerun">Run it again</h2>
<pre class="command"><code>${run.command}</code></pre>
${settingsList(facts)}
<p class="quiet">This file holds the whole comparison, every improvement of every search, as JSON in the element
<code>#laminate-result</code>.</p>
${jsonScript("laminate-result", document)}</section>`;
}

function orDash(value: number | null, format: (value: number) => string): string {
  return value === null ? "–" : format(value);
}

function orNone(value: number | null, format: (value: number) => string): string {
  return value === null ? "N/A" : format(value);
}

/** As a head, whose words are not to be broken at a hyphen. */
function capital(text: string): string {
  return (text.charAt(0).toUpperCase() + text.slice(1)).replaceAll("-", "\u2011");
}

/** The top of the report: what was mapped where, and the answer in six figures. */
import { formatBytes, formatSeconds, formatSpeedup, formatWhole, threeDigits } from "../../base/format.ts";
import type { MapDocument } from "../map-schema.ts";
import { proofText } from "../proof-text.ts";
import { html, type Markup, type Piece } from "./markup.ts";
import { figure } from "./page.ts";

/** Title, the facts of the problem, and the figures. */
export function header(document: MapDocument): Markup {
  return html`<header class="top">
  <p class="eyebrow">Layer-fusion mapping</p>
  <h1>${document.model} <span class="on">on</span> ${document.accelerator}</h1>
  <ul class="facts">
    <li><b>${document.batch}</b> image${document.batch === 1 ? "" : "s"} per batch</li>
    <li><b>${formatBytes(document.memoryBytes)}</b> on chip</li>
    <li>mapper <b>${document.mapper}</b></li>
    <li>minimises <b>${document.objective}</b></li>
    <li>elements <b>${document.elementType}</b></li>
    <li>${document.paperMode ? "paper mode" : "full mode"}</li>
  </ul>
</header>
${document.feasible ? figures(document) : infeasibleNotice(document)}
${document.stopped !== "finished" && stoppedNotice(document)}
${document.feasible && !document.physical && physicalNotice(document)}`;
}

function figures(document: MapDocument): Markup {
  const { baseline, memoryBytes } = document;
  const latency = document.latencySeconds ?? 0;
  const offChip = document.offChipBytes ?? 0;
  const peak = document.peakFootprintBytes ?? 0;
  return html`<dl class="figures">
  ${figure("Speed-up", orDash(document.speedup, formatSpeedup), "over layer by layer", "lead")}
  ${figure("Latency", formatSeconds(latency), change(latency, baseline.latencySeconds, formatSeconds))}
  ${figure("Off-chip traffic", formatBytes(offChip), change(offChip, baseline.offChipBytes, formatBytes))}
  ${figure("Peak on chip", formatBytes(peak), `${share(peak, memoryBytes)} of ${formatBytes(memoryBytes)}`)}
  ${figure("Proof", ...proofText(document))}
  ${figure("Search", formatSeconds(document.elapsedSeconds), `${formatWhole(document.evaluations)} evaluations`)}
</dl>`;
}

function change(after: number, before: number | null, format: (value: number) => string): Piece {
  if (before === null) return "no layer-by-layer figure";
  const percent = before === 0 ? 0 : (after / before - 1) * 100;
  const sign = percent > 0 ? "+" : "−";
  const text = Math.abs(percent) < 0.05 ? "unchanged" : `${sign}${threeDigits(Math.abs(percent))} %`;
  return html`from ${format(before)} <span class="delta">${text}</span>`;
}

function infeasibleNotice({ infeasible, mapper, evaluations, memoryBytes }: MapDocument): Markup {
  if (infeasible === null)
    return html`<section class="notice bad" aria-labelledby="infeasible">
  <h2 id="infeasible">No mapping found</h2>
  <p><b>${mapper}</b> found none that fits in ${evaluations.toLocaleString("en-US")} evaluations. One does: layer by layer.</p>
</section>`;
  const { group, requiredBytes, availableBytes } = infeasible;
  const names = group.length > 8 ? [...group.slice(0, 8), `${group.length - 8} more`] : group;
  const filled = requiredBytes === 0 ? 0 : Math.min(100, (availableBytes / requiredBytes) * 100);
  return html`<section class="notice bad" aria-labelledby="infeasible">
  <h2 id="infeasible">Does not fit on chip</h2>
  <p>The group of <b>${names.join(", ")}</b> needs <b>${formatBytes(requiredBytes)}</b>; there are
  <b>${formatBytes(availableBytes)}</b>, which is ${formatBytes(requiredBytes - availableBytes)} too little.</p>
  <div class="need" role="img" aria-label="${share(availableBytes, requiredBytes)} of the bytes needed are there"><span style="width:${filled.toFixed(2)}%"></span></div>
  ${availableBytes < memoryBytes ? fewCores : smallestMemory(requiredBytes)}
</section>`;
}

/** The memory of the chip is not what is missing: the buffers of the group's cores are. */
const fewCores = html`<p>That is what the cores of this group have in their own buffers. Give it more cores, or take a smaller batch
  or smaller passes.</p>`;

function smallestMemory(requiredBytes: number): Markup {
  return html`<p>The smallest memory in which this mapping fits is <b>${formatWhole(requiredBytes)} bytes</b>
  (<code>--memory ${requiredBytes}B</code>). Give it that, or take a smaller batch or smaller passes.</p>`;
}

function stoppedNotice({ stopped }: MapDocument): Markup {
  const why = stopped === "budget" ? "The budget ended the search" : "The search was interrupted";
  return html`<p class="notice">${why}; this is the best mapping found until then.</p>`;
}

function physicalNotice(document: MapDocument): Markup {
  const needed = document.physicalPeakFootprintBytes ?? 0;
  return html`<section class="notice warn" aria-labelledby="physical">
  <h2 id="physical">Fits by the paper's memory rule only</h2>
  <p>Ring buffers, caches and working sets of this mapping reserve up to <b>${formatBytes(needed)}</b> on chip, more than the
  ${formatBytes(document.memoryBytes)} there are. The paper counts <i>pass size × output bytes</i> of the staged tensors, which is
  ${formatBytes(document.peakFootprintBytes ?? 0)} here. Map without paper mode for an answer that a chip could run.</p>
</section>`;
}

/** `83 %`. */
export function share(part: number, whole: number): string {
  return whole === 0 ? "0 %" : `${threeDigits((part / whole) * 100)} %`;
}

function orDash(value: number | null, format: (value: number) => string): string {
  return value === null ? "–" : format(value);
}

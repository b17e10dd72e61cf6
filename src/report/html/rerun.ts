/** Everything that is needed to run it again: command, seed, versions, vector, and the problem itself as JSON. */
import { formatBandwidth, formatCount, formatFrequency } from "../../base/format.ts";
import { writeBytes } from "../../base/units.ts";
import { peakMacsPerCycle } from "../../mapping/accelerator/accelerator.ts";
import type { Problem } from "../../mapping/cost/problem.ts";
import type { MapDocument } from "../map-schema.ts";
import { html, jsonScript, type Markup, type Piece } from "./markup.ts";
import { settingsList } from "./page.ts";
import type { ReportInput } from "./view.ts";

/** Command, settings and the data behind the page. */
export function rerunSection({ document, problem, run }: ReportInput): Markup {
  const facts: readonly (readonly [string, Piece])[] = [
    ["Seed", document.seed],
    ...Object.entries(run.versions),
    ...(run.date === undefined ? [] : [["Date", run.date] as const]),
    ["Accelerator", machineText(problem)],
    ["Memory", `${writeBytes(document.memoryBytes)} (${document.memoryBytes} bytes)`],
    ["Proof", proofSentence(document)],
  ];
  return html`<section aria-labelledby="rerun"><h2 id="rerun">Run it again</h2>
<pre class="command"><code>${run.command}</code></pre>
${settingsList(facts)}
<p class="quiet">This file holds the whole result and the problem as JSON, in the elements
<code>#laminate-result</code> and <code>#laminate-problem</code>.</p>
${jsonScript("laminate-result", document)}
${jsonScript("laminate-problem", problem)}</section>`;
}

/** The paper's vector, or why there is none. */
export function vectorSection({ vector, mapping }: MapDocument): Markup {
  if (mapping.length === 0) return html``;
  const body =
    vector === null
      ? html`<p>No vector: this mapping gives a layer a pass size, cores or a lane that the paper's encoding has no place for.
The table of layers and the JSON hold it in full.</p>`
      : vectorText(vector);
  return html`<section aria-labelledby="vector"><h2 id="vector">Mapping vector</h2>${body}</section>`;
}

function vectorText(vector: readonly number[]): Markup {
  const entries = vector.map((entry, at) =>
    entry === -1
      ? html`<span class="sync" title="mB_${at}: written off chip">-1</span>`
      : html`<span class="stage" title="mB_${at}: ${entry} images per pass, staged">${entry}</span>`,
  );
  const separated = entries.flatMap((entry, at): Piece[] => (at === 0 ? [entry] : [", ", entry]));
  return html`<p class="quiet">[mB<sub>0</sub> .. mB<sub>${vector.length - 1}</sub>]: images per pass of each layer whose output stays on chip; -1 writes it off chip.</p>
<pre class="vector"><code>[${separated}]</code></pre>`;
}

function machineText({ accelerator }: Problem): string {
  const macs = peakMacsPerCycle(accelerator);
  return [
    accelerator.name,
    `${formatCount(macs)} MACs per cycle at ${formatFrequency(accelerator.frequencyHertz)}`,
    `off chip ${formatBandwidth(accelerator.offChipBytesPerSecond)}`,
    `on chip ${formatBandwidth(accelerator.onChipBytesPerSecond)}`,
  ].join(", ");
}

function proofSentence({ proof }: MapDocument): string {
  if (proof.space === "") return "none claimed";
  const bound = proof.lowerBound === null ? "" : `; lower bound ${proof.lowerBound} (${unitOfBound(proof)})`;
  return `${proof.optimal ? "optimal" : "not proven optimal"} in the space "${proof.space}"${bound}`;
}

function unitOfBound(proof: MapDocument["proof"]): string {
  return proof.lowerBoundSeconds === null ? "in the objective's unit" : "seconds";
}

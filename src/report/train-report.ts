/**
 * A training as one HTML file that stands alone, as the report of a mapping does: the loss curve and what decided it. No script,
 * no request, light and dark, printable.
 */
import { formatBytes, formatCount, formatWhole } from "../base/format.ts";
import { lossLegend, lossPlot } from "./html/loss-curve.ts";
import { html, jsonScript, type Markup, type Piece } from "./html/markup.ts";
import { figure, renderPage, settingsList } from "./html/page.ts";
import type { RunRecord } from "./html/view.ts";
import {
  choiceText,
  formatLoss,
  type LossCurve,
  objectivesText,
  rangeText,
  sizeText,
  type TrainDocument,
} from "./train-document.ts";

export interface TrainReportInput {
  readonly document: TrainDocument;
  readonly curve: LossCurve;
  readonly run: RunRecord;
}

/** The whole page as text. */
export function renderTrainReport({ document, curve, run }: TrainReportInput): string {
  return renderPage(
    `Training of a learned mapper: ${subject(document)}`,
    html`${header(document)}
${figures(document)}
${curveSection(curve)}
${listSection("data", "What it learned from", dataFacts(document))}
${listSection("network", "Network and optimiser", networkFacts(document))}
${rerunSection(document, curve, run)}`,
  );
}

/** The networks in one line. */
function subject({ data: { networks, generated } }: TrainDocument): string {
  const named = networks.length > 4 ? [...networks.slice(0, 4), `${networks.length - 4} more`] : networks;
  const drawn = generated > 0 ? [`${formatWhole(generated)} drawn problems`] : [];
  return [...named, ...drawn].join(", ");
}

function header(document: TrainDocument): Markup {
  const { data, settings } = document;
  return html`<header class="top">
  <p class="eyebrow">Learned mapper</p>
  <h1>Training <span class="on">on</span> ${subject(document)}</h1>
  <ul class="facts">
    <li>features <b>${data.features}</b></li>
    <li>minimises <b>${objectivesText(document)}</b></li>
    <li>${data.paperMode ? "paper mode" : "full mode"}</li>
    <li>loss <b>${settings.loss}</b></li>
    <li>seed <b>${settings.seed}</b></li>
  </ul>
</header>`;
}

function figures(document: TrainDocument): Markup {
  const { losses, steps, network, data, settings } = document;
  const held =
    data.heldOut === 0
      ? "no problem is held out"
      : `${formatWhole(data.heldOut)} of ${formatWhole(data.problems)} problems`;
  return html`<dl class="figures">
  ${figure("Loss", formatLoss(losses.last), `mean of the last 50 batches; ${formatLoss(losses.first)} at first`, "lead")}
  ${figure("Held out", formatLoss(losses.validation), held)}
  ${figure("Steps", formatWhole(steps.done), `of ${settings.batchSize} trajectories each`)}
  ${figure("Parameters", formatCount(network.parameters), sizeText(document))}
</dl>`;
}

function curveSection(curve: LossCurve): Piece {
  const drawn = lossPlot(curve);
  if (drawn === undefined) return undefined;
  return html`<section aria-labelledby="curve"><h2 id="curve">Loss <span class="aside">the line is the mean of neighbouring batches, the band goes from the least to the most</span></h2>
${drawn}
${lossLegend(curve)}</section>`;
}

type Facts = readonly (readonly [string, string])[];

function listSection(id: string, title: string, facts: Facts): Markup {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${settingsList(facts)}</section>`;
}

function dataFacts({ data }: TrainDocument): Facts {
  const given: Facts =
    data.networks.length === 0
      ? []
      : [
          ["Networks", data.networks.join(", ")],
          ...(data.draws > 0
            ? ([["Drawn of each", `${formatWhole(data.draws)} problems: ${rangeText(data)}`]] as const)
            : ([
                ["Batches", data.batches.join(", ")],
                ["Memories", data.memoriesBytes.map(formatBytes).join(", ")],
              ] as const)),
          ["Accelerator", data.accelerator],
        ];
  const drawn: Facts =
    data.generated === 0
      ? []
      : [["Drawn at random", `${formatWhole(data.generated)} problems, seed ${data.generatedSeed}`]];
  return [
    ...given,
    ...drawn,
    ["Problems", `${formatWhole(data.problems)}, of which ${formatWhole(data.heldOut)} are held out`],
    [
      "Trajectories",
      `${formatWhole(data.trajectories)} of ${formatWhole(data.steps)} steps; the longest has ${data.longest}`,
    ],
    ["Teachers", data.teachers.join(", ")],
    ["Digest", data.digest],
  ];
}

function networkFacts(document: TrainDocument): Facts {
  const { network, settings } = document;
  const { learningRate, warmUp, schedule } = settings;
  return [
    ["Size", sizeText(document)],
    ["Time steps", `${network.steps}: longer networks are mapped by parts`],
    ["Learning rate", `${learningRate}, ${schedule}, after ${formatWhole(warmUp)} steps of warm-up`],
    ["AdamW", `weight decay ${settings.weightDecay}, gradients clipped at ${settings.clipNorm}`],
    ["Dropout", String(settings.dropout)],
    ...(document.choice === null ? [] : ([["Kept", choiceText(document.choice)]] as const)),
    ["Began at", settings.from === null ? "random weights" : `the weights ${settings.from}`],
  ];
}

function rerunSection(document: TrainDocument, curve: LossCurve, run: RunRecord): Markup {
  return html`<section aria-labelledby="rerun"><h2 id="rerun">Run it again</h2>
<pre class="command"><code>${run.command}</code></pre>
${settingsList([["Seed", String(document.settings.seed)], ...Object.entries(run.versions)])}
<p class="quiet">This file holds the result and the losses of all steps as JSON, in the elements
<code>#laminate-result</code> and <code>#laminate-curve</code>.</p>
${jsonScript("laminate-result", document)}
${jsonScript("laminate-curve", curve)}</section>`;
}

/**
 * A target's characteristics as one HTML file that stands alone, as the report of a mapping does: what was measured and what is fitted
 * to it. No script, no request, light and dark, printable.
 */
import { formatCount, formatWhole, threeDigits } from "../base/format.ts";
import type { Estimate } from "../mapping/targets/characteristics.ts";
import { originName } from "../mapping/targets/target-origin.ts";
import type { TargetProfile } from "../mapping/targets/target-profile.ts";
import { html, jsonScript, type Markup } from "./html/markup.ts";
import { figure, renderPage, settingsList } from "./html/page.ts";
import { type Column, table } from "./html/tables.ts";
import { channelsPlot, operationsPlot, throughputLegend } from "./html/throughput-plot.ts";
import type { RunRecord } from "./html/view.ts";

export interface TargetReportInput {
  readonly profile: TargetProfile;
  readonly run: RunRecord;
}

/** The whole page as text. */
export function renderTargetReport({ profile, run }: TargetReportInput): string {
  const legend = throughputLegend(profile);
  return renderPage(
    `Characteristics of ${originName(profile.origin)}`,
    html`${header(profile)}
${figures(profile)}
<section aria-labelledby="operations"><h2 id="operations">Operations <span class="aside">a dot is a layer, a line the fit; the dashed line is where a core works at half its rate on ${mostCores(profile)}, in its ${interval(profile)}</span></h2>
${operationsPlot(profile)}
${legend}
<p class="quiet">100 % is the full rate of a core on layers of that filter size. A hollow dot is a layer that memory decides, by the fit.</p></section>
<section aria-labelledby="channels"><h2 id="channels">Channels <span class="aside">layers of enough operations; the dashed line is the granularity</span></h2>
${channelsPlot(profile)}
${legend}</section>
<section aria-labelledby="cores"><h2 id="cores">By number of cores</h2>${coresTable(profile)}</section>
<section aria-labelledby="origin"><h2 id="origin">What it holds for</h2>${settingsList(originFacts(profile))}</section>
<section aria-labelledby="rerun"><h2 id="rerun">Run it again</h2>
<pre class="command"><code>${run.command}</code></pre>
${settingsList(Object.entries(run.versions))}
<p class="quiet">This file holds the profile as JSON in the element <code>#laminate-result</code>.</p>
${jsonScript("laminate-result", profile)}</section>`,
  );
}

function header(profile: TargetProfile): Markup {
  const { origin, settings, measurements } = profile;
  const unfit = measurements.filter(({ seconds }) => seconds.length === 0).length;
  return html`<header class="top">
  <p class="eyebrow">${origin.kind === "machine" ? "A machine, measured" : "An accelerator, by the cost model"}</p>
  <h1>Characteristics <span class="on">of</span> ${originName(origin)}</h1>
  <ul class="facts">
    <li><b>${formatWhole(measurements.length)}</b> layers and core numbers</li>
    <li>each measured <b>${settings.repeats === 1 ? "once" : `${settings.repeats} times`}</b></li>
    ${unfit > 0 && html`<li><b>${unfit}</b> do not run there</li>`}
    <li>up to <b>${mostCores(profile)}</b></li>
  </ul>
</header>`;
}

function figures({ characteristics, fit, settings }: TargetProfile): Markup {
  const { criticalMacs, channelGranularity } = characteristics;
  const rates = fit.cores.at(-1)?.macsPerSecond ?? {};
  const filters = Object.entries(rates).filter(([family]) => family !== "channels");
  const [family = "", fastest = 0] = filters.toSorted((a, b) => b[1] - a[1])[0] ?? [];
  const scatter =
    settings.repeats === 1 ? "each was measured once" : `repeats differ by ${percent(fit.scatter)}`;
  return html`<dl class="figures">
  ${figure("Critical operation count", formatCount(criticalMacs.value), `MACs of a core; ${ends(criticalMacs, formatCount)}`, "lead")}
  ${figure("Channel granularity", String(channelGranularity.value), `output channels of a core; ${ends(channelGranularity, String)}`, "lead")}
  ${figure("Full rate of a core", `${formatCount(fastest)}`, `MACs a second, on ${coresText(fit.cores.at(-1)?.cores ?? 1)}, ${family}`)}
  ${figure("Memory decides", fit.ridge === 0 ? "never" : `below ${threeDigits(fit.ridge)}`, fit.ridge === 0 ? "on these layers" : "MACs of a core for each element")}
  ${figure("Unexplained", percent(fit.residual), scatter)}
</dl>`;
}

function coresTable({ fit }: TargetProfile): Markup {
  type Row = TargetProfile["fit"]["cores"][number];
  const families = [
    ...new Set(fit.cores.flatMap(({ macsPerSecond }) => Object.keys(macsPerSecond))),
  ].toSorted();
  const columns: readonly Column<Row>[] = [
    { head: "Cores", kind: "short", cell: ({ cores }) => cores },
    {
      head: "Critical operation count",
      kind: "number",
      cell: ({ criticalMacs }) => formatCount(criticalMacs.value),
    },
    { head: "from", kind: "number", cell: ({ criticalMacs }) => formatCount(criticalMacs.low) },
    { head: "to", kind: "number", cell: ({ criticalMacs }) => formatCount(criticalMacs.high) },
    ...families.map(
      (family): Column<Row> => ({
        head: `MAC/s of a core, ${family === "channels" ? "one\u00a0row" : family.replace(" ", "\u00a0")}`,
        kind: "number",
        cell: ({ macsPerSecond }) =>
          macsPerSecond[family] === undefined ? "–" : formatCount(macsPerSecond[family]),
      }),
    ),
  ];
  return table("Critical operation count and full rates, by number of cores", columns, fit.cores);
}

function originFacts({
  origin,
  characteristics,
  settings,
  fit,
}: TargetProfile): readonly (readonly [string, string])[] {
  const grid = [
    ["MACs", `${formatCount(settings.leastMacs)} to ${formatCount(settings.mostMacs)} for a core`],
    [
      "Intervals",
      `${percent(characteristics.confidence)}, from ${characteristics.draws} draws of the bootstrap`,
    ],
    ["Channels fill", fit.rule === "units" ? "a core in whole units" : "a core smoothly"],
  ] as const;
  const { kind: _, ...facts } = origin;
  const { numbers = {}, ...rest } = { numbers: undefined, ...facts };
  const given = [...Object.entries(rest), ...Object.entries(numbers)];
  return [...grid, ...given.map(([name, value]) => [name, String(value)] as const)];
}

function ends({ low, high }: Estimate, format: (value: number) => string): string {
  return format(low) === format(high) ? "the same in all draws" : `${format(low)} to ${format(high)}`;
}

const percent = (share: number): string => `${threeDigits(100 * share)} %`;
const coresText = (cores: number): string => `${cores} ${cores === 1 ? "core" : "cores"}`;
const mostCores = ({ fit }: TargetProfile): string => coresText(fit.cores.at(-1)?.cores ?? 1);
const interval = ({ characteristics }: TargetProfile): string =>
  `${percent(characteristics.confidence)} interval`;
